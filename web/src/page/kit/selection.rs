//! What is selected for editing, on the panels and in the lists alike.

use super::paint::Brush;

/// What is selected.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Selection {
    /// One of the things that the prior is made of, and of those of the reward.
    pub prior: Option<usize>,
    pub reward: Option<usize>,
    pub brush: Brush,
}

impl Selection {
    /// With another one selected, of the prior or of the reward.
    pub fn with(mut self, prior: bool, selected: Option<usize>) -> Self {
        *(if prior { &mut self.prior } else { &mut self.reward }) = selected;
        self
    }
}
