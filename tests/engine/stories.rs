//! Middles of stories: language models of a corpus of a few words, and posteriors above them.

use crate::support::{self, numbers, train};
use crate::texts::trained_on;
use burn::tensor::{Int, Tensor, TensorData, activation};
use rtb::config::{Corpus, Method, Reward, Run, Story, Task};
use rtb::message::{Files, Report, StoryFit, from_bytes, to_bytes};
use rtb::network::LanguageModel;
use rtb::prior::{Infilling, InfillingPrior};
use rtb::process::{Absorbing, Autoregressive, Prior, Process, Sequence, TokenChain};
use rtb::reward::StoryLogReward;
use rtb::session::{Session, cpu_device};
use rtb::stories::Stories;
use rtb::text::{Layout, Reader, Vocabulary};
use rtb::train::EndReward;
use rtb::train::examples::Recipe;
use rtb::train::texts::Texts;
use rtb::trial::Trial;
use std::sync::OnceLock;

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
    FILES.get_or_init(|| Files {
        prior: Some(model(MIDDLES, false)),
        reward: Some(model(MIDDLES, true)),
        ..Files::default()
    })
}

fn mention(word: &str) -> Reward {
    Reward::Mention {
        words: vec![word.to_owned()],
        penalty: 4.0,
    }
}

