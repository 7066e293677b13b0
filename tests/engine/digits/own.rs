//! Rewards and classifiers of the user's own.

use super::{digits, each_class, files, images, open, open_above, problem_mut, small};
use crate::support::{report, train};
use rtb::engine::device::cpu_device;
use rtb::engine::reward::BlackBox;
use rtb::engine::weights::read_tensors;
use rtb::message::{Files, Report};
use rtb::run::Run;
use rtb::session::Session;
use rtb::task::images::{Class, Judge, PIXELS, Reward};
use std::sync::Arc;

/// The reward of [`small`], and a number added to its log r.
struct Ink {
    added: f64,
}

impl BlackBox for Ink {
    fn log_reward(&self, samples: &[f64], shape: &[usize]) -> Result<Vec<f64>, String> {
        if shape != [1, 28, 28] {
            return Err(format!("images of the shape {shape:?}"));
        }
        if self.added.is_nan() {
            return Err("reward.run: `reward.py` ended (exit status: 1)".to_owned());
        }
        let log_r = |image: &[f64]| {
            let ink = image.iter().sum::<f64>() / PIXELS as f64;
            self.added - 0.5 * ((ink - 0.54) / 0.015).powi(2)
        };
        Ok(samples.chunks_exact(PIXELS).map(log_r).collect())
    }
}

/// A run with this reward, as TOML.
fn with(reward: &str) -> Run {
    let rewarded = small().with("reward", reward);
    rewarded.expect("a run")
}

fn refused(run: Run, files: &Files) -> String {
    let opened = pollster::block_on(Session::open(run, cpu_device(), files, None));
    opened.err().expect("refused").to_string()
}

/// Figures after a short training.
fn figures(mut session: Session) -> (String, Report) {
    let iterations = train(&mut session, 3);
    let report = report(&mut session, 150);
    (format!("{iterations:?}"), report)
}

#[test]
fn a_black_box_is_the_reward_that_it_computes() {
    let program = "{ kind = \"command\", run = [\"reward.py\"] }";
    let ink = "{ kind = \"ink\", target = 0.54, deviation = 0.015 }";
    let product = |factor: &str| {
        format!("{{ kind = \"all\", rewards = [{{ kind = \"symmetry\", deviation = 0.5 }}, {factor}] }}")
    };
    let boxed = |role| files().with_black_box(role, Arc::new(Ink { added: 0.0 }));
    let one = figures(open_above(with(program), &boxed("outside")));
    let other = figures(open(with(ink)));
    assert_eq!(one.0, other.0);
    assert_eq!(
        (one.1.log_reward, one.1.log_z_exact, images(&one.1.fit)),
        (other.1.log_reward, other.1.log_z_exact, images(&other.1.fit))
    );
    // The same at its place in a product.
    let one = figures(open_above(with(&product(program)), &boxed("outside-1")));
    let other = figures(open(with(&product(ink))));
    assert_eq!(one.0, other.0);
    let missing = refused(with(&product(program)), &boxed("outside"));
    assert!(
        missing.starts_with("reward.rewards[1].run: `reward.py` is not allowed;"),
        "{missing}"
    );
}

#[test]
fn a_black_box_that_fails_or_exceeds_one_is_told_as_it_is() {
    let failed = |added| {
        let boxed = files().with_black_box("outside", Arc::new(Ink { added }));
        let mut session = open_above(with("{ kind = \"onnx\", model = \"m.onnx\" }"), &boxed);
        let exact = pollster::block_on(digits(&mut session).exact(150));
        exact.expect_err("no figures").to_string()
    };
    let text = failed(f64::NAN);
    assert!(
        text.contains("reward.run: `reward.py` ended (exit status: 1)"),
        "{text}"
    );
    let text = failed(400.0);
    assert!(
        text.contains("reward.model: `m.onnx`: log r is ") && text.contains("subtract the largest value"),
        "{text}"
    );
}

#[test]
fn a_black_box_has_no_gradient() {
    let langevin = |reward| with(reward).with("network.langevin", "true").err();
    let text = langevin("{ kind = \"command\", run = [\"reward.py\"] }").expect("refused");
    assert_eq!(text.field, "network.langevin");
    let product = "{ kind = \"all\", rewards = [{ kind = \"onnx\", model = \"m\" }, { kind = \"classes\", classes = [3] }] }";
    assert!(langevin(product).is_none(), "a factor has one");
}

