//! Whole runs: determinism, resume, files of weights, rollouts from elsewhere, other devices.

use crate::support::{self, problem_mut, small, train};
use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::engine::train::Pretrain;
use rtb::engine::weights::read_tensors;
use rtb::message::{Event, Files, Report, Request, Truth, from_bytes, to_bytes};
use rtb::run::{ReplayBy, Run, Training};
use rtb::session::{Checkpoint, Session, Trial};
use rtb::task::plane::pretrain::{PretrainConfig, Pretraining};
use rtb::task::plane::{PlaneView, PriorKind, Reward};
use std::pin::pin;
use std::task::{Context, Waker};

fn open(run: Run) -> Session {
    pollster::block_on(Session::open(run, cpu_device(), &Files::default(), None)).expect("it opens")
}

fn report(session: &mut Session) -> Report {
    support::report(session, 400)
}

/// Everything on: what a resumed run has to carry.
fn everything() -> Run {
    let mut run = small("25-to-9", 8);
    run.rollout.replay_share = 0.25;
    run.rollout.noised_share = 0.25;
    run.rollout.replay_capacity = 150;
    run.rollout.replay_by = ReplayBy::Weight;
    run.rollout.local_search = 2;
    run.rollout.exploration = 2.0;
    run.rollout.exploration_iterations = 15;
    run.tempering.start = 0.2;
    run.tempering.iterations = 12;
    run.objective.step_share = 0.5;
    run.objective.residual_clip = 5.0;
    run.optimizer.ema = 0.9;
    run.optimizer.gradient_clip = 1.0;
    run
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let (mut a, mut b) = (open(everything()), open(everything()));
    assert_eq!(train(&mut a, 6), train(&mut b, 6));
    assert_eq!(report(&mut a), report(&mut b));
    let file = |session: &Session| pollster::block_on(session.weights()).expect("weights");
    assert_eq!(file(&a), file(&b));
    let mut other = open(Run {
        seed: 1,
        ..everything()
    });
    assert_ne!(train(&mut other, 6), train(&mut a, 6));
}

#[test]
fn a_look_gives_way_and_leaves_the_run_as_it_is() {
    let mut run = everything();
    run.evaluation.samples_while_training = 3000;
    let (mut whole, mut broken) = (open(run.clone()), open(run));
    {
        let mut look = pin!(broken.snapshot(2));
        let mut context = Context::from_waker(Waker::noop());
        for polled in 0..4 {
            assert!(look.as_mut().poll(&mut context).is_pending(), "poll {polled}");
        }
    }
    assert_eq!(train(&mut broken, 2), train(&mut whole, 2));
    let look = |session: &mut Session| pollster::block_on(session.snapshot(2)).expect("it looks");
    let (of_broken, of_whole) = (look(&mut broken), look(&mut whole));
    assert_eq!(of_broken.samples, of_whole.samples);
    assert_eq!(of_broken.report.ess, of_whole.report.ess);
}

#[test]
fn a_resumed_run_goes_on_exactly() {
    for algorithm in ["adam", "adam_w", "rms_prop", "sgd"] {
        let mut run = everything()
            .with("optimizer.algorithm", algorithm)
            .expect("it is one");
        if algorithm == "sgd" {
            run.optimizer.learning_rate = 1e-5;
        }
        let mut whole = open(run.clone());
        let first = train(&mut whole, 5);
        let checkpoint = whole.checkpoint().expect("it saves");
        let rest = train(&mut whole, 7);
        let mut resumed = pollster::block_on(Session::resume(&checkpoint, cpu_device(), &Files::default()))
            .expect("it resumes");
        assert_eq!(resumed.iteration(), first.len());
        assert_eq!(train(&mut resumed, 7), rest, "{algorithm}");
        assert_eq!(report(&mut resumed), report(&mut whole), "{algorithm}");
    }
}