fn run(reward: Reward, ending: &str) -> Run {
    let mut run = Task::Stories.defaults();
    run.reward = reward;
    run.story = Some(Story {
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

fn stories(report: &Report) -> &StoryFit {
    report.fit.stories().expect("of stories")
}

/// The share of these middles among a session's samples.
fn share(session: &Session, wanted: impl Fn(&str) -> bool) -> f64 {
    let samples = pollster::block_on(session.samples(500)).expect("samples");
    let middles = session.reader().expect("of stories").middles(&samples);
    middles.iter().filter(|middle| wanted(middle)).count() as f64 / 500.0
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
    let fit = stories(&after);
    assert!(
        (after.log_z_importance - after.log_z_exact).abs() < 0.1,
        "{after:?}"
    );
    let exact = fit.log_reward_exact.expect("known");
    assert!((after.log_reward - exact).abs() < 0.15, "{exact} {after:?}");
    assert!(
        after.ess > 0.8 && before.ess < 0.7,
        "{} {}",
        before.ess,
        after.ess
    );
    // Those that mention it stay equally likely.
    let (both, alone) = (share(&session, |m| m == "B c"), share(&session, |m| m == "C"));
    assert!(
        both + alone > 0.93 && (both - alone).abs() < 0.15,
        "{both} {alone}"
    );
    assert_eq!(fit.proposals, 1000);
    assert!(fit.distinct <= 1.0 && fit.words > 1.0);
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
    let view = scene.view.stories().expect("of stories");
    let reader = Reader::new(&view.words, view.layout).expect("words");
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
    let exact = view.exact.as_ref().expect("known by now");
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
    let of_sentences = Files {
        prior: Some(file.clone()),
        reward: Some(file),
        ..Files::default()
    };
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
    let snapshot = pollster::block_on(leads.snapshot()).expect("a snapshot");
    assert_eq!(snapshot.moved.len(), snapshot.paths.count() * LAYOUT.gap);
}

/// The stories of the models' corpus; the fifth line is no story, and the sixth does not fit.
const CORPUS: &str = "a\tb c\tb\na\tc\tc\na\td b\td\na\tb\tb\nno story\na b c\tb\tb\n";

fn corpus(file: &str, stories: usize, group: usize) -> (Run, Files) {
    let mut run = run(Reward::Ending {}, "");
    run.story = None;
    run.corpus = Some(Corpus {
        stories,
        group,
        ..Corpus::default()
    });
    let files = Files {
        corpus: Some(file.as_bytes().to_vec()),
        ..files().clone()
    };
    (run, files)
}

#[test]
fn one_network_learns_the_middles_of_many_stories() {
    let (mut run, files) = corpus(CORPUS, 4, 16);
    run.training.iterations = 80;
    let open = |run: &Run, weights: Option<&[u8]>| {
        let session = Session::open(run.clone(), cpu_device(), &files, weights);
        pollster::block_on(session).expect("it opens")
    };
    // The share of samples that lead to the ending of their own story.
    let leads = |session: &Session| {
        let samples = pollster::block_on(session.samples(400)).expect("samples");
        let right = samples
            .chunks_exact(LAYOUT.length())
            .filter(|s| s[LAYOUT.gap().start] == s[4]);
        right.count() as f64 / 400.0
    };
    let mut session = open(&run, None);
    let before = report(&mut session);
    train(&mut session, 80);
    assert!(leads(&session) > 0.85, "{}", leads(&session));
    let after = report(&mut session);
    let (fit, first) = (stories(&after), stories(&before));
    // A quarter of the prior leads to each of two endings, and a half to each of the other two; log r
    // is about 0 there.
    let log_z = 0.5 * (0.25f64.ln() + 0.5f64.ln());
    assert!((after.log_z_exact - log_z).abs() < 0.3, "{after:?}");
    assert!(
        (after.log_z_importance - after.log_z_exact).abs() < 0.15,
        "{after:?}"
    );
    let (exact, prior) = (
        fit.log_reward_exact.expect("known"),
        fit.log_reward_prior.expect("known"),
    );
    assert!(
        after.log_reward > 0.8 * exact + 0.2 * prior,
        "{exact} {prior} {after:?}"
    );
    assert!(fit.gleu > first.gleu && fit.gleu < Some(1.0), "{fit:?} {first:?}");
    assert_eq!(fit.bleu, Some(0.0), "middles are shorter than four words");
    assert!(after.conditions.is_empty());

    // The weights fill other stories than those they were trained on.
    let weights = pollster::block_on(session.weights()).expect("weights");
    let (other, _) = corpus(CORPUS, 2, 16);
    let other = open(&other, Some(&weights));
    assert_eq!(other.iteration(), 0);
    assert!(leads(&other) > 0.85, "{}", leads(&other));
}

#[test]
fn a_run_over_many_stories_goes_on_where_it_was_saved() {
    let (run, files) = corpus(CORPUS, 4, 16);
    let open = || {
        let session = Session::open(run.clone(), cpu_device(), &files, None);
        pollster::block_on(session).expect("it opens")
    };
    let mut whole = open();
    train(&mut whole, 3);
    let mut first = open();
    train(&mut first, 1);
    let checkpoint = first.checkpoint().expect("saved");
    let resumed = Session::resume(&checkpoint, cpu_device(), &files);
    let mut resumed = pollster::block_on(resumed).expect("it resumes");
    train(&mut resumed, 2);
    let samples = |session: &Session| pollster::block_on(session.samples(30)).expect("samples");
    assert_eq!(samples(&resumed), samples(&whole));
}

#[test]
fn importance_resampling_takes_what_leads_to_the_ending() {
    let (run, files) = corpus(CORPUS, 4, 16);
    let mut task = Stories::open(run, cpu_device(), &files).expect("it opens");
    assert_eq!((task.told(0), task.told(1)), (vec![3, 4], vec![4]));
    pollster::block_on(task.grow(4 * 64)).expect("it grows");
    let drawn = task.resampled();
    let right = drawn
        .chunks_exact(LAYOUT.length())
        .filter(|s| s[LAYOUT.gap().start] == s[4]);
    assert_eq!((drawn.len() / LAYOUT.length(), right.count()), (4, 4));
    assert!(task.exact().known);
}

#[test]
fn a_corpus_that_makes_no_sense_is_refused() {
    let refused = |(run, files): (Run, Files)| self::refused(&run, &files);
    let said = refused(corpus(CORPUS, 5, 16));
    assert!(
        said.contains("corpus.stories") && said.contains("at most 4"),
        "{said}"
    );
    assert!(refused(corpus("", 1, 16)).contains("at most 0"));
    assert!(refused(corpus(CORPUS, 4, 1)).contains("corpus.group"));
    assert!(refused(corpus(CORPUS, 4, 100)).contains("rollout.batch"));
    let with = |change: &dyn Fn(&mut Run)| {
        let (mut run, files) = corpus(CORPUS, 4, 16);
        change(&mut run);
        self::refused(&run, &files)
    };
    assert!(with(&|run| run.story = Some(Story::default())).contains("none beside a story"));
    assert!(
        with(&|run| run.method = Method::find("importance").expect("a method"))
            .contains("story of the corpus")
    );
    let (run, mut files) = corpus(CORPUS, 4, 16);
    files.corpus = Some(vec![0xff]);
    assert!(self::refused(&run, &files).contains("a text file"));
    // One story or many, whichever was said last.
    let many = Run::from_toml("task = \"stories\"\ncorpus.stories = 9").expect("of many");
    assert!(many.story.is_none() && many.corpus.is_some());
    let one = many.with("story.beginning", "Tom ran.");
    let ending = one.expect_err("a reward asks for it").to_string();
    assert!(ending.contains("story.ending"), "{ending}");
}

#[test]
fn a_causal_network_answers_for_all_steps_at_once() {
    let device = cpu_device();
    let file = model(SENTENCES, true);
    let model = LanguageModel::read(&file, &device).expect("a model");
    let tokens = |middle: &str| {
        let of = LAYOUT.tokens(&vocabulary(), ["a", middle, "d ."]);
        of.expect("it fits")
            .into_iter()
            .map(|t| t as f32)
            .collect::<Vec<_>>()
    };
    let given = tokens("").into_iter().map(|t| t as usize).collect();
    let sequence = Sequence::new(vocabulary().len(), vec![given], LAYOUT.gap()).expect("a sequence");
    let chain = TokenChain::Autoregressive(Autoregressive { sequence });
    for shows_ending in [false, true] {
        let infilling = Infilling {
            shows_ending,
            ..Infilling::new(chain.clone(), &vocabulary(), 0.7)
        };
        let ends = [tokens("b ."), tokens(". "), tokens("d c")].concat();
        let second = chain.upload(ends, &device);
        let first = chain.noise_back(1, &second, Tensor::zeros([3, 1], &device));
        let start = chain.noise_back(0, &first, Tensor::zeros([3, 1], &device));
        let one = |step: usize, x: &Tensor<2, Int>| infilling.log_probs(&model.network, &[step], x.clone());
        let apart = [numbers(one(0, &start)), numbers(one(1, &first))].concat();
        let both = Tensor::cat(vec![start, first], 0);
        let together = numbers(infilling.log_probs(&model.network, &[0, 1], both));
        for (a, b) in apart.iter().zip(&together) {
            assert!((a - b).abs() < 1e-4 || (*a < -1e6 && *b < -1e6), "{a} {b}");
        }
        // After a sentence comes nothing, and nowhere else.
        let words = vocabulary().len();
        for (row, after_mark) in [false, false, false, false, true, false].into_iter().enumerate() {
            let nothing = apart[row * words + Vocabulary::NOTHING];
            assert_eq!(nothing == 0.0, after_mark, "row {row}: {nothing}");
            assert!(after_mark || nothing < -1e6, "row {row}: {nothing}");
        }
    }
}

#[test]
fn a_picture_says_how_far_words_were_moved() {
    let mut session = open(&run(mention("c"), ""));
    pollster::block_on(session.grow_truth(1000)).expect("a truth");
    let moved = |session: &mut Session| {
        let snapshot = pollster::block_on(session.snapshot()).expect("a snapshot");
        let again = from_bytes(&to_bytes(&snapshot)).expect("it travels");
        assert_eq!(snapshot, again);
        assert_eq!(snapshot.moved.len(), snapshot.paths.count() * LAYOUT.gap);
        snapshot
    };
    assert!(
        moved(&mut session).moved.iter().all(|m| *m == 0.0),
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
        .zip(&snapshot.moved)
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
    let samples = |session: &Session| pollster::block_on(session.samples(30)).expect("samples");
    assert_eq!(samples(&again), samples(&whole));
}

#[test]
fn training_free_methods_tilt_stories_too() {
    for (method, share) in [("importance", 0.9), ("rejection", 0.9), ("smc", 0.9)] {
        let mut run = run(mention("c"), "");
        run.method = Task::Stories.method(method).expect("a method");
        let trial = Trial::open(run, cpu_device(), files());
        let mut trial = pollster::block_on(trial).expect("it opens");
        let made = pollster::block_on(trial.outcome(600)).expect(method);
        let fit = made.fit.stories().expect("of stories");
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

/// log p of the last words, one prefix after the other.
#[test]
fn an_ending_is_as_likely_as_its_words() {
    let device = cpu_device();
    let teller = LanguageModel::read(files().reward.as_deref().expect("there"), &device).expect("a model");
    let reward = StoryLogReward::new(
        &Reward::Ending {},
        -100.0,
        &reader(),
        Some(teller.network.clone()),
        device.clone(),
    )
    .expect("of stories");
    for (middle, ending) in [("b c", "b"), ("c", "d ."), ("", "a a")] {
        let tokens = LAYOUT
            .tokens(&vocabulary(), ["a", middle, ending])
            .expect("it fits");
        let mut sum = 0.0;
        for place in LAYOUT.gap().end..LAYOUT.length() {
            if tokens[place] == Vocabulary::NOTHING {
                continue;
            }
            // What comes later is another story altogether.
            let mut seen: Vec<i32> = tokens[..place].iter().map(|t| *t as i32).collect();
            seen.resize(LAYOUT.length(), 5);
            let x = Tensor::<2, Int>::from_data(TensorData::new(seen, [1, LAYOUT.length()]), &device);
            let next = teller.network.forward(&[], x, place - 1..place);
            sum += numbers(activation::log_softmax(next, 2))[tokens[place]];
        }
        let state: Vec<f32> = tokens.iter().map(|t| *t as f32).collect();
        let log_r = pollster::block_on(reward.log_reward(&state)).expect("it answers")[0];
        assert!((log_r - sum).abs() < 1e-4, "{middle}: {log_r} and {sum}");
    }
}

#[test]
fn middles_are_counted() {
    let value = |reward: Reward, middle: &str| {
        let reward = StoryLogReward::new(&reward, -50.0, &reader(), None, cpu_device());
        let tokens = LAYOUT.tokens(&vocabulary(), ["a", middle, ""]).expect("it fits");
        let state: Vec<f32> = tokens.iter().map(|t| *t as f32).collect();
        pollster::block_on(reward.expect("of stories").log_reward(&state)).expect("it answers")[0]
    };
    let words = |words: &[&str]| Reward::Mention {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        penalty: 3.0,
    };
    assert_eq!(value(words(&["b", "C"]), "b c"), 0.0);
    assert_eq!(value(words(&["b", "d"]), "b ."), -3.0);
    assert_eq!(value(words(&["b", "d"]), "c"), -6.0);
    let length = || Reward::Length {
        target: 2.0,
        deviation: 0.5,
    };
    assert_eq!(value(length(), "b c"), 0.0);
    // A mark is no word.
    assert_eq!(value(length(), "b ."), -2.0);
    assert_eq!(value(length(), ""), -8.0);
    let distinct = || Reward::Distinct { penalty: 1.5 };
    assert_eq!(value(distinct(), "b b"), -1.5);
    assert_eq!(value(distinct(), "b c"), 0.0);
    let all = Reward::All {
        rewards: vec![words(&["d"]), distinct()],
    };
    assert_eq!(value(all, "c c"), -4.5);
    assert_eq!(
        value(
            Reward::Mention {
                words: vec!["d".into()],
                penalty: 90.0
            },
            "b"
        ),
        -50.0
    );
}

#[test]
fn stories_that_make_no_sense_are_refused() {
    let good = run(Reward::Ending {}, "d");
    let story = |beginning: &str, ending: &str| {
        let mut run = good.clone();
        run.story = Some(Story {
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
    assert!(with(&|run| run.story = None).contains("story"));
    assert!(with(&|run| run.reward = mention("zebra")).contains("`zebra`"));
    assert!(with(&|run| run.reward = mention("b c")).contains("one word"));
    assert!(
        with(&|run| run.reward = Reward::Ink {
            target: 0.1,
            deviation: 0.1
        })
        .contains("reward.kind")
    );
    let given = |prior: Option<&Vec<u8>>, reward: Option<&Vec<u8>>| {
        let files = Files {
            prior: prior.cloned(),
            reward: reward.cloned(),
            ..Files::default()
        };
        refused(&good, &files)
    };
    let (prior, reward) = (files().prior.as_ref(), files().reward.as_ref());
    assert!(given(None, reward).contains("prior.weights"));
    assert!(given(prior, None).contains("reward's network"));
    assert!(given(prior, prior).contains("a network that sees both ways"));
    assert!(given(Some(&b"none".to_vec()), reward).contains("not a safetensors file"));
    let plane = Run {
        story: good.story.clone(),
        ..Run::default()
    };
    assert!(refused(&plane, files()).contains("none for mixtures"));
}

#[test]
fn the_temperature_divides_logits() {
    let device = cpu_device();
    let file = files().prior.as_deref().expect("there");
    let model = LanguageModel::read(file, &device).expect("a model");
    let tokens = LAYOUT.tokens(&vocabulary(), ["a", "", ""]).expect("it fits");
    let chain = TokenChain::Absorbing(Absorbing {
        steps: 4,
        sequence: Sequence::new(vocabulary().len(), vec![tokens], LAYOUT.gap()).expect("a sequence"),
    });
    let x = chain.start(&[0], &device);
    let log_probs = |temperature: f64| {
        let infilling = Infilling::new(chain.clone(), &vocabulary(), temperature);
        let prior = InfillingPrior::new(model.network.clone(), infilling);
        prior.kernel(1, &x)
    };
    let divided = activation::log_softmax(log_probs(1.0).div_scalar(0.5), 2);
    for (a, b) in numbers(log_probs(0.5)).into_iter().zip(numbers(divided)) {
        assert!((a - b).abs() < 1e-4 || (a < -1e6 && b < -1e6), "{a} {b}");
    }
}

#[test]
fn words_that_are_not_known_are_told() {
    let mut run = run(mention("c"), "zebra b");
    run.story.as_mut().expect("a story").beginning = "a yak".to_owned();
    let mut session = open(&run);
    let scene = pollster::block_on(session.scene()).expect("a scene");
    assert_eq!(
        scene.view.stories().expect("of stories").unknown,
        ["yak", "zebra"]
    );
    // Nobody wants to read the word that stands for them.
    let unknown = Vocabulary::UNKNOWN as f32;
    let ends = scene.prior_paths.ends();
    assert!(
        ends.chunks_exact(6)
            .all(|story| !story[LAYOUT.gap()].contains(&unknown))
    );
}
