//! Formulas in x and y typed by people.

use crate::config::ConfigError;
use exmex::{BinOp, Express, FlatEx, FloatOpsFactory, MakeOperators, Operator};

/// exmex's arithmetic and functions, with comparisons and logic (1 is true, 0 is false) and
/// `hypot`.
#[derive(Clone, Debug)]
struct Operators;

fn truth(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}

impl MakeOperators<f64> for Operators {
    fn make<'a>() -> Vec<Operator<'a, f64>> {
        let binary = |name: &'a str, prio: i64, apply: fn(f64, f64) -> f64| {
            Operator::make_bin(
                name,
                BinOp {
                    apply,
                    prio,
                    is_commutative: false,
                },
            )
        };
        let mut all = FloatOpsFactory::<f64>::make();
        // Below + and −, which have priority 0: x + 1 > y compares sums.
        all.extend([
            binary("<=", -1, |a, b| truth(a <= b)),
            binary(">=", -1, |a, b| truth(a >= b)),
            binary("==", -1, |a, b| truth(a == b)),
            binary("!=", -1, |a, b| truth(a != b)),
            binary("<", -1, |a, b| truth(a < b)),
            binary(">", -1, |a, b| truth(a > b)),
            binary("&&", -2, |a, b| truth(a != 0.0 && b != 0.0)),
            binary("||", -3, |a, b| truth(a != 0.0 || b != 0.0)),
            binary("hypot", 5, f64::hypot),
        ]);
        all
    }
}

/// What a variable of the expression stands for.
#[derive(Clone, Copy, Debug)]
enum Variable {
    X,
    Y,
}

/// A compiled formula.
#[derive(Clone, Debug)]
pub(super) struct Formula {
    expression: FlatEx<f64, Operators>,
    variables: Vec<Variable>,
}

impl Formula {
    pub(super) fn new(text: &str) -> Result<Self, ConfigError> {
        let refuse = |why: String| {
            ConfigError::new(
                "reward.expression",
                format!("`{text}`"),
                format!(
                    "a formula in x and y with + - * / ^ ( ), < > <= >= == != && ||, numbers, PI, E and \
                     functions such as exp, log, sqrt, sin, abs, floor, min(a, b), atan2(y, x), hypot(x, y) ({why})"
                ),
            )
        };
        let expression = FlatEx::<f64, Operators>::parse(text).map_err(|e| refuse(e.msg().to_owned()))?;
        let variables = expression
            .var_names()
            .iter()
            .map(|name| match name.as_str() {
                "x" => Ok(Variable::X),
                "y" => Ok(Variable::Y),
                other => Err(refuse(format!("`{other}` is unknown"))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            expression,
            variables,
        })
    }

    /// The value at a point; NaN where it is undefined.
    pub(super) fn value(&self, [x, y]: [f64; 2]) -> f64 {
        let arguments: Vec<f64> = self
            .variables
            .iter()
            .map(|v| match v {
                Variable::X => x,
                Variable::Y => y,
            })
            .collect();
        self.expression.eval(&arguments).unwrap_or(f64::NAN)
    }
}
