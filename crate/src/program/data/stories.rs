//! Stories of five sentences.

use super::{OFFLINE, ProgramError};
use rtb::text::{sentences, words};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Sentences of a story.
const SENTENCES: usize = 5;
/// One story of so many is held out.
const HELD_OUT: u64 = 20;
/// The stories' place in the folder of [`OFFLINE`].
const FILE: &str = "stories/stories.tsv";

/// Stories to learn from, and others to be measured against, sentence by sentence.
pub struct Stories {
    pub train: Vec<Vec<String>>,
    pub held_out: Vec<Vec<String>>,
}

/// The stories of a file, a story a line: five columns of a sentence each, or a last column that
/// falls into five sentences. Other lines, and stories that were there before, are left out. `stories`
/// stands for a file of the offline folder, since their home asks for a name before it gives them.
pub fn stories(name: &str) -> Result<Stories, ProgramError> {
    let path = match name {
        "stories" => offline()?,
        own => PathBuf::from(own),
    };
    let file = fs::read_to_string(&path).map_err(|e| ProgramError::file("read the stories", &path, e))?;
    let mut known = HashSet::new();
    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    for story in file.lines().filter_map(split) {
        let key = words(&story.join(" ")).join(" ");
        let of = if hash(&key).is_multiple_of(HELD_OUT) {
            &mut held_out
        } else {
            &mut train
        };
        if known.insert(key) {
            of.push(story);
        }
    }
    if train.is_empty() || held_out.is_empty() {
        return Err(ProgramError::Data(format!(
            "{}: {} stories of {SENTENCES} sentences to learn from and {} to measure with; some of both are \
             expected",
            path.display(),
            train.len(),
            held_out.len()
        )));
    }
    Ok(Stories { train, held_out })
}

fn offline() -> Result<PathBuf, ProgramError> {
    let folder = std::env::var_os(OFFLINE).ok_or_else(|| {
        ProgramError::Data(format!(
            "--data stories: the corpus (ROCStories) is given on request only; set {OFFLINE} to a folder with \
             {FILE} in it, or name a file with a story a line"
        ))
    })?;
    Ok(Path::new(&folder).join(FILE))
}

/// The sentences of a line, if it is a story.
fn split(line: &str) -> Option<Vec<String>> {
    let columns: Vec<&str> = line.split('\t').collect();
    let found = match columns.len() {
        SENTENCES => columns.iter().map(|column| column.trim().to_owned()).collect(),
        _ => sentences(columns.last()?),
    };
    (found.len() == SENTENCES && found.iter().all(|sentence| !sentence.is_empty())).then_some(found)
}

/// FNV-1a, which is the same everywhere and always.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_stories_of_five_sentences() {
        let story = |line| split(line).map(|story| story.join("|"));
        assert_eq!(story("a\tb\tc\td\te").as_deref(), Some("a|b|c|d|e"));
        assert_eq!(
            story("source\tA b. C! D? E. F.").as_deref(),
            Some("A b.|C!|D?|E.|F.")
        );
        assert_eq!(story("A b. C! D? E."), None);
        assert_eq!(story("a\tb\t\td\te"), None);
        assert_eq!(story(""), None);
    }

    #[test]
    fn the_hash_is_that_of_its_authors() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
