//! Formulas in x and y typed by people, with the meaning that they have in mathematics: −x² is −(x²), 2^3^2 is
//! 2^(3^2), and 0 < x < 6 holds between 0 and 6. Comparisons and logic give 1 for true and 0 for false.

mod operations;
mod parser;
mod tokens;

use crate::engine::{ConfigError, beginning};
use operations::Operation;
use parser::Parser;
use tokens::tokens;

/// A compiled formula.
#[derive(Clone, Debug)]
pub(super) struct Formula {
    root: Node,
}

#[derive(Clone, Debug)]
enum Node {
    X,
    Y,
    Number(f64),
    Negated(Box<Node>),
    Unary(fn(f64) -> f64, Box<Node>),
    Binary(Operation, Box<Node>, Box<Node>),
    /// a < b < c: neighbours are compared, and all must hold.
    Chain(Box<Node>, Vec<(Operation, Node)>),
}

impl Formula {
    /// Compiles a text.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where, and what is allowed.
    pub(super) fn new(text: &str) -> Result<Self, ConfigError> {
        let parsed = tokens(text).and_then(|tokens| Parser::new(tokens).whole());
        let root = parsed.map_err(|why| {
            let why = beginning(&why);
            ConfigError::new(
                "reward.expression",
                format!("`{text}`"),
                format!(
                    "a formula ({why}) of x, y, numbers, PI, E, + - * / ^ ( ), < > <= >= == != && || and functions such as \
                     exp, log, sqrt, sin, abs, floor, min(a, b), mod(a, b), atan2(y, x), hypot(x, y)"
                ),
            )
        })?;
        Ok(Self { root })
    }

    /// The value at a point; NaN where it is undefined.
    pub(super) fn value(&self, at: [f64; 2]) -> f64 {
        self.root.value(at)
    }
}

impl Node {
    fn value(&self, at: [f64; 2]) -> f64 {
        match self {
            Node::X => at[0],
            Node::Y => at[1],
            Node::Number(value) => *value,
            Node::Negated(a) => -a.value(at),
            Node::Unary(f, a) => f(a.value(at)),
            Node::Binary(f, a, b) => f(a.value(at), b.value(at)),
            Node::Chain(first, links) => {
                let mut left = first.value(at);
                let holds = |(compare, next): &(Operation, Node)| {
                    let right = next.value(at);
                    compare(std::mem::replace(&mut left, right), right) != 0.0
                };
                operations::truth(links.iter().all(holds))
            }
        }
    }
}
