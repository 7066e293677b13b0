//! Runs at the edges of what is allowed: they open and train, or say why not.

use crate::bytes::{Damage, damaged};
use crate::each::each;
use crate::refusal::{is_refusal, names_field};
use pollster::block_on;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rtb::engine::EngineError;
use rtb::engine::device::cpu_device;
use rtb::run::{Files, Run};
use rtb::session::Session;
use rtb::task::plane::{Component, PlaneProblem, Prior, Reward, Shape};
use std::sync::LazyLock;

fn components() -> impl Strategy<Value = Vec<Component>> {
    let weight = prop_oneof![select(&[1.0, 1e6, 1e-6, 1e-300, 5e-324][..]), 0.1..10.0];
    let mean = || prop_oneof![select(&[0.0, 14.0, -14.0][..]), -13.0..13.0];
    let deviation = || prop_oneof![select(&[0.1, 0.1001, 1.0, 14.0][..]), 0.2..3.0];
    let turned = prop_oneof![Just(0.0), -3.2..3.2];
    let component = (weight, mean(), mean(), deviation(), deviation(), turned).prop_map(
        |(weight, x, y, a, b, angle): (f64, _, _, f64, f64, f64)| {
            let ((s, c), (a, b)) = (angle.sin_cos(), (a * a, b * b));
            Component {
                weight,
                mean: [x, y],
                covariance: [a * c * c + b * s * s, (a - b) * s * c, a * s * s + b * c * c],
            }
        },
    );
    vec(component, 1..5)
}

fn rewards() -> impl Strategy<Value = Reward> {
    let far = || prop_oneof![select(&[0.0, 14.0, -14.0, 28.0][..]), -20.0..20.0];
    let size = || prop_oneof![select(&[1e-6, 0.01, 100.0][..]), 0.5..20.0];
    let shape = prop_oneof![
        (far(), far(), far()).prop_map(|(x, y, offset)| Shape::HalfPlane {
            normal: [x, y],
            offset
        }),
        (far(), far(), size()).prop_map(|(x, y, radius)| Shape::Disc {
            center: [x, y],
            radius
        }),
        (far(), far(), size(), size()).prop_map(|(x, y, inner, outer)| Shape::Ring {
            center: [x, y],
            inner,
            outer
        }),
        (far(), far(), size(), size()).prop_map(|(x, y, width, height)| Shape::Box {
            min: [x, y],
            max: [x + width, y + height]
        }),
    ];
    let level = || select(&[0.0, 1.0, 5e-324, 1e-6, 1e6][..]);
    let expression = select(
        &[
            "x",
            "1/x",
            "0",
            "-1",
            "1e300*exp(x)",
            "exp(1000*x)",
            "sqrt(x)",
            "log(x-20)",
            "1/(x-x)",
            "x > 13.9",
            "1e-320",
            "1e308 + y",
        ][..],
    );
    prop_oneof![
        (components(), components()).prop_map(|(numerator, denominator)| Reward::Ratio {
            numerator,
            denominator
        }),
        (expression, any::<bool>()).prop_map(|(expression, logarithm)| Reward::Formula {
            expression: expression.to_owned(),
            logarithm
        }),
        (shape, level(), level()).prop_map(|(shape, inside, outside)| Reward::Mask {
            shape,
            inside,
            outside
        }),
        vec(0..10u8, 9).prop_map(|digits| Reward::Painted {
            rows: digits
                .chunks(3)
                .map(|row| row.iter().map(|d| char::from(b'0' + d)).collect())
                .collect()
        }),
        prop_oneof![select(&[0.5000001, 1.0, 10.0][..]), 0.6..9.0]
            .prop_map(|power| Reward::Annealed { power }),
        components().prop_map(|components| Reward::Product { components }),
    ]
}

fn runs() -> impl Strategy<Value = Run> {
    let chain = (
        select(&[2, 3, 7][..]),
        select(&[0.01, 1.0, 5.0, 100.0][..]),
        any::<bool>(),
    );
    let tempering = (
        select(&[0.0, 0.5, 1.0, 100.0][..]),
        select(&[0.0, -10.0, -1e6][..]),
    );
    let shares = select(
        &[
            [0.0; 3],
            [0.25, 0.25, 0.5],
            [0.0, 1.0, 0.0],
            [0.0, 0.0, 1.0],
            [1.0, 0.0, 0.0],
        ][..],
    );
    (components(), rewards(), chain, tempering, shares, any::<u32>()).prop_map(
        |(components, reward, (steps, variance, langevin), (beta, floor), shares, seed)| {
            let prior = Prior {
                components,
                ..Prior::default()
            };
            let mut run = Run::new(PlaneProblem { prior, reward });
            run.seed = seed.into();
            run.process.steps = steps;
            run.process.variance = variance;
            run.network.width = 4;
            run.network.depth = 1;
            run.network.langevin = langevin;
            run.tempering.beta = beta;
            run.tempering.floor = floor;
            run.rollout.batch = 8;
            [
                run.rollout.replay_share,
                run.rollout.noised_share,
                run.rollout.prior_share,
            ] = shares;
            run.evaluation.samples = 100;
            run.evaluation.proposals = 100;
            run.evaluation.samples_while_training = 16;
            run
        },
    )
}

/// Opens a run and trains it for two iterations.
fn trained(run: Run) -> Result<Session, EngineError> {
    let mut session = block_on(Session::open(run, cpu_device(), &Files::default(), None))?;
    for _ in 0..2 {
        block_on(session.step())?;
    }
    Ok(session)
}

#[test]
fn allowed_runs_train_or_say_why_not() {
    each(250, runs(), |run| {
        if let Err(error) = run.validate() {
            return names_field(&error);
        }
        let problem = PlaneProblem::of(&run).expect("in the plane");
        let mixtures = matches!(
            problem.reward,
            Reward::Ratio { .. } | Reward::Annealed { .. } | Reward::Product { .. }
        );
        let session = trained(run);
        let measured = session.and_then(|mut session| block_on(session.evaluate(100, 1)));
        match measured {
            Err(error) => {
                is_refusal(&error);
                // A mixture is above 0 everywhere.
                let EngineError::Config(error) = error else { return };
                assert!(!mixtures || error.field != "reward", "{error}");
            }
            Ok(report) => {
                assert!(report.log_z_exact.is_finite(), "log Z is {}", report.log_z_exact);
                assert!(report.elbo.is_finite(), "the bound is {}", report.elbo);
            }
        }
    });
}

#[test]
fn damaged_checkpoints_are_refused_in_a_sentence() {
    static CHECKPOINT: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let small = "network.width = 4\nnetwork.depth = 1\nprocess.steps = 2\nrollout.batch = 4\n";
        let run = Run::from_toml(&format!("preset = \"ring-tilt\"\n{small}")).expect("it reads");
        trained(run)
            .and_then(|session| session.checkpoint())
            .expect("saved")
    });
    let pieces = &["rtb-ckpt", "form", "run", "learner", "\u{0}", "rollout.batch"];
    each(300, Damage::some(pieces), |damage| {
        let damaged = damaged(&CHECKPOINT, &damage);
        let resumed = block_on(Session::resume(&damaged, cpu_device(), &Files::default()));
        match resumed {
            Err(error) => is_refusal(&error),
            Ok(_) => assert!(damaged == *CHECKPOINT, "a damaged checkpoint was taken"),
        }
    });
}
