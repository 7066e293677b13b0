//! How the columns of a table become standard: without bounds, with mean 0 and deviation 1.

use super::space::Column;
use super::{MOST_COORDINATES, Table, names};
use crate::engine::ConfigError;
use crate::engine::check::whole;

/// Farthest that a value may be from the median of its column once bounds are taken off, in interquartile ranges: one
/// that is nearly at a bound has a logarithm far from all others, and takes all of the scale.
const FARTHEST: f64 = 100.0;

/// The bounds of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// The column's name.
    pub name: String,
    /// The lower bound, if there is one.
    pub low: Option<f64>,
    /// The upper bound, if there is one.
    pub high: Option<f64>,
}

/// Every so many rows one is held out.
const HELD_OUT: usize = 10;
/// Fewest rows of a table.
const FEWEST: usize = 20;

/// The rows of a table as networks learn them.
pub(super) struct Prepared {
    /// How they are standardised.
    pub columns: Vec<Column>,
    /// Those to learn, standardised, `[rows][d]`.
    pub rows: Vec<f32>,
    /// The same as they are.
    pub trained: Vec<f64>,
    /// Those that are held out, as they are.
    pub held_out: Vec<f64>,
}

impl Prepared {
    /// The rows of a table, which errors call `name`; columns with bounds are unbounded by logarithms first.
    ///
    /// # Errors
    ///
    /// Where the table or its bounds are refused.
    pub fn of(name: &str, table: &Table, bounds: &[Bounds]) -> Result<Self, ConfigError> {
        let d = table.columns();
        let of_table = |what: &str| format!("the number of {what} of {name}");
        whole(&of_table("columns"), d, 1, MOST_COORDINATES)?;
        whole(&of_table("rows"), table.rows(), FEWEST, usize::MAX)?;
        names::check(&table.names, |at| {
            format!("the name of column {} of {name}", at + 1)
        })?;
        for bound in bounds {
            if table.column(&bound.name).is_none() {
                let allowed = format!("a column of {name}: {}", table.names.join(", "));
                return Err(ConfigError::new("--bounds", format!("`{}`", bound.name), allowed));
            }
        }
        let (mut trained, mut held_out) = (Vec::new(), Vec::new());
        for (at, row) in table.values.chunks_exact(d).enumerate() {
            if at % HELD_OUT == HELD_OUT - 1 {
                held_out.extend(row);
            } else {
                trained.extend(row);
            }
        }
        let columns = (0..d).map(|at| {
            let bound = bounds.iter().find(|bound| bound.name == table.names[at]);
            column((name, &table.names[at]), bound, at, &table.values, d)
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let standard = trained.iter().enumerate();
        let standard = standard.map(|(at, value): (usize, &f64)| columns[at % d].standardised(*value) as f32);
        Ok(Self {
            rows: standard.collect(),
            columns,
            trained,
            held_out,
        })
    }
}

/// How a column of a table is standardised.
fn column(
    (table, name): (&str, &str),
    bound: Option<&Bounds>,
    at: usize,
    values: &[f64],
    d: usize,
) -> Result<Column, ConfigError> {
    let free = Column {
        low: bound.and_then(|bound| bound.low),
        high: bound.and_then(|bound| bound.high),
        mean: 0.0,
        deviation: 1.0,
    };
    let all = || values.iter().skip(at).step_by(d);
    let inside = |x: f64| free.low.is_none_or(|low| x > low) && free.high.is_none_or(|high| x < high);
    if let Some(outside) = all().find(|x| !inside(**x)) {
        let allowed = "bounds that all values of the column are strictly between";
        return Err(ConfigError::new(
            "--bounds",
            format!("the value {outside:?} of `{name}` in {table}"),
            allowed,
        ));
    }
    if let Some(far) = bound.and_then(|_| farthest(all().copied(), |x| free.unbounded(x))) {
        return Err(ConfigError::new(
            "--bounds",
            format!("the value {far:?} of `{name}` in {table}, nearly at its bound,"),
            "values whose logarithms are not far from all others: leave out the row, or the bound",
        ));
    }
    let count = all().count() as f64;
    let mean = all().map(|x| free.unbounded(*x)).sum::<f64>() / count;
    let variance = all().map(|x| (free.unbounded(*x) - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    if deviation.is_nan() || deviation <= 1e-9 * mean.abs() || deviation == 0.0 {
        return Err(ConfigError::new(
            format!("the column `{name}` of {table}"),
            format!("{} in all rows", values[at]),
            "columns whose values differ: leave this one out",
        ));
    }
    Ok(Column {
        mean,
        deviation,
        ..free
    })
}

/// The value that lies farther from the median than all columns' may, if there is one.
fn farthest(values: impl Iterator<Item = f64>, unbounded: impl Fn(f64) -> f64) -> Option<f64> {
    let mut pairs: Vec<(f64, f64)> = values.map(|x| (unbounded(x), x)).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |quarter: usize| pairs[quarter * (pairs.len() - 1) / 4];
    let reach = FARTHEST * (at(3).0 - at(1).0);
    let far = |end: &(f64, f64)| reach > 0.0 && (end.0 - at(2).0).abs() > reach;
    [at(0), at(4)].into_iter().find(far).map(|(_, x)| x)
}

#[cfg(test)]
mod tests {
    use super::{Bounds, column};

    /// What is said of a column of these values, with a lower bound of 0.
    fn refused(values: &[f64]) -> String {
        let bounds = Bounds {
            name: "rate".to_owned(),
            low: Some(0.0),
            high: None,
        };
        let column = column(("`t.csv`", "rate"), Some(&bounds), 0, values, 1);
        column.expect_err("refused").to_string()
    }

    #[test]
    fn values_at_or_nearly_at_a_bound_are_refused() {
        let many: Vec<f64> = (1..100).map(f64::from).collect();
        let with = |value: f64| refused(&[&many[..], &[value]].concat());
        assert_eq!(
            with(0.0),
            "--bounds: the value 0.0 of `rate` in `t.csv` is not allowed; use bounds that all values of the column are \
             strictly between"
        );
        assert!(
            with(1e-300)
                .starts_with("--bounds: the value 1e-300 of `rate` in `t.csv`, nearly at its bound, is not"),
            "{}",
            with(1e-300)
        );
        let free = column(("`t.csv`", "rate"), None, 0, &[&many[..], &[1e300]].concat(), 1);
        assert!(free.is_ok(), "a column without bounds has no logarithm");
        assert!(
            refused(&[2.0; 30]).starts_with("the column `rate` of `t.csv`: "),
            "{}",
            refused(&[2.0; 30])
        );
    }
}
