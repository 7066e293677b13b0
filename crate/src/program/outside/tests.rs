//! Programs that answer, and all the ways in which they do not. They are written in Python, without NumPy; where
//! there is no Python, only those of the shell are tried.

use super::command::CommandBox;
use crate::program::scratch::Scratch;
use rtb::engine::reward::BlackBox;
use rtb::run::Command;
use std::fs;
use std::process;
use std::time::{Duration, Instant};

/// Reads arrays of float64 and writes them. The script of a test has the loop.
const HEAD: &str = r#"
import os, struct, sys, time

def ask():
    head = sys.stdin.buffer.read(10)
    if len(head) < 10:
        sys.exit()
    header = eval(sys.stdin.buffer.read(struct.unpack("<H", head[8:])[0]))
    rows, size = header["shape"]
    numbers = struct.unpack(f"<{rows * size}d", sys.stdin.buffer.read(8 * rows * size))
    return [numbers[i * size:(i + 1) * size] for i in range(rows)]

def answer(numbers, kind="<f8", shape=None):
    text = repr({"descr": kind, "fortran_order": False, "shape": shape or (len(numbers),)}) + "\n"
    data = struct.pack(f"<{len(numbers)}{'f' if kind == '<f4' else 'd'}", *numbers)
    sys.stdout.buffer.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data)
    sys.stdout.buffer.flush()
"#;

/// A script in a folder of its own, and the run's description of it; `None` without Python.
fn script(body: &str) -> Option<(Scratch, Command)> {
    let python = process::Command::new("python3").arg("--version").output();
    python.ok().filter(|output| output.status.success())?;
    let folder = Scratch::new();
    let path = folder.path().join("reward.py");
    fs::write(&path, format!("{HEAD}\n{body}\n")).expect("written");
    let path = path.to_string_lossy();
    let command = of(&["python3", &path]);
    Some((folder, command))
}

fn of(words: &[&str]) -> Command {
    Command {
        run: words.iter().map(ToString::to_string).collect(),
        workers: 1,
        timeout: 60.0,
    }
}

fn start(command: &Command) -> CommandBox {
    CommandBox::start("reward.run", command).expect("started")
}

/// Four samples of two numbers.
const SAMPLES: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5];

/// The error of a first batch, which is that of every later one.
fn refused(command: &Command) -> String {
    let program = start(command);
    let error = program.log_reward(&SAMPLES, &[2]).expect_err("no answer");
    assert_eq!(program.log_reward(&SAMPLES, &[2]), Err(error.clone()));
    error
}

#[test]
fn answers_come_in_the_order_of_rows() {
    let sum = "while True: answer([a - b * 10 for a, b in ask()])";
    let column = "while True:\n    x = ask()\n    answer([a - b * 10 for a, b in x], '<f4', (len(x), 1))";
    for (body, workers) in [(sum, 1), (sum, 2), (column, 3), (sum, 7)] {
        let Some((_folder, command)) = script(body) else {
            return;
        };
        let program = start(&Command { workers, ..command });
        for _ in 0..3 {
            let answer = program.log_reward(&SAMPLES, &[2]);
            assert_eq!(answer, Ok(vec![-19.0, -37.0, -55.0, -78.0]), "{workers} workers");
        }
        assert_eq!(program.log_reward(&[], &[2]), Ok(vec![]));
        assert_eq!(program.log_reward(&SAMPLES[..2], &[2]), Ok(vec![-19.0]));
    }
}

#[test]
fn an_answer_to_the_batch_before_is_noticed() {
    // As many numbers as samples, of the batch before: at first there is none.
    let late = "before = []\nwhile True:\n    x = ask()\n    answer((before + [0.0] * len(x))[:len(x)])\n    \
                before = [a - b * 10 for a, b in x]";
    let Some((_folder, command)) = script(late) else {
        return;
    };
    let error = refused(&command);
    assert!(
        error.contains("reward.py` answered with log r of the batch before the one that it was given."),
        "{error}"
    );
    // Noise is no delay, and neither is a number that depends on all of its batch.
    for body in [
        "import random\nwhile True: answer([random.random() for _ in ask()])",
        "while True:\n    x = ask()\n    answer([a * len(x) for a, b in x])",
    ] {
        let (_folder, command) = script(body).expect("there is Python");
        let answer = start(&command).log_reward(&SAMPLES, &[2]);
        assert!(answer.is_ok(), "{body}: {answer:?}");
    }
}

#[test]
fn no_reward_at_all_is_minus_infinity() {
    let Some((_folder, command)) = script("while True: answer([float('-inf') for _ in ask()])") else {
        return;
    };
    let answer = start(&command).log_reward(&SAMPLES, &[2]);
    assert_eq!(answer, Ok(vec![f64::NEG_INFINITY; 4]));
}

#[test]
fn a_large_answer_may_begin_before_the_batch_ends() {
    // Neither fits into a pipe. The program does not read on before its answer has been read.
    let body = "sys.stdin.buffer.read(128)\nanswer([0.0] * 200000)\nsys.stdin.buffer.read(8 * 200000)\ntime.sleep(60)";
    let Some((_folder, command)) = script(body) else {
        return;
    };
    let samples = vec![0.0; 200_000];
    assert_eq!(start(&command).log_reward(&samples, &[1]), Ok(samples));
}

