//! A reward that is a formula.

use crate::kit::field::Check;
use crate::kit::typed::Text;
use rtb::run::ConfigError;
use yew::prelude::*;

/// What formulas may hold, beside names.
pub const LANGUAGE: &str = "PI, E and + - * / ^ with the usual precedence: -x^2 is -(x^2), 2^3^2 is 2^(3^2). 2x and x² are understood too. \
    Comparisons < > <= >= == != and && || give 1 or 0; 0 < x < 6 holds between 0 and 6. \
    Functions: exp log ln log2 log10 sqrt cbrt abs sign floor ceil round sin cos tan asin acos atan sinh cosh tanh min max atan2(y, x) hypot mod(a, b).";

/// Where r is 0, of a formula for r, and for log r.
const ZERO: [&str; 2] = [
    "Where the value is negative or undefined, r is 0.",
    "Where the value is undefined, r is 0.",
];

#[derive(Properties, PartialEq)]
pub struct FormulaProps {
    /// Of the input; begins that of the other.
    pub id: AttrValue,
    /// The formula's name in errors.
    pub field: AttrValue,
    /// What a formula for r, and for log r, is called.
    pub labels: [&'static str; 2],
    /// What it may hold.
    pub help: AttrValue,
    pub expression: AttrValue,
    pub logarithm: bool,
    /// Takes a formula, and whether it is log r.
    pub set: Callback<(String, bool), Result<(), ConfigError>>,
}

#[component]
pub fn Formula(props: &FormulaProps) -> Html {
    let FormulaProps { id, logarithm, .. } = props;
    let logarithm = *logarithm;
    let set = {
        let set = props.set.clone();
        Callback::from(move |expression| set.emit((expression, logarithm)))
    };
    let as_logarithm = {
        let (set, expression) = (props.set.clone(), props.expression.clone());
        Callback::from(move |logarithm| {
            // The formula that is active is allowed either way.
            let _ = set.emit((expression.to_string(), logarithm));
        })
    };
    html! {
        <>
            <Text id={id.clone()} field={props.field.clone()} label={props.labels[usize::from(logarithm)]} name="Formula" help={format!("{} {}", props.help, ZERO[usize::from(logarithm)])}
                value={props.expression.clone()} rows={2} {set} />
            <Check id={format!("{id}-log")} label="The formula is log r" checked={logarithm} set={as_logarithm}
                help="Read the formula as log r instead of r." />
        </>
    }
}