/// A longer run is the one that was as long from the start, but for the schedule until then.
#[test]
fn a_run_goes_on_with_another_length_and_schedule() {
    let run = |iterations, schedule| {
        let run = everything().with("training.iterations", iterations);
        run.and_then(|run| run.with("optimizer.schedule", schedule))
            .expect("it is allowed")
    };
    let mut long = open(run("12", "constant"));
    let whole = train(&mut long, 12);
    let mut short = open(run("6", "constant"));
    assert_eq!(train(&mut short, 6), whole[..6]);
    assert!(short.finished());
    short.revise(run("12", "constant")).expect("it goes on");
    assert!(!short.finished());
    assert_eq!(train(&mut short, 3), whole[6..9]);
    assert_eq!(short.run().training.iterations, 12);

    // From here on the learning rate falls, as far as at this iteration of any run of that length.
    short.revise(run("12", "linear")).expect("it goes on");
    let falling = train(&mut open(run("12", "linear")), 10);
    assert_eq!(train(&mut short, 1)[0].learning_rate, falling[9].learning_rate);

    let error = short
        .revise(run("12", "linear").with("rollout.batch", "70").expect("allowed"))
        .expect_err("another batch is another training");
    assert_eq!(error.field, "rollout.batch");
    let nothing = short.revise(Run {
        training: Training {
            iterations: 0,
            ..run("12", "linear").training
        },
        ..run("12", "linear")
    });
    assert_eq!(nothing.expect_err("not allowed").field, "training.iterations");
    assert_eq!(short.iteration(), 10);
}

#[test]
fn damaged_checkpoints_are_refused() {
    let mut session = open(small("25-to-9", 5));
    train(&mut session, 1);
    let good = session.checkpoint().expect("it saves");
    // In the weights, and in what burn says of them.
    let flipped = (0..good.len()).step_by(97).map(|at| {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        bad
    });
    let cut = [&[][..], &good[..good.len() / 2], b"hello"].map(<[u8]>::to_vec);
    for bad in flipped.chain(cut) {
        match pollster::block_on(Session::resume(&bad, cpu_device(), &Files::default())) {
            Err(EngineError::Checkpoint(_)) => {}
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{} bytes were taken for a checkpoint", bad.len()),
        }
    }
}

#[test]
fn weights_reopen_the_posterior() {
    let mut session = open(everything());
    train(&mut session, 6);
    let before = report(&mut session);
    let file = pollster::block_on(session.weights()).expect("they are read");
    let mut reopened = pollster::block_on(Session::open(
        everything(),
        cpu_device(),
        &Files::default(),
        Some(&file),
    ))
    .expect("it opens");
    assert_eq!(reopened.iteration(), 6);
    assert_eq!(report(&mut reopened), before);
}

/// Weights may be numbers that overflow as soon as they are used.
#[test]
fn broken_weights_give_no_samples_and_no_checkpoint() {
    let sound = open(small("25-to-9", 5));
    let file = pollster::block_on(sound.weights()).expect("they are read");
    let mut weights = read_tensors(&file).expect("safetensors");
    for (_, _, values) in &mut weights.tensors {
        values.fill(f32::MAX);
    }
    let broken = pollster::block_on(Session::open(
        small("25-to-9", 5),
        cpu_device(),
        &Files::default(),
        Some(&weights.to_safetensors(false)),
    ))
    .expect("it opens");
    let is_refused = |made: Result<_, EngineError>| matches!(made, Err(EngineError::Diverged(_)));
    assert!(is_refused(pollster::block_on(broken.samples(10, 1)).map(drop)));
    assert!(is_refused(pollster::block_on(broken.samples(10, 3)).map(drop)));
    assert!(is_refused(
        pollster::block_on(broken.weighted_samples(10, 1)).map(drop)
    ));
    assert!(is_refused(broken.checkpoint().map(drop)));
}

/// Length, schedule and evaluation may change between a checkpoint and its continuation.
#[test]
fn a_resumed_run_may_be_longer() {
    let mut session = open(small("25-to-9", 5));
    train(&mut session, 3);
    let checkpoint = session.checkpoint().expect("it saves");
    let resume = |run: Run| {
        let (device, files) = (cpu_device(), Files::default());
        let checkpoint = Checkpoint::read(&checkpoint)?;
        pollster::block_on(Session::resume_as(run, &checkpoint, device, &files))
    };
    let run = session.run().clone();
    let mut longer = run.clone();
    longer.training.iterations += 1;
    let mut resumed = resume(longer.clone()).expect("it may be longer");
    assert_eq!((resumed.iteration(), resumed.run()), (3, &longer));
    assert!(!resumed.finished());
    train(&mut resumed, 1);

    let refused = |run: Run| match resume(run) {
        Err(EngineError::Config(error)) => error.field,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    };
    let mut shorter = run.clone();
    shorter.training.iterations = 2;
    assert_eq!(refused(shorter), "training.iterations");
    let mut other = run;
    other.rollout.batch *= 2;
    assert_eq!(refused(other), "rollout.batch");
}

