//! What every refusal has to be.

use rtb::engine::EngineError;
use rtb::run::ConfigError;

/// Longest refusal. Lists of all fields, and a word that stands in no list, fit into it.
const LONGEST: usize = 1500;

/// Names of Rust's types and the words of its libraries, which nobody who writes a description knows.
const FOREIGN: &[&str] = &[
    "usize",
    "u64",
    "u32",
    "i64",
    "i128",
    "f64",
    "struct",
    "enum",
    "tuple",
    "variant",
    "field identifier",
    "invalid type",
    "invalid value",
    "invalid length",
    "Option",
    "Error",
    "panicked",
    "wanted exactly",
];

/// A sentence in our words, of a length that can be read.
pub fn is_sentence(text: &str) {
    assert!(!text.trim().is_empty(), "an empty refusal");
    assert!(
        text.chars().count() <= LONGEST,
        "a refusal of {} characters: {}…",
        text.chars().count(),
        text.chars().take(200).collect::<String>()
    );
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let words = format!(" {} ", words.join(" "));
    for foreign in FOREIGN {
        assert!(!words.contains(&format!(" {foreign} ")), "`{foreign}` in: {text}");
    }
}

/// A refused value: it names the field, and what is allowed.
pub fn names_field(error: &ConfigError) {
    is_sentence(&error.to_string());
    assert!(!error.field.trim().is_empty(), "no field is named: {error}");
    assert!(
        !error.field.contains('\n'),
        "a field of more than one line: {error}"
    );
    assert!(!error.allowed.trim().is_empty(), "nothing is allowed: {error}");
}

/// Whatever an engine refuses.
pub fn is_refusal(error: &EngineError) {
    match error {
        EngineError::Config(error) => names_field(error),
        EngineError::Device(_) => panic!("the device failed: {error}"),
        other => is_sentence(&other.to_string()),
    }
}
