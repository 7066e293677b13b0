//! Stories of which a part is missing.

use super::{TextError, Vocabulary};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The sentences of a text: they end with a full stop, an exclamation or a question mark, and the
/// quotation marks and brackets after it.
pub fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut sentence, mut ended) = (String::new(), false);
    for c in text.chars() {
        if ended && c.is_whitespace() {
            found.push(std::mem::take(&mut sentence).trim().to_owned());
            ended = false;
            continue;
        }
        ended = match c {
            '.' | '!' | '?' => true,
            '"' | '\'' | '”' | '’' | ')' => ended,
            _ => false,
        };
        sentence.push(c);
    }
    found.push(sentence.trim().to_owned());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// Where the parts of a story stand: what is known before the gap ends at it, what is known after it
/// begins at it, and what is left of either place is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Places of what comes before the gap, in tokens.
    pub before: usize,
    /// Places of the gap, in tokens.
    pub gap: usize,
    /// Places of what comes after the gap, in tokens.
    pub after: usize,
}

impl Layout {
    /// Tokens of a story.
    pub fn length(&self) -> usize {
        self.before + self.gap + self.after
    }

    /// The places of the gap.
    pub fn gap(&self) -> Range<usize> {
        self.before..self.before + self.gap
    }

    /// The tokens of a story's parts, `[length]`; an empty gap is of nothing.
    ///
    /// # Errors
    ///
    /// Where a part is longer than its place, or nothing is given at all.
    pub fn tokens(
        &self,
        vocabulary: &Vocabulary,
        [before, gap, after]: [&str; 3],
    ) -> Result<Vec<usize>, TextError> {
        let part = |name: &'static str, text: &str, most: usize| {
            let tokens = vocabulary.encode(text).tokens;
            if tokens.len() > most {
                let tokens = tokens.len();
                return Err(TextError::Length { name, tokens, most });
            }
            Ok(tokens)
        };
        let before = part("beginning", before, self.before)?;
        let gap = part("middle", gap, self.gap)?;
        let after = part("ending", after, self.after)?;
        if before.is_empty() && after.is_empty() {
            return Err(TextError::Empty);
        }
        let mut tokens = vec![Vocabulary::NOTHING; self.length()];
        tokens[self.before - before.len()..self.before].copy_from_slice(&before);
        tokens[self.before..self.before + gap.len()].copy_from_slice(&gap);
        let start = self.gap().end;
        tokens[start..start + after.len()].copy_from_slice(&after);
        Ok(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout {
        before: 5,
        gap: 3,
        after: 4,
    };

    #[test]
    fn texts_fall_into_sentences() {
        let text = "Why not? He said \"no.\" It cost 3.50 dollars!  (Really.) the end";
        let expected = [
            "Why not?",
            "He said \"no.\"",
            "It cost 3.50 dollars!",
            "(Really.)",
            "the end",
        ];
        assert_eq!(sentences(text), expected);
        assert_eq!(sentences(" "), Vec::<String>::new());
    }

    #[test]
    fn parts_stand_at_the_gap() {
        let vocabulary = Vocabulary::read("<nothing>\n<unknown>\na\nb\n.").expect("five words");
        let tokens = |parts| LAYOUT.tokens(&vocabulary, parts);
        assert_eq!(
            tokens(["a b.", "b", "a."]),
            Ok(vec![0, 0, 2, 3, 4, 3, 0, 0, 2, 4, 0, 0])
        );
        assert_eq!(
            tokens(["", "", "x"]),
            Ok(vec![0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
        );
        assert_eq!((LAYOUT.length(), LAYOUT.gap()), (12, 5..8));
        let refused = |parts| tokens(parts).expect_err("refused").to_string();
        assert!(
            refused(["a a a a a a", "", ""])
                .contains("the beginning has 6 words and punctuation marks; the most is 5")
        );
        assert!(refused(["a", "a a a a", ""]).contains("the middle has 4"));
        assert!(refused([" ", "a", "\n"]).contains("a beginning or an ending"));
    }
}
