//! The Gaussians of a mixture in R^d.

use super::names::MOST_COORDINATES;
use crate::engine::ConfigError;
use crate::engine::check::{Checked, range, whole};
use crate::task::linear::cholesky;
use serde::{Deserialize, Serialize};

/// Most components of a mixture.
const MOST_COMPONENTS: usize = 256;
/// Bounds of means and covariances, and of variances.
const LARGEST: f64 = 1e9;
const VARIANCES: [f64; 2] = [1e-12, 1e12];

/// A Gaussian of a mixture in R^d. It has either `variances` or `covariance`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its weight; weights need not sum to 1.
    #[serde(default = "one")]
    pub weight: f64,
    /// Its mean, one number a coordinate.
    pub mean: Vec<f64>,
    /// The variance of each coordinate, where they are independent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variances: Vec<f64>,
    /// The covariance matrix, a list of rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covariance: Vec<Vec<f64>>,
}

fn one() -> f64 {
    1.0
}

/// Checks the components of a mixture whose coordinates have these names, x1, x2, … if there are none.
///
/// # Errors
///
/// Where numbers of coordinates differ, the list that differs from the others is named, and one of those.
pub(super) fn check_all(components: &[Component], names: &[String]) -> Checked {
    whole(
        "the number of prior.components",
        components.len(),
        1,
        MOST_COMPONENTS,
    )?;
    let d = components[0].mean.len();
    let own: Vec<String> = match names {
        [] => (1..=d).map(|at| format!("x{at}")).collect(),
        names => names.to_vec(),
    };
    let field = |at: usize| format!("prior.components[{at}]");
    let mut sizes = Vec::new();
    for (at, component) in components.iter().enumerate() {
        component.check_numbers(&field(at), &own)?;
        sizes.push(component.sizes(&field(at))?);
    }
    let differs = |list: String, count: usize, other: String| {
        let value = format!("{count}, beside {other},");
        let allowed = "one for each coordinate";
        Err(ConfigError::new(format!("the number of {list}"), value, allowed))
    };
    let agree = sizes.iter().flatten().all(|(_, size)| *size == d);
    if agree && own.len() != d {
        return differs(
            "prior.names".to_owned(),
            own.len(),
            format!("{d} coordinates of components"),
        );
    }
    whole("the number of prior.components[0].mean", d, 1, MOST_COORDINATES)?;
    for (at, of) in sizes.into_iter().enumerate() {
        let [(mean, means), (spread, spreads)] = of;
        if names.is_empty() && means != spreads {
            return differs(
                format!("{}.{spread}", field(at)),
                spreads,
                format!("{means} in its {mean}"),
            );
        }
        if let Some((list, count)) = of.into_iter().find(|(_, count)| *count != own.len()) {
            let like = match names {
                [] => "prior.components[0].mean",
                _ => "prior.names",
            };
            return differs(
                format!("{}.{list}", field(at)),
                count,
                format!("{} in {like}", own.len()),
            );
        }
    }
    let mut all = components.iter().enumerate();
    all.try_for_each(|(at, component)| component.check_matrix(&format!("{}.covariance", field(at)), &own))
}

impl Component {
    /// The covariance, `[d·d]`.
    pub(super) fn matrix(&self) -> Vec<f64> {
        if !self.covariance.is_empty() {
            return self.covariance.concat();
        }
        let d = self.mean.len();
        let mut matrix = vec![0.0; d * d];
        for (at, variance) in self.variances.iter().enumerate() {
            matrix[at * d + at] = *variance;
        }
        matrix
    }

