//! The operators and functions of formulas, with their derivatives.

use std::f64::consts::{LN_2, LN_10};

type One = fn(f64) -> f64;
type Two = fn(f64, f64) -> f64;
type Slopes = fn(f64, f64) -> [f64; 2];

/// A function of one argument, and its derivative.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "engine"),
    expect(dead_code, reason = "only the engine evaluates")
)]
pub(super) struct Function {
    pub value: One,
    pub slope: One,
}

/// An operator, or a function of two arguments, and its derivatives in both.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "engine"),
    expect(dead_code, reason = "only the engine evaluates")
)]
pub(super) struct Operation {
    pub value: Two,
    pub slopes: Slopes,
    /// Whether it is a sum or a difference.
    pub adds: bool,
}

/// What jumps or stays: its slope is 0 but for single points.
fn flat(_: f64, _: f64) -> [f64; 2] {
    [0.0; 2]
}

/// The same of one argument.
fn level(_: f64) -> f64 {
    0.0
}

/// How tightly the operators bind; `^` alone groups to the right, and comparisons form chains.
pub(super) const COMPARISON: u8 = 3;
pub(super) const PRODUCT: u8 = 5;
pub(super) const NEGATION: u8 = 6;
pub(super) const POWER: u8 = 7;

pub(super) const TIMES: Operation = Operation {
    value: |a, b| a * b,
    slopes: |a, b| [b, a],
    adds: false,
};

pub(super) const RAISED: Operation = Operation {
    value: f64::powf,
    slopes: |a, b| {
        // 0·∞ in the derivatives of a⁰ and of 0^b is 0.
        let base = if b == 0.0 { 0.0 } else { b * a.powf(b - 1.0) };
        let power = if a == 0.0 { 0.0 } else { a.powf(b) * a.ln() };
        [base, power]
    },
    adds: false,
};

pub(super) fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

pub(super) fn operator(symbol: &str) -> Option<(u8, Operation)> {
    let steps = |value| Operation {
        value,
        slopes: flat,
        adds: false,
    };
    Some(match symbol {
        "||" => (1, steps(|a, b| truth(a != 0.0 || b != 0.0))),
        "&&" => (2, steps(|a, b| truth(a != 0.0 && b != 0.0))),
        "<" => (COMPARISON, steps(|a, b| truth(a < b))),
        ">" => (COMPARISON, steps(|a, b| truth(a > b))),
        "<=" => (COMPARISON, steps(|a, b| truth(a <= b))),
        ">=" => (COMPARISON, steps(|a, b| truth(a >= b))),
        "==" => (COMPARISON, steps(|a, b| truth(a == b))),
        "!=" => (COMPARISON, steps(|a, b| truth(a != b))),
        "+" => (
            4,
            Operation {
                value: |a, b| a + b,
                slopes: |_, _| [1.0, 1.0],
                adds: true,
            },
        ),
        "-" => (
            4,
            Operation {
                value: |a, b| a - b,
                slopes: |_, _| [1.0, -1.0],
                adds: true,
            },
        ),
        "*" => (PRODUCT, TIMES),
        "/" => (
            PRODUCT,
            Operation {
                value: |a, b| a / b,
                slopes: |a, b| [1.0 / b, -a / (b * b)],
                adds: false,
            },
        ),
        "^" => (POWER, RAISED),
        _ => return None,
    })
}

pub(super) fn function(name: &str) -> Option<Function> {
    let (value, slope): (One, One) = match name {
        "exp" => (f64::exp, f64::exp),
        "log" | "ln" => (f64::ln, f64::recip),
        "log2" => (f64::log2, |a| (a * LN_2).recip()),
        "log10" => (f64::log10, |a| (a * LN_10).recip()),
        "sqrt" => (f64::sqrt, |a| 0.5 / a.sqrt()),
        "cbrt" => (f64::cbrt, |a| (3.0 * a.cbrt().powi(2)).recip()),
        "abs" => (f64::abs, sign),
        "sign" => (sign, level),
        "floor" => (f64::floor, level),
        "ceil" => (f64::ceil, level),
        "round" => (f64::round, level),
        "sin" => (f64::sin, f64::cos),
        "cos" => (f64::cos, |a| -a.sin()),
        "tan" => (f64::tan, |a| a.cos().powi(-2)),
        "asin" => (f64::asin, |a| (1.0 - a * a).sqrt().recip()),
        "acos" => (f64::acos, |a| -(1.0 - a * a).sqrt().recip()),
        "atan" => (f64::atan, |a| (1.0 + a * a).recip()),
        "sinh" => (f64::sinh, f64::cosh),
        "cosh" => (f64::cosh, f64::sinh),
        "tanh" => (f64::tanh, |a| a.cosh().powi(-2)),
        _ => return None,
    };
    Some(Function { value, slope })
}

fn sign(a: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a.signum() }
}

pub(super) fn function_of_two(name: &str) -> Option<Operation> {
    // Where both arguments are equal, half of either.
    fn first(before: bool, equal: bool) -> [f64; 2] {
        let share = if equal { 0.5 } else { truth(before) };
        [share, 1.0 - share]
    }
    let (value, slopes): (Two, Slopes) = match name {
        "min" => (f64::min, |a, b| first(a < b, a == b)),
        "max" => (f64::max, |a, b| first(a > b, a == b)),
        "atan2" => (f64::atan2, |a, b| {
            let square = a * a + b * b;
            [b / square, -a / square]
        }),
        "hypot" => (f64::hypot, |a, b| [a / a.hypot(b), b / a.hypot(b)]),
        // a − b·n for a whole n.
        "mod" => (f64::rem_euclid, |a, b| [1.0, -a.div_euclid(b)]),
        _ => return None,
    };
    Some(Operation {
        value,
        slopes,
        adds: false,
    })
}
