//! Stories in numbers, to be read.

use super::{Layout, TextError, Vocabulary, pieces};

/// Stands for a token that is masked.
const MASKED: &str = "▢";

/// Reads stories, which are tokens, `[length]`: numbers of words, and the number of words for a token
/// that is masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The words that it knows.
    pub vocabulary: Vocabulary,
    /// Where the parts of a story stand.
    pub layout: Layout,
}

impl Reader {
    /// A reader of words that a file lists ([`Vocabulary::read`]).
    ///
    /// # Errors
    ///
    /// Names the line that is refused.
    pub fn new(words: &str, layout: Layout) -> Result<Self, TextError> {
        Ok(Self {
            vocabulary: Vocabulary::read(words)?,
            layout,
        })
    }

    /// The stories of a text, `[length]` tokens each: a story a line, with tabs between what comes before
    /// the middle, the middle and what comes after it. Others, and those that do not fit, are left out.
    pub fn stories<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Vec<usize>> + 'a {
        text.lines().filter_map(|line| {
            let parts: [&str; 3] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
            let whole = parts.iter().all(|part| !part.is_empty());
            let tokens = self.layout.tokens(&self.vocabulary, parts).ok();
            tokens.filter(|_| whole)
        })
    }

    /// Words and marks of a story's middle, without what stands for nothing.
    pub fn tokens(&self, story: &[f32]) -> Vec<usize> {
        let tokens = story[self.layout.gap()].iter().map(|token| *token as usize);
        tokens.filter(|token| *token != Vocabulary::NOTHING).collect()
    }

    /// A story's middle as people write it.
    pub fn middle(&self, story: &[f32]) -> String {
        self.vocabulary.decode(&self.tokens(story))
    }

    /// What comes before a story's middle, the middle and what comes after it, without tokens that are masked.
    pub fn parts(&self, story: &[f32]) -> [String; 3] {
        let gap = self.layout.gap();
        let parts = [&story[..gap.start], &story[gap.clone()], &story[gap.end..]];
        parts.map(|tokens| {
            let tokens = tokens.iter().map(|token| *token as usize);
            let words: Vec<usize> = tokens.filter(|token| *token < self.vocabulary.len()).collect();
            self.vocabulary.decode(&words)
        })
    }

    /// Stories, `[count][length]`, with all their parts; the middle stands between bars.
    pub fn wholes(&self, stories: &[f32]) -> Vec<String> {
        let stories = stories.chunks_exact(self.layout.length());
        stories.map(|story| self.parts(story).join(" | ")).collect()
    }

    /// A story's middle word by word: the place in the gap and what is written there, a box for a
    /// token that is masked.
    pub fn pieces(&self, story: &[f32]) -> Vec<(usize, String)> {
        let tokens = story[self.layout.gap()].iter().map(|token| *token as usize);
        let said: Vec<_> = tokens
            .enumerate()
            .filter(|(_, token)| *token != Vocabulary::NOTHING)
            .collect();
        let word = |token: usize| match token == self.vocabulary.len() {
            true => MASKED,
            false => self.vocabulary.word(token),
        };
        let words: Vec<&str> = said.iter().map(|(_, token)| word(*token)).collect();
        let places = said.iter().map(|(place, _)| *place);
        places.zip(pieces(&words)).collect()
    }

    /// The middles of stories, `[count][length]`.
    pub fn middles(&self, stories: &[f32]) -> Vec<String> {
        let stories = stories.chunks_exact(self.layout.length());
        stories.map(|story| self.middle(story)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_are_read() {
        let layout = Layout {
            before: 1,
            gap: 3,
            after: 1,
        };
        let reader = Reader::new("<nothing>\n<unknown>\ncats\nran\n.", layout).expect("five words");
        let stories = [2.0, 2.0, 3.0, 4.0, 2.0, 2.0, 3.0, 0.0, 0.0, 2.0];
        assert_eq!(reader.middles(&stories), ["Cats ran.", "Ran"]);
        assert_eq!(reader.tokens(&stories[5..]), [3]);
        assert_eq!(reader.wholes(&stories[..5]), ["Cats | Cats ran. | Cats"]);
        let half = [0.0, 5.0, 3.0, 4.0, 0.0];
        assert_eq!(reader.parts(&half), ["", "Ran.", ""]);
        let written = |place, text: &str| (place, text.to_owned());
        let expected = [written(0, "▢"), written(1, " ran"), written(2, ".")];
        assert_eq!(reader.pieces(&half), expected);
        assert!(Reader::new("a", layout).is_err());
        let text = "cats\tran\tcats\n\ncats\tran\nran\t\tran\ncats\tcats ran cats ran\tran\n.\tran.\tran";
        let stories: Vec<_> = reader.stories(text).collect();
        assert_eq!(stories, [[2, 3, 0, 0, 2], [4, 3, 4, 0, 3]]);
    }
}