    /// The lengths of its mean and of its variances or covariance.
    fn sizes(&self, at: &str) -> Result<[(&'static str, usize); 2], ConfigError> {
        let spread = match (self.variances.len(), self.covariance.len()) {
            (0, 0) => {
                return Err(ConfigError::missing(
                    format!("{at}.variances"),
                    "one variance a coordinate, or `covariance` with the rows of a matrix",
                ));
            }
            (variances, 0) => ("variances", variances),
            (0, rows) => ("covariance", rows),
            _ => {
                return Err(ConfigError::new(
                    format!("{at}.covariance"),
                    "a matrix beside variances",
                    "one of the two",
                ));
            }
        };
        Ok([("mean", self.mean.len()), spread])
    }

    /// Checks its numbers one by one.
    fn check_numbers(&self, at: &str, names: &[String]) -> Checked {
        range(&format!("{at}.weight"), self.weight, 1e-9, 1e6)?;
        let numbers = |list: &str, numbers: &[f64], [low, high]: [f64; 2]| {
            let mut each = numbers.iter().enumerate();
            each.try_for_each(|(place, number)| {
                let checked = range(&format!("{at}.{list}"), *number, low, high);
                checked.map_err(|error| match names.get(place) {
                    Some(name) => error.of(name),
                    None => error,
                })
            })
        };
        numbers("mean", &self.mean, [-LARGEST, LARGEST])?;
        numbers("variances", &self.variances, VARIANCES)?;
        let rows = self.covariance.len();
        if rows > MOST_COORDINATES {
            let field = format!("the number of {at}.covariance");
            return Err(ConfigError::new(field, rows, "one for each coordinate"));
        }
        let mut rows = self.covariance.iter();
        rows.try_for_each(|row| numbers("covariance", row, [-LARGEST, LARGEST]))
    }

    /// Checks its covariance, if it has one, of as many rows as there are names.
    fn check_matrix(&self, field: &str, names: &[String]) -> Checked {
        let d = names.len();
        let mut rows = self.covariance.iter().zip(names);
        if let Some((row, name)) = rows.find(|(row, _)| row.len() != d) {
            let refused = ConfigError::new(
                field,
                format!("a row of {}", row.len()),
                format!("{d} in each row"),
            );
            return Err(refused.of(name));
        }
        if self.covariance.is_empty() {
            return Ok(());
        }
        let entry = |row: usize, column: usize| self.covariance[row][column];
        let differ = |(row, column): &(usize, usize)| {
            let [a, b] = [entry(*row, *column), entry(*column, *row)];
            (a - b).abs() > 1e-9 * (a.abs() + b.abs())
        };
        let mut pairs = (0..d).flat_map(|row| (0..row).map(move |column| (column, row)));
        if let Some((row, column)) = pairs.find(differ) {
            let [one, other] = [&names[row], &names[column]];
            let value = format!(
                "{} of `{one}` with `{other}` beside {} of `{other}` with `{one}`",
                entry(row, column),
                entry(column, row)
            );
            return Err(ConfigError::new(field, value, "a symmetric matrix"));
        }
        match cholesky(&self.matrix(), d) {
            Some(_) => Ok(()),
            None => Err(ConfigError::new(
                field,
                format!("{:?}", self.covariance),
                "a positive definite matrix",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Component, check_all};

    fn component(mean: &[f64], variances: &[f64]) -> Component {
        Component {
            weight: 1.0,
            mean: mean.to_vec(),
            variances: variances.to_vec(),
            covariance: Vec::new(),
        }
    }

    fn matrix(covariance: &[&[f64]]) -> Component {
        Component {
            covariance: covariance.iter().map(|row| row.to_vec()).collect(),
            ..component(&[0.0; 2], &[])
        }
    }

    #[test]
    fn what_differs_is_named() {
        let two = || component(&[0.0; 2], &[1.0; 2]);
        let names = ["a", "b"].map(str::to_owned);
        assert_eq!(check_all(&[two()], &[]), Ok(()));
        assert_eq!(
            check_all(&[two(), matrix(&[&[1.0, 0.5], &[0.5, 2.0]])], &names),
            Ok(())
        );
        for (components, names, said) in [
            (
                vec![two(), two()],
                &["a".to_owned()][..],
                "the number of prior.names: 1, beside 2 coordinates of components, is not allowed; use one for each coordinate",
            ),
            (
                vec![component(&[0.0; 3], &[1.0; 2]), two()],
                &names,
                "the number of prior.components[0].mean: 3, beside 2 in prior.names, is not allowed",
            ),
            (
                vec![two(), component(&[0.0; 2], &[1.0; 3])],
                &names,
                "the number of prior.components[1].variances: 3, beside 2 in prior.names, is not allowed",
            ),
            (
                vec![component(&[0.0; 3], &[1.0; 2])],
                &[],
                "the number of prior.components[0].variances: 2, beside 3 in its mean, is not allowed",
            ),
            (
                vec![two(), component(&[0.0; 3], &[1.0; 3])],
                &[],
                "the number of prior.components[1].mean: 3, beside 2 in prior.components[0].mean, is not allowed",
            ),
            (
                vec![component(&[0.0, 1e10], &[1.0; 2])],
                &names,
                "prior.components[0].mean: 10000000000 for `b` is not allowed",
            ),
            (
                vec![component(&[0.0; 2], &[1.0, 0.0])],
                &[],
                "prior.components[0].variances: 0 for `x2` is not allowed",
            ),
            (
                vec![matrix(&[&[1.0, 0.5], &[0.5]])],
                &names,
                "prior.components[0].covariance: a row of 1 for `b` is not allowed; use 2 in each row",
            ),
            (
                vec![matrix(&[&[1.0, 0.5], &[0.4, 1.0]])],
                &names,
                "prior.components[0].covariance: 0.5 of `a` with `b` beside 0.4 of `b` with `a` is not allowed; use a symmetric",
            ),
            (
                vec![matrix(&[&[1.0, 2.0], &[2.0, 1.0]])],
                &names,
                "prior.components[0].covariance: [[1.0, 2.0], [2.0, 1.0]] is not allowed; use a positive definite matrix",
            ),
        ] {
            let error = check_all(&components, names).expect_err(said).to_string();
            assert!(error.starts_with(said), "{said}: {error}");
        }
    }
}
