//! Simulation-based calibration of a posterior that is amortised over conditions, for all tasks: figures, a table
//! and a picture of the ranks of true values among draws.

#[cfg(feature = "engine")]
mod measured;
mod ranks;

#[cfg(feature = "engine")]
pub(super) use measured::{Truths, calibration};
pub use ranks::{CENTRAL, Uniformity, band, coverage, distance, distance_floor, rank, uniformity};

use super::panel::{Listing, Panel, Picture};
use super::rank_histograms::Ranks;
use crate::message::Fit;
use serde::{Deserialize, Serialize};

/// The name of its table and of its picture.
pub const NAME: &str = "calibration";

/// Of a true value and a condition that belong together, the rank of the true value among draws of the posterior
/// under that condition. If the posteriors are right, ranks are uniform. One number a statistic; the statistics
/// are scalars of a sample, which each task names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Number of true values of each statistic.
    pub sbc_truths: usize,
    /// Number of draws among which each is ranked.
    pub sbc_draws: usize,
    /// The p-value of a chi-square test that ranks are uniform.
    pub sbc_p: Vec<f64>,
    /// The Kolmogorov–Smirnov distance of the ranks from uniform ones.
    pub sbc_distance: Vec<f64>,
    /// The histograms of ranks in bins of equally many ranks, one statistic after the other.
    pub sbc_counts: Vec<f64>,
    /// The share of true values within the central 50 % interval of draws.
    pub coverage_50: Vec<f64>,
    /// The same of the 80 % interval.
    pub coverage_80: Vec<f64>,
    /// The same of the 95 % interval.
    pub coverage_95: Vec<f64>,
}

impl Calibration {
    /// Of ranks, one set a statistic, all of one size.
    ///
    /// # Errors
    ///
    /// Where there are too few ranks, or one is above `draws`.
    pub fn of(ranks: &[Vec<usize>], draws: usize) -> Result<Self, String> {
        let truths = ranks.first().map_or(0, Vec::len);
        let mut calibration = Self {
            sbc_truths: truths,
            sbc_draws: draws,
            ..Self::default()
        };
        for ranks in ranks {
            let uniformity = uniformity(ranks, draws, bins(truths, draws))?;
            let counts = uniformity.counts.into_iter().map(|count| count as f64);
            calibration.sbc_counts.extend(counts);
            calibration.sbc_p.push(uniformity.p_value);
            calibration.sbc_distance.push(distance(ranks, draws)?);
            let [half, most, nearly_all] = coverage(ranks, draws)?;
            calibration.coverage_50.push(half);
            calibration.coverage_80.push(most);
            calibration.coverage_95.push(nearly_all);
        }
        Ok(calibration)
    }
}

/// Fewest true values whose ranks tell anything.
#[cfg(feature = "engine")]
pub(super) const FEWEST_TRUTHS: usize = 10;

/// The most bins, up to 20, that hold equally many ranks and expect five of them each; at least two.
fn bins(truths: usize, draws: usize) -> usize {
    let fits = |bins: &usize| (draws + 1).is_multiple_of(*bins) && truths >= 5 * bins;
    (2..=20).rev().find(fits).unwrap_or(2)
}

/// The calibration among a run's figures as a table, where it was measured; `statistic` is what the names are of.
pub(super) fn listing(statistic: &'static str, names: &[impl ToString], fit: &Fit) -> Option<Listing> {
    let calibration: Calibration = fit.of()?;
    let count = calibration.sbc_truths;
    let error = |level: f64| (level * (1.0 - level) / count as f64).sqrt();
    let [half, most, nearly_all] = CENTRAL.map(error);
    let rows = names.iter().enumerate().map(|(at, name)| {
        let figures = [
            &calibration.sbc_p,
            &calibration.sbc_distance,
            &calibration.coverage_50,
            &calibration.coverage_80,
            &calibration.coverage_95,
        ];
        (vec![name.to_string()], figures.map(|figure| figure[at]).into())
    });
    Some(Listing {
        name: NAME,
        title: format!(
            "Calibration of every {statistic}: {count} true values, each ranked among {} draws given its condition.\n\
             p-value of uniform ranks; their distance from uniform ones (Kolmogorov–Smirnov; right posteriors stay below \
             {:.3} in 95 % of cases);\nthe share of true values within the central intervals (standard errors of right \
             posteriors: {half:.3}, {most:.3}, {nearly_all:.3}).",
            calibration.sbc_draws,
            distance_floor(count),
        ),
        headings: [
            vec![statistic],
            vec!["p-value", "distance", "50 %", "80 %", "95 %"],
        ],
        rows: rows.collect(),
    })
}

/// The same as a picture.
pub(super) fn panel(names: &[impl ToString], fit: &Fit) -> Option<Panel> {
    let calibration: Calibration = fit.of()?;
    Some(Panel {
        name: NAME,
        title: format!("ranks of {} true values", calibration.sbc_truths),
        picture: Picture::Ranks(Ranks::new(names, &calibration.sbc_counts)),
    })
}

#[cfg(test)]
mod tests {
    use super::{Calibration, bins, listing, panel};
    use crate::message::Fit;
    use crate::task::panel::Picture;

    #[test]
    fn bins_hold_equally_many_ranks() {
        for (truths, draws, wanted) in [
            (500, 99, 20),
            (99, 99, 10),
            (12, 99, 2),
            (100, 19, 20),
            (60, 19, 10),
            (3, 19, 2),
        ] {
            assert_eq!(bins(truths, draws), wanted, "{truths} {draws}");
        }
    }

    #[test]
    fn figures_of_ranks_become_a_table_and_a_picture() {
        let even: Vec<usize> = (0..100).map(|at| at % 20).collect();
        let calibration = Calibration::of(&[even, vec![10; 100]], 19).expect("ranks");
        assert!(calibration.sbc_p[0] > 0.99 && calibration.sbc_p[1] < 1e-6);
        assert_eq!(calibration.sbc_counts.len(), 40);
        let names = ["a", "b"];
        let fit = Fit::default().with(&calibration);
        assert_eq!(fit.of().as_ref(), Some(&calibration));
        let table = listing("statistic", &names, &fit).expect("it was measured");
        assert!(table.title.contains("0.050, 0.040, 0.022"), "{}", table.title);
        assert_eq!(table.rows[1].0, ["b"]);
        assert_eq!(table.rows[1].1[2..], [1.0, 1.0, 1.0]);
        let Some(Picture::Ranks(ranks)) = panel(&names, &fit).map(|panel| panel.picture) else {
            panic!("no picture")
        };
        assert_eq!(ranks.counts[0], [5; 20]);
        assert!(listing("statistic", &names, &Fit::default()).is_none());
    }
}
