//! Values of descriptions that are refused.

use super::refused;
use crate::support::{preset, problem};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use miniz_oxide::deflate::compress_to_vec_zlib;
use rtb::run::Run;
use rtb::task::link;
use rtb::task::plane::Mixture;

/// What a run is about does not come from a preset that nobody named.
#[test]
fn a_run_without_a_reward_is_refused() {
    for text in [
        "",
        "task = \"mixtures\"",
        "task = \"digits\"\nseed = 1",
        "task = \"stories\"\nstory.ending = \"No.\"",
    ] {
        let error = Run::from_toml(text).expect_err(text);
        assert_eq!(error.field, "reward", "{error}");
        assert!(
            error
                .to_string()
                .starts_with("reward is missing; give what the run is about"),
            "{error}"
        );
    }
    for (text, field) in [
        ("task = \"digits\"\nreward.kind = \"classes\"", "classes"),
        ("reward.kind = \"annealed\"", "power"),
        ("[reward]\npower = 2.0", "kind"),
    ] {
        let error = Run::from_toml(text).expect_err(text);
        assert_eq!(error.field, format!("reward.{field}"), "{text}: {error}");
        assert!(error.to_string().contains("is missing; give "), "{error}");
    }
    Run::from_toml("preset = \"islands\"").expect("a preset has a reward");
}

#[test]
fn a_list_is_no_table() {
    for field in ["process", "network", "training", "evaluation"] {
        let error = preset("story-dog").with(field, "[2, 1]").expect_err(field);
        assert_eq!((error.field.as_str(), error.allowed.as_str()), (field, "a table"));
    }
}

#[test]
fn fields_that_a_task_ignores_are_refused() {
    let cases = [
        ("25-to-9", "network.rank", "4", "digits or images or stories"),
        ("25-to-9", "process.temperature", "0.5", "stories"),
        (
            "digit-3",
            "network.width",
            "128",
            "mixtures or points or latents or images or control",
        ),
        ("digit-3", "process.variance", "2.5", "mixtures"),
        ("latents-3", "process.spacing", "\"cosine\"", "mixtures"),
        ("story-bike", "process.spacing", "\"cosine\"", "mixtures"),
        (
            "story-bike",
            "network.depth",
            "3",
            "mixtures or points or latents or control",
        ),
        (
            "story-bike",
            "network.langevin",
            "true",
            "mixtures or points or digits or control",
        ),
    ];
    for (name, field, value, using) in cases {
        let run = preset(name);
        let error = run.with(field, value).expect_err(field);
        assert_eq!((error.field.as_str(), error.value.as_str()), (field, value));
        assert!(
            error.allowed.contains(&format!("the task {using} only")),
            "{error}"
        );
        // They are not written; what an older version wrote is read.
        let (table, line) = field.split_once('.').expect("in a table");
        let written = run.to_toml();
        let old = written.replace(&format!("[{table}]\n"), &format!("[{table}]\n{line} = {value}\n"));
        assert_ne!(old, written);
        assert!(!written.contains(&format!("\n{line} = ")), "{written}");
        refused(field, Run::from_toml(&old));
        assert_eq!(Run::from_written(&old).as_ref(), Ok(&run), "{field}");
    }
    for (field, default) in [
        ("network.width", "64"),
        ("process.variance", "5"),
        ("process.spacing", "even"),
        ("process.temperature", "1.0"),
    ] {
        assert_eq!(
            preset("digit-3").with(field, default),
            Ok(preset("digit-3")),
            "{field}"
        );
    }
}

#[test]
fn bad_values_are_refused_by_name() {
    let run = preset("25-to-9");
    let cases = [
        ("process.steps", "0"),
        ("process.steps", "5000"),
        ("process.variance", "-1"),
        ("process.variance", "nan"),
        ("process.spacing", "dense"),
        ("network.width", "3"),
        ("network.depth", "0"),
        ("objective.step_share", "0"),
        ("objective.residual_clip", "-1"),
        ("rollout.batch", "1"),
        ("rollout.replay_share", "1.5"),
        ("optimizer.learning_rate", "0"),
        ("optimizer.learning_rate", "inf"),
        ("optimizer.ema", "1"),
        ("tempering.floor", "1"),
        ("tempering.beta", "-0.5"),
        ("training.iterations", "0"),
        ("evaluation.samples", "1"),
        ("evaluation.proposals", "99"),
        ("evaluation.candidates", "1001"),
        ("seed", "-1"),
        ("process.steps", "\"many\""),
        ("optimizer.algorithm", "newton"),
        ("reward.kind", "wish"),
    ];
    for (field, value) in cases {
        let section = field.split('.').next().unwrap_or(field);
        let result = run.with(field, value);
        // Where the type is wrong, the parser names the section or the field.
        let error = result.expect_err(&format!("{field} = {value}"));
        assert!(error.to_string().contains(section), "{field} = {value}: {error}");
    }
    refused(
        "rollout.replay_share + rollout.noised_share + rollout.prior_share",
        run.overlaid(
            toml::from_str("[rollout]\nreplay_share = 0.7\nnoised_share = 0.7").expect("it is TOML"),
        ),
    );
    refused("prior.weights", run.with("prior.kind", "learned"));
    refused("preset", Run::from_toml("preset = \"nothing\""));
    refused("TOML", Run::from_toml("steps = = 3"));
    let unknown = run.with("process.stepz", "3").expect_err("an unknown field");
    assert!(
        unknown.to_string().contains("stepz") && unknown.to_string().contains("steps"),
        "{unknown}"
    );
}

