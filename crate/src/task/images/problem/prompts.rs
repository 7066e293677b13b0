//! The texts of several posteriors.

use crate::engine::ConfigError;
use crate::engine::check::{Checked, whole};
use std::collections::BTreeSet;

/// The role of a file of them.
pub const ROLE: &str = "prompts";
/// The field that names it.
pub const FIELD: &str = "prior.prompts_file";

/// Most texts of a run.
const MOST: usize = 1000;
/// Most letters of a text; a text encoder reads fewer, and leaves out the rest.
const MOST_LETTERS: usize = 2000;

/// Checks the texts of a description.
pub fn check(prompts: &[String]) -> Checked {
    whole("the number of prior.prompts", prompts.len(), 2, MOST)?;
    let prompts = prompts.iter().map(String::as_str).enumerate();
    check_each(prompts.map(|(at, prompt)| (format!("prior.prompts[{at}]"), prompt)))
}

/// Those of a file of this name: a line each, without the white space around them.
///
/// # Errors
///
/// Where it is no text in UTF-8, or one of them or their number is refused.
pub fn read(name: &str, file: &[u8]) -> Result<Vec<String>, ConfigError> {
    let text = str::from_utf8(file).map_err(|error| {
        let allowed = format!(
            "a text file in UTF-8, which byte {} is not",
            error.valid_up_to() + 1
        );
        ConfigError::new(FIELD, format!("`{name}`"), allowed)
    })?;
    // Some editors begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().map(str::trim).enumerate();
    let prompts: Vec<(usize, &str)> = lines.filter(|(_, line)| !line.is_empty()).collect();
    whole(
        &format!("the number of lines with a text in {FIELD}"),
        prompts.len(),
        2,
        MOST,
    )?;
    let named = prompts
        .iter()
        .map(|(at, prompt)| (format!("line {} of {FIELD}", at + 1), *prompt));
    check_each(named)?;
    Ok(prompts.into_iter().map(|(_, prompt)| prompt.to_owned()).collect())
}

/// Checks texts, each with its name in errors.
fn check_each<'a>(prompts: impl Iterator<Item = (String, &'a str)>) -> Checked {
    let mut seen = BTreeSet::new();
    for (field, prompt) in prompts {
        whole(
            &format!("the length of {field}"),
            prompt.chars().count(),
            0,
            MOST_LETTERS,
        )?;
        if prompt.chars().any(char::is_control) {
            return Err(ConfigError::new(
                field,
                format!("{prompt:?}"),
                "a text on one line",
            ));
        }
        if !seen.insert(prompt) {
            return Err(ConfigError::new(
                field,
                format!("`{prompt}`"),
                "each text only once",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read;

    fn refused(file: &[u8]) -> String {
        read("texts.txt", file).expect_err("refused").to_string()
    }

    #[test]
    fn a_file_has_a_text_on_every_line_that_is_not_empty() {
        let file = "\u{feff}a small house\r\n\n  ein Häuschen am See \n \t \na cat";
        let prompts = read("texts.txt", file.as_bytes()).expect("read");
        assert_eq!(prompts, ["a small house", "ein Häuschen am See", "a cat"]);
    }

    #[test]
    fn a_file_that_has_none_too_many_or_no_texts_is_refused() {
        let number = "the number of lines with a text in prior.prompts_file: ";
        assert!(refused(b"").contains(&format!("{number}0 is not allowed")));
        assert!(refused(b"\n  \n").contains(&format!("{number}0 is not allowed")));
        assert!(refused(b"a cat\n").contains(&format!("{number}1 is not allowed")));
        let many: String = (0..1001).map(|at| format!("cat {at}\n")).collect();
        assert!(refused(many.as_bytes()).contains(&format!("{number}1001 is not allowed")));
        let said = refused(b"a cat\n\xff\xfe");
        assert!(
            said.contains("prior.prompts_file: `texts.txt`") && said.contains("UTF-8, which byte 7 is not"),
            "{said}"
        );
    }

    #[test]
    fn a_refused_text_is_named_by_its_line() {
        let said = refused(b"a cat\n\na dog\na cat\n");
        assert!(said.contains("line 4 of prior.prompts_file: `a cat`"), "{said}");
        let said = refused(b"a cat\na\tdog\n");
        assert!(
            said.contains("line 2 of prior.prompts_file") && said.contains("a text on one line"),
            "{said}"
        );
        let long = format!("a cat\n{}\n", "x".repeat(2001));
        let said = refused(long.as_bytes());
        assert!(
            said.contains("the length of line 2 of prior.prompts_file: 2001"),
            "{said}"
        );
    }
}
