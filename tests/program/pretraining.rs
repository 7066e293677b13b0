//! Training of networks that runs start from: images, checkpoints, records.

use super::scratch::Scratch;
use super::support::{Running, rtb, stderr, stdout, succeed, text};
use burn::tensor::Device;
use rtb::engine::weights::read_tensors;
use rtb::task::images::{DECODER, Decoder, Learned, Shape};
use serde_json::Value;
use std::collections::BTreeMap;
use std::f64::consts::SQRT_2;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A folder of images in MNIST's layout, 28×28 pixels with a bright row that tells their class.
pub fn folder_of_images(folder: &Path, count: usize) {
    let mut pixels = vec![0, 0, 8, 3];
    let mut labels = vec![0, 0, 8, 1];
    for size in [count, 28, 28] {
        pixels.extend((size as u32).to_be_bytes());
    }
    labels.extend((count as u32).to_be_bytes());
    for image in 0..count {
        let class = image % 10;
        labels.push(class as u8);
        pixels.extend((0..784).map(|at| if at / 28 == 4 + 2 * class { 255 } else { 0 }));
    }
    for part in ["train", "t10k"] {
        fs::write(folder.join(format!("{part}-images-idx3-ubyte")), &pixels).expect("written");
        fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), &labels).expect("written");
    }
}

/// The program with these words, in a folder.
pub fn at(place: &Scratch, line: &str) -> Command {
    let mut command = rtb(line.split_whitespace());
    command.current_dir(place.path());
    command
}

fn record(place: &Scratch, name: &str) -> Value {
    let json = fs::read_to_string(place.path().join(name)).expect("written");
    serde_json::from_str(&json).expect("JSON")
}

#[test]
fn a_classifier_learns_a_folder_of_images() {
    let place = Scratch::new();
    folder_of_images(place.path(), 40);
    let line = "pretrain classifier pooled --data . --out c.safetensors --iterations 60 --batch 32 \
                --ema 0 --quiet";
    let output = succeed(&mut at(&place, line));
    assert!(stdout(&output).contains("accuracy"), "{}", stdout(&output));
    let record = record(&place, "c.json");
    assert_eq!(record["figures"]["test_images"], 40);
    assert!(
        record["figures"]["test_accuracy"].as_f64() > Some(0.5),
        "{record}"
    );
    assert!(
        record["command"]
            .as_str()
            .is_some_and(|c| c.contains("pooled --data . --out c.safetensors")),
        "{record}"
    );
    assert!(!place.path().join("c.safetensors.checkpoint").exists());
}

/// From a preset's mixture and from a table; a run of points takes either.
#[test]
fn flows_are_trained_and_are_priors_of_points() {
    let place = Scratch::new();
    let rows: String = (0..40)
        .map(|row| format!("{},{}\n", row % 7, 0.5 + f64::from(row % 5)))
        .collect();
    fs::write(place.path().join("t.csv"), format!("x,y\n{rows}")).expect("a table");
    for (source, has_exact) in [("25-to-9 --rows 200", true), ("t.csv --bounds y=0:", false)] {
        let small = "--iterations 3 --batch 16 --couplings 2 --width 4 --quiet";
        let line = format!("pretrain flow {source} --out f.safetensors {small}");
        let printed = stdout(&succeed(&mut at(&place, &line)));
        assert_eq!(printed.contains("KL(mixture ‖ flow)"), has_exact, "{printed}");
        let figures = &record(&place, "f.json")["figures"];
        assert!(figures["log_prob"].is_number(), "{figures}");
        assert_eq!(figures["log_prob_exact"].is_number(), has_exact, "{figures}");
        let run = r#"
            task = "points"
            process.steps = 3
            network.width = 8
            rollout.batch = 32
            training.iterations = 2
            evaluation = { samples = 100, proposals = 100, every = 2, samples_while_training = 100 }
            prior = { kind = "flow", weights = "f.safetensors" }
            reward = { kind = "formula", logarithm = true, expression = "-(x - y)^2/50" }
        "#;
        fs::write(place.path().join("run.toml"), run).expect("a run");
        let out = if has_exact { "one" } else { "two" };
        let printed = stdout(&succeed(&mut at(
            &place,
            &format!("run run.toml --out {out} --quiet"),
        )));
        assert!(printed.contains("quadrature of p(x)·r(x)"), "{printed}");
    }
    let line = "pretrain flow digit-3 --out f.safetensors --iterations 1";
    let refused = stderr(&at(&place, line).output().expect("the program starts"));
    assert!(refused.contains("task: `digits` is not allowed"), "{refused}");
}

