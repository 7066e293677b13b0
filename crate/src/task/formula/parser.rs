//! From the words of a formula to its tree, by precedence climbing.

use super::operations::{
    COMPARISON, NEGATION, Operation, POWER, PRODUCT, RAISED, TIMES, function, function_of_two, operator,
};
use super::tokens::{Token, shown};
use super::{Names, Node};
use std::f64::consts;

/// Deepest nesting; a formula is not a way to exhaust the stack.
const DEEPEST: usize = 100;

const DECIMAL: &str = "a decimal number has a point, `0.5`";
const COMMA: &str =
    "a decimal number has a point, `0.5`: a comma stands between the two arguments of a function";

pub(super) struct Parser<'a> {
    tokens: Vec<Token>,
    next: usize,
    names: Names<'a>,
    /// Within `sum(…)` or `mean(…)`.
    in_sum: bool,
}

/// Whether formulas have a number or a function of this name.
pub(crate) fn is_taken(name: &str) -> bool {
    constant(name).is_some()
        || of_rows(name).is_some()
        || function(name).is_some()
        || function_of_two(name).is_some()
}

fn constant(name: &str) -> Option<f64> {
    match name {
        "PI" | "pi" | "π" => Some(consts::PI),
        "E" | "e" => Some(consts::E),
        _ => None,
    }
}

/// Whether a function over rows is the mean.
fn of_rows(name: &str) -> Option<bool> {
    match name {
        "sum" => Some(false),
        "mean" => Some(true),
        _ => None,
    }
}

/// An operator that comes next.
struct Ahead {
    /// How it is written; `None` for the product of 2x.
    symbol: Option<&'static str>,
    binding: u8,
    apply: Operation,
}

impl<'a> Parser<'a> {
    pub(super) fn new(tokens: Vec<Token>, names: Names<'a>) -> Self {
        Self {
            tokens,
            next: 0,
            names,
            in_sum: false,
        }
    }

    pub(super) fn whole(mut self) -> Result<Node, String> {
        let node = self.expression(0, 0)?;
        match self.tokens.get(self.next) {
            None => Ok(node),
            Some(Token::Symbol(",")) => Err(COMMA.to_owned()),
            Some(token) => Err(format!("an operator is missing before {}", shown(token))),
        }
    }

