//! The words that a model knows.

use super::{words, written};
use crate::engine::beginning;
use std::collections::HashMap;

/// Stands where there is no word.
const NOTHING: &str = "<nothing>";
/// Stands for a word that is not known.
const UNKNOWN: &str = "<unknown>";
/// Most words of a vocabulary.
const MOST_WORDS: usize = 100_000;

/// Why a text or a vocabulary is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A vocabulary with too few or too many words.
    #[error("a vocabulary of {0} words is not allowed; use 3 to {MOST_WORDS} words")]
    Size(usize),
    /// A wrong line of a vocabulary.
    #[error("line {line} of the vocabulary is `{word}`; it must be {expected}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What it says.
        word: String,
        /// What it must be: completes "it must be …".
        expected: String,
    },
    /// A part of a story that is too long for the model.
    #[error("the {name} has {tokens} words and punctuation marks; the most is {most}")]
    Length {
        /// The part: `beginning`, `middle` or `ending`.
        name: &'static str,
        /// Words and marks that it has.
        tokens: usize,
        /// Most that are allowed.
        most: usize,
    },
    /// A story with neither a beginning nor an ending.
    #[error("the story is empty; give a beginning or an ending")]
    Empty,
}

/// Words by number. The first two stand for nothing and for a word that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    words: Vec<String>,
    numbers: HashMap<String, usize>,
}

/// A text in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Numbers of its words and marks; [`Vocabulary::UNKNOWN`] for those that are not known.
    pub tokens: Vec<usize>,
    /// Words that are not known, in the order of the text.
    pub unknown: Vec<String>,
}

/// What becomes of words that models do not know.
pub const MISREAD: &str = "the models do not know these, and read each as the same unknown word";

/// Words as messages name them: the first of them, in quotes.
pub fn named(words: &[String]) -> String {
    const NAMED: usize = 10;
    let quoted: Vec<_> = words.iter().take(NAMED).map(|word| format!("`{word}`")).collect();
    match words.len().saturating_sub(NAMED) {
        0 => quoted.join(", "),
        more => format!("{} and {more} more", quoted.join(", ")),
    }
}

impl Vocabulary {
    /// The number of no word.
    pub const NOTHING: usize = 0;
    /// The number of words that are not known.
    pub const UNKNOWN: usize = 1;

