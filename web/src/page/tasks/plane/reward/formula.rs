//! A reward that is a formula in x and y.

use super::set;
use crate::kit::field::{Check, Explain, labelled, use_refusal};
use crate::parts::edit::EditProps;
use rtb::run::ConfigError;
use rtb::task::plane::Reward;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// The formula's name in errors, and on the page.
const FIELD: [&str; 2] = ["reward.expression", "Formula"];

#[derive(Properties, PartialEq)]
pub struct FormulaProps {
    pub edits: EditProps,
    pub expression: String,
    pub logarithm: bool,
}

/// What is typed stays in the box even where it is refused; the last allowed formula stays
/// active.
#[component]
pub fn Formula(
    FormulaProps {
        edits,
        expression,
        logarithm,
    }: &FormulaProps,
) -> Html {
    let draft = use_state(|| expression.clone());
    let error = use_state(|| None::<ConfigError>);
    let [field, label] = FIELD;
    let refusal = use_refusal(field, label);
    let is_refused = refusal.is_some();
    {
        let draft = draft.clone();
        use_effect_with((expression.clone(), is_refused), move |(expression, refused)| {
            if !refused {
                draft.set(expression.clone());
            }
        });
    }
    let oninput = {
        let (edits, logarithm, draft, error) = (edits.clone(), *logarithm, draft.clone(), error.clone());
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            error.set(
                set(
                    &edits,
                    Reward::Formula {
                        expression: text.clone(),
                        logarithm,
                    },
                )
                .err(),
            );
            draft.set(text);
        })
    };
    let as_logarithm = {
        let (edits, expression) = (edits.clone(), expression.clone());
        Callback::from(move |logarithm| {
            // The formula that is active is allowed either way.
            let _ = set(
                &edits,
                Reward::Formula {
                    expression: expression.clone(),
                    logarithm,
                },
            );
        })
    };
    let error = error.as_ref().map(|e| labelled(e, field, label));
    html! {
        <>
            <div class="field">
                <label for="formula">{ if *logarithm { "log r(x, y) =" } else { "r(x, y) =" } }</label>
                <textarea id="formula" data-testid="formula" rows="2" spellcheck="false" autocapitalize="off" value={(*draft).clone()} {oninput}
                    aria-describedby="formula-help" aria-invalid={(is_refused || error.is_some()).to_string()} />
                <Explain id="formula" {error} {refusal}
                    help="Numbers, x, y, PI, E and + - * / ^ with the usual precedence: -x^2 is -(x^2), 2^3^2 is 2^(3^2). 2x and x² are understood too. \
                          Comparisons < > <= >= == != and && || give 1 or 0; 0 < x < 6 holds between 0 and 6. \
                          Functions: exp log ln log2 log10 sqrt cbrt abs sign floor ceil round sin cos tan asin acos atan sinh cosh tanh min max atan2(y, x) hypot mod(a, b). \
                          Where the value is negative or undefined, r is 0." />
            </div>
            <Check id="formula-log" label="The formula is log r" checked={*logarithm} set={as_logarithm}
                help="Read the formula as log r instead of r." />
        </>
    }
}
