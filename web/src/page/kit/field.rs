//! Labelled inputs, each with its explanation and, where a value is refused, the reason.

use super::math::Math;
use rtb::run::ConfigError;
use std::num::IntErrorKind;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ExplainProps {
    pub id: AttrValue,
    pub help: AttrValue,
    #[prop_or_default]
    pub formula: Option<&'static str>,
    /// What is wrong with what the user entered.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// Why the engine refused it.
    #[prop_or_default]
    pub refusal: Option<AttrValue>,
}

/// The sentence under a control, its formula, and what is wrong with its value. What is folded opens where
/// the engine refused a value: no other message tells of that.
#[component]
pub fn Explain(props: &ExplainProps) -> Html {
    let (place, refused) = (use_node_ref(), props.refusal.is_some());
    {
        let place = place.clone();
        use_effect_with(refused, move |refused| {
            let fold = place.cast::<Element>().and_then(|e| e.closest("details").ok()?);
            if let Some(fold) = fold.filter(|_| *refused) {
                let _ = fold.set_attribute("open", "");
            }
        });
    }
    html! {
        <>
            <p class="help" id={format!("{}-help", props.id)}>
                { &props.help }
                if let Some(of) = props.formula { { " " }<Math {of} /> }
            </p>
            if let Some(error) = props.error.as_ref().or(props.refusal.as_ref()) {
                <p ref={place} class={classes!("refused", refused.then_some("engine"))} role="alert" data-testid={format!("{}-error", props.id)}>{ error }</p>
            }
        </>
    }
}

/// Counts the runs that the page has shown: with another one, drafts are out of date.
#[derive(Clone, Copy, PartialEq)]
pub struct Revision(pub u32);

/// The value that the engine refused last, until it is mended.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(pub Option<ConfigError>);

/// Why the engine refused a field, or an item of it.
#[hook]
pub fn use_refusal(field: &str, label: &str) -> Option<AttrValue> {
    let error = use_context::<Refusal>().and_then(|Refusal(error)| error)?;
    is_about(&error, field).then(|| labelled(&error, field, label))
}

/// Whether an error is about a field, or an item of it.
fn is_about(error: &ConfigError, field: &str) -> bool {
    let rest = error.field.strip_prefix(field).filter(|_| !field.is_empty());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

/// An error as it stands below a control, whose field goes by its label.
pub fn labelled(error: &ConfigError, field: &str, label: &str) -> AttrValue {
    let mut error = error.clone();
    if is_about(&error, field) {
        label.clone_into(&mut error.field);
    }
    error.to_string().into()
}

/// What a [`Number`] holds.
pub trait Amount: Copy + PartialEq + 'static {
    /// Reads it as people write it, exactly.
    ///
    /// # Errors
    ///
    /// Says what is allowed.
    fn parse(text: &str) -> Result<Self, String>;

    /// As people write it.
    fn plain(self) -> String;
}

impl Amount for f64 {
    fn parse(text: &str) -> Result<Self, String> {
        let finite = |text: &str| text.parse().ok().filter(|v: &f64| v.is_finite());
        finite(text).ok_or_else(|| {
            let point = text.replacen(',', ".", 1);
            match finite(&point) {
                Some(_) => format!("a decimal point, as in {point}"),
                None => "a number".to_owned(),
            }
        })
    }

    fn plain(self) -> String {
        plain(self)
    }
}

/// An empty box is no number.
impl Amount for Option<f64> {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(None);
        }
        f64::parse(text).map(Some)
    }

    fn plain(self) -> String {
        self.map_or_else(String::new, f64::plain)
    }
}

impl Amount for usize {
    fn parse(text: &str) -> Result<Self, String> {
        whole(text, usize::MAX as u64).map(|v| v as usize)
    }

    fn plain(self) -> String {
        self.to_string()
    }
}

/// A whole number that TOML can hold.
impl Amount for u64 {
    fn parse(text: &str) -> Result<Self, String> {
        whole(text, i64::MAX as u64)
    }

    fn plain(self) -> String {
        self.to_string()
    }
}

fn whole(text: &str, most: u64) -> Result<u64, String> {
    let too_large = || format!("a whole number from 0 to {most}");
    match text.parse() {
        Ok(value) if value <= most => Ok(value),
        Ok(_) => Err(too_large()),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Err(too_large()),
        Err(_) => Err("a whole number, 0 or more".to_owned()),
    }
}

