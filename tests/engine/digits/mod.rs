//! Digits: the classifiers that the program ships, and a posterior of images.

mod calibration;
mod classes;
mod given;
mod langevin;
mod own;

use crate::support::{report, train};
use burn::module::Module;
use burn::tensor::Device;
use flate2::read::GzDecoder;
use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::weights::{Weights, load_tensors, read_tensors};
use rtb::message::{Event, Files, Fit, Paths, Report, Truth, from_bytes, to_bytes};
use rtb::run::{Method, Run, assignment, merge};
use rtb::session::{Session, Trial};
use rtb::task::Task;
use rtb::task::images::data::{Images, read_images, read_labels};
use rtb::task::images::{
    CLASSES, Class, ClassesBy, Classify, ImageFit, ImagesProblem, ImagesTask, PIXELS, PooledClassifier,
    Reward, Seen, Shape, StridedClassifier, UNetConfig, see,
};
use rtb::task::opened::Kept;
use rtb::task::plane::{PlaneProblem, PriorKind};
use std::io::Read;

/// The task of digits.
fn task() -> Task {
    Task::find("digits").expect("it is there")
}

/// What a run of digits is about.
fn problem(run: &Run) -> &ImagesProblem {
    ImagesProblem::of(run).expect("a run of digits")
}

/// The same to change.
fn problem_mut(run: &mut Run) -> &mut ImagesProblem {
    ImagesProblem::of_mut(run).expect("a run of digits")
}

