//! Networks of the user's own pictures, and runs on them: coloured, of another size, with two classes.

use super::own_images::ink_script;
use super::pretraining::at;
use super::scratch::Scratch;
use super::support::{has_python, metrics, report, stderr, stdout, succeed, tagged};
use image::{Rgb, RgbImage};
use rtb::engine::weights::{read_metadata, read_tensors};
use std::fs;
use std::path::Path;
use std::process::Command;

const SIDE: u32 = 8;

/// A folder of reddish and of blueish pictures, `count` of each.
pub fn folder_of_pictures(folder: &Path, count: u32) {
    for (class, color) in [("blue", [20, 40, 200]), ("red", [200, 40, 20])] {
        fs::create_dir_all(folder.join(class)).expect("made");
        for at in 0..count {
            let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
                Rgb(color.map(|value: u8| value + ((7 * x + 5 * y + 11 * at) % 50) as u8))
            });
            picture
                .save(folder.join(format!("{class}/{at}.png")))
                .expect("written");
        }
    }
}

/// Classifiers of the pictures: `c.safetensors` for rewards, `j.safetensors` for the judge.
fn classifiers(place: &Scratch) {
    for (kind, name) in [("strided", "c"), ("pooled", "j")] {
        let line = format!(
            "pretrain classifier {kind} --data toys --out {name}.safetensors --iterations 40 --batch 16 --ema 0 --quiet"
        );
        let said = stdout(&succeed(&mut at(place, &line)));
        assert!(said.contains("16 test images: accuracy 100.00 %"), "{said}");
    }
}

/// A run of red pictures.
const RUN: &str = r#"
task = "digits"

[prior]
weights = "p.safetensors"

[reward]
kind = "classes"
classes = ["red"]
weights = "c.safetensors"

[judge]
weights = "j.safetensors"

[process]
steps = 4

[rollout]
batch = 16

[optimizer]
schedule = "constant"

[training]
iterations = 2

[evaluation]
samples = 100
proposals = 100
samples_while_training = 20
every = 1
candidates = 2
"#;

fn run(place: &Scratch, more: &str) -> Command {
    fs::write(place.path().join("own.toml"), RUN).expect("written");
    at(place, &format!("run own.toml {more}"))
}

/// What a refused command says.
fn refused(mut command: Command) -> String {
    let output = command.output().expect("the program starts");
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    told
}

/// Samples of a run as an array, whose header has this shape; its numbers.
fn array(place: &Scratch, shape: &str) -> Vec<f32> {
    succeed(&mut at(place, "sample run --count 6 --out samples.npy"));
    let file = fs::read(place.path().join("samples.npy")).expect("written");
    let (head, numbers) = file.split_at(128);
    assert!(
        String::from_utf8_lossy(head).contains(shape),
        "{}",
        String::from_utf8_lossy(head)
    );
    let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
    numbers.chunks_exact(4).map(number).collect()
}

