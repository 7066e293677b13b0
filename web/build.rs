//! Names the build by a hash of its sources, so that no page runs with the workers of another build.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

const SOURCES: [&str; 7] = [
    "src",
    "worker.js",
    "Cargo.toml",
    "../crate/src",
    "../crate/Cargo.toml",
    "../Cargo.toml",
    "../Cargo.lock",
];

fn main() {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        add(Path::new(source), &mut hasher);
    }
    println!("cargo:rustc-env=RTB_BUILD={:016x}", hasher.finish());
}

fn add(source: &Path, hasher: &mut DefaultHasher) {
    if !source.is_dir() {
        return fs::read(source).expect("a source can be read").hash(hasher);
    }
    let entries = fs::read_dir(source).expect("a folder can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        add(&path, hasher);
    }
}
