//! Rewards that scripts of the user's compute: of stories, and in runs that are broken off.

use super::kill::assert_same_without;
use super::pretraining::at;
use super::scratch::Scratch;
use super::stories::TINY;
use super::support::{Running, has_python, metrics, report, stderr, stdout, succeed};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Answers as the reward `mention` of a dog does.
const DOG: &str = r#"
import json, re, sys

for line in sys.stdin:
    answers = []
    for story in json.loads(line):
        assert sorted(story) == ["beginning", "ending", "middle"], story
        assert story["beginning"] == "Tom was walking home from school.", story
        words = re.findall(r"[a-z0-9']+", story["middle"].lower())
        answers.append(0.0 if "dog" in words else MISSING)
    print(json.dumps(answers), flush=True)
"#;

#[test]
fn a_script_is_a_reward_of_stories() {
    if !has_python() {
        return;
    }
    let place = Scratch::new();
    let write = |name: &str, content: &str| fs::write(place.path().join(name), content).expect("written");
    let rewarded = |script: &str| {
        format!("preset = \"story-dog\"\n[reward]\nkind = \"command\"\nrun = [\"python3\", \"{script}\"]\n")
    };
    for (name, missing) in [("dog", "-6.0"), ("above", "0.5"), ("nan", "float('nan')")] {
        write(&format!("{name}.py"), &DOG.replace("MISSING", missing));
        write(&format!("{name}.toml"), &rewarded(&format!("{name}.py")));
    }
    let run = |what: &str| {
        let mut run = at(&place, &format!("run {what}"));
        run.args(TINY);
        run
    };
    succeed(&mut run("story-dog --out mention"));
    succeed(&mut run("dog.toml --allow-commands --out script"));
    let [mention, script] = ["mention", "script"].map(|name| place.path().join(name));
    assert_eq!(metrics(&mention), metrics(&script));
    // The weighted stories of the prior, and what is learned, know no other reward.
    assert_eq!(report(&mention), report(&script));
    assert!(
        report(&script)["log_z_exact"]
            .as_f64()
            .is_some_and(|log_z| -6.0 < log_z && log_z < 0.0)
    );

    let refused = |what: &str| stderr(&run(what).output().expect("the program starts"));
    let text = refused("dog.toml --out unasked");
    assert!(text.contains("use --allow-commands to run it"), "{text}");
    let text = refused("above.toml --allow-commands --out above");
    let said = "reward.run: `python3 above.py`: log r is 0.5, above 0; a story is kept";
    assert!(text.contains(said), "{text}");
    let text = refused("nan.toml --allow-commands --out nan");
    let said = "`python3 nan.py` answered NaN for the sample {\"beginning\":\"Tom was walking";
    assert!(text.contains(said), "{text}");
}

/// Rewards points near 1, in Python without NumPy. It notes each of its starts. Where there is a file `fuse`, it dies
/// in its third batch of the rows that iterations ask for; where there is a file `spark`, in the batch of the exact
/// posterior, before anything is trained.
const POINTS: &str = r#"
import os, struct, sys

with open("starts", "a") as starts:
    starts.write(f"{os.getpid()}\n")
asked = 0
while True:
    head = sys.stdin.buffer.read(10)
    if len(head) < 10:
        break
    rows, size = eval(sys.stdin.buffer.read(struct.unpack("<H", head[8:])[0]))["shape"]
    asked += rows == 24
    if asked == 3 and os.path.exists("fuse"):
        os.remove("fuse")
        raise ValueError("out of luck")
    if rows == 100 and os.path.exists("spark"):
        raise ValueError("no luck at all")
    answers = []
    for _ in range(rows):
        answers.append(-sum((x - 1) ** 2 for x in struct.unpack(f"<{size}d", sys.stdin.buffer.read(8 * size))))
    text = repr({"descr": "<f8", "fortran_order": False, "shape": (rows,)}) + "\n"
    data = struct.pack(f"<{rows}d", *answers)
    sys.stdout.buffer.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data)
    sys.stdout.buffer.flush()