#[test]
fn coloured_pictures_of_another_size_have_priors_and_posteriors() {
    let place = Scratch::new();
    folder_of_pictures(&place.path().join("toys"), 40);
    classifiers(&place);
    let line = "pretrain digits --data toys --judge j.safetensors --out p.safetensors --picture p.png \
                --iterations 2 --batch 32 --samples 20 --steps 3 --quiet";
    let said = stdout(&succeed(&mut at(&place, line)));
    assert!(
        said.contains("evaluation classifier: FID") && said.contains("the classes blue, red"),
        "{said}"
    );
    let weights = fs::read(place.path().join("p.safetensors")).expect("written");
    let header = read_metadata(&weights).expect("a header");
    let said: Vec<&str> = ["data", "shape", "classes", "ink"]
        .map(|key| header[key].as_str())
        .to_vec();
    assert_eq!(said, ["toys", "3 8 8", "blue\nred", "false"]);

    succeed(&mut run(&place, "--iterations 2 --out run"));
    let files = ["prior.png", "learned.png", "chosen.png", "overview.png"];
    for name in files {
        let picture = image::open(place.path().join("run").join(name))
            .expect("a picture")
            .to_rgb8();
        // Neither prior nor posterior is grey.
        assert!(picture.pixels().any(|p| p.0[0].abs_diff(p.0[2]) > 20), "{name}");
    }
    let run_folder = place.path().join("run");
    assert_eq!(
        tagged(&metrics(&run_folder), "evaluation", "iterations"),
        [0, 1, 2]
    );
    let numbers = array(&place, "'shape': (6, 3, 8, 8,)");
    assert_eq!(numbers.len(), 6 * 3 * 64);
    succeed(&mut at(&place, "sample run --count 6 --out samples.safetensors"));
    let file = fs::read(place.path().join("samples.safetensors")).expect("written");
    let samples = read_tensors(&file).expect("safetensors").tensors;
    assert_eq!((&samples[0].1[..], &samples[0].2), (&[6, 3, 8, 8][..], &numbers));
    succeed(&mut at(&place, "sample run --count 6 --out samples.png"));
    let sheet = image::open(place.path().join("samples.png"))
        .expect("a picture")
        .to_rgb8();
    // The first pixel of the first image, inside of its edge.
    let shown = sheet.get_pixel(9, 9).0.map(f32::from);
    for channel in 0..3 {
        let value = (1.0 + numbers[64 * channel])
            .mul_add(127.5, 0.0)
            .clamp(0.0, 255.0);
        assert!((shown[channel] - value.floor()).abs() <= 1.0, "{shown:?}");
    }

    // The run keeps its files, and goes on as one that was not stopped.
    succeed(&mut run(&place, "--iterations 4 --out whole"));
    for name in ["p", "c", "j"] {
        let file = place.path().join(format!("{name}.safetensors"));
        fs::rename(&file, file.with_extension("gone")).expect("moved");
    }
    succeed(&mut at(&place, "run --resume run --iterations 4"));
    assert_eq!(metrics(&run_folder), metrics(&place.path().join("whole")));
    succeed(&mut at(&place, "evaluate run --samples 100"));
}

#[test]
fn a_prior_of_latents_makes_coloured_pictures() {
    let place = Scratch::new();
    folder_of_pictures(&place.path().join("toys"), 40);
    classifiers(&place);
    for line in [
        "pretrain autoencoder --data toys --latents 4 --width 16 --blocks 1 --out a.safetensors --judge j.safetensors \
         --iterations 20 --batch 32 --quiet",
        "pretrain digits --data toys --latents a.safetensors --width 16 --blocks 1 --out p.safetensors \
         --iterations 2 --batch 32 --samples 20 --steps 3 --quiet",
    ] {
        succeed(&mut at(&place, line));
    }
    succeed(&mut run(&place, "--out run"));
    let numbers = array(&place, "'shape': (6, 3, 8, 8,)");
    assert!(numbers.iter().all(|v| v.abs() < 1.05), "pictures, not latents");
    let smaller = "pretrain digits --data toys --grey --latents a.safetensors --out q.safetensors --quiet";
    let told = refused(at(&place, smaller));
    assert!(
        told.contains("an autoencoder of toys in the shape 1×8×8; this one learned toys in the shape 3×8×8"),
        "{told}"
    );
}

