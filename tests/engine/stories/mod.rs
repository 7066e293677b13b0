//! Middles of stories: language models of a corpus of a few words, and posteriors above them.

mod corpus;
mod networks;

use crate::support::{self, train};
use crate::texts::trained_on;
use rtb::engine::device::cpu_device;
use rtb::engine::reward::TextBlackBox;
use rtb::engine::train::examples::Recipe;
use rtb::message::{Files, Fit, Report, from_bytes, to_bytes};
use rtb::run::{Command, Method, Run};
use rtb::session::{Session, Trial};
use rtb::task::Task;
use rtb::task::text::train::Texts;
use rtb::task::text::{
    LanguageModel, Layout, Reader, Reward, StoriesView, Story, StoryFit, TextProblem, Vocabulary,
};
use std::sync::{Arc, OnceLock};

const LAYOUT: Layout = Layout {
    before: 2,
    gap: 2,
    after: 2,
};

const WORDS: &str = "<nothing>\n<unknown>\na\nb\nc\nd\n.";

/// Middles that are equally likely after an a; the ending repeats their first word.
const MIDDLES: [&str; 4] = ["b c", "c", "d b", "b"];

fn vocabulary() -> Vocabulary {
    Vocabulary::read(WORDS).expect("seven words")
}

fn reader() -> Reader {
    Reader {
        vocabulary: vocabulary(),
        layout: LAYOUT,
    }
}

/// Middles that are sentences where they are not cut.
const SENTENCES: [&str; 4] = ["b .", "c .", "d b", "d c"];

/// A model of a corpus, as a file.
fn model(middles: [&str; 4], causal: bool) -> Vec<u8> {
    let tokens = middles.map(|middle| {
        LAYOUT
            .tokens(&vocabulary(), ["a", middle, &middle[..1]])
            .expect("it fits")
    });
    let texts = Texts::new(LAYOUT, &vocabulary(), tokens.to_vec()).expect("texts");
    let recipe = Recipe {
        iterations: 400,
        batch: 64,
        learning_rate: 4e-3,
        ema: 0.98,
        seed: 1,
    };
    let training = trained_on(texts, vocabulary().len(), recipe, causal);
    let model = LanguageModel {
        network: training.network().clone(),
        reader: reader(),
    };
    pollster::block_on(model.file()).expect("the processor answers")
}

fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        Files::default()
            .with("prior", model(MIDDLES, false))
            .with("reward", model(MIDDLES, true))
    })
}

/// The task of stories.
fn task() -> Task {
    Task::find("stories").expect("it is there")
}

/// What a run of stories is about.
fn problem_mut(run: &mut Run) -> &mut TextProblem {
    TextProblem::of_mut(run).expect("a run of stories")
}

fn mention(word: &str) -> Reward {
    Reward::Mention {
        words: vec![word.to_owned()],
        penalty: 4.0,
    }
}

fn run(reward: Reward, ending: &str) -> Run {
    let mut run = task().defaults();
    let problem = problem_mut(&mut run);
    problem.reward = reward;
    problem.story = Some(Story {
        beginning: "a".to_owned(),
        ending: ending.to_owned(),
    });
    // Few words are made at once, which a step cannot weigh against each other.
    run.process.steps = 20;
    run.process.temperature = 1.0;
    run.rollout.batch = 48;
    run.objective.step_share = 1.0;
    run.optimizer.learning_rate = 1e-2;
    run.training.iterations = 60;
    run.evaluation.samples = 1000;
    run.evaluation.proposals = 1000;
    run.evaluation.samples_while_training = 100;
    run
}

fn open(run: &Run) -> Session {
    pollster::block_on(Session::open(run.clone(), cpu_device(), files(), None)).expect("it opens")
}

fn refused(run: &Run, files: &Files) -> String {
    match pollster::block_on(Session::open(run.clone(), cpu_device(), files, None)) {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    }
}

fn report(session: &mut Session) -> Report {
    support::report(session, 1000)
}

fn stories(fit: &Fit) -> StoryFit {
    fit.of().expect("of stories")
}

/// The share of these middles among a session's samples.
fn share(session: &Session, wanted: impl Fn(&str) -> bool) -> f64 {
    let samples = pollster::block_on(session.samples(500, 1)).expect("samples");
    let middles = session.text(&samples);
    middles.lines().filter(|middle| wanted(middle)).count() as f64 / 500.0
}

