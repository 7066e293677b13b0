//! One network for the middles of many stories.

use super::{LAYOUT, files, problem_mut, refused, report, run, stories};
use crate::support::train;
use rtb::engine::device::cpu_device;
use rtb::message::{Files, Report};
use rtb::run::{LogZ, Method, Run};
use rtb::session::Session;
use rtb::task::calibration::Calibration;
use rtb::task::text::{Corpus, Reward, Story, TextProblem, TextTask};

/// The stories of the models' corpus; the fifth line is no story, and the sixth does not fit.
const CORPUS: &str = "a\tb c\tb\na\tc\tc\na\td b\td\na\tb\tb\nno story\na b c\tb\tb\n";

/// Stories of a beginning that neither the models nor the corpus have.
const UNSEEN: &str = "c a\tb c\tb\nd a\tc\tc\nc a\td b\td\n";

fn corpus(file: &str, stories: usize, group: usize) -> (Run, Files) {
    let mut run = run(Reward::Ending {}, "");
    let problem = problem_mut(&mut run);
    problem.story = None;
    problem.corpus = Some(Corpus {
        stories,
        group,
        ..Corpus::default()
    });
    (run, files().clone().with("corpus", file.as_bytes().to_vec()))
}

fn calibration(session: &mut Session) -> Calibration {
    let report = pollster::block_on(session.calibrate(Report::default())).expect("it is measured");
    report
        .fit
        .of()
        .expect("the reward is the probability of the ending")
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
        let samples = pollster::block_on(session.samples(400, 1)).expect("samples");
        let right = samples
            .chunks_exact(LAYOUT.length())
            .filter(|s| s[LAYOUT.gap().start] == s[4]);
        right.count() as f64 / 400.0
    };
    let mut session = open(&run, None);
    let before = report(&mut session);
    let untrained = calibration(&mut session);
    train(&mut session, 80);
    assert!(leads(&session) > 0.85, "{}", leads(&session));
    let after = report(&mut session);
    let trained = calibration(&mut session);
    let fit = stories(&after.fit);
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
        (after.log_reward - exact).abs() < 0.05 * (exact - prior),
        "{exact} {prior} {after:?}"
    );
    // The network sees the ending from the start, and leads to it already; training evens the weights.
    assert!(
        after.ess > 0.7 && after.residual_std < 0.85 * before.residual_std,
        "{before:?} {after:?}"
    );
    assert_eq!(fit.bleu, Some(0.0), "middles are shorter than four words");
    assert!(after.conditions.is_empty());
    // By words and by the middles' probability, trained posteriors are calibrated. Endings that the model tells have
    // two words and those of the corpus one: of their probability training has not learned all.
    assert_eq!((trained.sbc_truths, trained.sbc_draws), (100, 19));
    assert!(
        trained.sbc_p[..2].iter().all(|p| *p > 1e-3) && untrained.sbc_p[0] < 1e-9,
        "{trained:?} {untrained:?}"
    );
    assert!(
        trained.sbc_distance[2] < 0.75 * untrained.sbc_distance[2],
        "{trained:?} {untrained:?}"
    );

    // The weights fill stories of another beginning, which neither the models nor training have seen.
    let weights = pollster::block_on(session.weights()).expect("weights");
    let (other, unseen) = corpus(UNSEEN, 3, 16);
    let open = |weights| {
        let session = Session::open(other.clone(), cpu_device(), &unseen, weights);
        pollster::block_on(session).expect("it opens")
    };
    let filled = open(Some(&weights));
    assert_eq!(filled.iteration(), 0);
    let (learned, start) = (leads(&filled), leads(&open(None)));
    assert!(learned > 0.5 && start < 0.1, "{learned} {start}");
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
    let samples = |session: &Session| pollster::block_on(session.samples(30, 1)).expect("samples");
    assert_eq!(samples(&resumed), samples(&whole));
}

/// Middles of the prior in proportion to r^β, each of the story that it is for.
#[test]
fn given_middles_are_those_that_the_reward_prefers() {
    let log_reward = |beta: f64| {
        let (mut run, files) = corpus(CORPUS, 4, 16);
        run.rollout.noised_share = 1.0;
        run.tempering.beta = beta;
        run.tempering.start = beta;
        let session = Session::open(run, cpu_device(), &files, None);
        let mut session = pollster::block_on(session).expect("it opens");
        train(&mut session, 1)[0].log_reward / beta
    };
    let (given, hardly_weighed) = (log_reward(1.0), log_reward(1e-3));
    assert!(given > -0.3 && hardly_weighed < -1.5, "{given} {hardly_weighed}");
}

#[test]
fn importance_resampling_takes_what_leads_to_the_ending() {
    let (run, files) = corpus(CORPUS, 4, 16);
    let mut task = TextTask::open(run, cpu_device(), &files).expect("it opens");
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
    let large = refused(corpus(CORPUS, 4, 100));
    assert!(
        large.starts_with("corpus.group: 100") && large.contains("rollout.batch"),
        "{large}"
    );
    let with = |change: &dyn Fn(&mut Run)| {
        let (mut run, files) = corpus(CORPUS, 4, 16);
        change(&mut run);
        self::refused(&run, &files)
    };
    assert!(with(&|run| problem_mut(run).story = Some(Story::default())).contains("one of the two"));
    assert!(
        with(&|run| run.method = Method::find("importance").expect("a method"))
            .contains("story of the corpus")
    );
    assert!(with(&|run| run.objective.log_z = LogZ::Learned).contains("objective.log_z"));
    let (run, files) = corpus(CORPUS, 4, 16);
    assert!(self::refused(&run, &files.with("corpus", vec![0xff])).contains("a text file"));
    // One story or many, whichever was said last.
    let many = "task = \"stories\"\ncorpus.stories = 9\nreward.kind = \"ending\"";
    let many = Run::from_toml(many).expect("of many");
    let TextProblem { story, corpus, .. } = TextProblem::of(&many).expect("of stories");
    assert!(story.is_none() && corpus.is_some());
    let one = many.with("story.beginning", "Tom ran.");
    let ending = one.expect_err("a reward asks for it").to_string();
    assert!(ending.contains("story.ending"), "{ending}");
}