"#;

/// A run of points, rewarded by [`POINTS`].
const RUN: &str = r#"
task = "points"
process.steps = 3
network.width = 8
rollout = { batch = 24, replay_share = 0.0, noised_share = 0.0 }
training = { iterations = 6, checkpoint_every = 100 }
evaluation = { samples = 100, proposals = 100, every = 3, samples_while_training = 50 }
reward = { kind = "command", run = ["python3", "reward.py"] }
"#;

/// A folder with both.
fn points() -> Scratch {
    let place = Scratch::new();
    fs::write(place.path().join("reward.py"), POINTS).expect("written");
    fs::write(place.path().join("run.toml"), RUN).expect("written");
    place
}

/// The numbers of the processes that were started so far.
fn starts(place: &Path) -> Vec<String> {
    let text = fs::read_to_string(place.join("starts")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_script_that_dies_leaves_a_run_that_goes_on() {
    if !has_python() {
        return;
    }
    let place = points();
    let path = |name: &str| place.path().join(name);
    succeed(&mut at(&place, "run run.toml --allow-commands --out whole"));
    fs::write(path("fuse"), "").expect("written");
    let output = at(&place, "run run.toml --allow-commands --out broken").output();
    let output = output.expect("the program starts");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for said in [
        "reward.run: `python3 reward.py` ended (exit status: 1) and left a batch without an answer. The end of its standard \
         error:\n",
        "\n  ValueError: out of luck\n",
        "The last checkpoint is in broken",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let lines = metrics(&path("broken"));
    assert!(lines.iter().any(|line| line["iteration"] == 1), "{lines:?}");
    let resumed = succeed(&mut at(&place, "run --resume broken --allow-commands"));
    // Nothing that was trained is lost: no other checkpoint was due.
    let said = stderr(&resumed) + &stdout(&resumed);
    assert!(said.contains("after iteration 2 of 6"), "{said}");
    // What opening and the exact posterior ask for was asked for twice.
    assert_same_without(&["evaluations"], &path("broken"), &path("whole"));
    let evaluations = |name: &str| report(&path(name))["evaluations"].as_f64();
    assert!(evaluations("broken") > evaluations("whole"));

    // There is no checkpoint before the first evaluation.
    fs::write(path("spark"), "").expect("written");
    let output = at(&place, "run run.toml --allow-commands --out never").output();
    let text = stderr(&output.expect("the program starts"));
    assert!(
        text.contains("ValueError: no luck at all") && !text.contains("checkpoint"),
        "{text}"
    );
}

#[test]
fn a_script_is_started_once_for_all_that_a_command_does() {
    if !has_python() {
        return;
    }
    let place = points();
    succeed(&mut at(&place, "run run.toml --allow-commands --out run"));
    assert_eq!(starts(place.path()).len(), 1);
    // Another seed opens the run anew.
    succeed(&mut at(&place, "sample run --seed 5 --count 3 --allow-commands"));
    assert_eq!(starts(place.path()).len(), 2);
    let line = "compare run.toml --allow-commands --method rtb --vary process.steps=2,3 --out comparison";
    succeed(&mut at(&place, line));
    assert_eq!(starts(place.path()).len(), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_script_ends_with_a_program_that_is_killed() {
    if !has_python() {
        return;
    }
    let place = points();
    let mut command: Command = at(
        &place,
        "run run.toml --allow-commands --out run --iterations 100000",
    );
    let mut running = Running::start(&mut command);
    running.wait_for(&place.path().join("run"), 2);
    let started = starts(place.path());
    let stat = |number: &str| fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    assert!(started.len() == 1 && !stat(&started[0]).is_empty(), "{started:?}");
    assert_eq!(running.kill().0, None);
    let until = Instant::now() + Duration::from_secs(20);
    // One that nobody has waited for yet has ended too.
    while !stat(&started[0]).is_empty() && !stat(&started[0]).contains(") Z ") {
        assert!(Instant::now() < until, "{} still runs", started[0]);
        sleep(Duration::from_millis(5));
    }
}