#[test]
fn the_posterior_mentions_what_is_wanted() {
    let mut session = open(&run(mention("c"), ""));
    let has = |middle: &str| middle.to_lowercase().contains('c');
    // Two of four middles.
    assert!((share(&session, has) - 0.5).abs() < 0.1);
    let before = report(&mut session);
    // log Z = log(½ + ½·exp(−4)).
    assert!((before.log_z_exact - 0.509f64.ln()).abs() < 0.12, "{before:?}");
    train(&mut session, 60);
    assert!(session.finished());
    let after = report(&mut session);
    let fit = stories(&after.fit);
    assert!(
        (after.log_z_importance - after.log_z_exact).abs() < 0.1,
        "{after:?}"
    );
    let exact = fit.log_reward_exact.expect("known");
    assert!((after.log_reward - exact).abs() < 0.15, "{exact} {after:?}");
    assert!(
        after.ess > 0.7 && before.ess < 0.6,
        "{} {}",
        before.ess,
        after.ess
    );
    // Those that mention it stay equally likely.
    let (both, alone) = (share(&session, |m| m == "B c"), share(&session, |m| m == "C"));
    assert!(
        both + alone > 0.9 && (both - alone).abs() < 0.15,
        "{both} {alone}"
    );
    assert_eq!(fit.proposals, 1000);
    assert!(fit.distinct <= 1.0 && fit.words > 1.0);
}

/// All stories of the prior count then, and the exact values are those of the prior.
#[test]
fn a_constant_reward_has_exact_values() {
    struct Constant;
    impl TextBlackBox for Constant {
        fn log_reward(&self, texts: &[String]) -> Result<Vec<f64>, String> {
            Ok(vec![-3.0; texts.len()])
        }
    }
    let command = Reward::Command(Command {
        run: vec!["constant".to_owned()],
        workers: 1,
        timeout: 60.0,
    });
    let files = files().clone().with_text_black_box("outside", Arc::new(Constant));
    let measured = |floor: f64| {
        let mut run = run(command.clone(), "");
        run.evaluation.proposals = 200;
        run.tempering.floor = floor;
        let session = Session::open(run, cpu_device(), &files, None);
        let mut session = pollster::block_on(session).expect("it opens");
        support::report(&mut session, 200)
    };
    let report = measured(-50.0);
    assert_eq!(report.prior_samples_effective, 200.0);
    assert!((report.log_z_exact + 3.0).abs() < 1e-9, "{report:?}");
    let fit = stories(&report.fit);
    assert_eq!(
        fit.log_reward_exact.map(|exact| (exact + 3.0).abs() < 1e-9),
        Some(true)
    );
    assert!(fit.words_exact.is_some_and(|words| words > 0.0), "{fit:?}");
    // At the floor nothing is known: a story above it may not have been met.
    let report = measured(-2.0);
    assert!(
        report.log_z_exact.is_nan() && report.prior_samples_effective == 0.0,
        "{report:?}"
    );
}

#[test]
fn the_posterior_leads_to_the_ending() {
    let mut session = open(&run(Reward::Ending {}, "d"));
    train(&mut session, 40);
    let after = report(&mut session);
    // One of four middles leads there, and it does so surely.
    assert!((-1.8..-1.1).contains(&after.log_z_exact), "{after:?}");
    assert!(
        (after.log_z_importance - after.log_z_exact).abs() < 0.15,
        "{after:?}"
    );
    assert!(share(&session, |middle| middle == "D b") > 0.9);
    let scene = pollster::block_on(session.scene()).expect("a scene");
    let reader = StoriesView::reader(&scene).expect("of stories");
    let last = scene.prior_paths.ends();
    let of_prior = reader.middles(&last);
    assert!(of_prior.iter().any(|middle| middle != "D b"), "{of_prior:?}");
    // It starts where nothing is known, and ends where all is.
    let mask = reader.vocabulary.len() as f32;
    assert!(
        scene.prior_paths.state(0, 0)[LAYOUT.gap()]
            .iter()
            .all(|t| *t == mask)
    );
    assert!(!last.contains(&mask));
    let exact = scene.exact.as_ref().expect("known by now");
    assert!(
        reader
            .middles(&exact.samples)
            .iter()
            .filter(|m| *m == "D b")
            .count()
            > 6
    );
}