#[test]
fn weights_that_do_not_fit_are_refused_by_name() {
    let session = open(small("25-to-9", 5));
    let file = pollster::block_on(session.weights()).expect("they are read");
    let try_open = |run: Run, file: &[u8]| match pollster::block_on(Session::open(
        run,
        cpu_device(),
        &Files::default(),
        Some(file),
    )) {
        Err(EngineError::Weights(text)) => text,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("they were taken"),
    };
    let mut wider = small("25-to-9", 5);
    wider.network.width = 24;
    let text = try_open(wider, &file);
    assert!(
        text.contains("`") && text.contains("16") && text.contains("24"),
        "{text}"
    );
    let mut deeper = small("25-to-9", 5);
    deeper.network.depth = 3;
    assert!(try_open(deeper, &file).contains("missing"));
    let mut shallower = small("25-to-9", 5);
    shallower.network.depth = 1;
    assert!(try_open(shallower, &file).contains("no layer"));
    assert!(try_open(small("25-to-9", 5), &file[..file.len() / 2]).contains("safetensors"));
    assert!(try_open(small("25-to-9", 5), b"").contains("safetensors"));
}

#[test]
fn a_learned_prior_is_learned_and_is_its_own_truth() {
    let mut run = small("25-to-9", 20);
    let problem = problem_mut(&mut run);
    problem.prior.components.truncate(2);
    problem.reward = Reward::Formula {
        expression: "1 + 3*(y > -7)".into(),
        logarithm: false,
    };
    run.evaluation.samples = 4000;
    run.evaluation.proposals = 4000;
    let config = PretrainConfig {
        iterations: 400,
        batch: 256,
        width: 32,
        depth: 2,
        ..PretrainConfig::default()
    };
    let config = PretrainConfig { ema: 0.98, ..config };
    let mut pretraining = Pretraining::new(&run, config, cpu_device()).expect("it opens");
    let mut losses = Vec::new();
    while !pretraining.descent().finished() {
        losses.push(pollster::block_on(pretraining.step()).expect("it trains"));
    }
    assert!(
        losses[losses.len() - 1] < 0.5 * losses[0],
        "{} to {}",
        losses[0],
        losses[losses.len() - 1]
    );
    let figures = pollster::block_on(pretraining.figures()).expect("they are measured");
    assert!(figures.mode_total_variation < 0.1, "{figures:?}");
    let weights = pollster::block_on(pretraining.weights()).expect("they are read");
    let files = Files::default().with("prior", weights);

    let prior = &mut problem_mut(&mut run).prior;
    prior.kind = PriorKind::Learned;
    prior.weights = Some("test".into());
    let mut session =
        pollster::block_on(Session::open(run.clone(), cpu_device(), &files, None)).expect("it opens");
    // The posterior starts as a copy of the prior: no log ratio, so all weights are r.
    let start = report(&mut session);
    assert_eq!(start.truth, Truth::ImportanceWeighted);
    assert!(
        (start.log_z_importance - start.log_z_exact).abs() < 0.1,
        "{start:?}"
    );
    assert!(
        (start.log_z_exact - 2.5f64.ln()).abs() < 0.1,
        "half of the mass is worth 4, half 1: {start:?}"
    );
    train(&mut session, 3);
    // The posterior takes the prior's place, so that its samples ask nothing of the prior; above an
    // exact prior every step asks both.
    let evaluations = |run: Run, files: &Files| {
        let outcome = pollster::block_on(async {
            let mut trial = Trial::open(run, cpu_device(), files).await?;
            trial.outcome(300).await
        });
        outcome.expect("it samples").sampling_evaluations / 300.0
    };
    assert_eq!(evaluations(run.clone(), &files), 20.0);
    assert_eq!(evaluations(small("25-to-9", 20), &Files::default()), 40.0);

    match pollster::block_on(Session::open(run, cpu_device(), &Files::default(), None)) {
        Err(EngineError::Config(error)) => assert_eq!(error.field, "prior.weights"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a learned prior opened without its weights"),
    }
}

#[test]
fn replayed_and_noised_trajectories_train_too() {
    let mut run = small("islands", 15);
    run.rollout.batch = 200;
    run.rollout.noised_share = 1.0;
    // Given end points are drawn in proportion to r, so nearly all of them lie on the islands.
    let given = train(&mut open(run.clone()), 3);
    assert!(given.iter().all(|i| i.log_reward > -1.0), "{given:?}");
    // Without any, nothing does: the islands hold 0.04 % of the prior.
    run.rollout.noised_share = 0.0;
    let fresh = train(&mut open(run.clone()), 3);
    assert!(fresh.iter().all(|i| i.log_reward < -10.0), "{fresh:?}");
    // A buffer that has seen an island once goes back to it: exploration finds them.
    run.rollout.replay_share = 1.0;
    run.rollout.exploration = 60.0;
    let replayed = train(&mut open(run), 3);
    assert!(
        replayed[1].log_reward > replayed[0].log_reward + 1.0,
        "{replayed:?}"
    );
}

#[test]
fn messages_survive_the_wire() {
    let request = Request::Open {
        run: Box::new(everything()),
        files: Files::default().with("prior", vec![7, 0]),
        weights: Some(vec![0, 255, 3]),
    };
    assert_eq!(
        from_bytes::<Request>(&to_bytes(&request)).expect("it reads"),
        request
    );
    let mut session = open(small("ring-tilt", 6));
    let scene = pollster::block_on(session.scene()).expect("it draws");
    let view = scene.view.of::<PlaneView>().expect("of the plane");
    assert_eq!(
        (view.prior.len(), scene.prior_paths.steps.last()),
        (view.side * view.side, Some(&6))
    );
    let cell = (28.0 / view.side as f64).powi(2);
    let mass: f64 = view.exact.iter().map(|v| f64::from(*v) * cell).sum();
    assert!((mass - 1.0).abs() < 0.01, "the exact posterior has mass {mass}");
    let event = Event::Opened(Box::new(scene));
    assert_eq!(from_bytes::<Event>(&to_bytes(&event)).expect("it reads"), event);
    let snapshot = pollster::block_on(session.snapshot(1)).expect("it measures");
    let keys = serde_json::to_value(&snapshot.report).expect("it is JSON");
    assert!(
        keys["mode_total_variation"].is_number() && keys.get("fit").is_none(),
        "{keys}"
    );
    let event = Event::Snapshot(Box::new(snapshot));
    assert_eq!(from_bytes::<Event>(&to_bytes(&event)).expect("it reads"), event);
    let outcome = pollster::block_on(async {
        let mut trial = Trial::open(small("ring-tilt", 6), cpu_device(), &Files::default()).await?;
        trial.outcome(200).await
    });
    let event = Event::Compared {
        index: 3,
        outcome: Box::new(outcome.expect("it samples")),
    };
    assert_eq!(from_bytes::<Event>(&to_bytes(&event)).expect("it reads"), event);
    assert!(from_bytes::<Event>(b"nonsense").is_err());
}

/// The GPU makes the same run as the processor.
#[cfg(feature = "gpu")]
#[test]
fn the_gpu_trains_like_the_processor() {
    let Some(device) = support::gpu() else { return };
    // Step by step, and all steps at once.
    for langevin in [true, false] {
        let mut run = everything();
        run.network.langevin = langevin;
        let mut cpu = open(run.clone());
        let mut gpu = pollster::block_on(Session::open(run, device.clone(), &Files::default(), None))
            .expect("it opens");
        for (a, b) in train(&mut cpu, 4).iter().zip(&train(&mut gpu, 4)) {
            assert!((a.loss - b.loss).abs() < 1e-2 * a.loss, "{a:?} {b:?}");
            assert!((a.log_z - b.log_z).abs() < 1e-3, "{a:?} {b:?}");
        }
        let (a, b) = (report(&mut cpu), report(&mut gpu));
        assert!(
            (a.elbo - b.elbo).abs() < 0.02 * a.elbo.abs().max(1.0),
            "{a:?} {b:?}"
        );
        assert!((a.ess - b.ess).abs() < 0.05, "{a:?} {b:?}");
    }
}
