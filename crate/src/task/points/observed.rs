//! The observations of an open run.

use super::file::table;
use super::names;
use super::observations::{LEAST_OF_EACH, Observations};
use crate::engine::check::whole;
use crate::engine::{Conditions, ConfigError};
use crate::run::Files;
use crate::task::calibration::FEWEST_TRUTHS;
use std::borrow::Cow;

/// Most observations, and most numbers of each.
const MOST_ROWS: usize = 10_000;
const MOST_COLUMNS: usize = 256;
/// Most observations of an iteration.
const AT_ONCE: usize = 16;

/// The observations of a run, one a condition. A run of a single posterior has one of no numbers.
#[derive(Clone, Debug)]
pub struct Observed {
    names: Vec<String>,
    rows: usize,
    /// `[rows][names]`.
    values: Vec<f64>,
    /// The point that each was drawn given, `[rows][d]`, where these are known.
    truth: Option<Vec<f64>>,
}

impl Observed {
    /// That of a run of a single posterior.
    pub fn nothing() -> Self {
        Self {
            names: Vec::new(),
            rows: 1,
            values: Vec::new(),
            truth: None,
        }
    }

    /// The described tables, for these coordinates.
    pub(super) fn read(
        described: &Observations,
        coordinates: &[String],
        files: &Files,
    ) -> Result<Self, ConfigError> {
        let all = table(files, "observations", "observations.file", &described.file)?;
        let rows = all.rows();
        whole("the number of rows of observations.file", rows, 1, MOST_ROWS)?;
        whole(
            "the number of columns of observations.file",
            all.columns(),
            1,
            MOST_COLUMNS,
        )?;
        names::check_columns(coordinates, &all.names)?;
        let truth = described.truth.as_ref().map(|name| {
            let truth = table(files, "truth", "observations.truth", name)?;
            whole(
                "the number of rows of observations.truth",
                truth.rows(),
                rows,
                rows,
            )?;
            whole(
                "the number of rows of observations.truth",
                rows,
                FEWEST_TRUTHS,
                MOST_ROWS,
            )?;
            truth.pick(coordinates).map_err(|why| {
                let allowed = format!("a table with a column for each coordinate ({why})");
                ConfigError::new("observations.truth", format!("`{name}`"), allowed)
            })
        });
        Ok(Self {
            rows,
            truth: truth.transpose()?,
            names: all.names,
            values: all.values,
        })
    }

    /// Number of observations.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names of an observation's numbers.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The true points, `[rows][d]`, where they are known.
    pub fn truth(&self) -> Option<&[f64]> {
        self.truth.as_deref()
    }

    /// Those that iterations of `batch` trajectories are about.
    pub(super) fn conditions(&self, batch: usize) -> Conditions {
        Conditions {
            count: self.rows,
            at_once: (batch / LEAST_OF_EACH).clamp(1, AT_ONCE).min(self.rows),
        }
    }

    fn row(&self, condition: usize) -> &[f64] {
        let columns = self.names.len();
        &self.values[condition * columns..(condition + 1) * columns]
    }