#[derive(Properties, PartialEq)]
pub struct NumberProps<T: Amount> {
    /// Also the `data-testid`.
    pub id: AttrValue,
    pub label: AttrValue,
    #[prop_or_default]
    pub help: AttrValue,
    #[prop_or_default]
    pub formula: Option<&'static str>,
    /// The field's name in errors.
    pub field: AttrValue,
    pub value: T,
    pub set: Callback<T, Result<(), ConfigError>>,
}

/// A number. What is typed counts as soon as it is allowed; until then the last allowed value
/// stays active and the reason stands below.
#[component]
pub fn Number<T: Amount>(props: &NumberProps<T>) -> Html {
    let draft = use_state(|| None::<String>);
    let error = use_state(|| None::<AttrValue>);
    let refusal = use_refusal(&props.field, &props.label);
    {
        // A value from elsewhere, such as a preset, replaces what was typed.
        let (draft, error) = (draft.clone(), error.clone());
        let revision = use_context::<Revision>();
        use_effect_with((props.value, revision), move |(value, _)| {
            if draft
                .as_ref()
                .is_some_and(|d| T::parse(d.trim()).as_ref() != Ok(value))
            {
                draft.set(None);
                error.set(None);
            }
        });
    }
    let oninput = {
        let (draft, error) = (draft.clone(), error.clone());
        let (set, field, label) = (props.set.clone(), props.field.clone(), props.label.clone());
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            let result = match T::parse(text.trim()) {
                Ok(value) => set.emit(value),
                Err(allowed) => Err(ConfigError::new(&*field, format!("`{text}`"), allowed)),
            };
            error.set(result.err().map(|e| labelled(&e, &field, &label)));
            draft.set(Some(text));
        })
    };
    let onblur = {
        let (draft, error) = (draft.clone(), error.clone());
        Callback::from(move |_| {
            if error.is_none() {
                draft.set(None);
            }
        })
    };
    let shown = draft.as_ref().cloned().unwrap_or_else(|| props.value.plain());
    let described = (!props.help.is_empty()).then(|| format!("{}-help", props.id));
    let error = (*error).clone();
    let wrong = error.is_some() || refusal.is_some();
    html! {
        <div class="field">
            <label for={props.id.clone()}>{ &props.label }</label>
            <input id={props.id.clone()} data-testid={props.id.clone()} type="text" inputmode="decimal" autocomplete="off"
                value={shown} {oninput} {onblur} aria-describedby={described} aria-invalid={wrong.to_string()} />
            if !props.help.is_empty() || wrong {
                <Explain id={props.id.clone()} help={props.help.clone()} formula={props.formula} {error} {refusal} />
            }
        </div>
    }
}

/// A number as people write it: no more digits than it has, and 0.0001 rather than 1e-4.
pub fn plain(value: f64) -> String {
    if value != 0.0 && (value.abs() >= 1e15 || value.abs() < 1e-6) {
        format!("{value:e}")
    } else {
        format!("{}", (1e9 * value).round() / 1e9)
    }
}

#[derive(Properties, PartialEq)]
pub struct ChoiceProps {
    pub id: AttrValue,
    pub label: AttrValue,
    #[prop_or_default]
    pub help: AttrValue,
    /// The field's name in errors.
    #[prop_or_default]
    pub field: Option<AttrValue>,
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// Value and text of each option.
    pub options: Vec<(AttrValue, AttrValue)>,
    pub value: AttrValue,
    pub set: Callback<String>,
}

/// A select that shows this value: once the user has picked an option, browsers ignore the attribute
/// `selected`.
#[hook]
pub fn use_selected(value: AttrValue) -> NodeRef {
    let select = use_node_ref();
    let shown = select.clone();
    use_effect(move || {
        if let Some(select) = shown.cast::<HtmlSelectElement>() {
            select.set_value(&value);
        }
    });
    select
}

