//! The library's modules are layers: each knows only those below it, and no two know each other, at any
//! depth. Read off the sources' `use` lines and paths.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The layers of the library, from the bottom up.
const LAYERS: [&str; 6] = ["engine", "network", "run", "message", "task", "session"];
/// What stands above the library.
const ABOVE: [&str; 4] = ["lib.rs", "main.rs", "prelude.rs", "program"];

/// The names on the way to a module or an item.
type Names = Vec<String>;

fn names(path: &str) -> Names {
    path.split("::").map(|name| name.trim().to_owned()).collect()
}

#[derive(Default)]
struct Module {
    text: String,
    /// What it names by `use`, by the last name of each.
    uses: BTreeMap<String, Names>,
    /// What else it names by a path.
    paths: Vec<Names>,
}

/// The paths of a `use`, without braces.
fn expanded(tree: &str) -> Vec<String> {
    let Some((before, inside)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.trim().to_owned()];
    };
    let inside = &inside[..inside.rfind('}').expect("a closed brace")];
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in inside.chars() {
        match letter {
            ',' if depth == 0 => parts.push(String::new()),
            _ => {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                parts.last_mut().expect("a part").push(letter);
            }
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    let whole = parts.flat_map(|part| expanded(&format!("{}{}", before.trim(), part.trim())));
    whole.collect()
}

impl Module {
    fn of(source: &str) -> Self {
        let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let lines = source
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default());
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        let mut module = Self::default();
        for statement in text.split(';') {
            let statement = statement.trim_start_matches(|c| c != '\n').trim();
            let used = statement.rsplit_once("use ").filter(|(before, _)| {
                let before = before.trim_end();
                before.is_empty()
                    || before.ends_with([']', '}'])
                    || before.ends_with("pub")
                    || before.ends_with(')')
            });
            if let Some((_, tree)) = used {
                for path in expanded(tree) {
                    let path = names(&path);
                    module.uses.insert(path[path.len() - 1].clone(), path);
                }
            }
        }
        for start in ["crate::", "super::"] {
            for (at, _) in text.match_indices(start) {
                let end = text[at..].find(|c: char| !(c.is_alphanumeric() || "_:".contains(c)));
                let path = &text[at..at + end.unwrap_or(text.len() - at)];
                module.paths.push(names(path.trim_end_matches(':')));
            }
        }
        module.text = text;
        module
    }
}

fn read(folder: &Path, at: &[String], modules: &mut BTreeMap<Names, Module>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        if at.is_empty() && ABOVE.contains(&name.as_str()) {
            continue;
        }
        let stem = name.trim_end_matches(".rs").to_owned();
        let inner = [at, std::slice::from_ref(&stem)].concat();
        if entry.path().is_dir() {
            read(&entry.path(), &inner, modules);
        } else {
            let source = fs::read_to_string(entry.path()).expect("a source");
            let own = if stem == "mod" { at.to_vec() } else { inner };
            modules.insert(own, Module::of(&source));
        }
    }
}

/// The module that a path seen in another one leads to.
fn target(
    modules: &BTreeMap<Names, Module>,
    from: &[String],
    path: &[String],
    depth: usize,
) -> Option<Names> {
    let mut rest = path;
    let mut at = match rest.first()?.as_str() {
        "crate" => Vec::new(),
        "self" | "super" => from.to_vec(),
        first => {
            let child = [from, &[first.to_owned()]].concat();
            modules.contains_key(&child).then(|| from.to_vec())?
        }
    };
    while let Some(first) = rest.first() {
        match first.as_str() {
            "super" => drop(at.pop()),
            "crate" | "self" => {}
            _ => break,
        }
        rest = &rest[1..];
    }
    for (place, name) in rest.iter().enumerate() {
        let child = [&at[..], std::slice::from_ref(name)].concat();
        if modules.contains_key(&child) {
            at = child;
            continue;
        }
        // A name that the module has from elsewhere.
        let from_elsewhere = modules.get(&at).and_then(|module| module.uses.get(name));
        let further = from_elsewhere.filter(|_| depth < 8).and_then(|path| {
            let path = [&path[..], &rest[place + 1..]].concat();
            target(modules, &at, &path, depth + 1)
        });
        return Some(further.unwrap_or(at));
    }
    Some(at)
}

/// Who knows whom among the modules below one, and by which path.
type Known = BTreeMap<(String, String), String>;

fn known(modules: &BTreeMap<Names, Module>) -> BTreeMap<Names, Known> {
    let mut all: BTreeMap<Names, Known> = BTreeMap::new();
    for (from, module) in modules {
        for path in module.uses.values().chain(&module.paths) {
            let Some(to) = target(modules, from, path, 0) else {
                continue;
            };
            let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(one), Some(other)) = (from.get(common), to.get(common)) {
                let edge = (one.clone(), other.clone());
                let by = format!("{} names {}", from.join("::"), path.join("::"));
                all.entry(from[..common].to_vec())
                    .or_default()
                    .entry(edge)
                    .or_insert(by);
            }
        }
    }
    all
}

/// All that a module knows, through others too.
fn reached<'a>(known: &'a Known, from: &str) -> BTreeSet<&'a str> {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for (one, other) in known.keys() {
            if one == at && found.insert(other) {
                open.push(other);
            }
        }
    }
    found
}

#[test]
fn modules_are_layers() {
    let mut modules = BTreeMap::new();
    read(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &[],
        &mut modules,
    );
    let all = known(&modules);
    let library = &all[&Vec::new()];
    let rank = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    for ((above, below), by) in library {
        let ranks = (rank(above), rank(below));
        assert!(matches!(ranks, (Some(a), Some(b)) if a > b), "{by}: {LAYERS:?}");
    }
    // The check sees what there is: these two know each other's ends of the library.
    assert!(library.contains_key(&("session".into(), "engine".into())));
    for (parent, known) in &all {
        for (one, other) in known.keys() {
            let back = reached(known, other).contains(one.as_str());
            let by = &known[&(one.clone(), other.clone())];
            assert!(!back, "a cycle below {}: {by}", parent.join("::"));
        }
    }
}

#[test]
fn rooms_know_no_other_room() {
    let mut modules = BTreeMap::new();
    read(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &[],
        &mut modules,
    );
    let rooms = ["plane", "images", "text"];
    for ((one, other), by) in &known(&modules)[&names("task")] {
        let registry = one == "registry";
        assert!(registry || !rooms.contains(&other.as_str()), "{by}");
    }
}

#[test]
fn the_library_touches_no_file_and_no_net() {
    let mut modules = BTreeMap::new();
    read(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &[],
        &mut modules,
    );
    for (name, module) in modules {
        for outside in ["std::fs", "std::net", "std::process"] {
            assert!(!module.text.contains(outside), "{}: {outside}", name.join("::"));
        }
    }
}