/// A causal network leads the same task through a chain of its own.
#[test]
fn a_causal_prior_goes_on_word_by_word() {
    let file = model(SENTENCES, true);
    let of_sentences = Files::default().with("prior", file.clone()).with("reward", file);
    let open = |run: &Run| {
        let session = Session::open(run.clone(), cpu_device(), &of_sentences, None);
        pollster::block_on(session).expect("it opens")
    };
    let mut mentions = open(&run(mention("c"), ""));
    let scene = pollster::block_on(mentions.scene()).expect("a scene");
    assert_eq!(scene.prior_paths.steps, [0, 1, 2], "a word a step");
    train(&mut mentions, 60);
    let after = report(&mut mentions);
    // Two of four sentences have it; log Z = log(½ + ½·exp(−4)).
    assert!((after.log_z_exact - 0.509f64.ln()).abs() < 0.12, "{after:?}");
    assert!(
        (after.log_z_importance - after.log_z_exact).abs() < 0.1,
        "{after:?}"
    );
    assert!(after.ess > 0.9, "{after:?}");
    let (stopped, cut) = (share(&mentions, |m| m == "C."), share(&mentions, |m| m == "D c"));
    assert!(
        stopped + cut > 0.93 && (stopped - cut).abs() < 0.15,
        "{stopped} {cut}"
    );
    // Its sight of the ending is in front of the beginning.
    let mut leads = open(&run(Reward::Ending {}, "d"));
    train(&mut leads, 60);
    assert!(share(&leads, |middle| middle.starts_with('D')) > 0.9);
    let snapshot = pollster::block_on(leads.snapshot(1)).expect("a snapshot");
    assert_eq!(snapshot.more.len(), snapshot.paths.count() * LAYOUT.gap);
}

#[test]
fn a_picture_says_how_far_words_were_moved() {
    let mut session = open(&run(mention("c"), ""));
    pollster::block_on(session.grow_truth(1000)).expect("a truth");
    let moved = |session: &mut Session| {
        let snapshot = pollster::block_on(session.snapshot(1)).expect("a snapshot");
        let again = from_bytes(&to_bytes(&snapshot)).expect("it travels");
        assert_eq!(snapshot, again);
        assert_eq!(snapshot.more.len(), snapshot.paths.count() * LAYOUT.gap);
        snapshot
    };
    assert!(
        moved(&mut session).more.iter().all(|m| *m == 0.0),
        "nothing is trained"
    );
    train(&mut session, 30);
    let snapshot = moved(&mut session);
    let c = 4.0;
    let ends = snapshot.paths.ends();
    let tokens = ends
        .chunks_exact(LAYOUT.length())
        .flat_map(|story| &story[LAYOUT.gap()]);
    let of_c: Vec<f32> = tokens
        .zip(&snapshot.more)
        .filter(|(t, _)| **t == c)
        .map(|(_, m)| *m)
        .collect();
    assert!(of_c.len() > 4 && of_c.iter().all(|m| *m > 0.1), "{of_c:?}");
}

#[test]
fn a_run_goes_on_where_it_was_saved() {
    let run = run(mention("c"), "");
    let mut whole = open(&run);
    train(&mut whole, 4);
    let mut first = open(&run);
    train(&mut first, 2);
    let checkpoint = first.checkpoint().expect("saved");
    let resumed = Session::resume(&checkpoint, cpu_device(), files());
    let mut resumed = pollster::block_on(resumed).expect("it resumes");
    train(&mut resumed, 2);
    assert_eq!(report(&mut resumed), report(&mut whole));
    let weights = pollster::block_on(whole.weights()).expect("weights");
    let again = Session::open(run, cpu_device(), files(), Some(&weights));
    let again = pollster::block_on(again).expect("it opens");
    let samples = |session: &Session| pollster::block_on(session.samples(30, 1)).expect("samples");
    assert_eq!(samples(&again), samples(&whole));
}

