//! Runs above recorded steps, against quadrature where the behaviour is standard normal noise; and who acts above them.

use super::recipe;
use crate::support::{report, train};
use pollster::block_on;
use rtb::engine::device::cpu_device;
use rtb::engine::train::Pretrain;
use rtb::message::{Files, Truth};
use rtb::run::{FileKind, Preset, Run};
use rtb::session::Session;
use rtb::task::control::offline::behaviour::{BehaviourShape, BehaviourTraining};
use rtb::task::control::offline::critic::{CriticShape, CriticTraining};
use rtb::task::control::offline::hdf5::Source;
use rtb::task::control::offline::{Actor, D4RL, Rule, Transitions};
use rtb::task::control::world::World;
use rtb::task::control::{Environment, OfflineFit, OfflineTask};
use std::io::Cursor;
use std::sync::Arc;

const LOOKED_AT: usize = 8;

fn steps_file(name: &str) -> Vec<u8> {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/d4rl");
    std::fs::read(format!("{golden}/{name}.hdf5")).expect("a golden file")
}

fn recorded() -> Transitions {
    let source = Source::open(Cursor::new(steps_file("chunked"))).expect("whole");
    source.transitions(None).expect("sound")
}

/// One that was never trained predicts nothing: in every state its z is standard normal noise.
fn behaviour(steps: &Transitions) -> Vec<u8> {
    let shape = BehaviourShape {
        width: 8,
        depth: 1,
        steps: 20,
    };
    let training = BehaviourTraining::new(steps, shape, recipe(1, 8, 1e-3, 0.9), cpu_device());
    block_on(training.expect("allowed").weights()).expect("the processor answers")
}

fn critic(steps: &Transitions) -> Vec<u8> {
    let shape = CriticShape {
        width: 16,
        ..CriticShape::IQL
    };
    let training = CriticTraining::new(steps, shape, recipe(60, 24, 1e-2, 0.9), cpu_device());
    let mut training = training.expect("allowed");
    for _ in 0..60 {
        block_on(training.step()).expect("a number");
    }
    block_on(training.weights()).expect("the processor answers")
}

fn files_of(steps: Vec<u8>, behaviour: Vec<u8>, critic: Vec<u8>) -> Files {
    let files = Files::default().with_large_file("steps", Arc::new(steps));
    files.with("prior", behaviour).with("critic", critic)
}

fn files() -> Files {
    let steps = recorded();
    files_of(steps_file("chunked"), behaviour(&steps), critic(&steps))
}