#[test]
fn networks_of_other_pictures_are_refused_by_name_and_shape() {
    let place = Scratch::new();
    folder_of_pictures(&place.path().join("toys"), 40);
    classifiers(&place);
    let prior = "pretrain digits --data toys --out p.safetensors --iterations 1 --batch 32 --samples 2 --steps 2 --quiet";
    let said = stdout(&succeed(&mut at(&place, prior)));
    assert!(
        said.contains("No classifier judged these images: --judge FILE names one."),
        "{said}"
    );
    for (kind, name, flags) in [("strided", "larger", "--size 12"), ("pooled", "grey", "--grey")] {
        let line = format!(
            "pretrain classifier {kind} --data toys {flags} --out {name}.safetensors --iterations 1 --batch 8 --quiet"
        );
        succeed(&mut at(&place, &line));
    }
    let rows =
        |count: usize, columns: usize| format!("{:?}", vec!["9".repeat(columns); count]).replace(' ', "");
    let inpaint = |count, columns| {
        format!(
            "--set=reward={{kind=\"inpaint\",rows={},deviation=0.5}}",
            rows(count, columns)
        )
    };
    for (more, said) in [
        (
            "--set=reward.weights=larger.safetensors".to_owned(),
            "reward.weights: `larger.safetensors`, which sees coloured images of the shape 3×12×12, is not allowed; use a classifier \
             of coloured images of the shape 3×8×8, as the prior's are",
        ),
        (
            "--set=judge.weights=grey.safetensors".to_owned(),
            "judge.weights: `grey.safetensors`, which sees grey images of the shape 1×8×8, is not allowed; use a classifier of coloured images",
        ),
        (
            "--set=reward.classes=[0,2]".to_owned(),
            "reward.classes[1]: 2 is not allowed; use a class of toys: 0 (blue), 1 (red)",
        ),
        (
            "--set=reward.classes=[\"green\"]".to_owned(),
            "reward.classes[0]: `green` is not allowed; use a class of toys",
        ),
        (
            "--set=reward.classes=[1,\"red\"]".to_owned(),
            "reward.classes[1]: `red` is not allowed; use each class only once",
        ),
        (
            "--set=reward={kind=\"holes\",count=1,penalty=1.0}".to_owned(),
            "reward.kind: `holes` is not allowed; use another kind: it measures strokes of grey images",
        ),
        (
            inpaint(12, 8),
            "reward.rows: a picture of 12 rows and 8 columns is not allowed; use 8 rows and 8 columns",
        ),
        (
            inpaint(9, 8),
            "the number of reward.rows: 9 is not allowed; use multiples of 4 from 8 to 64",
        ),
    ] {
        let told = refused(run(&place, &format!("--out no {more}")));
        assert!(told.contains(said), "{said}\n{told}");
    }
    let judge = "--judge grey.safetensors --out q.safetensors --quiet";
    let told = refused(at(&place, &format!("pretrain digits --data toys {judge}")));
    assert!(
        told.contains("--judge: `grey.safetensors` is not allowed"),
        "{told}"
    );
    for (line, said) in [
        ("--data toys/red", "`toys/red`, which has one class,"),
        (
            "--data toys --size 10",
            "--size: 10 is not allowed; use multiples of 4 from 8 to 64",
        ),
        (
            "--data mnist --size 12",
            "--size: the data `mnist` is not allowed; use a folder of PNG or JPEG files",
        ),
        ("--data nowhere", "--data: `nowhere` is not allowed"),
    ] {
        let told = refused(at(
            &place,
            &format!("pretrain classifier strided {line} --out no.safetensors --quiet"),
        ));
        assert!(told.contains(said), "{said}\n{told}");
    }
    // Conditions are classes by number or by name, and so is what is drawn.
    let each = "--set=reward={kind=\"each_class\",classes=[\"red\",0],weights=\"c.safetensors\"}";
    succeed(&mut run(&place, &format!("--out each {each}")));
    let conditions = &report(&place.path().join("each"))["conditions"];
    assert_eq!([&conditions[0]["class"], &conditions[1]["class"]], [1, 0]);
    for (class, number) in [("red", "1"), ("blue", "0"), ("0", "0")] {
        let samples = stdout(&succeed(&mut at(
            &place,
            &format!("sample each --count 3 --class {class}"),
        )));
        let last = |line: &str| line.rsplit(',').next().map(str::to_owned);
        let drawn: Vec<String> = samples.lines().filter_map(last).collect();
        assert_eq!(drawn, ["class", number, number, number], "{class}");
    }
    let told = refused(at(&place, "sample each --class green"));
    assert!(
        told.contains("--class: `green` is not allowed; use a class of the run: 1 (red), 0 (blue)"),
        "{told}"
    );
    // What is painted is known in every channel, and ink, symmetry and black boxes see all of them.
    succeed(&mut run(&place, &format!("--out painted {}", inpaint(8, 8))));
    for (name, reward) in [
        ("ink", "{kind=\"ink\",target=0.5,deviation=0.3}"),
        ("mirror", "{kind=\"symmetry\",deviation=0.3}"),
    ] {
        succeed(&mut run(&place, &format!("--out {name} --set=reward={reward}")));
    }
    if has_python() {
        let script = ink_script([3, 8, 8], [0.5, 0.3, 0.0]);
        fs::write(place.path().join("ink.py"), script).expect("written");
        let reward = "--set=reward={kind=\"command\",run=[\"python3\",\"ink.py\"]}";
        succeed(&mut run(
            &place,
            &format!("--out script --allow-commands {reward}"),
        ));
        let [own, script] = ["ink", "script"].map(|name| metrics(&place.path().join(name)));
        assert_eq!(own, script, "a script is given [n, 3, h, w]");
    }
}
