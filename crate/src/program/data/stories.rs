//! Stories of five sentences.

use super::{OFFLINE, ProgramError, hash, offline};
use rtb::task::text::words::{sentences, words};
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

/// Sentences of a story.
const SENTENCES: usize = 5;
/// One story of so many is held out.
const HELD_OUT: u64 = 20;
/// The stories' places in the folder of [`OFFLINE`].
const FILES: [&str; 2] = ["stories/stories.tsv", "stories/stories_lower_nopunct.tsv"];
/// Stands for a word that the makers of a file left out.
const LEFT_OUT: &str = "<unk>";

/// Stories to learn from, and others to be measured against, sentence by sentence.
pub struct Stories {
    pub train: Vec<Vec<String>>,
    pub held_out: Vec<Vec<String>>,
}

/// The stories of a file, a story a line: five columns of a sentence each, or a last column that
/// falls into five sentences. Other lines, those with a word left out, and stories that were there
/// before, are left out. `stories` stands for files of the offline folder, since their home asks for
/// a name before it gives them.
pub fn stories(name: &str) -> Result<Stories, ProgramError> {
    let paths = match name {
        "stories" => offline_files()?,
        own => vec![PathBuf::from(own)],
    };
    let mut known = HashSet::new();
    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    for path in &paths {
        let file = fs::read_to_string(path).map_err(|e| ProgramError::file("read the stories", path, e))?;
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
    }
    if train.is_empty() || held_out.is_empty() {
        return Err(ProgramError::Data(format!(
            "{}: the file has {} stories of {SENTENCES} sentences for training and {} held-out ones; use a file \
             with more stories, one per line",
            paths[0].display(),
            train.len(),
            held_out.len()
        )));
    }
    Ok(Stories { train, held_out })
}

/// Stories as a corpus is given to the engine: what comes before the fourth sentence, that sentence, and
/// the last one, a story a line.
pub fn infillings(stories: &[Vec<String>]) -> Vec<u8> {
    const MIDDLE: usize = SENTENCES - 2;
    let line = |story: &Vec<String>| {
        let (before, middle, after) = (&story[..MIDDLE], &story[MIDDLE], &story[MIDDLE + 1..]);
        format!("{}\t{middle}\t{}\n", before.join(" "), after.join(" "))
    };
    stories.iter().map(line).collect::<String>().into_bytes()
}

fn offline_files() -> Result<Vec<PathBuf>, ProgramError> {
    let folder = offline().ok_or_else(|| {
        ProgramError::Data(format!(
            "--data stories: the corpus (ROCStories) is available only on request; set {OFFLINE} to a folder that \
             holds {}, or use --data FILE with one story per line",
            FILES.join(" and ")
        ))
    })?;
    Ok(FILES.map(|file| folder.join(file)).to_vec())
}

/// The sentences of a line, if it is a story.
fn split(line: &str) -> Option<Vec<String>> {
    if line.contains(LEFT_OUT) {
        return None;
    }
    let columns: Vec<&str> = line.split('\t').collect();
    let found = match columns.len() {
        SENTENCES => columns.into_iter().map(ended).collect(),
        _ => sentences(columns.last()?),
    };
    (found.len() == SENTENCES && found.iter().all(|sentence| !sentence.is_empty())).then_some(found)
}

/// A column's sentence, with a full stop where it has no mark at its end.
fn ended(column: &str) -> String {
    let column = column.trim();
    let stop = if column.ends_with(char::is_alphanumeric) {
        "."
    } else {
        ""
    };
    format!("{column}{stop}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_stories_of_five_sentences() {
        let story = |line| split(line).map(|story| story.join("|"));
        assert_eq!(story("a\tb?\t c \td.\te").as_deref(), Some("a.|b?|c.|d.|e."));
        assert_eq!(
            story("source\tA b. C! D? E. F.").as_deref(),
            Some("A b.|C!|D?|E.|F.")
        );
        assert_eq!(story("A b. C! D? E."), None);
        assert_eq!(story("a\tb\t\td\te"), None);
        assert_eq!(story(""), None);
    }
}