#[test]
fn files_of_classifiers_are_named_by_the_run() {
    let shipped = each_class();
    let toml = shipped.to_toml();
    assert!(
        !toml.contains("judge") && toml.matches("weights").count() == 1,
        "{toml}"
    );
    let mut own = shipped.clone();
    let problem = problem_mut(&mut own);
    problem.reward = Reward::EachClass {
        classes: Class::numbered([8, 2]),
        weights: Some("mine.safetensors".to_owned()),
    };
    problem.judge = Judge {
        weights: Some("judge.safetensors".to_owned()),
    };
    assert_eq!(Run::from_toml(&own.to_toml()).expect("the same"), own);
    let names: Vec<_> = own.files().iter().map(|need| (need.field, need.name)).collect();
    let expected = [
        ("prior.weights", "prior-digits"),
        ("reward.weights", "mine.safetensors"),
        ("judge.weights", "judge.safetensors"),
    ];
    assert_eq!(names, expected);
    // The same weights give the same figures.
    let (one, other) = (figures(open(own.clone())), figures(open(shipped)));
    assert_eq!(one.0, other.0);
    assert_eq!(images(&one.1.fit), images(&other.1.fit));
    // Those of the judge are no classifier for rewards.
    for (role, field) in [
        ("reward", "reward.weights: `mine"),
        ("judge", "judge.weights: `judge"),
    ] {
        for wrong in [
            files().get("prior").expect("it is there").to_vec(),
            b"junk".to_vec(),
        ] {
            let text = refused(own.clone(), &files().with(role, wrong));
            assert!(
                text.starts_with(field) && text.contains("a file that `rtb pretrain classifier "),
                "{text}"
            );
        }
    }
    let empty = shipped_with("judge.weights", "\"\"");
    assert!(empty.contains("judge.weights is missing"), "{empty}");
    let class = |weights: &str| format!("{{ kind = \"classes\", classes = [3]{weights} }}");
    let (mine, none) = (class(", weights = \"mine\""), class(""));
    let two = shipped_with(
        "reward",
        &format!("{{ kind = \"all\", rewards = [{mine}, {none}] }}"),
    );
    assert!(
        two.starts_with("reward.rewards[1].weights: the shipped classifier is not allowed; use `mine`"),
        "{two}"
    );
}

/// Why a run may not have this.
fn shipped_with(field: &str, value: &str) -> String {
    small().with(field, value).expect_err("refused").to_string()
}

/// Weights that say what they have learned.
fn of_data(weights: &[u8], name: &str) -> Vec<u8> {
    let mut weights = read_tensors(weights).expect("whole");
    weights.metadata.insert("data".to_owned(), name.to_owned());
    weights.to_safetensors(false)
}

#[test]
fn images_are_judged_by_who_has_learned_such() {
    let clothes = |files: Files, role: &str| {
        let weights = files.get(role).expect("it is there").to_vec();
        files.with(role, of_data(&weights, "fashion-mnist"))
    };
    let classes = with("{ kind = \"classes\", classes = [3] }");
    let prior = clothes(files(), "prior");
    let text = refused(classes.clone(), &prior);
    assert_eq!(
        text,
        "judge.weights: `classifier-evaluation`, which learned mnist, is not allowed; use a classifier of fashion-mnist, \
         as the prior is: `rtb pretrain classifier pooled --data fashion-mnist --out FILE` trains one"
    );
    let judged = clothes(prior, "judge");
    let text = refused(classes.clone(), &judged);
    assert!(
        text.starts_with("reward.weights: `classifier`, which learned mnist,"),
        "{text}"
    );
    // Ink asks no classifier, and then there is no figure of one that knows other images.
    let bright = with("{ kind = \"ink\", target = 0.54, deviation = 0.5 }");
    let (known, unknown) = (
        figures(open(bright.clone())).1,
        figures(open_above(bright, &judged)).1,
    );
    let (known, unknown) = (images(&known.fit), images(&unknown.fit));
    assert_eq!(known.fid, unknown.fid);
    assert!(known.fid_reward_classifier.is_some() && unknown.fid_reward_classifier.is_none());
    open_above(classes.clone(), &clothes(judged, "reward"));
    let text = refused(classes, &clothes(files(), "judge"));
    assert!(text.contains("which learned fashion-mnist,"), "{text}");
}
