//! Descriptions of runs: TOML, links, and what is refused.

use crate::support::{preset, problem};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use miniz_oxide::deflate::compress_to_vec_zlib;
use rtb::run::{ConfigError, LogZ, Method, Run, Tempering};
use rtb::task::images::ImagesProblem;
use rtb::task::plane::{Mixture, Reward};
use rtb::task::{Task, link, presets};

fn task(name: &str) -> Task {
    Task::find(name).expect("it is there")
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
fn fields_that_a_task_ignores_are_refused() {
    let cases = [
        ("25-to-9", "network.rank", "4", "digits or stories"),
        ("25-to-9", "process.temperature", "0.5", "stories"),
        ("digit-3", "network.width", "128", "mixtures or points"),
        ("digit-3", "process.variance", "2.5", "mixtures"),
        ("story-bike", "network.depth", "3", "mixtures or points"),
        ("story-bike", "network.langevin", "true", "mixtures or digits"),
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
fn bad_values_are_refused_by_name() {
    let run = preset("25-to-9");
    let cases = [
        ("process.steps", "0"),
        ("process.steps", "5000"),
        ("process.variance", "-1"),
        ("process.variance", "nan"),
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

/// serde lets the unit variants of a tagged enum have any fields; there are to be none.
#[test]
fn unknown_fields_are_refused_by_name() {
    let with_field = |mut table: toml::Table| {
        table.insert("alphabet".into(), toml::Value::Integer(3));
        toml::Value::Table(table)
    };
    let refused_by = |run: &Run, section: &str, value: toml::Value| {
        let mut over = toml::Table::new();
        over.insert(section.into(), value);
        let error = run.overlaid(over).expect_err(section);
        assert!(error.field.ends_with("alphabet"), "{error}");
        assert!(error.field.starts_with(section), "{error}");
        error
    };
    let refused = |section: &str, value: toml::Value| refused_by(&Run::default(), section, value);
    for method in Method::all() {
        let error = refused(
            "method",
            with_field(toml::Table::try_from(method).expect("it is a table")),
        );
        let bare = matches!(method, Method::Rtb {});
        assert_eq!(error.allowed == "no field beside its kind", bare, "{error}");
    }
    let shapes = [
        "form = \"half_plane\"\nnormal = [1.0, 0.0]\noffset = 0.0",
        "form = \"disc\"\ncenter = [0.0, 0.0]\nradius = 3.0",
        "form = \"ring\"\ncenter = [0.0, 0.0]\ninner = 1.0\nouter = 3.0",
        "form = \"box\"\nmin = [0.0, 0.0]\nmax = [1.0, 1.0]",
    ];
    for shape in shapes {
        let shape = with_field(toml::from_str(shape).expect("it is TOML"));
        let mut mask: toml::Table = toml::from_str("kind = \"mask\"").expect("it is TOML");
        mask.insert("shape".into(), shape);
        refused("reward", toml::Value::Table(mask));
    }
    for preset in presets() {
        let reward = preset.run.problem.table()["reward"].clone();
        refused_by(
            &preset.run,
            "reward",
            with_field(reward.try_into().expect("it is a table")),
        );
    }
    let painted = toml::from_str("kind = \"painted\"\nrows = [\"09\", \"00\"]");
    refused("reward", with_field(painted.expect("it is TOML")));
    for task in Task::all() {
        refused_by(&task.defaults(), "prior", with_field(toml::Table::new()));
    }
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
            Method::Guidance { .. } | Method::Dps { .. } | Method::LgdMc { .. }
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

/// The dotted paths of all fields of a table, and of the tables in it.
fn paths(table: &toml::Table, before: &str, found: &mut Vec<String>) {
    for (name, value) in table {
        let path = format!("{before}{name}");
        if let toml::Value::Table(inner) = value {
            paths(inner, &format!("{path}."), found);
        }
        found.push(path);
    }
}

/// Whatever stands in a field, its refusal has no word that only Rust's programmers know.
#[test]
fn refusals_are_sentences() {
    const WRONG: [&str; 11] = [
        "-1",
        "2.5",
        "1e400",
        "99999999999999999999",
        "\"many\"",
        "true",
        "[]",
        "[[], {}]",
        "[\"a\", -1]",
        "{}",
        "{ many = 1 }",
    ];
    const RUST: [&str; 17] = [
        "usize", "u64", "u32", "u8", "i64", "i32", "f64", "f32", "Option", "struct", "enum", "sequence",
        "tuple", "map", "variant", "boolean", "newtype",
    ];
    let (mut kinds, mut tasks) = (Vec::new(), Vec::new());
    let mut refusals = 0;
    for preset in presets() {
        let kind = preset.run.problem.table()["reward"]["kind"].clone();
        if kinds.contains(&kind) {
            continue;
        }
        kinds.push(kind);
        let table: toml::Table = toml::from_str(&preset.run.to_toml()).expect("it is TOML");
        let mut fields = Vec::new();
        paths(&table, "", &mut fields);
        // The fields of all tasks are looked at once a task.
        let own = preset.run.problem.table();
        let is_own = |field: &String| own.contains_key(field.split('.').next().unwrap_or_default());
        if tasks.contains(&preset.run.task()) {
            fields.retain(is_own);
        }
        tasks.push(preset.run.task());
        for (field, value) in fields.iter().flat_map(|field| WRONG.map(|value| (field, value))) {
            let Err(error) = preset.run.with(field, value) else {
                continue;
            };
            refusals += 1;
            let text = error.to_string();
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            let word = words.find(|word| RUST.contains(word));
            assert_eq!(word, None, "{field} = {value}: {text}");
            assert!(
                text.contains(" is not allowed; use ")
                    || text.contains(" is missing; give ")
                    || text.contains(" is an unknown field; use "),
                "{text}"
            );
            assert!(!text.contains("expected"), "{field} = {value}: {text}");
        }
    }
    assert!(
        kinds.len() > 10 && refusals > 1000,
        "{refusals} refusals of {kinds:?}"
    );
}

/// Found by `tests/generated`: serde's own words, a name of nothing, and all of a long value.
#[test]
fn refusals_are_in_our_words() {
    let cases = [
        ("\"\" = 1", "\"\" is an unknown field"),
        (
            "[process]\n\"a\\nb\" = 1",
            "process.\"a\\nb\" is an unknown field",
        ),
        (
            "task = \"mixtures\"\n[[prior.components]]\nweight = 1.0\nmean = [0.0]\ncovariance = [1.0, 0.0, 1.0]",
            "prior.components.mean: a list of length 1 is not allowed; use a list of length 2",
        ),
    ];
    for (text, said) in cases {
        let error = Run::from_toml(text).expect_err(text).to_string();
        assert!(error.starts_with(said), "{error}");
    }
    let long = "x".repeat(100_000);
    for text in [
        format!("task = \"{long}\""),
        format!("{long} = 1"),
        format!("[reward]\nkind = \"{long}\""),
        format!("seed = {long}"),
        format!("seed = \"{long}\""),
    ] {
        let said = Run::from_toml(&text).expect_err("refused").to_string();
        assert!(
            said.len() < 1500 && said.contains("xxx…"),
            "{} bytes: {said}",
            said.len()
        );
    }
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
