//! Texts as tokens.

use super::golden;
use rtb::network::diffusers::{Pipeline, Tokenizer};
use serde_json::{Value, json};
use std::fs;

fn read(name: &str) -> Vec<u8> {
    fs::read(golden("latent/tokenizer").0.join(name)).expect("the golden file")
}

fn texts() -> Vec<Value> {
    let file = fs::read(golden("tokens.json").0).expect("the golden file");
    serde_json::from_slice(&file).expect("JSON")
}

fn says_what_transformers_does(tokenizer: &Tokenizer) {
    for text in texts() {
        let own = text["text"].as_str().expect("a text");
        assert_eq!(json!(tokenizer.tokens(own)), text["own"], "{own}");
        assert_eq!(json!(tokenizer.encode(own, 8)), text["padded"], "{own}");
    }
}

#[test]
fn tokens_are_those_of_transformers() {
    let folder = golden("latent");
    let pipeline = Pipeline::open(&folder).expect("an index");
    says_what_transformers_does(&pipeline.tokenizer().expect("whole"));
}

/// Newer versions write one file; merges in it are pairs, or lines in older ones.
#[test]
fn a_tokenizer_of_one_file_says_the_same() {
    let vocab: Value = serde_json::from_slice(&read("vocab.json")).expect("JSON");
    let merges = String::from_utf8(read("merges.txt")).expect("a text");
    let lines: Vec<&str> = merges.lines().skip(1).collect();
    let pairs: Vec<Vec<&str>> = lines.iter().map(|line| line.split(' ').collect()).collect();
    let config = json!({"pad_token": {"content": "!", "special": true}}).to_string();
    for merges in [json!(lines), json!(pairs)] {
        let file = json!({"model": {"vocab": vocab, "merges": merges}}).to_string();
        let tokenizer = Tokenizer::of_one_file(file.as_bytes(), Some(config.as_bytes()));
        says_what_transformers_does(&tokenizer.expect("whole"));
    }
}

#[test]
fn damaged_files_are_refused_by_their_names() {
    let refused = |vocab: &[u8], merges: &[u8]| {
        let tokenizer = Tokenizer::new(vocab, merges, None);
        tokenizer.expect_err("refused").to_string()
    };
    let (vocab, merges) = (read("vocab.json"), read("merges.txt"));
    assert!(refused(b"[", &merges).starts_with("vocab.json: "));
    assert!(refused(&vocab, b"a b\nc\n").starts_with("merges.txt: merge 2 is not allowed"));
    let without = refused(b"{}", &merges);
    assert!(
        without.contains("a vocabulary without `<|startoftext|>`"),
        "{without}"
    );
}