#[test]
fn a_prior_of_pixels_is_trained_measured_and_drawn() {
    let place = Scratch::new();
    folder_of_images(place.path(), 40);
    let line = "pretrain digits --data . --out d.safetensors --picture d.png --iterations 2 --batch 32 \
                --samples 20 --steps 3 --quiet";
    let output = succeed(&mut at(&place, line));
    assert!(stdout(&output).contains("20 samples from a chain of 3 steps"));
    let figures = &record(&place, "d.json")["figures"];
    judged(figures);
    assert_eq!(figures["classifiers_learned"], "mnist");
    assert!(stdout(&output).contains("These classifiers learned mnist"));
    let picture = fs::read(place.path().join("d.png")).expect("drawn");
    assert!(picture.starts_with(b"\x89PNG"));

    // A rate so small that the weights stay what they were.
    let line = "pretrain digits --data . --from d.safetensors --out e.safetensors \
                --iterations 1 --learning-rate 1e-12 --batch 32 --samples 20 --steps 3 --quiet";
    succeed(&mut at(&place, line));
    let [before, after] = ["d", "e"].map(|name| {
        let file = fs::read(place.path().join(format!("{name}.safetensors"))).expect("written");
        let tensors = read_tensors(&file).expect("weights").tensors.into_iter();
        tensors
            .map(|(name, _, values)| (name, values))
            .collect::<BTreeMap<_, _>>()
    });
    assert!(before.keys().eq(after.keys()));
    for (name, before) in &before {
        let mut pairs = before.iter().zip(&after[name]);
        let same = pairs.all(|(b, a)| (b - a).abs() < 1e-6 + 1e-3 * b.abs());
        assert!(same, "{name}");
    }
    assert_eq!(record(&place, "e.json")["from"], record(&place, "d.json"));
}

/// Figures of both classifiers that two iterations give.
fn judged(figures: &Value) {
    for classifier in ["reward_classifier", "evaluation_classifier"] {
        let seen = &figures[classifier];
        let shares = seen["classes"].as_array().expect("ten shares").iter();
        let sum: f64 = shares.map(|s| s.as_f64().expect("a share")).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{seen}");
        // Two iterations do not make a prior, and the training images are the test images.
        assert!(
            seen["fid"].as_f64() > seen["fid_of_training_images"].as_f64(),
            "{seen}"
        );
    }
}