    /// Points of `size` coordinates, each followed by the observation of its condition.
    pub(super) fn behind<'a>(&self, points: &'a [f64], size: usize, conditions: &[usize]) -> Cow<'a, [f64]> {
        if self.names.is_empty() {
            return Cow::Borrowed(points);
        }
        let pairs = points.chunks_exact(size).zip(conditions);
        Cow::Owned(
            pairs
                .flat_map(|(point, condition)| point.iter().chain(self.row(*condition)))
                .copied()
                .collect(),
        )
    }

    /// All of them with mean 0 and deviation 1 over the rows, `[rows][names]`; what is the same in all rows is 0.
    pub(super) fn standardised(&self) -> Vec<f32> {
        let columns = self.names.len();
        let scales: Vec<(f64, f64)> = (0..columns).map(|column| self.scale(column)).collect();
        let values = self.values.iter().zip(scales.iter().cycle());
        values
            .map(|(value, (mean, deviation))| ((value - mean) / deviation) as f32)
            .collect()
    }

    /// Mean and deviation of a column; an infinite deviation where it is constant.
    fn scale(&self, column: usize) -> (f64, f64) {
        let values = || self.values.iter().skip(column).step_by(self.names.len());
        let count = self.rows as f64;
        let mean = values().sum::<f64>() / count;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        let first = self.values[column];
        match values().all(|value| *value == first) {
            true => (first, f64::INFINITY),
            false => (mean, variance.sqrt()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Observations, Observed};
    use crate::run::Files;

    fn described(truth: Option<&str>) -> Observations {
        Observations {
            file: "observations.csv".to_owned(),
            truth: truth.map(str::to_owned),
        }
    }

    fn read(observations: &str) -> Observed {
        let files = Files::default().with("observations", observations.as_bytes().to_vec());
        Observed::read(&described(None), &["a".to_owned()], &files).expect("observations")
    }

    #[test]
    fn columns_are_standardised_and_constant_ones_are_zero() {
        let observed = read("y,constant\n1,0.1\n3,0.1\n5,0.1\n");
        let deviation = (8.0f64 / 3.0).sqrt();
        let wanted = [-2.0 / deviation, 0.0, 0.0, 0.0, 2.0 / deviation, 0.0];
        for (found, wanted) in observed.standardised().iter().zip(wanted) {
            assert!((f64::from(*found) - wanted).abs() < 1e-6, "{found} for {wanted}");
        }
    }

    #[test]
    fn a_point_is_followed_by_its_observation() {
        let observed = read("y,z\n1,2\n3,4\n");
        let behind = observed.behind(&[0.5, 0.6, 0.7], 1, &[1, 0, 1]);
        assert_eq!(behind[..], [0.5, 3.0, 4.0, 0.6, 1.0, 2.0, 0.7, 3.0, 4.0]);
        assert_eq!(Observed::nothing().behind(&[0.5], 1, &[0])[..], [0.5]);
    }

    #[test]
    fn a_batch_holds_a_handful_of_observations() {
        let many: String = (0..40).map(|row| format!("{row}\n")).collect();
        let observed = read(&format!("y\n{many}"));
        for (batch, at_once) in [(8, 1), (64, 8), (1024, 16)] {
            let conditions = observed.conditions(batch);
            assert_eq!((conditions.count, conditions.at_once), (40, at_once), "{batch}");
        }
        assert_eq!(read("y\n1\n2\n").conditions(1024).at_once, 2);
    }

    #[test]
    fn other_tables_are_refused() {
        let refused = |observations: &str, truth: Option<&str>| {
            let files = Files::default().with("observations", observations.as_bytes().to_vec());
            let files = files.with("truth", truth.unwrap_or_default().as_bytes().to_vec());
            let described = described(truth.map(|_| "theta.csv"));
            let refused = Observed::read(&described, &["a".to_owned(), "b".to_owned()], &files);
            refused.expect_err(observations).to_string()
        };
        let rows = |count: usize| (0..count).map(|row| format!("{row},0\n")).collect::<String>();
        let ten = format!("y,z\n{}", rows(10));
        for (observations, truth, said) in [
            ("y,a\n1,2\n", None, "the name of column 2 of observations.file"),
            ("y,a\n1,2\n", None, "`a`"),
            ("y,exp\n1,2\n", None, "a function or a number of that name"),
            ("y-1\n1\n", None, "begins with a letter"),
            (
                &format!("y,z\n{}", rows(10_001)),
                None,
                "the number of rows of observations.file",
            ),
            (
                "y\n1\n2\n",
                Some("a,b\n1,2\n"),
                "the number of rows of observations.truth",
            ),
            ("y\n1\n2\n", Some("a,b\n1,2\n1,2\n"), "10"),
            (
                &ten,
                Some(&format!("a,c\n{}", rows(10))),
                "has no column `b`; it has a, c",
            ),
        ] {
            let error = refused(observations, truth);
            assert!(error.contains(said), "{said}: {error}");
        }
        let wide: Vec<String> = (0..257).map(|column| format!("y{column}")).collect();
        let error = refused(
            &format!("{}\n{}\n", wide.join(","), vec!["0"; 257].join(",")),
            None,
        );
        assert!(
            error.contains("the number of columns of observations.file"),
            "{error}"
        );
    }
}