/// One of several named values.
#[component]
pub fn Choice(props: &ChoiceProps) -> Html {
    let onchange = {
        let set = props.set.clone();
        Callback::from(move |event: Event| {
            set.emit(event.target_unchecked_into::<HtmlSelectElement>().value())
        })
    };
    let select = use_selected(props.value.clone());
    let refusal = use_refusal(props.field.as_deref().unwrap_or_default(), &props.label);
    let error = props.error.clone();
    let described = (!props.help.is_empty()).then(|| format!("{}-help", props.id));
    html! {
        <div class="field">
            <label for={props.id.clone()}>{ &props.label }</label>
            <select ref={select} id={props.id.clone()} data-testid={props.id.clone()} {onchange} aria-describedby={described}>
                { for props.options.iter().map(|(value, text)| html! {
                    <option key={value.to_string()} value={value.clone()}>{ text }</option>
                }) }
            </select>
            if !props.help.is_empty() || error.is_some() || refusal.is_some() {
                <Explain id={props.id.clone()} help={props.help.clone()} {error} {refusal} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct CheckProps {
    pub id: AttrValue,
    pub label: AttrValue,
    pub help: AttrValue,
    pub checked: bool,
    #[prop_or_default]
    pub disabled: bool,
    pub set: Callback<bool>,
}

/// Yes or no.
#[component]
pub fn Check(props: &CheckProps) -> Html {
    let onchange = {
        let set = props.set.clone();
        Callback::from(move |event: Event| {
            if let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) {
                set.emit(input.checked());
            }
        })
    };
    html! {
        <div class="field check">
            <input id={props.id.clone()} data-testid={props.id.clone()} type="checkbox" checked={props.checked} disabled={props.disabled} {onchange}
                aria-describedby={format!("{}-help", props.id)} />
            <label for={props.id.clone()}>{ &props.label }</label>
            <Explain id={props.id.clone()} help={props.help.clone()} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct SliderProps {
    pub id: AttrValue,
    pub label: AttrValue,
    pub help: AttrValue,
    #[prop_or_default]
    pub formula: Option<&'static str>,
    pub value: f64,
    /// What is said of the value, where that is not the value itself.
    #[prop_or_default]
    pub text: Option<AttrValue>,
    pub low: f64,
    pub high: f64,
    pub step: f64,
    pub set: Callback<f64>,
}

/// A number between two others.
#[component]
pub fn Slider(props: &SliderProps) -> Html {
    let oninput = props.set.reform(|event: InputEvent| {
        event
            .target_unchecked_into::<HtmlInputElement>()
            .value_as_number()
    });
    let text = props.text.clone().unwrap_or_else(|| plain(props.value).into());
    html! {
        <div class="field">
            <label for={props.id.clone()}>{ &props.label }{ " " }<output>{ &text }</output></label>
            <input id={props.id.clone()} data-testid={props.id.clone()} type="range" min={props.low.to_string()} max={props.high.to_string()}
                step={props.step.to_string()} value={props.value.to_string()} {oninput} aria-valuetext={text} aria-describedby={format!("{}-help", props.id)} />
            <Explain id={props.id.clone()} help={props.help.clone()} formula={props.formula} />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_keep_all_their_digits() {
        for seed in [0, (1 << 53) + 1, i64::MAX as u64] {
            assert_eq!(u64::parse(&seed.plain()), Ok(seed));
        }
        let most = "a whole number from 0 to 9223372036854775807";
        for text in ["9223372036854775808", "100000000000000000000"] {
            assert_eq!(u64::parse(text), Err(most.to_owned()));
        }
        for text in ["", "-1", "1.5", "1e3", "abc"] {
            assert_eq!(usize::parse(text), Err("a whole number, 0 or more".to_owned()));
        }
    }

    #[test]
    fn a_refused_field_goes_by_its_label() {
        let error = |field: &str| ConfigError::new(field, "`ab`", "a word");
        let said = |field: &str| labelled(&error(field), "reward.words", "Words");
        assert_eq!(said("reward.words"), "Words: `ab` is not allowed; use a word");
        assert_eq!(said("reward.words[1]"), said("reward.words"));
        assert_eq!(said("reward.words_to"), error("reward.words_to").to_string());
    }

    #[test]
    fn real_numbers_are_finite() {
        assert_eq!(f64::parse("1e-4"), Ok(1e-4));
        for text in ["", "inf", "NaN", "1,000,000", ","] {
            assert_eq!(f64::parse(text), Err("a number".to_owned()));
        }
        assert_eq!(
            f64::parse("0,001"),
            Err("a decimal point, as in 0.001".to_owned())
        );
    }
}
