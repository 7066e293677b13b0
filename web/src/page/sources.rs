//! That nothing asks which task it is about, but the rooms; nor for the browser's storage, but its module.

use std::fs;
use std::path::{Path, PathBuf};

/// Where every task has a case of its own.
const CASES: [&str; 4] = ["Task", "Fit", "View", "Reward"];

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// What stands before and after a name where it is a word of its own.
fn around<'a>(line: &'a str, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let places = line.match_indices(name);
    let sides = places.map(move |(at, _)| (&line[..at], &line[at + name.len()..]));
    sides.filter(move |(before, after)| !before.ends_with(part) && !after.starts_with(part))
}

#[test]
fn only_rooms_ask_for_a_task() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let page = root.join("page");
    let tasks = page.join("tasks");
    let folders = fs::read_dir(&tasks).unwrap().map(|entry| entry.unwrap().path());
    let rooms: Vec<_> = folders
        .filter(|path| path.is_dir() && !path.ends_with("common"))
        .collect();
    let names: Vec<_> = rooms
        .iter()
        .map(|room| room.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names.len(), crate::tasks::namings().len());
    let mut files = Vec::new();
    below(&root, &mut files);
    let registry = tasks.join("mod.rs");
    let mut asks = Vec::new();
    for file in files
        .iter()
        .filter(|file| !rooms.iter().any(|room| file.starts_with(room)))
    {
        for (at, line) in fs::read_to_string(file).unwrap().lines().enumerate() {
            let mut cases = CASES.iter().flat_map(|case| around(line, case));
            let case = cases.any(|(_, after)| after.starts_with("::"));
            let mut named = names.iter().flat_map(|name| around(line, name));
            let room = named.any(|(before, after)| before.ends_with("::") || after.starts_with("::"));
            let registered = *file == registry && line.trim_start().starts_with('&');
            if case || (room && !registered) {
                asks.push(format!("{}:{}: {line}", file.display(), at + 1));
            }
        }
    }
    assert!(asks.is_empty(), "{}", asks.join("\n"));
}

/// A browser that blocks storage throws at the question.
#[test]
fn only_one_module_asks_for_storage() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
    let mut files = Vec::new();
    below(&root, &mut files);
    let asks = ["gloo::storage", "local_storage()", "session_storage()"];
    let asking = files.iter().filter(|file| {
        let source = fs::read_to_string(file).unwrap();
        **file != root.join("sources.rs") && asks.iter().any(|ask| source.contains(ask))
    });
    assert_eq!(asking.collect::<Vec<_>>(), [&root.join("kit/storage.rs")]);
}