#[test]
fn a_prior_of_latents_takes_two_trainings() {
    let place = Scratch::new();
    folder_of_images(place.path(), 40);
    let line = "pretrain autoencoder --data . --latents 8 --width 32 --blocks 1 --out a.safetensors \
                --iterations 150 --batch 32 --learning-rate 0.01 --ema 0.9 --quiet";
    let output = succeed(&mut at(&place, line));
    assert!(stdout(&output).contains("40 test images, each decoded from 8 latents"));
    let autoencoder = record(&place, "a.json");
    // Ten kinds of images, a row in 28 white: black everywhere is wrong by 4/28.
    let error = autoencoder["figures"]["test_squared_error"].as_f64();
    assert!(error < Some(0.03), "{autoencoder}");

    let line = "pretrain digits --data . --latents a.safetensors --width 16 --blocks 1 --out d.safetensors \
                --picture d.png --iterations 2 --batch 32 --samples 20 --steps 3 --quiet";
    succeed(&mut at(&place, line));
    let prior = record(&place, "d.json");
    judged(&prior["figures"]);
    assert_eq!(prior["figures"]["autoencoder"], autoencoder);
    assert!(place.path().join("d.png").exists());
    // The judge has to know such images.
    let line = "pretrain classifier pooled --data . --out j.safetensors --iterations 1 --batch 8 --quiet";
    succeed(&mut at(&place, line));
    let line = "run digits-ink --set prior.weights=d.safetensors --set judge.weights=j.safetensors --steps 3 --batch 16 --iterations 2 \
                --samples 100 --set evaluation.every=0 --set evaluation.proposals=100 --set evaluation.candidates=1 --set reward.target=0.5 --set reward.deviation=0.3 \
                --set network.rank=0 --out run";
    succeed(&mut at(&place, line));
    let line = "sample run --count 4 --out samples.csv";
    succeed(&mut at(&place, line));
    let samples = fs::read_to_string(place.path().join("samples.csv")).expect("written");
    let rows: Vec<&str> = samples.lines().skip(1).collect();
    assert_eq!(rows.len(), 4);
    let pixels = |row: &str| {
        row.split(',')
            .map(|v| v.parse().expect("a number"))
            .collect::<Vec<f64>>()
    };
    for row in rows {
        let pixels = pixels(row);
        assert_eq!(pixels.len(), 784);
        // Pictures, not latents.
        assert!(pixels.iter().all(|v| v.abs() < 1.05), "{row}");
    }

    let other = place.path().join("other");
    fs::create_dir(&other).expect("made");
    folder_of_images(&other, 10);
    for (line, told) in [
        (
            "pretrain digits --data . --latents a.safetensors --width 8 --blocks 1 --from d.safetensors --out f.safetensors --quiet",
            "--from: `d.safetensors`",
        ),
        (
            "pretrain digits --data . --latents d.safetensors --out f.safetensors --quiet",
            "--latents: `d.safetensors`",
        ),
        (
            "pretrain digits --data other --latents a.safetensors --out f.safetensors --quiet",
            "--latents: `a.safetensors` is not allowed; use an autoencoder of other; this one learned ",
        ),
        (
            "pretrain digits --data . --latents nowhere.safetensors --out f.safetensors --quiet",
            "nowhere.safetensors",
        ),
        (
            "pretrain autoencoder --data . --noise much --out f.safetensors --quiet",
            "use a number from 0 to 10",
        ),
    ] {
        let output = at(&place, line).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
    assert!(!place.path().join("f.safetensors").exists());
}

#[test]
fn a_decoder_of_normal_latents_is_trained_measured_and_drawn() {
    let place = Scratch::new();
    folder_of_images(place.path(), 40);
    let line = "pretrain vae --data . --latents 2 --width 32 --blocks 1 --deviation 0.5 --samples 30 \
                --out v.safetensors --picture v.png --iterations 150 --batch 32 --learning-rate 0.01 --ema 0.9 --quiet";
    let said = stdout(&succeed(&mut at(&place, line)));
    assert!(
        said.contains("30 samples, decoded from 2 normal latents"),
        "{said}"
    );
    let record = record(&place, "v.json");
    let figures = &record["figures"];
    judged(figures);
    let figure = |name: &str| figures[name].as_f64().expect("a number");
    let [elbo, log_likelihood, kl] = ["test_elbo", "log_likelihood", "kl"].map(figure);
    assert!(
        (elbo - (log_likelihood - kl)).abs() < 1e-9 && kl > 0.1,
        "{figures}"
    );
    // Grey everywhere is wrong by 1.
    let grey = -784.0 * ((0.5 * SQRT_2).ln() + SQRT_2 / 0.5);
    assert!(elbo > grey + 1000.0, "{elbo}, {grey}");
    let command = record["command"].as_str().expect("a command");
    let flags = "--latents 2 --width 32 --blocks 1 --deviation 0.5 --samples 30 --out";
    assert!(command.contains(flags), "{command}");

    let file = fs::read(place.path().join("v.safetensors")).expect("written");
    let mut weights = read_tensors(&file).expect("weights");
    let count: usize = weights.tensors.iter().map(|(_, _, values)| values.len()).sum();
    assert_eq!(figures["parameters"], count);
    assert!(weights.tensors.iter().all(|(name, ..)| name.starts_with(DECODER)));
    let learned = Learned::of(&weights.metadata).expect("told");
    assert_eq!(learned.shape, Shape::MNIST);
    let decoder = Decoder::take(&mut weights, learned.shape, &Device::flex()).expect("a decoder");
    assert_eq!((decoder.size(), weights.tensors.len()), (2, 0));
    // A map of 20 columns, whose images have edges.
    let picture = image::open(place.path().join("v.png")).expect("drawn");
    assert_eq!(picture.width() % 20, 0);
    assert_eq!(picture.width(), picture.height());

    for (flags, told) in [
        ("--deviation 0", "use a number from 0.01 to 10"),
        ("--deviation wide", "use a number from 0.01 to 10"),
        ("--latents 0", "use a whole number from 1 to 784"),
        ("--samples 1", "use a whole number from 2 to 1000000"),
        ("--picture v.gif", "--picture: "),
        ("--judge nowhere", "nowhere"),
        ("--batch 0", "the batch"),
    ] {
        let line = format!("pretrain vae --data . --out f.safetensors {flags}");
        let output = at(&place, &line).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
    assert!(!place.path().join("f.safetensors").exists());
}

/// Stories whose third sentence says the name that the first one has; every other line is none.
fn file_of_stories(path: &Path, count: usize) {
    let names = ["ann", "bob", "eve", "tim"];
    let line = |number: usize| {
        let name = names[number % names.len()];
        format!("here\t{name} had {number} cats. They ran! So {name} ran. Why? {name} liked it.\nno story.\n")
    };
    fs::write(path, (0..count).map(line).collect::<String>()).expect("written");
}

#[test]
fn language_models_learn_a_file_of_stories() {
    let place = Scratch::new();
    file_of_stories(&place.path().join("stories.txt"), 200);
    let train = |kind: &str, out: &str| {
        let line = format!(
            "pretrain stories {kind} --data stories.txt --words 60 --out {out}.safetensors --iterations 40 \
             --batch 32 --ema 0 --quiet"
        );
        (
            stdout(&succeed(&mut at(&place, &line))),
            record(&place, &format!("{out}.json")),
        )
    };
    let (said, prior) = train("prior", "p");
    assert!(
        said.contains("held-out texts") && said.contains("perplexity"),
        "{said}"
    );
    let figures = &prior["figures"];
    let count = |key: &str| figures[key].as_u64().expect("a count");
    assert_eq!(
        (count("stories") + count("held_out_stories"), count("words")),
        (200, 60)
    );
    assert!(count("held_out_stories") > 2 && count("held_out_texts") == 3 * count("held_out_stories"));
    // Two of 17 words a story are numbers, most of which are rare.
    assert!(
        (0.02..0.1).contains(&figures["unknown"].as_f64().expect("a share")),
        "{figures}"
    );
    let nats = |figures: &Value, key: &str| figures[key].as_f64().expect("nats");
    let none = 60f64.ln();
    let (_, other) = train("prior --loss score-entropy", "s");
    for record in [&prior, &other] {
        for key in ["ending_hidden", "ending_shown"] {
            let figures = &record["figures"];
            assert!((0.0..0.5 * none).contains(&nats(figures, key)), "{figures}");
        }
    }
    // Only what is not usual is told.
    let command = |record: &Value| record["command"].as_str().expect("a command").to_owned();
    assert!(prior["figures"]["loss"].is_null() && !command(&prior).contains("--loss"));
    assert_eq!(other["figures"]["loss"], "score-entropy");
    assert!(command(&other).contains("--words 60 --loss score-entropy --out s.safetensors"));
    let (_, reward) = train("reward", "r");
    assert!(
        (0.0..0.5 * none).contains(&nats(&reward["figures"], "ending")),
        "{reward}"
    );
    assert!(reward["figures"]["ending_hidden"].is_null());
    let weights = fs::read(place.path().join("r.safetensors")).expect("written");
    let header = String::from_utf8_lossy(&weights[..20_000]).into_owned();
    assert!(
        header.contains("<nothing>") && header.contains("tokens"),
        "the words are with the weights"
    );
}

#[test]
fn stories_that_cannot_be_had_are_named() {
    let place = Scratch::new();
    let said = |data: &str, offline: Option<&str>| {
        let line = format!("pretrain stories prior --out p.safetensors --iterations 1 {data}");
        let mut command = at(&place, &line);
        match offline {
            Some(folder) => command.env("RTB_DATA", folder),
            None => command.env_remove("RTB_DATA"),
        };
        let output = command.output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{data}");
        stderr(&output)
    };
    for unset in [None, Some("")] {
        assert!(said("", unset).contains("RTB_DATA"));
    }
    assert!(said("", Some("offline")).contains("offline/stories/stories.tsv"));
    fs::write(place.path().join("none.txt"), "One sentence.\n").expect("written");
    assert!(said("--data none.txt", None).contains("0 stories of 5 sentences"));
    file_of_stories(&place.path().join("some.txt"), 100);
    assert!(said("--data some.txt --words 2", None).contains("--words 2: a vocabulary of 2 words"));
    let reward = at(
        &place,
        "pretrain stories reward --out r.safetensors --loss score-entropy",
    )
    .output()
    .expect("the program starts");
    assert_eq!(reward.status.code(), Some(2));
    let told = stderr(&reward);
    assert!(
        told.contains("--loss: `score-entropy` is not allowed; use no --loss for `reward`"),
        "{told}"
    );
    let long = "many ".repeat(60);
    let line = |number: usize| format!("{long}{number}. B. C. D. E.\n");
    fs::write(
        place.path().join("long.txt"),
        (0..100).map(line).collect::<String>(),
    )
    .expect("written");
    assert!(said("--data long.txt", None).contains("every story is too long"));
}

#[test]
#[cfg(unix)]
fn a_stopped_training_goes_on_to_the_same_weights() {
    let place = Scratch::new();
    folder_of_images(place.path(), 40);
    goes_on(
        &place,
        "mixture ring-tilt --iterations 3000 --batch 32 --width 8 --depth 1",
    );
    goes_on(
        &place,
        "vae --data . --latents 3 --iterations 1500 --batch 8 --width 8 --blocks 1 --samples 20",
    );
}

/// Stops this training, goes on with it, and compares it with one that was not stopped.
#[cfg(unix)]
pub fn goes_on(place: &Scratch, what: &str) {
    let train = |out: &str, seed: u32| at(place, &format!("pretrain {what} --out {out} --seed {seed}"));
    succeed(&mut train("whole", 1));
    let mut running = Running::start(&mut train("broken", 1));
    running.wait_for_line("loss");
    running.signal("-INT");
    let (code, said) = running.finish();
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("broken.checkpoint"), "{said}");
    assert!(!place.path().join("broken").exists());

    let refused = train("broken", 2).output().expect("the program starts");
    assert_eq!(refused.status.code(), Some(2));
    let said = stderr(&refused);
    assert!(
        said.contains("another training") && said.contains("--seed 1"),
        "{said}"
    );

    succeed(&mut train("broken", 1));
    let weights = |name: &str| fs::read(place.path().join(name)).expect("written");
    assert_eq!(weights("whole"), weights("broken"));
    assert!(!place.path().join("broken.checkpoint").exists());

    fs::write(place.path().join("broken.checkpoint"), "junk").expect("written");
    let damaged = train("broken", 1).output().expect("the program starts");
    assert!(
        stderr(&damaged).contains("broken.checkpoint"),
        "{}",
        stderr(&damaged)
    );
    for file in ["broken", "broken.checkpoint"] {
        fs::remove_file(place.path().join(file)).expect("removed");
    }
}

#[test]
fn images_that_cannot_be_had_are_named() {
    let place = Scratch::new();
    let offline = place.path().join("offline");
    fs::create_dir_all(offline.join("mnist")).expect("made");
    let said = |line: &str| {
        let output = at(&place, line)
            .env("RTB_DATA", text(&offline))
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{line}");
        stderr(&output)
    };
    let train = "pretrain classifier strided --out c.safetensors --iterations 1";
    assert!(said(train).contains("offline/mnist/train-images-idx3-ubyte.gz"));
    fs::write(offline.join("mnist/train-images-idx3-ubyte.gz"), "other").expect("written");
    let text = said(train);
    assert!(
        text.contains("MD5") && text.contains("f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        "{text}"
    );
    assert!(
        said(&format!("{train} --data nowhere"))
            .contains("`nowhere` is not allowed; use one of mnist, fashion-mnist")
    );
    assert!(said(&format!("{train} --data offline")).contains("train-images-idx3-ubyte"));
    folder_of_images(place.path(), 10);
    for (flag, what) in [
        ("--iterations 0", "the number of iterations"),
        ("--batch 0", "the batch"),
        ("--learning-rate 7", "the learning rate"),
        ("--ema 1", "the decay of the average"),
    ] {
        let text = said(&format!(
            "pretrain classifier strided --out c.safetensors --data . {flag}"
        ));
        assert!(text.contains(what), "{flag}: {text}");
    }
    fs::write(
        place.path().join("t10k-labels-idx1-ubyte"),
        [0, 0, 8, 1, 0, 0, 0, 1, 7],
    )
    .expect("written");
    let text = said(&format!("{train} --data ."));
    assert!(text.contains("10 images and 1 labels"), "{text}");
}
