//! A series of bounded length that always reaches from the first item to the last.

use serde::{Deserialize, Serialize};

/// Keeps at most `CAP` items of a growing series, evenly spaced, and always the first and the
/// last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thinned<T, const CAP: usize> {
    items: Vec<T>,
    /// Every `stride`-th item is kept for good; the last may be in between.
    stride: usize,
    seen: usize,
}

impl<T, const CAP: usize> Default for Thinned<T, CAP> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            stride: 1,
            seen: 0,
        }
    }
}

impl<T, const CAP: usize> Thinned<T, CAP> {
    pub fn push(&mut self, item: T) {
        let last_stays = self.seen == 0 || (self.seen - 1).is_multiple_of(self.stride);
        if !last_stays {
            self.items.pop();
        }
        if self.items.len() == CAP {
            let mut at = 0;
            self.items.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.stride *= 2;
        }
        self.items.push(item);
        self.seen += 1;
    }

    /// Puts an item in the place of the last one, where there is one like that.
    pub fn push_or_replace(&mut self, item: T, same: impl Fn(&T) -> bool) {
        match self.items.last_mut() {
            Some(last) if same(last) => *last = item,
            _ => self.push(item),
        }
    }

    /// Drops the items at the end that do not stay.
    pub fn drop_last(&mut self, stays: impl Fn(&T) -> bool) {
        let before = self.items.len();
        while self.items.last().is_some_and(|last| !stays(last)) {
            self.items.pop();
        }
        if self.items.len() < before {
            self.seen = self
                .items
                .len()
                .checked_sub(1)
                .map_or(0, |last| last * self.stride + 1);
        }
    }

    pub fn items(&self) -> &[T] {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use super::Thinned;

    #[test]
    fn what_is_looked_at_again_is_replaced() {
        let mut series = Thinned::<(usize, char), 10>::default();
        for item in [(0, 'a'), (0, 'b'), (1, 'c'), (1, 'd')] {
            series.push_or_replace(item, |last| last.0 == item.0);
        }
        assert_eq!(series.items(), [(0, 'b'), (1, 'd')]);
    }

    #[test]
    fn a_series_whose_end_is_dropped_goes_on_evenly() {
        let (mut series, mut straight) = (Thinned::<usize, 10>::default(), Thinned::default());
        (0..1000).for_each(|i| series.push(i));
        series.drop_last(|i| *i <= 400);
        (*series.items().last().unwrap() + 1..1000).for_each(|i| series.push(i));
        (0..1000).for_each(|i| straight.push(i));
        assert_eq!(series, straight);
        series.drop_last(|_| false);
        series.push(7);
        assert_eq!(series.items(), [7]);
    }

    #[test]
    fn keeps_first_and_last_and_stays_even() {
        let mut series = Thinned::<usize, 10>::default();
        for i in 0..1000 {
            series.push(i);
            let items = series.items();
            assert!(items.len() <= 10);
            assert_eq!((items[0], items[items.len() - 1]), (0, i));
            let gaps: Vec<_> = items.windows(2).map(|w| w[1] - w[0]).collect();
            let inner = &gaps[..gaps.len().saturating_sub(1)];
            assert!(inner.iter().all(|g| *g == inner[0]), "{items:?}");
        }
    }
}