#[test]
fn bad_mixtures_are_refused() {
    let with = |component: &str| Run::from_toml(&format!("[prior]\ncomponents = [{component}]"));
    refused("prior.components", Run::from_toml("[prior]\ncomponents = []"));
    refused(
        "prior.components[0].weight",
        with("{ weight = 0.0, mean = [0.0, 0.0], covariance = [1.0, 0.0, 1.0] }"),
    );
    refused(
        "prior.components[0].mean[1]",
        with("{ weight = 1.0, mean = [0.0, 99.0], covariance = [1.0, 0.0, 1.0] }"),
    );
    for covariance in [
        "[1.0, 2.0, 1.0]",
        "[0.0, 0.0, 1.0]",
        "[-1.0, 0.0, 1.0]",
        "[1.0, nan, 1.0]",
        "[1e9, 0.0, 1.0]",
        "[1e-4, 0.0, 1.0]",
    ] {
        refused(
            "prior.components[0].covariance",
            with(&format!(
                "{{ weight = 1.0, mean = [0.0, 0.0], covariance = {covariance} }}"
            )),
        );
    }
}

/// A description without a task is of a mixture where its components are only misspelt.
#[test]
fn malformed_components_are_refused_by_name() {
    let whole = [
        ("weight", "1.0"),
        ("mean", "[0.0, 0.0]"),
        ("covariance", "[1.0, 0.0, 1.0]"),
    ];
    let text = |kind: &str, fields: &[(&str, &str)]| {
        let fields: String = fields
            .iter()
            .map(|(name, value)| format!("{name} = {value}\n"))
            .collect();
        format!("{kind}[[prior.components]]\n{fields}\n[reward]\nkind = \"annealed\"\npower = 2.0\n")
    };
    Run::from_toml(&text("", &whole)).expect("it is whole");
    for kind in ["", "[prior]\nkind = \"exact\"\n"] {
        for (at, (name, _)) in whole.iter().enumerate() {
            let mut wrong = whole;
            wrong[at].1 = "\"much\"";
            let mut missing = whole.to_vec();
            missing.remove(at);
            for text in [text(kind, &wrong), text(kind, &missing)] {
                let packed = compress_to_vec_zlib(text.as_bytes(), 9);
                let link = URL_SAFE_NO_PAD.encode(packed);
                for result in [Run::from_toml(&text), link::decode(&link)] {
                    refused(&format!("prior.components.{name}"), result);
                }
            }
        }
    }
}

#[test]
fn bad_rewards_are_refused() {
    let with = |reward: &str| Run::from_toml(&format!("[reward]\n{reward}"));
    refused("reward.rows", with("kind = \"painted\"\nrows = [\"00\", \"00\"]"));
    refused(
        "reward.rows[1]",
        with("kind = \"painted\"\nrows = [\"09\", \"0x\"]"),
    );
    refused(
        "reward.rows[0]",
        with("kind = \"painted\"\nrows = [\"091\", \"00\"]"),
    );
    refused(
        "reward.shape.radius",
        with("kind = \"mask\"\nshape = { form = \"disc\", center = [0.0, 0.0], radius = 0.0 }"),
    );
    refused(
        "reward.inside",
        with("kind = \"mask\"\ninside = 0.0\nshape = { form = \"disc\", center = [0.0, 0.0], radius = 1.0 }"),
    );
    refused(
        "reward.shape.min[0]",
        with("kind = \"mask\"\nshape = { form = \"box\", min = [2.0, 0.0], max = [1.0, 1.0] }"),
    );
}

#[test]
fn damaged_links_are_refused_not_believed() {
    let good = link::encode(&preset("25-to-9"));
    for bad in [
        "",
        "#",
        "hello world",
        "####",
        "AAAA",
        &good[..good.len() / 2],
        &good[1..],
    ] {
        let error = link::decode(bad).expect_err(bad);
        assert!(error.field.contains("link"), "{error}");
    }
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let text = String::from_utf8(bytes).expect("ASCII");
        // A few bits carry nothing.
        let unharmed = link::decode(&text).is_ok_and(|run| run == preset("25-to-9"));
        assert!(
            unharmed || link::decode(&text).is_err(),
            "character {at} was changed and nobody noticed"
        );
    }
    // A bomb: a link that unfolds to far more than a run.
    let bomb = URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(&vec![b' '; 1 << 22], 9));
    assert!(link::decode(&bomb).is_err());
}

/// Found by `tests/generated`: beside a large weight a tiny one is 0, and no density a number.
#[test]
fn weights_that_round_to_zero_are_refused() {
    let component =
        |weight: &str| format!("{{ weight = {weight}, mean = [0.0, 0.0], covariance = [1.0, 0.0, 1.0] }}");
    let run = |weight: &str| {
        Run::from_toml(&format!(
            "preset = \"25-to-9\"\n[prior]\ncomponents = [{}, {}]",
            component(weight),
            component("1e6")
        ))
    };
    refused("prior.components[0].weight", run("5e-324"));
    let smallest = run("1e-9").expect("allowed");
    let mixture = Mixture::new(&problem(&smallest).prior.components);
    assert!(mixture.log_prob([0.0, 0.0]).is_finite());
}
