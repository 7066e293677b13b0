//! The operators and functions of formulas.

/// An operator, or a function of two arguments.
pub(super) type Operation = fn(f64, f64) -> f64;

/// How tightly the operators bind; `^` alone groups to the right, and comparisons form chains.
pub(super) const COMPARISON: u8 = 3;
pub(super) const PRODUCT: u8 = 5;
pub(super) const NEGATION: u8 = 6;
pub(super) const POWER: u8 = 7;

pub(super) fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

pub(super) fn product(a: f64, b: f64) -> f64 {
    a * b
}

pub(super) fn operator(symbol: &str) -> Option<(u8, Operation)> {
    Some(match symbol {
        "||" => (1, |a, b| truth(a != 0.0 || b != 0.0)),
        "&&" => (2, |a, b| truth(a != 0.0 && b != 0.0)),
        "<" => (COMPARISON, |a, b| truth(a < b)),
        ">" => (COMPARISON, |a, b| truth(a > b)),
        "<=" => (COMPARISON, |a, b| truth(a <= b)),
        ">=" => (COMPARISON, |a, b| truth(a >= b)),
        "==" => (COMPARISON, |a, b| truth(a == b)),
        "!=" => (COMPARISON, |a, b| truth(a != b)),
        "+" => (4, |a, b| a + b),
        "-" => (4, |a, b| a - b),
        "*" => (PRODUCT, product),
        "/" => (PRODUCT, |a, b| a / b),
        "^" => (POWER, f64::powf),
        _ => return None,
    })
}

pub(super) fn function(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "exp" => f64::exp,
        "log" | "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sqrt" => f64::sqrt,
        "cbrt" => f64::cbrt,
        "abs" => f64::abs,
        "sign" => |a| if a == 0.0 { 0.0 } else { a.signum() },
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        "round" => f64::round,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        _ => return None,
    })
}

pub(super) fn function_of_two(name: &str) -> Option<Operation> {
    Some(match name {
        "min" => f64::min,
        "max" => f64::max,
        "atan2" => f64::atan2,
        "hypot" => f64::hypot,
        "mod" => f64::rem_euclid,
        _ => return None,
    })
}
