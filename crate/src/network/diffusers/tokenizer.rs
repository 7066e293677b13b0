//! `CLIPTokenizer` of transformers: a text's tokens, by byte pair encoding (arXiv 1508.07909).

use crate::engine::ConfigError;
use regex::Regex;
use serde::Deserialize;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Comes before every text.
const START: &str = "<|startoftext|>";
/// Comes after every text.
const END: &str = "<|endoftext|>";
/// Follows the last letter of a word.
const WORD_END: &str = "</w>";
/// What is one word: the shortened forms, letters, a digit, or other signs.
const WORDS: &str = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+";

/// Words to numbers, as CLIP's text encoder was trained.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    numbers: HashMap<String, u32>,
    /// The place of every merge of two symbols, which is its rank.
    ranks: HashMap<(String, String), usize>,
    /// The tokens that texts may name, the start, the end and the padding, with their numbers.
    marks: [(String, u32); 3],
    words: Regex,
}

/// `tokenizer.json`, of which the model is read.
#[derive(Deserialize)]
struct Whole {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, u32>,
    merges: Vec<Merge>,
}

/// Newer files have two texts, older ones one with a space between.
#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Pair([String; 2]),
    Line(String),
}

/// `tokenizer_config.json`, of which the padding is read.
#[derive(Deserialize)]
struct Config {
    pad_token: Option<Token>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Token {
    Plain(String),
    Described { content: String },
}

fn refused(file: &str, why: impl std::fmt::Display) -> ConfigError {
    ConfigError::new(file, why, "a file that transformers' `CLIPTokenizer` wrote")
}

impl Tokenizer {
    /// A tokenizer of `vocab.json` and `merges.txt`; what `tokenizer_config.json` has of the padding.
    ///
    /// # Errors
    ///
    /// Names the file that is wrong.
    pub fn new(vocab: &[u8], merges: &[u8], config: Option<&[u8]>) -> Result<Self, ConfigError> {
        let vocab = serde_json::from_slice(vocab).map_err(|e| refused("vocab.json", e))?;
        let text = std::str::from_utf8(merges).map_err(|e| refused("merges.txt", e))?;
        let lines = text.lines().filter(|line| !line.starts_with("#version"));
        let lines = lines.filter(|line| !line.trim().is_empty());
        let merges = lines.map(|line| Merge::Line(line.to_owned())).collect();
        Self::of(Model { vocab, merges }, "merges.txt", config)
    }

    /// A tokenizer of `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// Names the file that is wrong.
    pub fn of_one_file(file: &[u8], config: Option<&[u8]>) -> Result<Self, ConfigError> {
        let name = "tokenizer.json";
        let whole: Whole = serde_json::from_slice(file).map_err(|e| refused(name, e))?;
        Self::of(whole.model, name, config)
    }

    fn of(model: Model, file: &str, config: Option<&[u8]>) -> Result<Self, ConfigError> {
        let pair = |merge: Merge| match merge {
            Merge::Pair([one, other]) => Some((one, other)),
            Merge::Line(line) => {
                let (one, other) = line.trim_end().split_once(' ')?;
                Some((one.to_owned(), other.to_owned()))
            }
        };
        let mut ranks = HashMap::new();
        for (rank, merge) in model.merges.into_iter().enumerate() {
            let pair = pair(merge).ok_or_else(|| refused(file, format!("merge {}", rank + 1)))?;
            ranks.insert(pair, rank);
        }
        let mark = |token: String| {
            let number = model.vocab.get(&token).copied();
            let number = number.ok_or_else(|| refused(file, format!("a vocabulary without `{token}`")))?;
            Ok((token, number))
        };
        let name = "tokenizer_config.json";
        let config: Option<Config> = config
            .map(|json| serde_json::from_slice(json).map_err(|e| refused(name, e)))
            .transpose()?;
        let padding = match config.and_then(|config| config.pad_token) {
            None => END.to_owned(),
            Some(Token::Plain(token) | Token::Described { content: token }) => token,
        };
        Ok(Self {
            ranks,
            marks: [mark(START.to_owned())?, mark(END.to_owned())?, mark(padding)?],
            words: Regex::new(WORDS).expect("a regular expression"),
            numbers: model.vocab,
        })
    }

    /// Every number is below this.
    pub fn size(&self) -> usize {
        self.numbers.values().max().map_or(0, |most| *most as usize + 1)
    }

    /// The numbers of a text, `length` of them: the start, the text's own as far as they fit, the end, padding.
    pub fn encode(&self, text: &str, length: usize) -> Vec<u32> {
        let [start, end, padding] = [0, 1, 2].map(|at| self.marks[at].1);
        let mut numbers = vec![start];
        numbers.extend(self.tokens(text));
        numbers.truncate(length.saturating_sub(1));
        numbers.push(end);
        numbers.resize(length, padding);
        numbers
    }

    /// A text's own numbers.
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        let next = |text: &str| {
            let marks = self.marks.iter();
            marks
                .filter_map(|(mark, number)| Some((text.find(mark)?, mark, *number)))
                .min_by_key(|(at, ..)| *at)
        };
        let (mut numbers, mut rest) = (Vec::new(), text);
        while let Some((at, mark, number)) = next(rest) {
            self.read(&rest[..at], &mut numbers);
            numbers.push(number);
            rest = &rest[at + mark.len()..];
        }
        self.read(rest, &mut numbers);
        numbers
    }

    /// Appends the numbers of a text without marks.
    fn read(&self, text: &str, numbers: &mut Vec<u32>) {
        let text: String = text.nfc().collect();
        for word in self.words.find_iter(&text.to_lowercase()) {
            for symbol in self.symbols(word.as_str()) {
                numbers.push(self.numbers.get(&symbol).copied().unwrap_or(self.marks[1].1));
            }
        }
    }

    /// A word's bytes, merged as long as there is a merge, that of the lowest rank first.
    fn symbols(&self, word: &str) -> Vec<String> {
        let mut symbols: Vec<String> = word.bytes().map(|byte| letter(byte).to_string()).collect();
        if let Some(last) = symbols.last_mut() {
            last.push_str(WORD_END);
        }
        let rank = |pair: &[String]| self.ranks.get(&(pair[0].clone(), pair[1].clone())).copied();
        while let Some((_, pair)) = symbols
            .windows(2)
            .filter_map(|pair| Some((rank(pair)?, [pair[0].clone(), pair[1].clone()])))
            .min_by_key(|(rank, _)| *rank)
        {
            let mut merged = Vec::with_capacity(symbols.len());
            let mut rest = symbols.into_iter().peekable();
            while let Some(symbol) = rest.next() {
                let both = symbol == pair[0] && rest.peek() == Some(&pair[1]);
                merged.push(if both {
                    symbol + &rest.next().unwrap_or_default()
                } else {
                    symbol
                });
            }
            symbols = merged;
        }
        symbols
    }
}

/// The printable letter that stands for a byte (GPT-2): itself, or one from U+0100 on.
fn letter(byte: u8) -> char {
    let printable = |byte: &u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    match printable(&byte) {
        true => char::from(byte),
        false => {
            let before = (0..byte).filter(|byte| !printable(byte)).count();
            char::from_u32(0x100 + before as u32).expect("a letter")
        }
    }
}
