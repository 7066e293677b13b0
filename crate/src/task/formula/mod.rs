//! Formulas in named coordinates typed by people, with the meaning that they have in mathematics: −x² is −(x²), 2^3^2
//! is 2^(3^2), and 0 < x < 6 holds between 0 and 6. Comparisons and logic give 1 for true and 0 for false. Beside
//! a table of data, `sum(…)` and `mean(…)` go over its rows.

mod operations;
mod parser;
mod tokens;
#[cfg(feature = "engine")]
mod value;

use crate::engine::{ConfigError, beginning};
use operations::{Function, Operation};
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
    Unary(Function, Box<Node>),
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
}