    /// The words that are most frequent in texts, `size` with the two that stand for others; of
    /// equally frequent ones the first by the alphabet.
    ///
    /// # Errors
    ///
    /// Where the size is refused.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>, size: usize) -> Result<Self, TextError> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for word in texts.flat_map(words) {
            *counts.entry(word).or_default() += 1;
        }
        let mut found: Vec<_> = counts.into_iter().collect();
        found.sort_by(|(a, many), (b, few)| few.cmp(many).then(a.cmp(b)));
        let marks = [NOTHING, UNKNOWN].map(str::to_owned).into_iter();
        let known = found.into_iter().map(|(word, _)| word);
        Self::new(marks.chain(known).take(size).collect())
    }

    fn new(words: Vec<String>) -> Result<Self, TextError> {
        if !(3..=MOST_WORDS).contains(&words.len()) {
            return Err(TextError::Size(words.len()));
        }
        let mut numbers = HashMap::new();
        for (number, word) in words.iter().enumerate() {
            let expected = match number {
                Self::NOTHING if word != NOTHING => format!("`{NOTHING}`"),
                Self::UNKNOWN if word != UNKNOWN => format!("`{UNKNOWN}`"),
                _ if word.is_empty() || word.contains(char::is_whitespace) => "a single word".to_owned(),
                _ if numbers.insert(word.clone(), number).is_some() => {
                    "a word that stands on no other line".to_owned()
                }
                _ => continue,
            };
            return Err(TextError::Line {
                line: number + 1,
                word: beginning(word),
                expected,
            });
        }
        Ok(Self { words, numbers })
    }

    /// Reads a file with a word a line.
    ///
    /// # Errors
    ///
    /// Names the line that is refused.
    pub fn read(file: &str) -> Result<Self, TextError> {
        Self::new(file.lines().map(str::to_owned).collect())
    }

    /// The file that [`Vocabulary::read`] reads.
    pub fn file(&self) -> String {
        self.words.iter().map(|word| format!("{word}\n")).collect()
    }

    /// Words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// A word by its number.
    pub fn word(&self, number: usize) -> &str {
        self.words.get(number).map_or(UNKNOWN, String::as_str)
    }

    /// A text in numbers.
    pub fn encode(&self, text: &str) -> Encoded {
        let mut encoded = Encoded::default();
        for word in words(text) {
            let number = self.numbers.get(&word).copied();
            encoded.tokens.push(number.unwrap_or(Self::UNKNOWN));
            if number.is_none() {
                encoded.unknown.push(word);
            }
        }
        encoded
    }

    /// Words of texts that it does not know, each once.
    pub fn unknown<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut found = Vec::new();
        for word in texts.into_iter().flat_map(|text| self.encode(text).unknown) {
            if !found.contains(&word) {
                found.push(word);
            }
        }
        found
    }

    /// Numbers as people write text, without those that stand for no word.
    pub fn decode(&self, tokens: &[usize]) -> String {
        let known = tokens.iter().filter(|token| **token != Self::NOTHING);
        written(&known.map(|token| self.word(*token)).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Tim’s dog didn't bark. \"Why?\" he asked; 12 (twelve) times he'd asked, said Tim.";

    #[test]
    fn texts_become_words_and_marks() {
        let found = words(TEXT);
        let expected =
            "tim's dog didn't bark . \" why ? \" he asked ; 12 ( twelve ) times he'd asked , said tim .";
        assert_eq!(found.join(" "), expected);
        assert_eq!(words(" \n "), Vec::<String>::new());
        assert_eq!(words("rock 'n' roll'"), ["rock", "'", "n", "'", "roll", "'"]);
    }

    #[test]
    fn words_become_texts() {
        let all = words("He said: I'm (so) sorry, and I left. Then i'll go! why?");
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(
            written(&all),
            "He said: I'm (so) sorry, and I left. Then I'll go! Why?"
        );
        assert_eq!(written(&[]), "");
    }

    #[test]
    fn the_most_frequent_words_are_known() {
        let texts = ["a b b c", "b c d"];
        let vocabulary = Vocabulary::of(texts.into_iter(), 5).expect("five words");
        assert_eq!(vocabulary.file(), "<nothing>\n<unknown>\nb\nc\na\n");
        assert_eq!(Vocabulary::read(&vocabulary.file()), Ok(vocabulary.clone()));
        let encoded = vocabulary.encode("A d b.");
        assert_eq!(
            (encoded.tokens.as_slice(), vocabulary.len()),
            (&[4, 1, 2, 1][..], 5)
        );
        assert_eq!(encoded.unknown, ["d", "."]);
        assert_eq!(vocabulary.decode(&[4, 2, 0, 0, 9]), "A b <unknown>");
        assert_eq!(vocabulary.unknown(["a d e.", "d f"]), ["d", "e", ".", "f"]);
    }

    #[test]
    fn vocabularies_that_make_no_sense_are_refused() {
        let refused = |file: &str| Vocabulary::read(file).expect_err(file).to_string();
        assert!(refused("").contains("0 words"));
        assert!(refused("a\nb\nc").contains("line 1 of the vocabulary is `a`"));
        assert!(refused("<nothing>\nb\nc").contains("`<unknown>`"));
        assert!(refused("<nothing>\n<unknown>\na\na").contains("line 4"));
        assert!(refused("<nothing>\n<unknown>\na b").contains("a single word"));
    }

    #[test]
    fn of_many_words_the_first_are_named() {
        let words = |count: usize| -> Vec<String> { (0..count).map(|n| n.to_string()).collect() };
        assert_eq!(named(&words(2)), "`0`, `1`");
        assert!(named(&words(12)).ends_with("`9` and 2 more"));
    }
}
