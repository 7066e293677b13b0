use super::{Form, pictures};
use crate::program::data::Labelled;
use crate::program::scratch::Scratch;
use image::{Luma, LumaA, Rgb, Rgba};
use rtb::task::images::Shape;
use std::fs;
use std::path::Path;

fn save<P: image::PixelWithColorType<Subpixel = u8>>(
    place: &Scratch,
    name: &str,
    [width, height]: [u32; 2],
    pixel: impl Fn(u32, u32) -> P,
) {
    let path = place.path().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    let picture = image::ImageBuffer::from_fn(width, height, pixel);
    picture.save(path).expect("written");
}

fn read(place: &Scratch, form: Form) -> Labelled {
    pictures(place.path(), form).expect("pictures")
}

/// A dozen pictures of two classes, whose first pixel tells which one it is.
fn two_classes(place: &Scratch) {
    for at in 0..6u8 {
        let (red, blue) = (Rgb([200 + at, 10, 20]), Rgb([30, 40, 200 + at]));
        save(place, &format!("red/{at}.png"), [8, 12], |x, y| {
            if x + y == 0 { red } else { Rgb([1, 2, 3]) }
        });
        save(place, &format!("blue/{at}.PNG"), [8, 12], |x, y| {
            if x + y == 0 { blue } else { Rgb([1, 2, 3]) }
        });
    }
}

#[test]
fn folders_are_classes() {
    let place = Scratch::new();
    two_classes(&place);
    fs::write(place.path().join("red/.hidden"), "").expect("written");
    fs::write(place.path().join("notes.txt"), "").expect("written");
    let Labelled { train, test } = read(&place, Form::default());
    assert_eq!(
        (train.len(), test.len()),
        (8, 4),
        "two of each class are held out"
    );
    let shape = Shape {
        channels: 3,
        height: 12,
        width: 8,
    };
    for images in [&train, &test] {
        assert_eq!(
            (images.shape(), images.classes()),
            (shape, &["blue".to_owned(), "red".to_owned()][..])
        );
        assert!(!images.is_ink());
        for at in 0..images.len() {
            // Channel by channel.
            let pixels: Vec<f32> = images.image(at).collect();
            let first = [0, 96, 192].map(|place| ((pixels[place] + 1.0) * 127.5).round() as u8);
            let blue = images.label(at) == 0;
            assert!(if blue {
                first[2] >= 200 && first[..2] == [30, 40]
            } else {
                first[0] >= 200 && first[1..] == [10, 20]
            });
            assert_eq!(((pixels[1] + 1.0) * 127.5).round(), 1.0);
        }
    }
    let again = read(&place, Form::default());
    assert_eq!((again.train, again.test), (train.clone(), test));
    // The classes are mixed.
    let labels: Vec<usize> = (0..8).map(|at| train.label(at)).collect();
    assert!(labels[..4].contains(&0) && labels[..4].contains(&1), "{labels:?}");
}

#[test]
fn pictures_become_images_of_a_size() {
    let place = Scratch::new();
    for at in 0..10 {
        // Wide ones, whose middle square is half white: its halves are told after it has shrunk, too.
        let white = |x: u32| (32..48).contains(&x);
        save(&place, &format!("{at}.jpg"), [64, 32], |x, _| {
            Luma([if white(x) { 255u8 } else { 0 }])
        });
    }
    save(&place, "last.png", [16, 16], |x, _| {
        LumaA([255u8, if x < 8 { 0 } else { 255 }])
    });
    let form = Form {
        size: Some(8),
        grey: false,
    };
    let Labelled { train, test } = read(&place, form);
    assert_eq!((train.len(), test.len()), (8, 3));
    for images in [&train, &test] {
        assert_eq!(
            images.shape(),
            Shape {
                channels: 1,
                height: 8,
                width: 8
            }
        );
        assert_eq!(images.classes().len(), 1);
        for at in 0..images.len() {
            let row: Vec<f32> = images.image(at).take(8).collect();
            assert!(
                row[..3].iter().all(|v| *v < -0.9) && row[5..].iter().all(|v| *v > 0.9),
                "{row:?}"
            );
        }
    }
}