fn file(path: &str) -> Vec<u8> {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn shipped<N: Module>(network: N, name: &str) -> N {
    let weights = read_tensors(&file(&format!("crate/assets/{name}.safetensors"))).expect("whole");
    load_tensors(network, &weights).expect("of this network")
}

fn reward_classifier(device: &Device) -> StridedClassifier {
    shipped(
        StridedClassifier::new(Shape::MNIST, CLASSES, &Noise::new(0), device),
        "classifier",
    )
}

fn evaluation_classifier(device: &Device) -> PooledClassifier {
    shipped(
        PooledClassifier::new(Shape::MNIST, CLASSES, &Noise::new(0), device),
        "classifier-evaluation",
    )
}

/// 20 test images of every class.
fn test_images() -> Images {
    let unpacked = |name: &str| {
        let mut content = Vec::new();
        let packed = file(&format!("tests/golden/{name}.gz"));
        let read = GzDecoder::new(packed.as_slice()).read_to_end(&mut content);
        read.map(|_| content).expect("a gzip file")
    };
    let pixels = read_images(&unpacked("digits-images-idx3-ubyte")).expect("images");
    let labels = read_labels(&unpacked("digits-labels-idx1-ubyte")).expect("labels");
    Images::new(pixels, labels).expect("equally many")
}

fn seen(classifier: &(impl Classify + Sync), images: &[f32]) -> Seen {
    pollster::block_on(see(classifier, images, &cpu_device())).expect("the processor answers")
}

#[test]
fn shipped_classifiers_know_digits() {
    let device = cpu_device();
    let images = test_images();
    let pixels = images.pixels(images.len());
    for seen in [
        seen(&reward_classifier(&device), &pixels),
        seen(&evaluation_classifier(&device), &pixels),
    ] {
        let classes = seen.classes();
        let right = (0..images.len()).filter(|at| classes[*at] == images.label(*at));
        // 99.4 % and more of all test images.
        assert!(right.count() >= 196);
    }
}

/// An untrained network is a prior of its own: it denoises every pixel by itself.
fn files() -> Files {
    let shape = UNetConfig {
        shape: Shape::MNIST,
        channels: [4, 32],
        blocks: [1, 2],
        embedding: 16,
    };
    let network = shape.init(&Noise::new(0), &cpu_device());
    let weights = pollster::block_on(Weights::of(&network)).expect("the processor answers");
    Files::default()
        .with("prior", weights.to_safetensors(false))
        .with("reward", file("crate/assets/classifier.safetensors"))
        .with("judge", file("crate/assets/classifier-evaluation.safetensors"))
}

/// A run of a moment above that prior.
fn small() -> Run {
    let mut run = task().defaults();
    run.seed = 5;
    // A little brighter than the prior is.
    problem_mut(&mut run).reward = Reward::Ink {
        target: 0.54,
        deviation: 0.015,
    };
    run.process.steps = 5;
    run.rollout.batch = 32;
    run.network.rank = 4;
    run.objective.baseline = true;
    run.optimizer.learning_rate = 6e-3;
    run.training.iterations = 6;
    run.evaluation.samples = 200;
    run.evaluation.proposals = 200;
    run.evaluation.samples_while_training = 40;
    run
}

fn open(run: Run) -> Session {
    open_above(run, &files())
}

fn open_above(run: Run, files: &Files) -> Session {
    pollster::block_on(Session::open(run, cpu_device(), files, None)).expect("it opens")
}

fn images(fit: &Fit) -> ImageFit {
    fit.of().expect("of images")
}

fn digits(session: &mut Session) -> &mut ImagesTask {
    session.task().expect("a run of digits")
}

#[test]
fn a_posterior_of_images_is_the_exact_one() {
    let mut run = small();
    run.process.steps = 4;
    run.rollout.batch = 48;
    run.rollout.noised_share = 0.0;
    run.optimizer.ema = 0.0;
    run.optimizer.learning_rate = 5e-3;
    run.training.iterations = 240;
    run.evaluation.samples = 2000;
    run.evaluation.proposals = 4000;
    let mut session = open(run);
    let before = report(&mut session, 300);
    while !session.finished() {
        train(&mut session, 1);
    }
    let after = report(&mut session, 300);
    let exact = images(&after.fit).log_reward_exact.expect("some images are kept");
    assert!(before.log_reward < exact - 1.5, "there is something to learn");
    assert!((after.log_reward - exact).abs() < 0.35, "{after:?}");
    let error = images(&after.fit).log_z_error.expect("known");
    assert!((after.log_z_importance - after.log_z_exact).abs() < 3.0 * error + 0.05);
    assert!(after.ess > before.ess + 0.2);
    let fit = images(&after.fit);
    let (fid, floor) = (
        fit.fid.expect("enough images"),
        fit.fid_floor.expect("enough of both"),
    );
    assert!(fid < 1.5 * floor && fit.accuracy.is_none(), "{fid} {floor}");
}

/// A run above the shipped prior that it names.
fn above_shipped(run: Run) -> Session {
    let name = &problem(&run).prior.weights;
    let prior = file(&format!("crate/assets/{name}.safetensors"));
    open_above(run, &files().with("prior", prior))
}

#[test]
fn the_shipped_priors_draw_every_digit() {
    let judge = evaluation_classifier(&cpu_device());
    let test = test_images();
    let test = seen(&judge, &test.pixels(test.len())).moments();
    for prior in task().priors() {
        let mut run = task().defaults();
        problem_mut(&mut run).prior.weights = prior.name.to_owned();
        run.process.steps = 12;
        // An untrained posterior is its prior.
        let images = pollster::block_on(above_shipped(run).samples(300, 1)).expect("images");
        let drawn = seen(&judge, &images);
        // 8 to 12 % of 10,000 images, by the records; a binomial deviation is 1.7 %.
        let shares = drawn.histogram();
        let name = prior.name;
        assert!(
            shares.iter().all(|s| (0.03..0.17).contains(s)),
            "{name}: {shares:?}"
        );
        // By the records it is 8, 12 and, of the small one, 40 to all test images, for more images of a
        // longer chain.
        let fid = drawn.moments().frechet(&test);
        let most = if name == "prior-digits-small" { 120.0 } else { 90.0 };
        assert!(fid < most, "{name}: {fid}");
    }
}

#[test]
fn a_class_is_learned() {
    let mut run = task().defaults();
    run.training.iterations = 60;
    run.evaluation.samples = 600;
    run.evaluation.proposals = 600;
    let mut session = above_shipped(run);
    let before = report(&mut session, 300);
    train(&mut session, 60);
    let after = report(&mut session, 300);
    let accuracy = |report: &Report| images(&report.fit).accuracy.expect("a class is wanted");
    assert!(accuracy(&before) < 0.2);
    assert!(accuracy(&after) >= 0.6, "{}", accuracy(&after));
    assert!(after.log_reward > before.log_reward + 5.0);
    // The importance-weighted estimate is unbiased in Z: near the exact one where the posterior is near.
    let error = images(&after.fit).log_z_error.expect("known");
    let missed = (after.log_z_importance - after.log_z_exact).abs();
    assert!(missed < 3.0 * error + 0.2, "{missed} at an error of {error}");
}

#[test]
fn every_method_works_on_images() {
    // Images of the prior go from trial to trial.
    let mut pools: Vec<Kept> = Vec::new();
    let mut outcome = |method: Method, reward: &Reward| {
        let mut run = small();
        run.method = method;
        problem_mut(&mut run).reward = reward.clone();
        run.evaluation.samples = 300;
        run.evaluation.proposals = 300;
        let opened = pollster::block_on(Trial::open(run, cpu_device(), &files()));
        let mut trial = opened.expect("it opens");
        trial.adopt(&mut pools);
        assert!(pools.is_empty());
        let outcome = pollster::block_on(trial.outcome(80));
        pools.extend(trial.into_kept());
        outcome
    };
    let classes = Reward::Classes {
        classes: vec![Class::Number(1), Class::Number(8)],
        by: ClassesBy::Sum,
        weights: None,
    };
    // Not trained yet: the prior itself.
    let prior = outcome(Method::Rtb {}, &classes).expect("it samples");
    assert_eq!(prior.points.len(), 36 * PIXELS);
    assert_eq!(prior.sampling_evaluations, 80.0 * 5.0 * 2.0);
    let smc = |points, guidance| Method::Smc {
        particles: 80,
        resample_below: 0.5,
        points,
        guidance,
    };
    for method in [
        Method::Importance { proposals: 1 },
        smc(0, 0.0),
        smc(4, 0.0),
        smc(4, 0.5),
    ] {
        let made = outcome(method, &classes).unwrap_or_else(|e| panic!("{method:?}: {e}"));
        let log_z = made.log_z.expect("it weighs");
        assert!((log_z - made.log_z_exact).abs() < 0.5, "{method:?}: {made:?}");
        assert!(made.log_reward > prior.log_reward, "{method:?}");
        assert_eq!(made.truth, Truth::Rejection);
    }
    let found = |name| Method::find(name).expect("it is there");
    for method in [
        Method::Rejection { proposals: 4 },
        found("guidance"),
        found("dps-normalized"),
        Method::LgdMc {
            scale: 1.0,
            points: 2,
        },
    ] {
        let made = outcome(method, &classes).unwrap_or_else(|e| panic!("{method:?}: {e}"));
        assert!(made.log_reward > prior.log_reward, "{method:?}: {made:?}");
        let fit = images(&made.fit);
        assert!(fit.accuracy.is_some() && fit.kept > 1, "{method:?}");
    }
    let error = outcome(Method::Guidance { scale: 1.0 }, &problem(&small()).reward).expect_err("a black box");
    assert!(error.to_string().contains("no gradient"), "{error}");
}

#[test]
fn a_resumed_run_of_images_goes_on_exactly() {
    let mut run = small();
    run.rollout.replay_share = 0.25;
    let mut whole = open(run);
    let first = train(&mut whole, 2);
    let checkpoint = whole.checkpoint().expect("it saves");
    let rest = train(&mut whole, 3);
    let mut resumed =
        pollster::block_on(Session::resume(&checkpoint, cpu_device(), &files())).expect("it resumes");
    assert_eq!(resumed.iteration(), first.len());
    // What the exact posterior is known from has nothing to do with training.
    pollster::block_on(resumed.grow_truth(150)).expect("it grows");
    assert_eq!(train(&mut resumed, 3), rest);
    assert_eq!(report(&mut resumed, 100), report(&mut whole, 100));
    let weights = pollster::block_on(whole.weights()).expect("they are read");
    let (run, files) = (whole.run().clone(), files());
    let reopened = Session::open(run, cpu_device(), &files, Some(&weights));
    let mut reopened = pollster::block_on(reopened).expect("it opens");
    assert_eq!(reopened.iteration(), 5);
    assert_eq!(report(&mut reopened, 100), report(&mut whole, 100));
}

#[test]
fn the_exact_posterior_grows() {
    let truth = |session: &mut Session| pollster::block_on(session.truth()).expect("the processor answers");
    let grow = |session: &mut Session, by| pollster::block_on(session.grow_truth(by)).expect("it grows");
    let (mut once, mut twice) = (open(small()), open(small()));
    assert_eq!(truth(&mut once), None, "nothing is known yet");
    assert!(grow(&mut once, 150));
    assert!(grow(&mut twice, 70));
    let early = truth(&mut twice).expect("some images are kept");
    assert!(grow(&mut twice, 80));
    let all = truth(&mut once).expect("some images are kept");
    assert_eq!((all.proposals, all.wanted), (150, 200));
    assert!(early.kept < all.kept && early.log_z_error > all.log_z_error);
    assert_eq!(truth(&mut twice).as_ref(), Some(&all));
    assert_eq!(all.samples.len(), all.kept.min(36) * PIXELS);
    assert!(!grow(&mut once, 1000), "no more than the run asks for");

    // Another reward goes on with the images, another seed does not.
    let mut pools: Vec<Kept> = once.into_kept().into_iter().collect();
    let mut other = open(Run { seed: 6, ..small() });
    other.adopt(&mut pools);
    assert_eq!(pools.len(), 1);
    let mut darker = small();
    problem_mut(&mut darker).reward = Reward::Ink {
        target: 0.47,
        deviation: 0.03,
    };
    let (mut afresh, mut heir) = (open(darker.clone()), open(darker));
    heir.adopt(&mut pools);
    assert!(pools.is_empty());
    assert_eq!(digits(&mut heir).proposals(), 0, "the new reward has seen none");
    for session in [&mut afresh, &mut heir] {
        grow(session, 120);
    }
    assert_eq!(truth(&mut heir), truth(&mut afresh));
}

/// A posterior for each of two classes.
fn each_class() -> Run {
    let mut run = small();
    problem_mut(&mut run).reward = Reward::EachClass {
        classes: Class::numbered([8, 2]),
        weights: None,
    };
    run.rollout.replay_share = 0.25;
    run.evaluation.samples = 300;
    run.evaluation.proposals = 300;
    run
}

#[test]
fn messages_about_images_survive_the_wire() {
    let mut session = open(small());
    let scene = pollster::block_on(session.scene()).expect("it draws");
    assert_eq!((scene.prior_paths.count(), scene.prior_paths.size), (36, PIXELS));
    assert_eq!(scene.prior_paths.steps, [0, 1, 2, 3, 4, 5]);
    assert_eq!((scene.truth, scene.log_z), (Truth::Rejection, None));
    assert_eq!(scene.log_reward.len(), 36);
    let survives = |event: Event| {
        assert_eq!(from_bytes::<Event>(&to_bytes(&event)).expect("it reads"), event);
    };
    survives(Event::Opened(Box::new(scene.clone())));
    pollster::block_on(session.grow_truth(100)).expect("it grows");
    let truth = pollster::block_on(session.truth()).expect("the processor answers");
    survives(Event::Truth(Box::new(truth.expect("some images are kept"))));
    let snapshot = pollster::block_on(session.snapshot(1)).expect("it measures");
    // Before any training the posterior is the prior, with the same noise.
    let ends = |paths: &Paths| paths.state(7, 5).to_vec();
    let pairs = || ends(&snapshot.paths).into_iter().zip(ends(&scene.prior_paths));
    assert!(pairs().all(|(a, b)| (a - b).abs() < 1e-4));
    assert_eq!(snapshot.samples.len(), 40 * PIXELS);
    let keys = serde_json::to_value(&snapshot.report).expect("it is JSON");
    assert!(
        keys["diversity"].is_number() && keys.get("fit").is_none(),
        "{keys}"
    );
    survives(Event::Snapshot(Box::new(snapshot)));
}

#[test]
fn runs_that_make_no_sense_are_refused() {
    let refused = |change: &dyn Fn(&mut Run), field: &str| {
        let mut run = small();
        change(&mut run);
        let opened = pollster::block_on(Session::open(run, cpu_device(), &files(), None));
        match opened {
            Err(EngineError::Config(error)) => assert_eq!(error.field, field),
            Err(other) => panic!("{field}: {other}"),
            Ok(_) => panic!("{field} was taken"),
        }
    };
    refused(&|run| run.network.rank = 65, "network.rank");
    // Ink is a black box.
    refused(&|run| run.network.langevin = true, "network.langevin");
    // A reward of points is refused while it is read.
    let ratio = small().with("reward.kind", "ratio").expect_err("of points");
    assert_eq!(ratio.field, "reward.kind");
    // Such a prior can be read, as a message is, and is refused where the run is opened.
    let read = |path: &str, value: &str| -> Run {
        let mut table = toml::from_str(&small().to_toml()).expect("it is TOML");
        merge(&mut table, assignment(path, value));
        table.try_into().expect("it can be read")
    };
    refused(&|run| *run = read("prior.kind", "exact"), "prior.kind");
    let points = PlaneProblem::default().prior.components;
    let points = toml::Value::try_from(points).expect("a list").to_string();
    refused(
        &|run| *run = read("prior.components", &points),
        "prior.components",
    );
    refused(
        &|run| run.evaluation.samples_while_training = 15,
        "evaluation.samples_while_training",
    );
    let two = |run: &mut Run| run.problem = each_class().problem;
    refused(
        &|run| {
            two(run);
            run.rollout.batch = 3;
        },
        "rollout.batch",
    );
    refused(
        &|run| {
            two(run);
            run.method = Method::Rejection { proposals: 4 };
        },
        "method",
    );
    refused(
        &|run| {
            problem_mut(run).reward = Reward::EachClass {
                classes: Class::numbered([1, 1]),
                weights: None,
            }
        },
        "reward.classes[1]",
    );
    refused(
        &|run| {
            let rewards = vec![problem(&each_class()).reward.clone()];
            problem_mut(run).reward = Reward::All { rewards };
        },
        "reward.rewards[0].kind",
    );
    // The weights of another task's prior, and of none.
    let open = |run: Run, files: &Files| {
        let opened = pollster::block_on(Session::open(run, cpu_device(), files, None));
        opened.err().expect("refused").to_string()
    };
    let plane = files().with("prior", file("crate/assets/prior-25.safetensors"));
    let text = open(small(), &plane);
    assert!(
        text.contains("prior.weights") && text.contains("digits"),
        "{text}"
    );
    let text = open(small(), &files().without("prior"));
    assert!(text.contains("prior.weights"), "{text}");
    let mut learned = Run::default();
    let prior = &mut PlaneProblem::of_mut(&mut learned).expect("of points").prior;
    (prior.kind, prior.weights) = (PriorKind::Learned, Some("digits".to_owned()));
    let text = open(learned, &files());
    assert!(
        text.contains("prior.weights") && text.contains("mixtures"),
        "{text}"
    );
}
