//! Text as tokens: words, numbers and marks, in lower case.

mod reader;
mod story;
mod vocabulary;

pub use reader::Reader;
pub use story::{Layout, sentences};
pub use vocabulary::{Encoded, MISREAD, TextError, Vocabulary, named};

/// The words and marks of a text, in lower case. Letters that an apostrophe joins are one word.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut inside = false;
    let chars: Vec<char> = text.chars().map(plain).flat_map(char::to_lowercase).collect();
    for (at, c) in chars.iter().enumerate() {
        let joins = *c == '\'' && inside && chars.get(at + 1).is_some_and(|next| next.is_alphanumeric());
        if c.is_whitespace() {
            inside = false;
        } else if c.is_alphanumeric() || joins {
            match words.last_mut().filter(|_| inside) {
                Some(word) => word.push(*c),
                None => words.push(c.to_string()),
            }
            inside = true;
        } else {
            words.push(c.to_string());
            inside = false;
        }
    }
    words
}

/// Quotation marks as a typewriter has them.
fn plain(c: char) -> char {
    match c {
        '’' | '‘' | '`' => '\'',
        '“' | '”' => '"',
        other => other,
    }
}

/// Words as people write them: marks follow their word, sentences begin with a capital.
pub fn written(words: &[&str]) -> String {
    pieces(words).concat()
}

/// The same word by word, each with the space before it.
pub fn pieces(words: &[&str]) -> Vec<String> {
    let mut begins = true;
    let mut before = None;
    let mut pieces = Vec::with_capacity(words.len());
    for word in words {
        let mark = matches!(*word, "." | "," | "!" | "?" | ";" | ":" | ")");
        let joined = mark || matches!(before, None | Some("("));
        let mut piece = if joined { String::new() } else { " ".to_owned() };
        if begins {
            piece.extend(word.chars().take(1).flat_map(char::to_uppercase));
            piece.extend(word.chars().skip(1));
        } else if *word == "i" || word.starts_with("i'") {
            piece.push('I');
            piece.push_str(&word[1..]);
        } else {
            piece.push_str(word);
        }
        begins = matches!(*word, "." | "!" | "?");
        before = Some(*word);
        pieces.push(piece);
    }
    pieces
}
