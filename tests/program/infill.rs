//! Gaps of held-out stories, filled by every method.

use super::scratch::Scratch;
use super::support::{report, rtb, stderr, stdout, succeed, text};
use std::fs;
use std::path::Path;

/// A hundred stories of five sentences, of which some are held out.
fn corpus(folder: &Path) -> String {
    let path = folder.join("mine.txt");
    let names = ["Tom", "Amy", "Sam", "Anna", "Jim", "Kate", "Ben", "Lucy"];
    let things = [
        "dog", "cat", "car", "bike", "book", "house", "ball", "cake", "phone", "game", "hat", "boat",
    ];
    let story = |number: usize, name: &str, thing: &str| {
        format!(
            "{name} wanted {number} {thing}s. {name} went to the store. The {thing}s were very nice. {name} \
             bought {number} of them. {name} was happy with the {thing}s.\n"
        )
    };
    let pairs = names
        .iter()
        .flat_map(|name| things.iter().map(move |thing| (name, thing)));
    let stories = pairs
        .enumerate()
        .map(|(number, (name, thing))| story(number, name, thing));
    fs::write(&path, stories.collect::<String>()).expect("written");
    path.to_str().expect("a name").to_owned()
}

#[test]
fn an_amortised_posterior_fills_stories_it_has_not_seen() {
    let place = Scratch::new();
    let corpus = corpus(place.path());
    let folder = place.path().join("run");
    let file = format!("--set=corpus.file={corpus}");
    let line = ["run", "stories-each", "--out", text(&folder), &file];
    let flags = [
        "--set=corpus.stories=8",
        "--set=corpus.group=4",
        "--set=tempering.beta=3",
        "--set=evaluation.every=0",
        "--set=evaluation.samples_while_training=16",
        "--steps=3",
        "--batch=8",
        "--iterations=2",
        "--samples=100",
        "--set=evaluation.proposals=100",
    ];
    let table = stdout(&succeed(rtb(line).args(flags)));
    assert!(table.contains("BLEU-4") && table.contains("GLEU-4"), "{table}");
    let figures = report(&folder);
    assert!(
        figures["gleu"].is_number() && figures["log_z_learned"].is_null(),
        "{figures}"
    );
    let learned = fs::read_to_string(folder.join("learned.txt")).expect("written");
    let first = learned.lines().next().unwrap_or_default();
    assert_eq!(first.split(" | ").count(), 3, "{first}");

    // The folder has all that it needs.
    fs::rename(&corpus, format!("{corpus}.moved")).expect("moved");
    let samples = stdout(&succeed(&mut rtb(["sample", text(&folder), "--count=16"])));
    assert!(learned.starts_with(&samples), "{samples}");
    let mine = [
        "--count=2",
        "--beginning=Tom wanted a dog.",
        "--ending=Tom was happy.",
    ];
    let of_mine = stdout(&succeed(rtb(["sample", text(&folder)]).args(mine)));
    assert_eq!(of_mine.lines().count(), 2, "{of_mine}");
    assert!(!of_mine.contains('|') && of_mine != samples, "{of_mine}");
    // Nonsense would all be the same unknown word.
    for (flag, field) in [("--beginning", "story.beginning"), ("--ending", "story.ending")] {
        let other = if flag == "--ending" {
            "--beginning"
        } else {
            "--ending"
        };
        let nonsense = [flag, "Blorf and Quux sang.", other, "Tom was happy."];
        let refused = rtb(["sample", text(&folder)])
            .args(nonsense)
            .output()
            .expect("it runs");
        assert_eq!(refused.status.code(), Some(2));
        let said = stderr(&refused);
        assert!(
            said.contains(&format!("{field}: `blorf`, `quux`")) && said.contains("do not know"),
            "{said}"
        );
    }
    fs::rename(format!("{corpus}.moved"), &corpus).expect("moved");

    let sheet = place.path().join("figures.csv");
    let line = [
        "infill",
        text(&folder),
        "--data",
        &corpus,
        "--out",
        text(&sheet),
        "--quiet",
    ];
    let flags = [
        "--stories=2",
        "--proposals=2",
        "--tuned=4",
        "--tuning=2",
        "--seeds=2",
        "--examples=1",
    ];
    let told = stdout(&succeed(rtb(line).args(flags)));
    for words in [
        "told by people",
        "prior-stories, beginning",
        "prior-stories, beginning and ending",
        "one of 2 by importance ",
        "one of 2 by importance, β = 3",
        "supervised fine-tuning on 4",
        "stories-each",
        "… ",
    ] {
        assert!(told.contains(words), "{words} is missing from\n{told}");
    }
    let csv = fs::read_to_string(&sheet).expect("written");
    // People have told them once, the run has one seed, and all others two.
    assert_eq!(csv.lines().count(), 1 + 1 + 5 * 2 + 1, "{csv}");
    assert!(
        csv.contains("\"told by people\",0,") && csv.contains(",1,1,"),
        "{csv}"
    );
    // log r of the same two endings, whatever β the run has.
    let log_reward = |method: &str| -> f64 {
        let line = csv.lines().find(|l| l.starts_with(&format!("\"{method}\",0,")));
        let cell = line.and_then(|l| l.split(',').nth(2));
        cell.and_then(|c| c.parse().ok()).expect(&csv)
    };
    let (run, told) = (log_reward("stories-each"), log_reward("told by people"));
    assert!(
        told < 0.0 && (run / told - 1.0).abs() < 0.5,
        "{run} beside {told}"
    );
}

