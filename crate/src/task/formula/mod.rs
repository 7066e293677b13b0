//! Formulas in named coordinates typed by people, with the meaning that they have in mathematics: −x² is −(x²), 2^3^2
//! is 2^(3^2), and 0 < x < 6 holds between 0 and 6. Comparisons and logic give 1 for true and 0 for false. Beside
//! a table of data, `sum(…)` and `mean(…)` go over its rows.

mod operations;
mod parser;
mod tokens;

use crate::engine::{ConfigError, beginning};
use operations::Operation;
use parser::Parser;
use tokens::tokens;

pub(crate) use parser::is_taken;

/// A compiled formula.
#[derive(Clone, Debug)]
pub(crate) struct Formula {
    #[cfg_attr(
        not(feature = "engine"),
        expect(dead_code, reason = "only the engine evaluates")
    )]
    root: Node,
}

/// The names that a formula may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// Those of the coordinates.
    pub coordinates: &'a [String],
    /// Those of the columns of a table, within `sum` and `mean`.
    pub columns: &'a [String],
}

/// The rows that `sum` and `mean` go over.
#[cfg(feature = "engine")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    /// `[rows][columns]`.
    pub values: &'a [f64],
    /// Columns of a row.
    pub columns: usize,
}

#[cfg(feature = "engine")]
impl Rows<'static> {
    /// No table.
    pub(crate) const NONE: Self = Self {
        values: &[],
        columns: 1,
    };
}

#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "engine"),
    expect(dead_code, reason = "only the engine evaluates")
)]
enum Node {
    /// The coordinate at this place.
    Coordinate(usize),
    /// The column at this place, of the row that is summed over.
    Column(usize),
    Number(f64),
    Negated(Box<Node>),
    Unary(fn(f64) -> f64, Box<Node>),
    Binary(Operation, Box<Node>, Box<Node>),
    /// a < b < c: neighbours are compared, and all must hold.
    Chain(Box<Node>, Vec<(Operation, Node)>),
    /// The sum over the rows of a table, or their mean.
    Sum {
        of: Box<Node>,
        mean: bool,
    },
}

/// A formula in which a coordinate has another name.
pub(crate) fn renamed(text: &str, from: &str, to: &str) -> String {
    tokens::renamed(text, from, to)
}

/// Most names that an error lists.
const LISTED: usize = 12;

impl Formula {
    /// Compiles the text of a field.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where, and what is allowed.
    pub(crate) fn new(field: &str, text: &str, names: Names) -> Result<Self, ConfigError> {
        let parsed = tokens(text).and_then(|tokens| Parser::new(tokens, names).whole());
        let root = parsed.map_err(|why| {
            let why = beginning(&why);
            let mut listed = names.coordinates.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
            if names.coordinates.len() > LISTED {
                listed.push_str(", …");
            }
            if !names.columns.is_empty() {
                let columns = names.columns.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
                listed = format!("{listed}, sum(…) and mean(…) over the rows of {columns}");
            }
            ConfigError::new(
                field,
                format!("`{text}`"),
                format!(
                    "a formula ({why}) of {listed}, numbers, PI, E, + - * / ^ ( ), < > <= >= == != && || and functions such as \
                     exp, log, sqrt, sin, abs, floor, min(a, b), mod(a, b), atan2(y, x), hypot(x, y)"
                ),
            )
        })?;
        Ok(Self { root })
    }

    /// The value at a point, beside these rows; NaN where it is undefined.
    #[cfg(feature = "engine")]
    pub(crate) fn value(&self, point: &[f64], rows: Rows) -> f64 {
        self.root.value(point, &[], rows)
    }
}

#[cfg(feature = "engine")]
impl Node {
    fn value(&self, point: &[f64], row: &[f64], rows: Rows) -> f64 {
        match self {
            Node::Coordinate(at) => point[*at],
            Node::Column(at) => row[*at],
            Node::Number(value) => *value,
            Node::Negated(a) => -a.value(point, row, rows),
            Node::Unary(f, a) => f(a.value(point, row, rows)),
            Node::Binary(f, a, b) => f(a.value(point, row, rows), b.value(point, row, rows)),
            Node::Chain(first, links) => {
                let mut left = first.value(point, row, rows);
                let holds = |(compare, next): &(Operation, Node)| {
                    let right = next.value(point, row, rows);
                    compare(std::mem::replace(&mut left, right), right) != 0.0
                };
                operations::truth(links.iter().all(holds))
            }
            Node::Sum { of, mean } => {
                let all = rows.values.chunks_exact(rows.columns);
                let count = all.len() as f64;
                let sum: f64 = all.map(|row| of.value(point, row, rows)).sum();
                if *mean { sum / count } else { sum }
            }
        }
    }
}