#[test]
fn training_free_methods_tilt_stories_too() {
    for (method, share) in [("importance", 0.9), ("rejection", 0.9), ("smc", 0.9)] {
        let mut run = run(mention("c"), "");
        run.method = task().method(method).expect("a method");
        let trial = Trial::open(run, cpu_device(), files());
        let mut trial = pollster::block_on(trial).expect("it opens");
        let made = pollster::block_on(trial.outcome(600)).expect(method);
        let fit = stories(&made.fit);
        assert!(
            (made.log_reward - fit.log_reward_exact.expect("known")).abs() < 0.2,
            "{made:?}"
        );
        // At most a tenth lacks the word.
        assert!(made.log_reward > -4.0 * (1.0 - share), "{made:?}");
    }
}

#[test]
fn methods_that_need_gradients_say_so() {
    for method in ["dps", "lgd-mc", "guidance", "smc"] {
        let mut run = run(mention("c"), "");
        run.method = Method::find(method).expect("a method");
        let trial = Trial::open(run, cpu_device(), files());
        let mut trial = pollster::block_on(trial).expect("it opens");
        let why = pollster::block_on(trial.outcome(20))
            .expect_err(method)
            .to_string();
        assert!(why.contains("words have no"), "{why}");
    }
}

#[test]
fn stories_that_make_no_sense_are_refused() {
    let good = run(Reward::Ending {}, "d");
    let story = |beginning: &str, ending: &str| {
        let mut run = good.clone();
        problem_mut(&mut run).story = Some(Story {
            beginning: beginning.to_owned(),
            ending: ending.to_owned(),
        });
        refused(&run, files())
    };
    let said = story("a b c", "d");
    assert!(
        said.contains("story.beginning") && said.contains("3 words") && said.contains("at most 2"),
        "{said}"
    );
    assert!(story("a", "b c d").contains("story.ending"));
    assert!(story("a", " ").contains("story.ending"));
    let with = |change: &dyn Fn(&mut Run)| {
        let mut run = good.clone();
        change(&mut run);
        refused(&run, files())
    };
    assert!(with(&|run| problem_mut(run).story = None).contains("story"));
    assert!(with(&|run| problem_mut(run).reward = mention("zebra")).contains("`zebra`"));
    assert!(with(&|run| problem_mut(run).reward = mention("b c")).contains("a single word"));
    // A reward of images is refused while it is read.
    let ink = good.with("reward", "{ kind = \"ink\", target = 0.1, deviation = 0.1 }");
    assert!(ink.expect_err("of images").to_string().contains("reward.kind"));
    let given = |prior: Option<&[u8]>, reward: Option<&[u8]>| {
        let roles = [("prior", prior), ("reward", reward)];
        let there = roles
            .into_iter()
            .filter_map(|(role, file)| Some((role, file?.to_vec())));
        let files = there.fold(Files::default(), |files, (role, file)| files.with(role, file));
        refused(&good, &files)
    };
    let (prior, reward) = (files().get("prior"), files().get("reward"));
    assert!(given(None, reward).contains("prior.weights"));
    assert!(given(prior, None).contains("reward's network"));
    assert!(given(prior, prior).contains("its attention goes both ways"));
    assert!(given(Some(b"none"), reward).contains("not a safetensors file"));
    let plane = Run::default().with("story.beginning", "a");
    let error = plane.expect_err("of points");
    assert_eq!(
        (error.field.as_str(), error.value.as_str()),
        ("story", "an unknown field")
    );
    assert!(error.allowed.contains("`prior` or `reward`"), "{error}");
}

#[test]
fn words_that_are_not_known_are_told() {
    let mut run = run(mention("c"), "zebra b");
    let story = problem_mut(&mut run).story.as_mut();
    story.expect("a story").beginning = "a yak".to_owned();
    let mut session = open(&run);
    let scene = pollster::block_on(session.scene()).expect("a scene");
    let view = scene.view.of::<StoriesView>().expect("of stories");
    assert_eq!(view.unknown, ["yak", "zebra"]);
    // Nobody wants to read the word that stands for them.
    let unknown = Vocabulary::UNKNOWN as f32;
    let ends = scene.prior_paths.ends();
    assert!(
        ends.chunks_exact(6)
            .all(|story| !story[LAYOUT.gap()].contains(&unknown))
    );
}