#[test]
fn what_cannot_be_filled_is_said() {
    let place = Scratch::new();
    let corpus = corpus(place.path());
    let said = |line: &[&str]| {
        let output = rtb(line.iter().copied()).output().expect("it runs");
        assert!(!output.status.success(), "{line:?}");
        stderr(&output)
    };
    let many = said(&["infill", "--data", &corpus, "--stories=50", "--quiet"]);
    assert!(many.contains("corpus.stories") && many.contains("50"), "{many}");
    let strange = place.path().join("strange.txt");
    let stories = fs::read_to_string(&corpus).expect("read");
    fs::write(&strange, stories.replace("nice", "blorfy")).expect("written");
    let unknown = said(&["infill", "--data", text(&strange), "--stories=50", "--quiet"]);
    assert!(
        unknown.contains("the words `blorfy`, ") && unknown.contains("; the models do not know these"),
        "{unknown}"
    );
    let nowhere = said(&["infill", "--data", "nowhere.txt"]);
    assert!(nowhere.contains("nowhere.txt"), "{nowhere}");
    let folder = place.path().join("plane");
    let flags = ["--iterations=1", "--samples=100", "--batch=8", "--steps=4"];
    succeed(rtb(["run", "25-to-9", "--out", text(&folder)]).args(flags));
    let of_points = said(&["infill", text(&folder), "--data", &corpus]);
    assert!(of_points.contains("runs over a corpus"), "{of_points}");
    let told = said(&["sample", text(&folder), "--beginning=a", "--ending=b"]);
    assert!(told.contains("--beginning"), "{told}");
    let line = [
        "run",
        "stories-each",
        "--set=corpus.stories=8",
        "--set=corpus.file=nowhere.txt",
    ];
    assert!(said(&line).contains("nowhere.txt"));
}

/// What is to be filled can be trained on too, for its endings: stories that no other run sees.
#[test]
fn a_run_can_be_about_the_stories_that_are_held_out() {
    let place = Scratch::new();
    let corpus = corpus(place.path());
    let trained_on = |part: &str, stories: &str| -> Vec<String> {
        let folder = place.path().join(part);
        let line = ["run", "stories-each-causal", "--out", text(&folder)];
        let sets = [
            format!("--set=corpus.file={corpus}"),
            format!("--set=corpus.part={part}"),
            format!("--set=corpus.stories={stories}"),
        ];
        let flags = [
            "--set=corpus.group=2",
            "--set=evaluation.every=0",
            "--batch=4",
            "--iterations=1",
            "--samples=100",
            "--set=evaluation.proposals=100",
        ];
        succeed(rtb(line).args(sets).args(flags));
        let file = fs::read_to_string(folder.join("corpus.tsv")).expect("written");
        file.lines().map(str::to_owned).collect()
    };
    let (train, held_out) = (trained_on("train", "3"), trained_on("held_out", "2"));
    assert!(
        train.len() > held_out.len() && held_out.len() >= 2,
        "{train:?} {held_out:?}"
    );
    assert!(
        held_out.iter().all(|story| !train.contains(story)),
        "{held_out:?}"
    );
}
