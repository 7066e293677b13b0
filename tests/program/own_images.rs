//! Classifiers and rewards of the user's own, in runs on images.

use super::digits::untrained;
use super::pretraining::{at, folder_of_images};
use super::scratch::Scratch;
use super::support::{has_python, metrics, rtb, stderr, succeed, text};
use rtb::engine::weights::{read_metadata, read_tensors};
use std::fs;

const TINY: &str = "--seed=2 --steps=4 --batch=16 --iterations=2 --samples=150 --set=evaluation.proposals=150 \
                    --set=network.rank=2 --set=evaluation.samples_while_training=20";

#[test]
fn a_run_keeps_its_own_classifiers() {
    let place = Scratch::new();
    folder_of_images(place.path(), 40);
    let file = |name: &str| place.path().join(name);
    let folder = fs::canonicalize(place.path()).expect("it exists");
    let data = folder.file_name().expect("a name").to_string_lossy().into_owned();
    for (kind, name) in [("strided", "c.safetensors"), ("pooled", "j.safetensors")] {
        let line =
            format!("pretrain classifier {kind} --data . --out {name} --iterations 1 --batch 8 --quiet");
        succeed(&mut at(&place, &line));
        let header = read_metadata(&fs::read(file(name)).expect("written")).expect("a header");
        assert_eq!(header["data"], data);
    }
    let prior = untrained(place.path());
    let mut weights = read_tensors(&fs::read(file("prior.safetensors")).expect("written")).expect("weights");
    weights.metadata.insert("data".to_owned(), data.clone());
    fs::write(file("prior.safetensors"), weights.to_safetensors(true)).expect("written");

    let run = |own: &str| {
        let mut run = at(&place, &format!("run digit-3 {TINY} {own} --out kept"));
        run.arg(&prior);
        run
    };
    let refused = |own: &str| {
        let output = run(own).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{own}");
        stderr(&output)
    };
    let judge = "--set=judge.weights=j.safetensors";
    for (own, said) in [
        (
            "",
            format!(
                "judge.weights: `classifier-evaluation`, which learned mnist, is not allowed; use a classifier of {data}"
            ),
        ),
        (
            judge,
            "reward.weights: `classifier`, which learned mnist, is not allowed".to_owned(),
        ),
        (
            "--set=judge.weights=nowhere",
            "judge.weights: `nowhere` is not allowed; use a safetensors file that can be read".to_owned(),
        ),
        (
            "--set=judge.weights=c.safetensors",
            "judge.weights: `c.safetensors` is not allowed; use a file that `rtb pretrain classifier pooled` wrote"
                .to_owned(),
        ),
    ] {
        let text = refused(own);
        assert!(text.contains(&said), "{said}\n{text}");
    }
    succeed(&mut run(&format!("{judge} --set=reward.weights=c.safetensors")));
    for name in ["c.safetensors", "j.safetensors"] {
        fs::remove_file(file(name)).expect("removed");
    }
    succeed(&mut at(&place, "evaluate kept --samples 100"));
}

/// Answers as the reward `ink` does to images of a shape, in Python without NumPy. A loop, as Python's own sum rounds
/// otherwise.
const INK: &str = r#"
import struct, sys

while True:
    head = sys.stdin.buffer.read(10)
    if len(head) < 10:
        break
    rows, *shape = eval(sys.stdin.buffer.read(struct.unpack("<H", head[8:])[0]))["shape"]
    assert shape == SHAPE, shape
    size = shape[0] * shape[1] * shape[2]
    answers = []
    for _ in range(rows):
        ink = 0.0
        for pixel in struct.unpack(f"<{size}d", sys.stdin.buffer.read(8 * size)):
            assert 0 <= pixel <= 1
            ink += pixel
        off = (ink / size - TARGET) / DEVIATION
        answers.append(ABOVE - 0.5 * (off * off))
    text = repr({"descr": "<f8", "fortran_order": False, "shape": (rows,)}) + "\n"
    data = struct.pack(f"<{rows}d", *answers)
    sys.stdout.buffer.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data)
    sys.stdout.buffer.flush()
"#;

/// The script for images of this shape, and a reward of this target and deviation, whose log r is so far above.
pub fn ink_script(shape: [usize; 3], [target, deviation, above]: [f64; 3]) -> String {
    let script = INK.replace("SHAPE", &format!("{shape:?}"));
    let numbers = [("TARGET", target), ("DEVIATION", deviation), ("ABOVE", above)];
    numbers.into_iter().fold(script, |script, (name, number)| {
        script.replace(name, &format!("{number:?}"))
    })
}

#[test]
fn a_script_is_a_reward_of_images() {
    if !has_python() {
        return;
    }
    let place = Scratch::new();
    let prior = untrained(place.path());
    let write = |name: &str, content: &str| fs::write(place.path().join(name), content).expect("written");
    for (name, above) in [("reward.py", 0.0), ("above.py", 9.0)] {
        write(name, &ink_script([1, 28, 28], [0.07, 0.4, above]));
    }
    let rewarded = |script: &str| {
        format!("preset = \"digits-ink\"\n[reward]\nkind = \"command\"\nrun = [\"python3\", \"{script}\"]\n")
    };
    write("script.toml", &rewarded("reward.py"));
    write("above.toml", &rewarded("above.py"));
    let run = |what: &str| {
        let mut run = at(&place, &format!("run {what} {TINY}"));
        run.arg(&prior);
        run
    };
    succeed(&mut run("digits-ink --set=reward.deviation=0.4 --out ink"));
    succeed(&mut run("script.toml --allow-commands --out script"));
    let [ink, script] = ["ink", "script"].map(|name| metrics(&place.path().join(name)));
    assert_eq!(ink, script);
    let sample = rtb(["sample", text(&place.path().join("script")), "--count=3"]).output();
    let unasked = stderr(&sample.expect("the program starts"));
    assert!(unasked.contains("use --allow-commands to run it"), "{unasked}");
    let output = run("above.toml --allow-commands --out above").output();
    let refused = stderr(&output.expect("the program starts"));
    assert!(
        refused.contains("reward.run: `python3 above.py`: log r is ") && refused.contains(", above 0; "),
        "{refused}"
    );
}
