//! Formulas of rewards: those that are well formed mean what mathematics says, others are refused.

use crate::bytes::{Damage, damaged_text};
use crate::each::each;
use crate::refusal::names_field;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rtb::engine::reward::HostReward;
use rtb::run::ConfigError;
use rtb::task::plane::{Component, LogReward, PlaneProblem, Prior, Reward};

/// A formula by its meaning.
#[derive(Clone, Debug)]
enum Formula {
    X,
    Y,
    Number(&'static str),
    Negated(Box<Self>),
    Plus(Box<Self>),
    Of(&'static str, Box<Self>),
    OfTwo(&'static str, Box<Self>, Box<Self>),
    Infix(&'static str, Box<Self>, Box<Self>),
}

const NUMBERS: &[&str] = &[
    "0", "1", "2", "3", "0.5", ".25", "7.", "10", "1e3", "2E-3", "1.5e+2", "PI", "pi", "π", "E", "e",
    "123456",
];
const FUNCTIONS: &[&str] = &[
    "exp", "log", "ln", "log2", "log10", "sqrt", "cbrt", "abs", "sign", "floor", "ceil", "round", "sin",
    "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
];
const FUNCTIONS_OF_TWO: &[&str] = &["min", "max", "atan2", "hypot", "mod"];
const INFIX: &[&str] = &[
    "+", "-", "*", "/", "^", "<", ">", "<=", ">=", "==", "!=", "&&", "||",
];

/// How tightly an operator binds, by the rules of mathematics.
fn binding(infix: &str) -> u8 {
    match infix {
        "||" => 1,
        "&&" => 2,
        "<" | ">" | "<=" | ">=" | "==" | "!=" => 3,
        "+" | "-" => 4,
        "*" | "/" => 5,
        "^" => 7,
        other => unreachable!("{other} is no operator"),
    }
}

const SIGN: u8 = 6;

impl Formula {
    fn any() -> impl Strategy<Value = Self> {
        let leaf = prop_oneof![
            Just(Self::X),
            Just(Self::Y),
            select(NUMBERS).prop_map(Self::Number)
        ];
        leaf.prop_recursive(6, 40, 2, |part| {
            let part = part.prop_map(Box::new);
            prop_oneof![
                1 => part.clone().prop_map(Self::Negated),
                1 => part.clone().prop_map(Self::Plus),
                2 => (select(FUNCTIONS), part.clone()).prop_map(|(name, of)| Self::Of(name, of)),
                1 => (select(FUNCTIONS_OF_TWO), part.clone(), part.clone())
                    .prop_map(|(name, a, b)| Self::OfTwo(name, a, b)),
                6 => (select(INFIX), part.clone(), part).prop_map(|(infix, a, b)| Self::Infix(infix, a, b)),
            ]
        })
    }

    fn value(&self, at: [f64; 2]) -> f64 {
        let truth = |is: bool| if is { 1.0 } else { 0.0 };
        match self {
            Self::X => at[0],
            Self::Y => at[1],
            Self::Number(text) => match *text {
                "PI" | "pi" | "π" => std::f64::consts::PI,
                "E" | "e" => std::f64::consts::E,
                digits => digits.parse().expect("a number"),
            },
            Self::Negated(of) => -of.value(at),
            Self::Plus(of) => of.value(at),
            Self::Of(name, of) => {
                let a = of.value(at);
                match *name {
                    "exp" => a.exp(),
                    "log" | "ln" => a.ln(),
                    "log2" => a.log2(),
                    "log10" => a.log10(),
                    "sqrt" => a.sqrt(),
                    "cbrt" => a.cbrt(),
                    "abs" => a.abs(),
                    "sign" if a == 0.0 => 0.0,
                    "sign" => a.signum(),
                    "floor" => a.floor(),
                    "ceil" => a.ceil(),
                    "round" => a.round(),
                    "sin" => a.sin(),
                    "cos" => a.cos(),
                    "tan" => a.tan(),
                    "asin" => a.asin(),
                    "acos" => a.acos(),
                    "atan" => a.atan(),
                    "sinh" => a.sinh(),
                    "cosh" => a.cosh(),
                    "tanh" => a.tanh(),
                    other => unreachable!("{other} is no function"),
                }
            }
            Self::OfTwo(name, a, b) => {
                let (a, b) = (a.value(at), b.value(at));
                match *name {
                    "min" => a.min(b),
                    "max" => a.max(b),
                    "atan2" => a.atan2(b),
                    "hypot" => a.hypot(b),
                    "mod" => a.rem_euclid(b),
                    other => unreachable!("{other} is no function"),
                }
            }
            Self::Infix(infix, a, b) => {
                let (a, b) = (a.value(at), b.value(at));
                match *infix {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    "/" => a / b,
                    "^" => a.powf(b),
                    "<" => truth(a < b),
                    ">" => truth(a > b),
                    "<=" => truth(a <= b),
                    ">=" => truth(a >= b),
                    "==" => truth(a == b),
                    "!=" => truth(a != b),
                    "&&" => truth(a != 0.0 && b != 0.0),
                    "||" => truth(a != 0.0 || b != 0.0),
                    other => unreachable!("{other} is no operator"),
                }
            }
        }
    }

    /// Its text, in parentheses where it binds less tightly than `least`. `gap` says what stands between two
    /// parts.
    fn text(&self, least: u8, gap: &mut impl FnMut() -> &'static str) -> String {
        let between = gap();
        let (own, text) = match self {
            Self::X => (u8::MAX, "x".to_owned()),
            Self::Y => (u8::MAX, "y".to_owned()),
            Self::Number(text) => (u8::MAX, (*text).to_owned()),
            Self::Negated(of) => (SIGN, format!("-{between}{}", of.text(SIGN, gap))),
            Self::Plus(of) => (SIGN, format!("+{between}{}", of.text(SIGN, gap))),
            Self::Of(name, of) => (u8::MAX, format!("{name}{between}({})", of.text(0, gap))),
            Self::OfTwo(name, a, b) => (
                u8::MAX,
                format!("{name}({}{between},{})", a.text(0, gap), b.text(0, gap)),
            ),
            Self::Infix(infix, a, b) => {
                let own = binding(infix);
                let (left, right) = match own {
                    // No comparison of comparisons without parentheses.
                    3 => (4, 4),
                    7 => (8, 7),
                    other => (other, other + 1),
                };
                let (left, right) = (a.text(left, gap), b.text(right, gap));
                (own, format!("{left}{between}{infix}{between}{right}"))
            }
        };
        match own < least {
            true => format!("({between}{text})"),
            false => text,
        }
    }
}

/// A formula's reward, above a prior that is narrow, so that its largest value is soon found.
fn compiled(expression: &str) -> Result<LogReward, ConfigError> {
    let problem = PlaneProblem {
        prior: Prior {
            components: vec![Component::isotropic(1.0, [0.0, 0.0], 0.01)],
            ..Prior::default()
        },
        reward: Reward::Formula {
            expression: expression.to_owned(),
            logarithm: true,
        },
    };
    LogReward::new(&problem, -10.0)
}

const POINTS: [[f32; 2]; 5] = [[0.0, 0.0], [1.5, -2.0], [-3.25, 0.5], [7.0, 7.0], [-13.0, 12.5]];

#[test]
fn formulas_mean_what_mathematics_says() {
    let gaps = vec(select(&["", "", " ", "  ", "\t", "\n"][..]), 1..8);
    each(1800, (Formula::any(), gaps), |(formula, gaps)| {
        let mut gaps = gaps.into_iter().cycle();
        let text = formula.text(0, &mut || gaps.next().unwrap_or_default());
        match compiled(&text) {
            Ok(reward) => {
                let values = reward.log_reward_unfloored(POINTS.as_flattened(), &[0; POINTS.len()]);
                for (point, value) in POINTS.iter().zip(values) {
                    let wanted = formula.value(point.map(f64::from));
                    assert!(
                        value == wanted || value.is_nan() && wanted.is_nan(),
                        "`{text}` is {value} at {point:?}, not {wanted}"
                    );
                }
            }
            // It is read, but has no value where the prior is.
            Err(error) => {
                names_field(&error);
                assert!(error.allowed.contains("above 0"), "`{text}`: {error}");
                let near = [[0.0625, 0.0625], [-0.0625, 0.0625]];
                let has_value = near.map(|point| formula.value(point).is_finite());
                assert_eq!(has_value, [false; 2], "`{text}`: {error}");
            }
        }
    });
}

const PIECES: &[&str] = &[
    "x",
    "y",
    "1",
    "2x",
    "x2",
    "0,5",
    "1e999",
    "1e",
    ".",
    "..",
    "(",
    ")",
    "((",
    "))",
    "+",
    "-",
    "*",
    "/",
    "^",
    "**",
    "%",
    ",",
    ";",
    "<",
    "<=",
    "=",
    "=<",
    "==",
    "!",
    "&&",
    "&",
    "||",
    "²",
    "−",
    "·",
    "×",
    "÷",
    "√",
    "π",
    "≤",
    "é",
    "sin",
    "sin(",
    "min(",
    "min(1)",
    "log x",
    "0 < x < 6",
    "\"",
    "'",
    "`",
    "\\",
    "\u{0}",
    "\n",
    " ",
    "_",
    "$",
];

/// Text that is put together from pieces of formulas, and what is left of a formula when it is damaged.
#[test]
fn formulas_that_mean_nothing_are_refused_by_name() {
    let pieces = vec(select(PIECES), 0..8).prop_map(|pieces| pieces.concat());
    let deep = (select(PIECES), 1..300usize).prop_map(|(piece, times)| piece.repeat(times));
    let whole = Formula::any().prop_map(|formula| formula.text(0, &mut || ""));
    let broken = (whole, Damage::some(PIECES)).prop_map(|(text, damage)| damaged_text(&text, &damage));
    each(1500, prop_oneof![pieces, deep, broken], |text| {
        if let Err(error) = compiled(&text) {
            names_field(&error);
            assert_eq!(error.field, "reward.expression", "`{text}`");
        }
    });
}