#[test]
fn a_folder_of_jpeg_pictures_is_read() {
    let place = Scratch::new();
    for at in 0..6u8 {
        // Blocks of 8 × 8 pixels are what JPEG codes; one colour each is kept.
        save(&place, &format!("warm/{at}.jpg"), [16, 8], |x, _| {
            Rgb(if x < 8 { [220, 60, 40u8] } else { [20, 20, 20] })
        });
        save(&place, &format!("cold/{at}.JPEG"), [16, 8], |_, _| {
            Rgb([30, 80, 200u8])
        });
    }
    let Labelled { train, test } = read(&place, Form::default());
    assert_eq!((train.len(), test.len()), (8, 4));
    assert_eq!(train.classes(), ["cold", "warm"]);
    assert_eq!(train.shape().sizes(), [3, 8, 16]);
    for at in 0..train.len() {
        let pixels: Vec<f32> = train.image(at).map(|value| (value + 1.0) * 127.5).collect();
        let wanted = match train.label(at) {
            0 => [[30, 80, 200], [30, 80, 200]],
            _ => [[220, 60, 40], [20, 20, 20]],
        };
        for (half, wanted) in wanted.into_iter().enumerate() {
            for (channel, value) in wanted.into_iter().enumerate() {
                let found = pixels[128 * channel + 8 * half + 4];
                assert!(
                    (found - value as f32).abs() < 8.0,
                    "{half} {channel}: {found} for {value}"
                );
            }
        }
    }
}

#[test]
fn grey_among_coloured_ones_is_coloured() {
    let place = Scratch::new();
    for at in 0..9 {
        save(&place, &format!("{at}.png"), [8, 8], |_, _| Luma([51u8]));
    }
    save(&place, "c.png", [8, 8], |_, _| Rgba([255u8, 0, 0, 51]));
    let all = |form: Form| {
        let Labelled { train, test } = read(&place, form);
        let pixels = [&train, &test].map(|images| images.pixels(images.len()));
        (train.shape().channels, pixels.concat())
    };
    let (channels, pixels) = all(Form::default());
    assert_eq!((channels, pixels.len()), (3, 10 * 192));
    let reds = pixels.iter().filter(|v| (**v + 0.6).abs() < 0.01).count();
    assert_eq!(reds, 9 * 192 + 64, "what shows through is black");
    let grey = all(Form {
        size: None,
        grey: true,
    });
    assert_eq!((grey.0, grey.1.len()), (1, 10 * 64));
}

#[test]
fn what_is_wrong_with_a_folder_is_told() {
    let refused = |change: &dyn Fn(&Scratch), said: &[&str]| {
        let place = Scratch::new();
        two_classes(&place);
        change(&place);
        let told = pictures(place.path(), Form::default())
            .err()
            .expect("refused")
            .to_string();
        assert!(said.iter().all(|said| told.contains(said)), "{told}");
    };
    let write = |place: &Scratch, name: &str| fs::write(place.path().join(name), "text").expect("written");
    let small = |place: &Scratch, name: &str, side: u32| {
        save(place, name, [side, side], |_, _| Rgb([0u8, 0, 0]));
    };
    let only = |place: &Scratch, keep: &str| {
        for entry in fs::read_dir(place.path()).expect("listed").flatten() {
            if !Path::new(&entry.file_name()).starts_with(keep) {
                fs::remove_dir_all(entry.path()).expect("removed");
            }
        }
    };
    refused(
        &|place| write(place, "red/a.txt"),
        &["red/a.txt: this is not a picture;"],
    );
    refused(
        &|place| write(place, "red/a.png"),
        &["red/a.png: this is not a picture that can be read"],
    );
    refused(
        &|place| small(place, "red/a.png", 8),
        &["8 × 12 pixels", "8 × 8", "use --size N"],
    );
    refused(
        &|place| small(place, "a.png", 8),
        &["a.png: this picture lies beside the folders"],
    );
    refused(
        &|place| small(place, "red/deep/a.png", 8),
        &["red/deep: this folder lies in the folder"],
    );
    refused(
        &|place| small(place, "one/a.png", 8),
        &["one: the class has 1 pictures; use at least 2"],
    );
    refused(
        &|place| fs::create_dir(place.path().join("none")).expect("made"),
        &["none: the class has 0"],
    );
    refused(
        &|place| only(place, "red"),
        &["the folder has 6 pictures; use a folder with at least 10"],
    );
    refused(&|place| only(place, "neither"), &["the folder has 0 pictures"]);
    let odd = Scratch::new();
    for at in 0..10 {
        small(&odd, &format!("{at}.png"), 30);
    }
    let told = pictures(odd.path(), Form::default())
        .err()
        .expect("refused")
        .to_string();
    assert!(
        told.contains("30 × 30 pixels; use --size N") && told.contains(Shape::ALLOWED),
        "{told}"
    );
}
