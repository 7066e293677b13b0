//! Formulas in x and y typed by people, with the precedence of mathematics: −x² is −(x²), and
//! 2^3^2 is 2^(3^2). Comparisons and logic give 1 for true and 0 for false.

use crate::engine::{ConfigError, beginning};
use std::f64::consts;

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
    Binary(fn(f64, f64) -> f64, Box<Node>, Box<Node>),
}

impl Formula {
    /// Compiles a text.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where, and what is allowed.
    pub(super) fn new(text: &str) -> Result<Self, ConfigError> {
        let parsed = tokens(text).and_then(|tokens| Parser { tokens, next: 0 }.whole());
        let root = parsed.map_err(|why| {
            let why = beginning(&why);
            ConfigError::new(
                "reward.expression",
                format!("`{text}`"),
                format!(
                    "a formula ({why}) of x, y, numbers, PI, E, + - * / ^ ( ), < > <= >= == != && || and functions such as \
                     exp, log, sqrt, sin, abs, floor, min(a, b), atan2(y, x), hypot(x, y)"
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
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Symbol(&'static str),
}

/// Longer symbols first: "<=" is not "<" and "=".
const SYMBOLS: [&str; 16] = [
    "<=", ">=", "==", "!=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", ",",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest);
            let value = rest[..length]
                .parse()
                .map_err(|_| format!("`{}` is not a number", &rest[..length]))?;
            found.push(Token::Number(value));
            length
        } else if first.is_alphabetic() {
            let length = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            found.push(Token::Name(rest[..length].to_owned()));
            length
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            found.push(Token::Symbol(symbol));
            symbol.len()
        } else {
            return Err(format!("`{first}` is not a symbol of formulas"));
        };
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// Digits, a point, and an exponent if digits follow it.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| {
        text[from..]
            .find(|c: char| !c.is_ascii_digit())
            .map_or(text.len(), |n| from + n)
    };
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let last = digits(end + 1 + sign);
        if last > end + 1 + sign {
            end = last;
        }
    }
    end
}

/// How tightly the operators bind; `^` alone groups to the right.
const NEGATION: u8 = 6;
const POWER: u8 = 7;

fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

type Operation = fn(f64, f64) -> f64;

fn operator(symbol: &str) -> Option<(u8, Operation)> {
    Some(match symbol {
        "||" => (1, |a, b| truth(a != 0.0 || b != 0.0)),
        "&&" => (2, |a, b| truth(a != 0.0 && b != 0.0)),
        "<" => (3, |a, b| truth(a < b)),
        ">" => (3, |a, b| truth(a > b)),
        "<=" => (3, |a, b| truth(a <= b)),
        ">=" => (3, |a, b| truth(a >= b)),
        "==" => (3, |a, b| truth(a == b)),
        "!=" => (3, |a, b| truth(a != b)),
        "+" => (4, |a, b| a + b),
        "-" => (4, |a, b| a - b),
        "*" => (5, |a, b| a * b),
        "/" => (5, |a, b| a / b),
        "^" => (POWER, f64::powf),
        _ => return None,
    })
}

fn function(name: &str) -> Option<fn(f64) -> f64> {
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

fn function_of_two(name: &str) -> Option<Operation> {
    Some(match name {
        "min" => f64::min,
        "max" => f64::max,
        "atan2" => f64::atan2,
        "hypot" => f64::hypot,
        "mod" => f64::rem_euclid,
        _ => return None,
    })
}

/// Deepest nesting; a formula is not a way to exhaust the stack.
const DEEPEST: usize = 100;

/// Precedence climbing.
struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn whole(mut self) -> Result<Node, String> {
        let node = self.expression(0, 0)?;
        match self.tokens.get(self.next) {
            None => Ok(node),
            Some(token) => Err(format!("an operator is missing before {}", shown(token))),
        }
    }

    /// Operators that bind at least as tightly as `least`.
    fn expression(&mut self, least: u8, depth: usize) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        let mut left = self.operand(depth)?;
        while let Some(Token::Symbol(symbol)) = self.tokens.get(self.next) {
            let Some((binding, apply)) = operator(symbol).filter(|(binding, _)| *binding >= least) else {
                break;
            };
            self.next += 1;
            let right = self.expression(if binding == POWER { POWER } else { binding + 1 }, depth + 1)?;
            left = Node::Binary(apply, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operand(&mut self, depth: usize) -> Result<Node, String> {
        let token = self.tokens.get(self.next).cloned().ok_or("it ends too early")?;
        self.next += 1;
        match token {
            Token::Number(value) => Ok(Node::Number(value)),
            Token::Symbol("-") => Ok(Node::Negated(Box::new(self.expression(NEGATION, depth + 1)?))),
            Token::Symbol("+") => self.expression(NEGATION, depth + 1),
            Token::Symbol("(") => {
                let node = self.expression(0, depth + 1)?;
                self.expect(")")?;
                Ok(node)
            }
            Token::Name(name) => self.named(&name, depth),
            token => Err(format!(
                "{} stands where a number, x, y or a function must be",
                shown(&token)
            )),
        }
    }

    fn named(&mut self, name: &str, depth: usize) -> Result<Node, String> {
        match name {
            "x" => return Ok(Node::X),
            "y" => return Ok(Node::Y),
            "PI" | "pi" | "π" => return Ok(Node::Number(consts::PI)),
            "E" | "e" => return Ok(Node::Number(consts::E)),
            _ => {}
        }
        if let Some(apply) = function(name) {
            self.expect("(")?;
            let argument = self.expression(0, depth + 1)?;
            self.expect(")")?;
            return Ok(Node::Unary(apply, Box::new(argument)));
        }
        let apply = function_of_two(name).ok_or_else(|| format!("`{name}` is unknown"))?;
        self.expect("(")?;
        let first = self.expression(0, depth + 1)?;
        self.expect(",")?;
        let second = self.expression(0, depth + 1)?;
        self.expect(")")?;
        Ok(Node::Binary(apply, Box::new(first), Box::new(second)))
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), String> {
        match self.tokens.get(self.next) {
            Some(Token::Symbol(found)) if *found == symbol => {
                self.next += 1;
                Ok(())
            }
            Some(token) => Err(format!("`{symbol}` is missing before {}", shown(token))),
            None => Err(format!("`{symbol}` is missing at the end")),
        }
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Number(value) => format!("`{value}`"),
        Token::Name(name) => format!("`{name}`"),
        Token::Symbol(symbol) => format!("`{symbol}`"),
    }
}