#[test]
fn a_full_standard_error_does_not_block() {
    let body = "while True:\n    sys.stderr.write('x' * 300000)\n    answer([0.0 for _ in ask()])";
    let Some((_folder, command)) = script(body) else {
        return;
    };
    assert_eq!(start(&command).log_reward(&SAMPLES, &[2]), Ok(vec![0.0; 4]));
}

#[test]
fn a_death_is_told_with_the_last_words() {
    // The second batch is the one that tells whether it answers the batch that it is given.
    let body = "for _ in range(2): answer([0.0 for _ in ask()])\nx = ask()\nraise ValueError('no such \\x1b[31mcolour')";
    let Some((_folder, command)) = script(body) else {
        return;
    };
    let program = start(&command);
    assert_eq!(program.log_reward(&SAMPLES, &[2]), Ok(vec![0.0; 4]));
    let error = program.log_reward(&SAMPLES, &[2]).expect_err("it died");
    for part in [
        "reward.run: `python3 /",
        "reward.py` ended (exit status: 1) and left a batch without an answer. The end of its standard error:\n  ",
        "\n  ValueError: no such \\u{1b}[31mcolour",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(program.log_reward(&SAMPLES, &[2]), Err(error));
}

#[test]
fn a_signal_is_named() {
    let Some((_folder, command)) = script("os.kill(os.getpid(), 9)") else {
        return;
    };
    let error = refused(&command);
    assert!(error.contains("ended (signal: 9 (SIGKILL))"), "{error}");
    assert!(
        error.ends_with("It has written nothing to its standard error."),
        "{error}"
    );
}

#[test]
fn a_program_that_hangs_is_ended() {
    let Some((_folder, command)) = script("print('thinking', file=sys.stderr, flush=True)\ntime.sleep(600)")
    else {
        return;
    };
    let begun = Instant::now();
    let error = refused(&Command {
        timeout: 0.5,
        ..command
    });
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(error.contains("did not answer within 0.5 seconds."), "{error}");
}

#[test]
fn wrong_answers_are_named() {
    let cases = [
        (
            "ask(); answer([0.0])",
            "answered with an array of shape (1,) for 4 samples; its shape must be (4,)",
        ),
        (
            "answer([0.0 for _ in ask()], '<f8', (2, 2))",
            "answered with an array of shape (2, 2) for 4 samples",
        ),
        (
            "ask(); answer([0, 0, float('nan'), 0])",
            "answered NaN for the sample (5.000000, 6.000000)",
        ),
        (
            "ask(); answer([0, float('inf'), 0, 0])",
            "answered +infinity for the sample (3.000000, 4.000000)",
        ),
        (
            "answer([len(ask())] * 4, '<q')",
            "answered with an array of the type `<q`",
        ),
        (
            "print('epoch 1', flush=True); ask()",
            "wrote text to its standard output, where only answers belong: `epoch 1`",
        ),
        (
            "ask(); sys.stdout.buffer.write(b'\\x93NUM'); sys.exit(3)",
            "ended (exit status: 3)",
        ),
        ("os.close(1); time.sleep(600)", "closed its standard output"),
    ];
    for (body, expected) in cases {
        let Some((_folder, command)) = script(&format!("{body}\ntime.sleep(600)")) else {
            return;
        };
        let error = refused(&command);
        assert!(error.contains(expected), "{body}: {error}");
    }
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let error = CommandBox::start("reward.run", &of(&["no such program", "x"]))
        .err()
        .expect("there is none");
    assert!(
        error.starts_with("reward.run: `'no such program' x` cannot be started: "),
        "{error}"
    );
    let error = refused(&of(&["sh", "-c", "echo gone >&2; exit 7"]));
    let expected = "`sh -c 'echo gone >&2; exit 7'` ended (exit status: 7) and left a batch without an answer. The \
                    end of its standard error:\n  gone";
    assert!(error.contains(expected), "{error}");
}

/// The number of the process that a script has written into its folder.
#[cfg(target_os = "linux")]
fn written(folder: &Scratch, name: &str) -> String {
    let path = folder.path().join(name);
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match fs::read_to_string(&path) {
            Ok(number) if number.ends_with('\n') => return number.trim().to_owned(),
            _ => assert!(Instant::now() < until, "{name} was not written"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process runs; one that nobody has waited for yet does not.
#[cfg(target_os = "linux")]
fn runs(number: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[cfg(target_os = "linux")]
#[test]
fn programs_end_when_they_are_dropped() {
    // One ends by itself; one does not, and has started another.
    let stubborn = "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n\
                    open('child', 'w').write(f'{child.pid}\\n')\n";
    for (before, after) in [("", "while True: ask()"), (stubborn, "time.sleep(600)")] {
        let place = "os.chdir(os.path.dirname(__file__))\n";
        let body = format!("{place}{before}open('own', 'w').write(f'{{os.getpid()}}\\n')\n{after}");
        let Some((folder, command)) = script(&body) else {
            return;
        };
        let program = start(&command);
        let own = written(&folder, "own");
        assert!(runs(&own));
        let begun = Instant::now();
        drop(program);
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert!(!runs(&own));
        if !before.is_empty() {
            let child = written(&folder, "child");
            let until = Instant::now() + Duration::from_secs(10);
            while runs(&child) {
                assert!(Instant::now() < until, "what it started still runs");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}