    /// Operators that bind at least as tightly as `least`.
    fn expression(&mut self, least: u8, depth: usize) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        let mut left = self.operand(depth)?;
        let mut before = None;
        while let Some(ahead) = self.operator() {
            if let (None, Some(divided @ ("/" | "^"))) = (ahead.symbol, before) {
                return Err(format!(
                    "a product after `{divided}` can be read in two ways: write `a{divided}(2*b)` or `(a{divided}2)*b`"
                ));
            }
            if ahead.binding < least {
                break;
            }
            self.next += usize::from(ahead.symbol.is_some());
            let tighter = match ahead.binding {
                POWER => POWER,
                binding => binding + 1,
            };
            let right = self.expression(tighter, depth + 1)?;
            let compared = before.and_then(operator).is_some_and(|(b, _)| b == COMPARISON);
            before = ahead.symbol;
            left = match (left, ahead.binding) {
                (Node::Chain(first, mut links), COMPARISON) if compared => {
                    links.push((ahead.apply, right));
                    Node::Chain(first, links)
                }
                (left, COMPARISON) => Node::Chain(Box::new(left), vec![(ahead.apply, right)]),
                (left, _) => Node::Binary(ahead.apply, Box::new(left), Box::new(right)),
            };
        }
        Ok(left)
    }

    /// The operator that comes next. 2x, 2(x + 1), x²y and (x + 1)(y + 1) are products.
    fn operator(&self) -> Option<Ahead> {
        match (
            self.next.checked_sub(1).map(|at| &self.tokens[at]),
            self.tokens.get(self.next)?,
        ) {
            (
                Some(Token::Number(_) | Token::Raised(_) | Token::Symbol(")")),
                Token::Name(_) | Token::Symbol("("),
            ) => Some(Ahead {
                symbol: None,
                binding: PRODUCT,
                apply: TIMES,
            }),
            (_, Token::Symbol(symbol)) => operator(symbol).map(|(binding, apply)| Ahead {
                symbol: Some(symbol),
                binding,
                apply,
            }),
            _ => None,
        }
    }

    /// A number, a name, a function or a pair of brackets, with the powers that are raised behind it.
    fn operand(&mut self, depth: usize) -> Result<Node, String> {
        let mut node = match self.take().ok_or("it ends too early")? {
            Token::Number(value) => Node::Number(value),
            Token::Symbol("-") => return Ok(Node::Negated(Box::new(self.expression(NEGATION, depth + 1)?))),
            Token::Symbol("+") => return self.expression(NEGATION, depth + 1),
            Token::Symbol("(") => {
                let node = self.expression(0, depth + 1)?;
                self.expect(")")?;
                node
            }
            Token::Name(name) => self.named(&name, depth)?,
            token => {
                return Err(format!(
                    "{} stands where a number, a name or a function must be",
                    shown(&token)
                ));
            }
        };
        while let Some(Token::Raised(power)) = self.tokens.get(self.next) {
            let power = Node::Number(f64::from(*power));
            node = Node::Binary(RAISED, Box::new(node), Box::new(power));
            self.next += 1;
        }
        Ok(node)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn named(&mut self, name: &str, depth: usize) -> Result<Node, String> {
        let place = |names: &[String]| names.iter().position(|known| known == name);
        // A column hides the coordinate of its name.
        if let Some(at) = place(self.names.columns).filter(|_| self.in_sum) {
            return Ok(Node::Column(at));
        }
        if let Some(at) = place(self.names.coordinates) {
            return Ok(Node::Coordinate(at));
        }
        if let Some(value) = constant(name) {
            return Ok(Node::Number(value));
        }
        if let Some(mean) = of_rows(name) {
            return self.over_rows(name, mean, depth);
        }
        if let Some(apply) = function(name) {
            self.expect("(")?;
            let argument = self.expression(0, depth + 1)?;
            self.close(name, "one argument")?;
            return Ok(Node::Unary(apply, Box::new(argument)));
        }
        let apply = function_of_two(name).ok_or_else(|| self.unknown(name))?;
        self.expect("(")?;
        let first = self.expression(0, depth + 1)?;
        if self.tokens.get(self.next) == Some(&Token::Symbol(")")) {
            return Err(format!("`{name}` takes two arguments"));
        }
        self.expect(",")?;
        let second = self.expression(0, depth + 1)?;
        self.close(name, "two arguments")?;
        Ok(Node::Binary(apply, Box::new(first), Box::new(second)))
    }

    /// The bracket behind the last argument of a function, which takes so many.
    fn close(&mut self, name: &str, takes: &str) -> Result<(), String> {
        if self.tokens.get(self.next) == Some(&Token::Symbol(",")) {
            return Err(format!("`{name}` takes {takes}, and {DECIMAL}"));
        }
        self.expect(")")
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), String> {
        let found = self.tokens.get(self.next);
        match found {
            Some(Token::Symbol(found)) if *found == symbol => {
                self.next += 1;
                Ok(())
            }
            Some(Token::Symbol(",")) => Err(COMMA.to_owned()),
            Some(token @ Token::Raised(_)) if symbol == "(" => Err(format!(
                "{} stands before the brackets of a function: write it behind them, `sin(x)^2`",
                shown(token)
            )),
            Some(token) => Err(format!("`{symbol}` is missing before {}", shown(token))),
            None => Err(format!("`{symbol}` is missing at the end")),
        }
    }

    /// The argument of a function over rows.
    fn over_rows(&mut self, name: &str, mean: bool, depth: usize) -> Result<Node, String> {
        if self.names.columns.is_empty() {
            return Err(format!(
                "`{name}` goes over the rows of a table, and there is none: name it in reward.data"
            ));
        }
        if std::mem::replace(&mut self.in_sum, true) {
            return Err(format!("`{name}` stands within another sum over the rows"));
        }
        self.expect("(")?;
        let of = Box::new(self.expression(0, depth + 1)?);
        self.close(name, "one argument")?;
        self.in_sum = false;
        Ok(Node::Sum { of, mean })
    }

    /// Why a name is refused: it may be a product of variables, or a power of one.
    fn unknown(&self, name: &str) -> String {
        if self.names.columns.iter().any(|column| column == name) {
            return format!("`{name}` is a column of the table: write it within `sum(…)` or `mean(…)`");
        }
        let letters: Vec<_> = name.chars().map(String::from).collect();
        let known = |letter: &String| self.names.coordinates.contains(letter) || letter == "π";
        if letters.iter().all(known) {
            return format!("`{name}` is unknown: write `{}`", letters.join("*"));
        }
        let coordinates = self.names.coordinates.iter();
        let mut split = coordinates.filter_map(|known| Some((known, name.strip_prefix(&**known)?)));
        match split.find(|(_, digits)| digits.parse::<u32>().is_ok()) {
            Some((known, digits)) => {
                format!("`{name}` is unknown: write `{known}^{digits}` or `{known}*{digits}`")
            }
            None => format!("`{name}` is unknown"),
        }
    }
}
