//! Runs that were written down, in files and in links, stay what they were: `tests/golden/links.json`. With
//! RTB_RECORD=1 they are written down anew.

use rtb::run::Run;
use rtb::task::{link, presets};
use serde::{Deserialize, Serialize};
use std::fs;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/links.json");

#[derive(Deserialize, Serialize)]
struct Links {
    /// Every preset under its name, and more.
    runs: Vec<Link>,
    texts: Vec<Text>,
}

#[derive(Deserialize, Serialize)]
struct Link {
    name: String,
    toml: String,
    link: String,
}

/// TOML as people write it, and the whole run that it stands for.
#[derive(Deserialize, Serialize)]
struct Text {
    text: String,
    toml: String,
}

fn run(toml: &str) -> Run {
    Run::from_toml(toml).unwrap_or_else(|e| panic!("{toml}: {e}"))
}

fn table(toml: &str) -> toml::Table {
    toml::from_str(toml).unwrap_or_else(|e| panic!("{toml}: {e}"))
}

fn written(name: &str, run: &Run) -> Link {
    Link {
        name: name.to_owned(),
        toml: run.to_toml(),
        link: link::encode(run),
    }
}

fn again(links: &Links) -> Links {
    let presets = presets();
    let is_preset = |name: &str| presets.iter().any(|preset| preset.name == name);
    let of_presets = presets.iter().map(|preset| written(preset.name, &preset.run));
    let others = links.runs.iter().filter(|link| !is_preset(&link.name));
    let others = others.map(|link| written(&link.name, &Run::from_written(&link.toml).expect(&link.name)));
    let texts = links.texts.iter().map(|Text { text, .. }| Text {
        text: text.clone(),
        toml: run(text).to_toml(),
    });
    Links {
        runs: of_presets.chain(others).collect(),
        texts: texts.collect(),
    }
}

/// Fields that a run once did not have; they are read as their defaults.
fn leave_out_what_came_later(written: &mut toml::Table, old: &toml::Table) {
    written.retain(|field, _| old.contains_key(field));
    for (field, value) in written {
        if let (toml::Value::Table(value), Some(toml::Value::Table(old))) = (value, old.get(field)) {
            leave_out_what_came_later(value, old);
        }
    }
}

#[test]
fn old_files_and_links_open() {
    let file = fs::read_to_string(FILE).unwrap_or_else(|e| panic!("{FILE}: {e}"));
    let links: Links = serde_json::from_str(&file).expect("it is JSON");
    if std::env::var_os("RTB_RECORD").is_some() {
        let json = serde_json::to_string_pretty(&again(&links)).expect("it is JSON");
        fs::write(FILE, json + "\n").unwrap_or_else(|e| panic!("{FILE}: {e}"));
        return;
    }
    for Link { name, toml, link } in &links.runs {
        let opened = link::decode(link).unwrap_or_else(|e| panic!("{name}: {e}"));
        let read = Run::from_written(toml).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(opened, read, "{name}");
        // Runs of networks once had a list of components, which was always empty.
        let mut table = table(&toml.replace("\ncomponents = []\n", "\n"));
        // Runs once had the fields that their task ignores.
        for ignored in opened.task().room().ignores() {
            let (section, field) = ignored.split_once('.').expect("in a table");
            table[section].as_table_mut().expect("a table").remove(field);
        }
        // Lists once had a line for each of their elements.
        let mut written: toml::Table = toml::from_str(&opened.to_toml()).expect("it is TOML");
        leave_out_what_came_later(&mut written, &table);
        assert_eq!(written, table, "{name}");
    }
    for preset in presets() {
        let recorded = links.runs.iter().find(|link| link.name == preset.name);
        let recorded = recorded.unwrap_or_else(|| panic!("{} is not recorded", preset.name));
        assert_eq!(run(&recorded.toml), preset.run, "{}", preset.name);
    }
    for Text { text, toml } in &links.texts {
        assert_eq!(run(text), run(toml), "{text}");
    }
}
