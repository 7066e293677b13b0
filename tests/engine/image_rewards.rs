//! Rewards of images.

use crate::support::{ask, numbers};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::VariancePreserving;
use rtb::engine::reward::{Ends, Reward as _};
use rtb::run::{Files, Run};
use rtb::task::Task;
use rtb::task::images::{
    CLASSES, Class, ClassesBy, Classify, Decoder, FileSize, ImageReward, ImagesProblem, PIXELS, Reward, SIDE,
    Shape, StridedClassifier, see,
};
use rtb::task::plane::PlaneProblem;

const FLOOR: f64 = -50.0;

/// A run of digits with this reward.
fn run(reward: Reward) -> Run {
    let mut run = defaults();
    ImagesProblem::of_mut(&mut run).expect("of images").reward = reward;
    run
}

fn defaults() -> Run {
    Task::find("digits").expect("it is there").defaults()
}

fn reward(reward: Reward) -> ImageReward {
    run(reward.clone()).validate().expect("sound");
    let classifier = StridedClassifier::new(Shape::MNIST, CLASSES, &Noise::new(0), &cpu_device());
    ImageReward::new(
        &reward,
        FLOOR,
        Some(classifier),
        Decoder::default(),
        &Files::default(),
    )
    .expect("compiled")
}

/// Asks about images, which are their own end points.
fn about<T>(
    images: &[f32],
    question: impl AsyncFnOnce(Ends<'_, VariancePreserving>) -> Result<T, String>,
) -> T {
    let process = VariancePreserving {
        steps: 2,
        dimensions: PIXELS,
    };
    ask(&process, &vec![0; images.len() / PIXELS], images, question)
}

fn log_r(of: &ImageReward, images: &[f32]) -> Vec<f64> {
    about(images, async |ends| of.log_reward(ends).await)
}

fn gradient(of: &ImageReward, images: &[f32]) -> Option<Vec<f64>> {
    about(images, async |ends| of.log_reward_gradient(ends).await).map(numbers)
}

/// Images that are no digits, but give an untrained classifier something to tell apart.
fn images(count: usize) -> Vec<f32> {
    Noise::new(3).normal(Purpose::Samples, 0, count * PIXELS)
}

fn classes(classes: &[usize], by: ClassesBy) -> ImageReward {
    reward(Reward::Classes {
        classes: classes.iter().copied().map(Class::Number).collect(),
        by,
        weights: None,
    })
}

#[test]
fn class_probabilities_add_up() {
    let images = images(3);
    let probability = |of: &[usize], by| -> Vec<f64> {
        let log_r = log_r(&classes(of, by), &images);
        log_r.into_iter().map(f64::exp).collect()
    };
    let single: Vec<Vec<f64>> = (0..CLASSES).map(|c| probability(&[c], ClassesBy::Sum)).collect();
    let (some, all) = ([1, 4, 7], (0..CLASSES).collect::<Vec<_>>());
    let (any, best) = (
        probability(&some, ClassesBy::Sum),
        probability(&some, ClassesBy::Max),
    );
    let certain = probability(&all, ClassesBy::Sum);
    for (image, any) in any.into_iter().enumerate() {
        let each = || some.iter().map(|c| single[*c][image]);
        assert!((any - each().sum::<f64>()).abs() < 1e-6);
        assert!((best[image] - each().fold(0.0, f64::max)).abs() < 1e-6);
        assert!((certain[image] - 1.0).abs() < 1e-6);
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let rows: Vec<String> = (0..SIDE)
        .map(|row| {
            if row < 14 {
                "9".repeat(SIDE)
            } else {
                ".".repeat(SIDE)
            }
        })
        .collect();
    let class = |by| Reward::Classes {
        classes: [2, 5].map(Class::Number).to_vec(),
        by,
        weights: None,
    };
    let inpaint = Reward::Inpaint { rows, deviation: 4.0 };
    let product = Reward::All {
        rewards: vec![class(ClassesBy::Sum), inpaint.clone()],
    };
    for wish in [class(ClassesBy::Sum), class(ClassesBy::Max), inpaint, product] {
        let of = reward(wish.clone());
        // Against a direction, as single pixels move little.
        let images = images(2);
        let gradient = gradient(&of, &images).expect("it has one");
        let direction = Noise::new(9).normal(Purpose::Samples, 1, PIXELS);
        let moved = |by: f32| -> Vec<f64> {
            let shift = direction.iter().cycle().map(|d| by * d);
            let moved: Vec<f32> = images.iter().zip(shift).map(|(v, d)| v + d).collect();
            about(&moved, async |ends| of.log_reward_unfloored(ends).await)
        };
        let (up, down) = (moved(2e-3), moved(-2e-3));
        for row in 0..2 {
            let slope = (up[row] - down[row]) / 4e-3;
            let own = gradient[row * PIXELS..(row + 1) * PIXELS].iter().zip(&direction);
            let along: f64 = own.map(|(g, d)| g * f64::from(*d)).sum();
            assert!(
                (slope - along).abs() < 0.03 * along.abs().max(0.1),
                "{wish:?}: {slope} and {along}"
            );
        }
    }
}

#[test]
fn what_is_measured_on_strokes() {
    // A bar of 4×20 pixels, a little right of the middle.
    let bar: Vec<f32> = (0..PIXELS)
        .map(|at| {
            let (row, column) = (at / SIDE, at % SIDE);
            let white = (4..24).contains(&row) && (13..17).contains(&column);
            if white { 1.0 } else { -1.0 }
        })
        .collect();
    let gaussian = |value: f64, target: f64, deviation: f64| -0.5 * ((value - target) / deviation).powi(2);
    let known: Vec<String> = (0..SIDE)
        .map(|row| {
            if row == 5 {
                format!("{}0.", "9".repeat(26))
            } else {
                ".".repeat(SIDE)
            }
        })
        .collect();
    let cases = [
        (
            Reward::Ink {
                target: 0.2,
                deviation: 0.1,
            },
            gaussian(80.0 / 784.0, 0.2, 0.1),
        ),
        // The bar does not touch the border.
        (
            Reward::Color {
                color: vec![0.3],
                border: 2,
                deviation: 0.2,
            },
            gaussian(0.0, 0.3, 0.2),
        ),
        // Two of four columns have no like in the mirror image.
        (Reward::Symmetry { deviation: 0.5 }, gaussian(0.5, 0.0, 0.5)),
        (
            Reward::Holes {
                count: 2,
                penalty: 3.0,
            },
            -6.0,
        ),
        (
            Reward::Thickness {
                target: 3.0,
                deviation: 0.5,
            },
            gaussian(2.0 * 80.0 / 48.0, 3.0, 0.5),
        ),
        // 22 of the 26 white pixels are black, one black one is right, one is free.
        (
            Reward::Inpaint {
                rows: known,
                deviation: 2.0,
            },
            22.0 * gaussian(-1.0, 1.0, 2.0),
        ),
    ];
    for (wish, expected) in &cases {
        let found = log_r(&reward(wish.clone()), &bar)[0];
        assert!(
            (found - expected).abs() < 1e-9,
            "{wish:?}: {found}, not {expected}"
        );
    }
    let all = Reward::All {
        rewards: cases.iter().map(|(wish, _)| wish.clone()).collect(),
    };
    let sum: f64 = cases.iter().map(|(_, expected)| expected).sum();
    let of = reward(all);
    assert!((log_r(&of, &bar)[0] - sum).abs() < 1e-9);
    assert!(gradient(&of, &bar).is_none(), "black boxes have no gradient");
    let far = reward(Reward::Ink {
        target: 1.0,
        deviation: 0.01,
    });
    assert_eq!(log_r(&far, &bar), [FLOOR]);
}

#[test]
fn wishes_that_make_no_sense_are_refused() {
    let refused = |wish: Reward, field: &str| {
        let text = run(wish).validate().expect_err(field).to_string();
        assert!(text.contains(field), "{text}");
    };
    let classes = |classes: Vec<usize>| Reward::Classes {
        classes: classes.into_iter().map(Class::Number).collect(),
        by: ClassesBy::Sum,
        weights: None,
    };
    refused(classes(vec![]), "the number of reward.classes");
    refused(classes(vec![3, 10]), "reward.classes[1]");
    refused(classes(vec![3, 3]), "reward.classes[1]");
    refused(Reward::Symmetry { deviation: 0.0 }, "reward.deviation");
    let color = |color: &[f64]| Reward::Color {
        color: color.to_vec(),
        border: 2,
        deviation: 0.1,
    };
    refused(color(&[0.5, 0.5]), "the number of reward.color");
    refused(color(&[0.5, 1.5, 0.5]), "reward.color[1]");
    let jpeg = |scale, quality| Reward::Jpeg {
        wanted: FileSize::Small,
        scale,
        quality,
    };
    refused(jpeg(0.0, 95), "reward.scale");
    refused(jpeg(1.0, 0), "reward.quality");
    let painted = |rows: Vec<String>| Reward::Inpaint { rows, deviation: 0.1 };
    refused(painted(vec![".".repeat(SIDE); 27]), "reward.rows");
    refused(painted(vec![".".repeat(SIDE); SIDE]), "only dots");
    refused(painted(vec!["x".repeat(SIDE); SIDE]), "reward.rows[0]");
    refused(Reward::All { rewards: vec![] }, "the number of reward.rewards");
    let nested = Reward::All {
        rewards: vec![Reward::All {
            rewards: vec![classes(vec![1])],
        }],
    };
    refused(nested, "reward.rewards[0].kind");
    // A part that is of another task is refused while it is read.
    let parts = "[{ kind = \"classes\", classes = [1] }, { kind = \"annealed\", power = 2.0 }]";
    let foreign = defaults().with("reward", &format!("{{ kind = \"all\", rewards = {parts} }}"));
    let error = foreign.expect_err("of points");
    assert_eq!(
        (error.field.as_str(), error.value.as_str()),
        ("reward.rewards[1].kind", "`annealed`")
    );
    assert!(error.allowed.contains("classes"), "{error}");
}

#[test]
fn rewards_of_another_task_are_refused() {
    // The reward of one run in another.
    let given = |to: Run, of: &Run| {
        let mut over = of.problem.table();
        over.retain(|field, _| field == "reward");
        to.overlaid(over)
    };
    let points = Run::default();
    let text = given(defaults(), &points)
        .expect_err("a ratio of mixtures")
        .to_string();
    assert!(
        text.contains("reward.kind: `ratio`") && text.contains("classes"),
        "{text}"
    );
    let symmetric = run(Reward::Symmetry { deviation: 0.1 });
    let text = given(points, &symmetric).expect_err("of images").to_string();
    assert!(
        text.contains("reward.kind: `symmetry`") && text.contains("formula"),
        "{text}"
    );
    // No task compiles the rewards of another.
    let error = PlaneProblem::of(&symmetric).expect_err("of images");
    assert_eq!((error.field.as_str(), error.value.as_str()), ("task", "`digits`"));
    assert!(ImagesProblem::of(&Run::default()).is_err());
}

#[test]
fn an_untrained_classifier_has_no_opinion_that_matters() {
    // Features and logits have the sizes that rewards and figures count on.
    let device = cpu_device();
    let classifier = StridedClassifier::new(Shape::MNIST, CLASSES, &Noise::new(0), &device);
    let seen = pollster::block_on(see(&classifier, &images(5), &device)).expect("seen");
    assert_eq!(seen.log_probs.len(), 5 * CLASSES);
    assert_eq!(seen.classes().len(), 5);
    assert!((seen.histogram().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let logits = classifier.logits(burn::tensor::Tensor::zeros([2, PIXELS], &device));
    assert_eq!(logits.dims(), [2, CLASSES]);
}
