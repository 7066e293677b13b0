use super::{draw_corner, ticks};
use crate::program::scratch::Scratch;
use rtb::task::{Corner, Role, Series};
use std::f64::consts::TAU;
use std::fs;

#[test]
fn ticks_are_round_and_placed() {
    let found = ticks([-1.0, 3.0]);
    let wanted = [(0.0, "-1"), (0.25, "0"), (0.5, "1"), (0.75, "2"), (1.0, "3")];
    assert_eq!(found, wanted.map(|(at, number)| (at, number.to_owned())));
    let numbers: Vec<String> = ticks([0.011, 0.019])
        .into_iter()
        .map(|(_, number)| number)
        .collect();
    assert_eq!(numbers, ["0.012", "0.014", "0.016", "0.018"]);
    let numbers: Vec<String> = ticks([900.0, 2100.0])
        .into_iter()
        .map(|(_, number)| number)
        .collect();
    assert_eq!(numbers, ["1000", "1200", "1400", "1600", "1800", "2000"]);
}

/// Points on a ring and on lines through it, without chance: the golden ratio's multiples.
fn points(count: usize, size: usize, radius: f64) -> Vec<f32> {
    let uniform = |row: usize, k: usize| (row as f64 * 0.618_033_988_75f64.powi(k as i32 + 1)).fract();
    let row = |row: usize| {
        let around = TAU * uniform(row, 0);
        let out = radius * (0.8 + 0.4 * uniform(row, 1));
        (0..size).map(move |c| {
            let wave = out * (around * (1.0 + (c / 2) as f64) + (c % 2) as f64 * TAU / 4.0).sin();
            (wave * f64::from(10f32.powi(c as i32 % 3 - 1))) as f32
        })
    };
    (0..count).flat_map(row).collect()
}

fn corner(size: usize) -> Corner {
    let series = [
        ("prior", Role::Prior, 2.0),
        ("learned", Role::Learned, 1.05),
        ("exact", Role::Exact, 1.0),
    ];
    Corner::new(
        (1..=size).map(|c| format!("theta_{c}")).collect(),
        series
            .map(|(label, role, radius)| Series {
                label,
                role,
                points: points(4000, size, radius),
            })
            .to_vec(),
    )
}

#[test]
fn corners_of_every_size_are_drawn() {
    let folder = Scratch::new();
    let file = |name: &str| folder.path().join(name);
    for size in [1, 2, 5, 10] {
        draw_corner(&file(&format!("{size}.svg")), &corner(size)).expect("a picture");
    }
    draw_corner(&file("5.png"), &corner(5)).expect("a picture");
    let read = |name: &str| fs::read_to_string(file(name)).expect("a text");
    let times = |text: &str, name: &str| text.matches(&format!("\n{name}\n")).count();
    let five = read("5.svg");
    assert_eq!([1, 3, 5].map(|c| times(&five, &format!("theta_{c}"))), [1, 2, 2]);
    assert!(five.contains("exact, 50 % and 90 %") && five.contains("learned, pairs in colour"));
    let ten = read("10.svg");
    assert!(ten.contains("the first 8 of 10 coordinates") && !ten.contains("theta_9"));
    assert!(read("1.svg").contains("theta_1") && file("5.png").exists());
    let empty = Corner::new(vec!["a".to_owned(), "b".to_owned()], Vec::new());
    draw_corner(&file("empty.png"), &empty).expect("a picture");
}