fn run(alpha: f64) -> Run {
    let text = format!(
        r#"
        task = "control"
        environment = {{ kind = "recorded", data = "steps.hdf5" }}
        prior = {{ kind = "learned", weights = "b.safetensors" }}
        reward = {{ kind = "learned", weights = "c.safetensors", alpha = {alpha} }}
        episodes = {{ states = 1000, looked_at = {LOOKED_AT} }}
        process.steps = 10
        network = {{ width = 32, langevin = true }}
        rollout = {{ batch = 256, noised_share = 0.5 }}
        tempering.iterations = 0
        "#
    );
    Run::from_toml(&text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// N(0, I) on a grid of z: the nodes, and their masses.
fn grid() -> (Vec<f32>, Vec<f64>) {
    let side = 101;
    let along = |at: usize| 12.0 * (at as f64 + 0.5) / side as f64 - 6.0;
    let nodes = (0..side * side).map(|at| [along(at / side), along(at % side)]);
    let masses = nodes.clone().map(|[x, y]| {
        let cell = (12.0 / side as f64).powi(2);
        cell * (-0.5 * (x * x + y * y)).exp() / std::f64::consts::TAU
    });
    let ends = nodes.clone().flatten().map(|z| z as f32).collect();
    (ends, masses.collect())
}

/// Q and log r of these end points in one state.
fn judged(task: &OfflineTask, condition: usize, ends: &[f32]) -> [Vec<f64>; 2] {
    let rows = ends.len() / 2;
    block_on(task.reward.values(ends, &vec![condition; rows], &cpu_device())).expect("the processor answers")
}

/// log Z and the mean Q of the posterior, by quadrature, of every state that is looked at.
fn exact(task: &OfflineTask) -> Vec<[f64; 2]> {
    let (ends, masses) = grid();
    let of = |condition: usize| {
        let [values, log_r] = judged(task, condition, &ends);
        let weights: Vec<f64> = masses.iter().zip(&log_r).map(|(m, l)| m * l.exp()).collect();
        let z: f64 = weights.iter().sum();
        let value = weights.iter().zip(&values).map(|(w, v)| w * v).sum::<f64>() / z;
        [z.ln(), value]
    };
    task.looked_at().map(of).collect()
}

fn mean(numbers: &[[f64; 2]], at: usize) -> f64 {
    numbers.iter().map(|pair| pair[at]).sum::<f64>() / numbers.len() as f64
}

/// An α at which log r differs by a few nats among actions.
fn alpha(files: &Files) -> f64 {
    let task = OfflineTask::open(run(1.0), cpu_device(), files).expect("it opens");
    let (ends, masses) = grid();
    let [_, log_r] = judged(&task, 0, &ends);
    let mean: f64 = masses.iter().zip(&log_r).map(|(m, l)| m * l).sum();
    let square: f64 = masses
        .iter()
        .zip(&log_r)
        .map(|(m, l)| m * (l - mean).powi(2))
        .sum();
    square.sqrt() / 1.5
}

#[test]
fn a_policy_above_recorded_steps_is_the_posterior() {
    let files = files();
    let run = run(alpha(&files));
    let task = OfflineTask::open(run.clone(), cpu_device(), &files).expect("it opens");
    assert_eq!((task.learned, task.looked_at()), (24 - LOOKED_AT, 16..24));
    let exact = exact(&task);
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    let before = report(&mut session, 8000);
    let fit: OfflineFit = before.fit.of().expect("of recorded steps");
    let beside = fit.beside.expect("measured");
    // Untrained, the policy is the behaviour: no ratio of kernels, and weights that are the rewards.
    assert_eq!(fit.divergence, Some(0.0));
    assert_eq!(before.elbo, before.log_reward);
    assert!(
        (before.elbo - beside.log_reward_behaviour).abs() < 0.1,
        "{before:?}"
    );
    assert!(
        (before.log_z_exact - mean(&exact, 0)).abs() < 0.05,
        "{before:?} {exact:?}"
    );
    assert!(
        (beside.q_weighted - mean(&exact, 1)).abs()
            < 0.05 * (beside.q_weighted - beside.q_behaviour).abs().max(0.1)
    );
    assert_eq!(before.truth, Truth::ImportanceWeighted);
    assert!(
        !before.is_estimate() && before.log_z_learned.is_nan(),
        "{before:?}"
    );

    train(&mut session, 250);
    let after = report(&mut session, 8000);
    let fit: OfflineFit = after.fit.of().expect("of recorded steps");
    assert!(
        (after.log_z_importance - mean(&exact, 0)).abs() < 0.05,
        "{after:?} {exact:?}"
    );
    let missed = |elbo: f64| mean(&exact, 0) - elbo;
    assert!(
        missed(after.elbo) < 0.3 * missed(before.elbo),
        "{before:?} {after:?}"
    );
    assert!(after.log_reward > before.log_reward + 0.5, "{before:?} {after:?}");
    let gained = (fit.q_learned - beside.q_behaviour) / (mean(&exact, 1) - beside.q_behaviour);
    assert!((gained - 1.0).abs() < 0.2, "{fit:?} {exact:?}");
    assert!(beside.q_best_of > Some(beside.q_behaviour), "{beside:?}");
    assert_eq!(after.conditions.len(), LOOKED_AT);
    for (state, [log_z, _]) in after.conditions.iter().zip(&exact) {
        assert!((state.log_z_exact - log_z).abs() < 0.2, "{state:?} for {log_z}");
    }
}

#[test]
fn a_run_goes_on_from_a_checkpoint_as_if_unbroken() {
    let files = files();
    let mut whole = block_on(Session::open(run(0.5), cpu_device(), &files, None)).expect("it opens");
    let mut broken = block_on(Session::open(run(0.5), cpu_device(), &files, None)).expect("it opens");
    let first = train(&mut whole, 6);
    assert_eq!(train(&mut broken, 3)[..], first[..3]);
    let checkpoint = broken.checkpoint().expect("whole");
    let mut resumed = block_on(Session::resume(&checkpoint, cpu_device(), &files)).expect("it goes on");
    assert_eq!(train(&mut resumed, 3)[..], first[3..]);
    let weights = |session: &Session| block_on(session.weights()).expect("the processor answers");
    assert_eq!(weights(&resumed), weights(&whole));
    let scene = block_on(whole.scene()).expect("a scene");
    assert!(scene.prior_paths.points.iter().all(|action| action.abs() <= 1.0));
    let snapshot = block_on(whole.snapshot(2)).expect("a snapshot");
    assert!(snapshot.samples.iter().all(|action| action.abs() <= 1.0));
    assert!(snapshot.report.chosen.is_some());
}

/// Mean Q of somebody's actions in the states that are looked at, many in each.
fn earned(task: &OfflineTask, actor: &mut Actor) -> f64 {
    let each = 100;
    let states = &task.states[task.learned * 3..].repeat(each);
    let actions = block_on(actor.actions(states)).expect("the processor answers");
    let values = block_on(task.judge.critic.values(states, &actions, &cpu_device())).expect("values");
    values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64
}

#[test]
fn who_chooses_among_more_actions_earns_more_by_q() {
    let files = files();
    let run = run(alpha(&files));
    let task = OfflineTask::open(run.clone(), cpu_device(), &files).expect("it opens");
    let exact = exact(&task);
    let of = |rule: Rule| earned(&task, &mut task.actor(rule).expect("allowed"));
    let behaviour = of(Rule::Behaviour);
    let [two, many] = [2, 32].map(|count| of(Rule::BestOf(count)));
    assert!(behaviour < two && two < many, "{behaviour} {two} {many}");
    assert_eq!(of(Rule::BestOf(1)), behaviour);
    // Weighted actions of the behaviour are the posterior's.
    let weighted = of(Rule::Weighted(64));
    let gained = (weighted - behaviour) / (mean(&exact, 1) - behaviour);
    assert!((gained - 1.0).abs() < 0.15, "{behaviour} {weighted} {exact:?}");
    // Untrained weights act as the behaviour does, trained ones as the run.
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    let acting = |session: &Session| {
        let weights = block_on(session.weights()).expect("the processor answers");
        earned(&task, &mut task.acting_by(&weights).expect("its own weights"))
    };
    assert!((acting(&session) - behaviour).abs() < 0.3 * (mean(&exact, 1) - behaviour));
    train(&mut session, 250);
    let gained = (acting(&session) - behaviour) / (mean(&exact, 1) - behaviour);
    assert!((gained - 1.0).abs() < 0.2, "{gained}");
}

#[test]
fn actions_come_from_the_seed_the_call_and_states_that_fit() {
    let files = files();
    let task = OfflineTask::open(run(0.5), cpu_device(), &files).expect("it opens");
    let actor = || task.actor(Rule::BestOf(4)).expect("allowed");
    let (mut one, mut other) = (actor(), actor());
    assert_eq!((one.state_size(), one.action_size()), (3, 2));
    let states = &task.states[..9];
    let act = |of: &mut Actor| block_on(of.actions(states)).expect("actions");
    let first = act(&mut one);
    assert_eq!((first.len(), &first), (6, &act(&mut other)));
    assert_ne!(act(&mut one), first, "fresh noise");
    let refused = |states: &[f32]| {
        block_on(actor().actions(states))
            .expect_err("refused")
            .to_string()
    };
    assert!(refused(&states[..8]).starts_with("the states: 8 numbers"));
    assert!(refused(&[0.0, f32::NAN, 0.0]).starts_with("the states[0, 1]: NaN"));
    let error = task.actor(Rule::BestOf(0)).err().expect("refused").to_string();
    assert!(error.starts_with("the number of candidates: 0"), "{error}");
}

#[test]
fn files_that_do_not_go_with_each_other_are_refused_by_the_field() {
    let steps = recorded();
    let other = Transitions::new(super::line(&[0.0; 24])).expect("sound");
    let (b, c) = (behaviour(&steps), critic(&steps));
    let chunked = || steps_file("chunked");
    let nan = {
        // The last bytes are those of a tensor.
        let mut file = c.clone();
        let at = file.len() - 4;
        file[at..].copy_from_slice(&f32::NAN.to_le_bytes());
        file
    };
    let missing = Files::default()
        .with("prior", b.clone())
        .with("critic", c.clone());
    let cases = [
        (
            files_of(chunked(), b.clone(), critic(&other)),
            "the numbers of a state in reward.weights: 1",
        ),
        (
            files_of(chunked(), behaviour(&other), critic(&other)),
            "the numbers of a state in environment.data: 3",
        ),
        (
            files_of(steps_file("nan"), b.clone(), c.clone()),
            "environment.data: `steps.hdf5` is not allowed; use steps in D4RL's layout (rewards[5]: NaN",
        ),
        (
            files_of(b"junk".to_vec(), b.clone(), c.clone()),
            "environment.data: `steps.hdf5`",
        ),
        (
            files_of(chunked(), b"junk".to_vec(), c.clone()),
            "prior.weights: `b.safetensors`",
        ),
        (
            files_of(chunked(), c.clone(), c.clone()),
            "prior.weights: `b.safetensors` is not allowed; use the weights of a prior for the task control (its header names no behaviour",
        ),
        (
            files_of(chunked(), b.clone(), b.clone()),
            "reward.weights: `c.safetensors` is not allowed; use the weights of a critic (its header names no critic",
        ),
        (
            files_of(chunked(), b.clone(), nan),
            "reward.weights: `c.safetensors` is not allowed; use",
        ),
        (missing, "environment.data: `steps.hdf5`"),
    ];
    for (files, said) in cases {
        let opened = block_on(Session::open(run(0.5), cpu_device(), &files, None));
        let error = opened.err().expect(said).to_string();
        assert!(error.starts_with(said), "{said}: {error}");
    }
}

#[test]
fn what_does_not_go_with_recorded_steps_is_refused() {
    let steps = run(0.5).to_toml();
    for (from, to, said) in [
        (
            "kind = \"recorded\"\ndata = \"steps.hdf5\"",
            "kind = \"recorded\"\ndata = \"\"",
            "environment.data is missing",
        ),
        ("alpha = 0.5", "alpha = 0.0", "reward.alpha: 0"),
        (
            "kind = \"learned\"\nweights = \"b.safetensors\"",
            "kind = \"wandering\"\ndeviation = 0.3",
            "prior.kind: `wandering` is not allowed; use `learned` above recorded steps",
        ),
        (
            "kind = \"learned\"\nweights = \"c.safetensors\"",
            "kind = \"optimal\"",
            "reward.kind: `optimal` is not allowed; use `learned` above recorded steps",
        ),
        (
            "kind = \"recorded\"\ndata = \"steps.hdf5\"",
            "kind = \"bandit\"\nstate = 1\naction = 1\nexpression = \"a1\"",
            "prior.kind: `learned` is not allowed",
        ),
    ] {
        assert!(steps.contains(from), "{from}: {steps}");
        let error = Run::from_toml(&steps.replacen(from, to, 1))
            .expect_err(said)
            .to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
    let error = Preset::find("control-bandit").expect("a preset").run;
    let error = error.overlaid(
        toml::from_str("reward = { kind = \"learned\", weights = \"c\", alpha = 1.0 }").expect("TOML"),
    );
    let error = error.expect_err("refused").to_string();
    assert!(error.contains("unless environment.kind is `recorded`"), "{error}");
}

/// What a build without files makes of them.
#[test]
fn nobody_acts_in_recorded_steps() {
    let recorded = Environment::Recorded {
        data: "hopper_medium-v2".to_owned(),
    };
    let error = World::of(&recorded).expect_err("refused").to_string();
    assert!(
        error.starts_with("environment.kind: `recorded` is not allowed")
            && error.contains("in the native program alone"),
        "{error}"
    );
}

#[test]
fn every_published_set_has_a_preset() {
    let run_of = |name: &str| {
        let (environment, level) = name
            .strip_suffix("-v2")
            .expect("a version")
            .split_once('_')
            .expect("a level");
        Preset::find(&format!("d4rl-{environment}-{}", level.replace('_', "-")))
            .expect("a preset")
            .run
    };
    for set in D4RL {
        let run = run_of(set.name);
        let needs = run.files();
        let named: Vec<_> = needs.iter().map(|need| (need.role, need.name)).collect();
        let [behaviour, critic] =
            ["behaviour", "critic"].map(|what| format!("{}-{what}.safetensors", set.name));
        assert_eq!(
            named,
            [("steps", set.name), ("prior", &behaviour), ("critic", &critic)]
        );
        assert!(
            matches!(needs[1].kind, FileKind::Pretrained { what: "behaviour", data } if data == set.name)
        );
    }
}
