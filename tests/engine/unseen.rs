//! Problems that are drawn at random.

use crate::support::problem;
use pollster::block_on;
use rtb::engine::device::cpu_device;
use rtb::run::{Experiment, Files, PROBLEM, Run};
use rtb::task::plane::{PlaneTask, Reward, Shape, unseen};

/// Components, the mean and the covariance of the first, and the half plane of `unseen-1-4`.
const GOLDEN_COMPONENTS: (usize, [f64; 2], [f64; 3]) = (5, [4.9921, -2.3074], [0.7573, -0.4121, 0.8718]);
const GOLDEN_HALF_PLANE: ([f64; 2], f64) = ([0.991, -0.131], 4.409);

/// The names of the experiment's problems.
fn names() -> Vec<String> {
    let (field, names) = Experiment::find("unseen")
        .expect("it ships")
        .vary
        .expect("problems");
    assert_eq!(field, PROBLEM);
    names
}

#[test]
fn every_problem_of_the_experiment_is_allowed_and_its_posterior_resolved() {
    let mut kinds = [0; 12];
    for name in names() {
        let run = Run::named(&name).expect("a drawn problem");
        let number: usize = name
            .rsplit('-')
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a number");
        kinds[(number - 1) % kinds.len()] += 1;
        let mut task = PlaneTask::open(run, cpu_device(), &Files::default()).expect("it is allowed");
        let truth = block_on(task.truth()).expect("quadrature");
        assert!(
            truth.log_z >= -4.0 && truth.log_z < 6.0,
            "{name}: log Z {}",
            truth.log_z
        );
        assert!(truth.log_z_error <= 1e-3, "{name}: {}", truth.log_z_error);
        let masses = truth.cells.iter().sum::<f64>();
        assert!((masses - 1.0).abs() < 1e-9, "{name}: {masses}");
    }
    assert!(kinds.iter().all(|count| *count > 0), "{kinds:?}");
}

#[test]
fn a_name_stands_for_the_same_problem_everywhere() {
    let run = Run::named("unseen-1-4").expect("a drawn problem");
    assert_eq!(run.name, "unseen-1-4");
    assert_eq!(*problem(&run), unseen(1, 4));
    assert_eq!(Run::from_toml(&run.to_toml()), Ok(run.clone()));
    let components = &problem(&run).prior.components;
    let Reward::Mask {
        shape: Shape::HalfPlane { normal, offset },
        ..
    } = problem(&run).reward
    else {
        panic!("{:?}", problem(&run).reward);
    };
    assert_eq!(
        (components.len(), components[0].mean, components[0].covariance),
        GOLDEN_COMPONENTS
    );
    assert_eq!((normal, offset), GOLDEN_HALF_PLANE);
    // Seeds and numbers differ in all of it.
    let others = [unseen(1, 16), unseen(4, 1), unseen(2, 4)];
    assert!(others.iter().all(|other| other.prior != problem(&run).prior));
}

#[test]
fn only_whole_numbers_name_a_problem() {
    for name in ["unseen", "unseen-1", "unseen-1-x", "unseen--1-2", "unseen-1-2-3"] {
        let error = Run::named(name).expect_err("no problem");
        assert!(
            error.to_string().starts_with(&format!("preset: `{name}`")),
            "{error}"
        );
    }
}
