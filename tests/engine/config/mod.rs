//! Descriptions of runs: TOML, links, and what is refused.

mod values;
mod words;

use crate::support::{preset, problem};
use rtb::run::{ConfigError, LogZ, Method, Run, Tempering};
use rtb::task::images::ImagesProblem;
use rtb::task::plane::Reward;
use rtb::task::{Task, link, presets};

fn task(name: &str) -> Task {
    Task::find(name).expect("it is there")
}

fn refused(field: &str, result: Result<Run, ConfigError>) {
    let error = result.expect_err(field);
    let text = error.to_string();
    assert!(error.field.contains(field), "{field} is to be named: {text}");
    assert!(!error.allowed.is_empty(), "{text}");
    assert!(
        !error.value.is_empty() || text.contains(" is missing; give "),
        "{text}"
    );
}

#[test]
fn presets_survive_toml_and_links() {
    for preset in presets() {
        let toml = preset.run.to_toml();
        assert_eq!(
            Run::from_toml(&toml).unwrap_or_else(|e| panic!("{}: {e}", preset.name)),
            preset.run
        );
        let link = link::encode(&preset.run);
        assert_eq!(
            link::decode(&link).unwrap_or_else(|e| panic!("{}: {e}", preset.name)),
            preset.run
        );
        assert_eq!(
            link::decode(&format!("#{link}")).expect("with a hash sign"),
            preset.run
        );
        assert!(
            link.len() < 1500,
            "{}: a link of {} characters",
            preset.name,
            link.len()
        );
        assert!(
            link.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'),
            "{link}"
        );
    }
}

#[test]
fn a_file_may_start_from_a_preset() {
    let run = Run::from_toml("preset = \"ring-tilt\"\nseed = 7\n[process]\nsteps = 20\n").expect("it reads");
    assert_eq!(
        (run.seed, run.process.steps, run.name.as_str()),
        (7, 20, "ring-tilt")
    );
    assert_eq!(problem(&run).prior, problem(&preset("ring-tilt")).prior);
    let masked = Run::from_toml(
        "preset = \"ring-tilt\"\n[reward]\nkind = \"mask\"\nshape = { form = \"disc\", center = [8.0, 0.0], radius = 3.0 }\n",
    )
    .expect("a reward of another kind replaces the preset's");
    assert!(matches!(problem(&masked).reward, Reward::Mask { .. }));
}

#[test]
fn a_file_takes_its_defaults_from_its_task() {
    let digits = "task = \"digits\"\nreward = { kind = \"classes\", classes = [3] }\n[network]\nrank = 3\n";
    let digits = Run::from_toml(digits).expect("it reads");
    let mut wanted = task("digits").defaults();
    wanted.network.rank = 3;
    assert_eq!(digits, wanted);
    let prior = &ImagesProblem::of(&wanted).expect("of images").prior;
    assert_eq!(digits.file("prior"), Some(prior.weights.as_str()));
    assert!(digits.file("reward").is_some() && digits.file("judge").is_some());
    assert_eq!(Run::default().files(), []);
    refused("task", Run::from_toml("task = \"letters\""));
}

#[test]
fn fields_are_set_by_path() {
    let run = preset("25-to-9");
    assert_eq!(
        run.with("rollout.batch", "64").expect("it sets").rollout.batch,
        64
    );
    assert_eq!(
        run.with("name", "a name").expect("bare words are text").name,
        "a name"
    );
    assert_eq!(
        run.with("objective.log_z", "vargrad")
            .expect("it sets")
            .objective
            .log_z,
        LogZ::Vargrad
    );
    let exact = run.with("prior.kind", "exact").expect("the mixture stays");
    assert_eq!(problem(&exact).prior.components.len(), 25);
}

#[test]
fn tempering_moves_linearly() {
    let tempering = Tempering {
        beta: 2.0,
        start: 0.0,
        iterations: 10,
        floor: -5.0,
    };
    assert_eq!(
        (
            tempering.at(0),
            tempering.at(5),
            tempering.at(10),
            tempering.at(99)
        ),
        (0.0, 1.0, 2.0, 2.0)
    );
}

#[test]
fn a_shape_of_another_form_replaces_the_whole_shape() {
    let run = preset("25-half-plane");
    let disc = "{ form = \"disc\", center = [1.0, 2.0], radius = 3.0 }";
    let run = run
        .with("reward.shape", disc)
        .expect("the old shape's fields are gone");
    let Reward::Mask { shape, .. } = &problem(&run).reward else {
        panic!("it is still a mask")
    };
    assert!(shape.contains([1.0, 4.9]) && !shape.contains([1.0, 5.1]));
}

#[test]
fn methods_are_described_like_everything_else() {
    for method in Method::all() {
        let run = Run {
            method,
            ..Run::default()
        };
        assert_eq!(Run::from_toml(&run.to_toml()).expect("it reads back"), run);
        assert_eq!(Method::find(method.info().name).expect("it has a name"), method);
    }
    // Every task has those of its own that may be said, and knows the others by their names.
    for task in Task::all() {
        for method in task.methods() {
            let run = Run {
                method,
                ..task.defaults()
            };
            run.validate().expect("it fits");
            assert_eq!(task.method(method.info().name), Ok(method));
        }
        assert_eq!(task.method("dps"), Method::find("dps"));
        assert!(
            task.method("magic")
                .is_err_and(|error| error.allowed.contains("smc"))
        );
    }
    assert_eq!(task("mixtures").methods(), Method::all());
    // Many posteriors at once are trained; all that is offered for a run can be used on it.
    for preset in presets() {
        let offered = preset.run.methods();
        let many = preset.run.conditions() > 1;
        assert!(offered.iter().all(|m| !many || m.is_trained()), "{}", preset.name);
        assert!(offered.len() >= 4, "{}", preset.name);
        for method in offered {
            let run = Run {
                method,
                ..preset.run.clone()
            };
            run.validate().expect("it fits");
        }
    }
    let on_words = task("stories").methods();
    assert!(
        on_words
            .iter()
            .any(|m| matches!(m, Method::Smc { points: 0, .. }))
    );
    let guided = |m: &Method| {
        matches!(
            m,
            Method::Guidance { .. } | Method::Dps { .. } | Method::LgdMc { .. } | Method::Hmc { .. }
        )
    };
    assert!(!on_words.iter().any(guided) && Method::all().iter().any(guided));
    let run = Run::default()
        .with("method.kind", "dpok")
        .expect("defaults fill the rest");
    assert!(matches!(run.method, Method::Dpok { epochs: 2, .. }));
    let refused = |path: &str, value: &str| {
        let error = Run::default().with(path, value).expect_err("it is refused");
        error.to_string()
    };
    assert!(refused("method", "{ kind = \"ddpo\", clip = 0.0 }").contains("method.clip"));
    assert!(refused("method", "{ kind = \"smc\", particles = 1 }").contains("method.particles"));
    assert!(refused("method.kind", "magic").contains("magic"));
    assert!(refused("reward", "{ kind = \"annealed\", power = 0.5 }").contains("reward.power"));
}
