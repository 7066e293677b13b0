//! Unknown names in descriptions, and the words in which they and others are refused.

use rtb::run::{Method, Run};
use rtb::task::{Task, presets};

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
