//! Ranks of true values as one picture: a histogram of each statistic, and how often intervals hold the truth.

/// Histograms of ranks.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    /// The names of the statistics.
    pub names: Vec<String>,
    /// Ranks in every bin, one list a statistic; all bins hold equally many ranks.
    pub counts: Vec<Vec<usize>>,
}

impl Ranks {
    /// Of counts one statistic after the other, equally many of each.
    pub fn new(names: &[impl ToString], counts: &[f64]) -> Self {
        let bins = (counts.len() / names.len().max(1)).max(1);
        let of_statistic = |counts: &[f64]| counts.iter().map(|count| *count as usize).collect();
        Self {
            names: names.iter().map(ToString::to_string).collect(),
            counts: counts.chunks(bins).map(of_statistic).collect(),
        }
    }

    /// Number of true values of each statistic.
    pub fn truths(&self) -> usize {
        self.counts.first().map_or(0, |counts| counts.iter().sum())
    }

    /// Number of bins.
    pub fn bins(&self) -> usize {
        self.counts.first().map_or(0, Vec::len)
    }

    /// The levels of the central intervals that end at edges of bins, each with the share of true values that
    /// they hold, in the order of the levels, from 0 to 1.
    pub fn coverage(&self, statistic: usize) -> Vec<(f64, f64)> {
        let (counts, bins) = (&self.counts[statistic], self.bins());
        let left_out = (0..=bins / 2).rev();
        let share = |out: usize| {
            let held: usize = counts[out..bins - out].iter().sum();
            let level = (bins - 2 * out) as f64 / bins as f64;
            (level, held as f64 / self.truths() as f64)
        };
        let inner = left_out.map(share);
        let origin = (!bins.is_multiple_of(2)).then_some((0.0, 0.0));
        origin.into_iter().chain(inner).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Ranks;

    #[test]
    fn coverage_sums_the_bins_in_the_middle() {
        let of = |counts: &[f64]| {
            let ranks = Ranks::new(&["a"], counts);
            assert_eq!((ranks.truths(), ranks.bins()), (10, counts.len()));
            ranks.coverage(0)
        };
        assert_eq!(of(&[1.0, 4.0, 4.0, 1.0]), [(0.0, 0.0), (0.5, 0.8), (1.0, 1.0)]);
        let odd = of(&[1.0, 2.0, 1.0, 3.0, 3.0]);
        assert_eq!(odd, [(0.0, 0.0), (0.2, 0.1), (0.6, 0.6), (1.0, 1.0)]);
    }
}
