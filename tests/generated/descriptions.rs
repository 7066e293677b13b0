//! Descriptions of runs: TOML, its other form as JSON, and fields that are set by their path.

use crate::bytes::{Damage, damaged_text};
use crate::each::each;
use crate::refusal::{is_sentence, names_field};
use crate::tables::{self, Changed, Description, PRESETS};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rtb::run::{ConfigError, Run};
use rtb::task::{Task, link};

/// What a run, once read, is under every name it can have.
fn survives(run: &Run) {
    run.validate().expect("what was read is valid");
    assert_eq!(&Run::from_toml(&run.to_toml()).expect("its TOML reads"), run);
    assert_eq!(&link::decode(&link::encode(run)).expect("its link opens"), run);
}

/// The fields that hold what formulas may name.
const NAMES: &[&str] = &["coordinates", "columns", "observations", "prior"];

/// A refusal is about one of the fields that were changed.
fn is_about(error: &ConfigError, description: &Description) {
    names_field(error);
    let said = error.to_string();
    let named = |field: &Vec<String>| field.iter().any(|key| said.contains(key.as_str()));
    let added = description.has_more && error.value == ConfigError::UNKNOWN;
    // How small it may be depends on the number of posteriors.
    let batch = error.field == "rollout.batch";
    // A formula is refused where it uses a name that its coordinate or its column no longer has.
    let names = |field: &Vec<String>| field.iter().any(|key| NAMES.contains(&key.as_str()));
    let formula = error.field.ends_with("expression") && description.fields.iter().any(names);
    assert!(
        added || batch || formula || description.fields.iter().any(named),
        "{:?} was changed: {said}",
        description.fields
    );
}

#[test]
fn changed_presets_are_read_or_refused_by_name() {
    each(2500, Changed::any(), |changed| {
        let description = changed.description();
        let Ok(text) = toml::to_string(&description.table) else {
            return;
        };
        match Run::from_toml(&text) {
            Ok(run) => survives(&run),
            Err(error) => is_about(&error, &description),
        }
    });
}

#[test]
fn changed_json_is_read_or_refused() {
    each(700, Changed::any(), |changed| {
        let text = serde_json::to_string(&changed.description().table).expect("a table is JSON");
        match serde_json::from_str::<Run>(&text) {
            Ok(run) => {
                let again = serde_json::to_string(&run).expect("a run is JSON");
                match run.validate() {
                    // serde_json may round the last digit of a number.
                    Ok(()) => {
                        let read: Run = serde_json::from_str(&again).expect("it reads");
                        assert_eq!(read.validate(), Ok(()));
                    }
                    Err(error) => names_field(&error),
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}

/// Pieces of TOML.
const PIECES: &[&str] = &[
    "\n[reward]\n",
    "\n[[prior.components]]\n",
    "preset = \"ring-tilt\"\n",
    "task = \"digits\"\n",
    "= ",
    "\"\"\"",
    "'''",
    "{",
    "[",
    "]",
    "}",
    ",",
    "#",
    "\n",
    "nan",
    "-",
    "1e999",
    "0x",
    "99999999999999999999",
    "reward.kind = \"mask\"\n",
    "process.steps = 1\n",
    "\u{feff}",
];

#[test]
fn damaged_descriptions_are_read_or_refused_by_name() {
    each(
        1500,
        (any::<Index>(), Damage::some(PIECES)),
        |(preset, damage)| {
            let text = damaged_text(&preset.get(&PRESETS).run.to_toml(), &damage);
            match Run::from_toml(&text) {
                Ok(run) => survives(&run),
                Err(error) => names_field(&error),
            }
        },
    );
}

/// Whole descriptions of a few lines.
#[test]
fn short_descriptions_are_read_or_refused_by_name() {
    let line = prop_oneof![
        select(PIECES).prop_map(str::to_owned),
        "[a-z_.]{1,10} = [0-9\"\\[\\]{}a-z]{0,5}\n"
    ];
    each(
        500,
        proptest::collection::vec(line, 0..6),
        |lines| match Run::from_toml(&lines.concat()) {
            Ok(run) => survives(&run),
            Err(error) => names_field(&error),
        },
    );
}

/// The paths of all fields, and what is none.
fn paths() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(tables::paths()),
        1 => select(&["", ".", "..", "reward", "reward.", ".seed", "process..steps", "name.x", "task", "preset"][..])
            .prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ]
}

#[test]
fn fields_that_are_set_are_taken_or_refused_by_name() {
    let values = prop_oneof![
        select(
            &[
                "0",
                "1",
                "-1",
                "nan",
                "1e308",
                "inf",
                "[]",
                "[1]",
                "{}",
                "true",
                "",
                "''",
                "\"",
                "many",
                "1\nseed = 2",
                "exact",
                "formula",
                "[[1]]",
                "9223372036854775808",
                "{ form = \"disc\" }",
            ][..]
        )
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    each(
        800,
        (any::<Index>(), paths(), values),
        |(preset, path, value)| match preset.get(&PRESETS).run.with(&path, &value) {
            Ok(run) => survives(&run),
            Err(error) => names_field(&error),
        },
    );
}

#[test]
fn names_that_are_unknown_are_refused_by_name() {
    each(100, "\\PC{0,300}", |name| {
        for error in [
            rtb::run::Preset::find(&name).map(drop),
            rtb::run::Experiment::find(&name).map(drop),
            rtb::run::Method::find(&name).map(drop),
            Task::find(&name).map(drop),
        ]
        .into_iter()
        .filter_map(Result::err)
        {
            names_field(&error);
            is_sentence(&error.to_string());
        }
    });
}
