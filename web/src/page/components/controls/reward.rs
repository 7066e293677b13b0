//! The reward: a ratio of mixtures, a formula, a mask, or a painting.

use super::Selection;
use super::mixture::Mixture;
use crate::components::field::{Check, Choice, Explain, Number, apply};
use crate::paint;
use crate::shared::Shared;
use rtb::config::{Component, ConfigError, PAINT_LEVELS, Reward, Run, Shape};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct RewardProps {
    pub run: Shared<Run>,
    pub edit: Callback<Run>,
    /// What the engine refused last.
    pub refused: Option<ConfigError>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

fn kind(reward: &Reward) -> &'static str {
    match reward {
        Reward::Ratio { .. } => "ratio",
        Reward::Formula { .. } => "formula",
        Reward::Mask { .. } => "mask",
        Reward::Painted { .. } => "painted",
    }
}

/// What a kind of reward starts from.
fn start(kind: &str, run: &Run) -> Reward {
    match kind {
        "formula" => Reward::Formula { expression: "exp(0.3*x)".to_owned(), logarithm: false },
        "mask" => Reward::Mask { shape: Shape::Disc { center: [0.0, 0.0], radius: 6.0 }, inside: 1.0, outside: 0.0 },
        "painted" => paint::start(),
        _ => {
            let numerator = run.prior.components.iter().step_by(2).copied().collect();
            Reward::Ratio { numerator, denominator: Vec::new() }
        }
    }
}

#[component]
pub fn RewardControls(props: &RewardProps) -> Html {
    let choose = {
        let (run, edit) = (props.run.clone(), props.edit.clone());
        Callback::from(move |kind: String| {
            let mut new = (*run).clone();
            new.reward = start(&kind, &run);
            edit.emit(new);
        })
    };
    let options = [("ratio", "a target mixture over the prior"), ("formula", "a formula in x and y"), ("mask", "a mask"), ("painted", "painted by hand")];
    let editor = match &props.run.reward {
        Reward::Ratio { numerator, denominator } => html! { <Ratio props={props_of(props)} numerator={numerator.clone()} denominator={denominator.clone()} /> },
        Reward::Formula { expression, logarithm } => {
            let refused = props.refused.clone().filter(|e| e.field == "reward.expression");
            html! { <Formula props={props_of(props)} expression={expression.clone()} logarithm={*logarithm} {refused} /> }
        }
        Reward::Mask { shape, inside, outside } => html! { <Mask props={props_of(props)} shape={*shape} inside={*inside} outside={*outside} /> },
        Reward::Painted { .. } => html! { <BrushControls selection={props.selection} select={props.select.clone()} run={props.run.clone()} edit={props.edit.clone()} /> },
    };
    html! {
        <>
            <Choice id="reward-kind" label="Kind" value={kind(&props.run.reward)} set={choose}
                options={options.map(|(value, text)| (value.into(), text.into())).to_vec()}
                help="How much each end point is wanted, r ≥ 0; only its values are used, never its gradient." />
            { editor }
        </>
    }
}

/// What every editor of a reward needs.
#[derive(Clone, PartialEq)]
struct Common {
    run: Shared<Run>,
    edit: Callback<Run>,
    selection: Selection,
    select: Callback<Selection>,
}

fn props_of(props: &RewardProps) -> Common {
    Common { run: props.run.clone(), edit: props.edit.clone(), selection: props.selection, select: props.select.clone() }
}

impl Common {
    fn set(&self, reward: Reward) -> Result<(), ConfigError> {
        apply(&self.run, &self.edit, |run| run.reward = reward)
    }
}

#[derive(Properties, PartialEq)]
struct RatioProps {
    props: Common,
    numerator: Vec<Component>,
    denominator: Vec<Component>,
}

#[component]
fn Ratio(RatioProps { props, numerator, denominator }: &RatioProps) -> Html {
    let of_denominator = use_state_eq(|| None::<usize>);
    let set_numerator = {
        let (props, denominator) = (props.clone(), denominator.clone());
        Callback::from(move |numerator| props.set(Reward::Ratio { numerator, denominator: denominator.clone() }))
    };
    let set_denominator = {
        let (props, numerator) = (props.clone(), numerator.clone());
        Callback::from(move |denominator| props.set(Reward::Ratio { numerator: numerator.clone(), denominator }))
    };
    let own = {
        let (set, prior) = (set_denominator.clone(), props.run.prior.components.clone());
        Callback::from(move |own: bool| {
            // The prior's mixture, or none, is always allowed.
            let _ = set.emit(if own { prior.clone() } else { Vec::new() });
        })
    };
    let select = {
        let props = props.clone();
        Callback::from(move |component| props.select.emit(props.selection.with(false, component)))
    };
    let select_denominator = {
        let of_denominator = of_denominator.clone();
        Callback::from(move |component| of_denominator.set(component))
    };
    html! {
        <>
            <p class="help">{ "r = target / prior, so that the posterior is the target mixture itself." }</p>
            <Mixture id="target" field="reward.numerator" components={numerator.clone()} selected={props.selection.reward} {select} set={set_numerator} />
            <Check id="own-denominator" label="Divide by another mixture than the prior" checked={!denominator.is_empty()} set={own}
                help="Then the posterior is prior · target / that mixture." />
            if !denominator.is_empty() {
                <Mixture id="denominator" field="reward.denominator" components={denominator.clone()} selected={*of_denominator}
                    select={select_denominator} set={set_denominator} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct FormulaProps {
    props: Common,
    expression: String,
    logarithm: bool,
    refused: Option<ConfigError>,
}

/// What is typed stays in the box even where it is refused; the last allowed formula stays
/// active.
#[component]
fn Formula(FormulaProps { props, expression, logarithm, refused }: &FormulaProps) -> Html {
    let draft = use_state(|| expression.clone());
    let error = use_state(|| None::<ConfigError>);
    let is_refused = refused.is_some();
    {
        let draft = draft.clone();
        use_effect_with((expression.clone(), is_refused), move |(expression, refused)| {
            if !refused {
                draft.set(expression.clone());
            }
        });
    }
    let oninput = {
        let (props, logarithm, draft, error) = (props.clone(), *logarithm, draft.clone(), error.clone());
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            error.set(props.set(Reward::Formula { expression: text.clone(), logarithm }).err());
            draft.set(text);
        })
    };
    let as_logarithm = {
        let (props, expression) = (props.clone(), expression.clone());
        Callback::from(move |logarithm| {
            // The formula that is active is allowed either way.
            let _ = props.set(Reward::Formula { expression: expression.clone(), logarithm });
        })
    };
    let wrong = (*error).clone().or(refused.clone());
    html! {
        <>
            <div class="field">
                <label for="formula">{ if *logarithm { "log r(x, y) =" } else { "r(x, y) =" } }</label>
                <textarea id="formula" data-testid="formula" rows="2" spellcheck="false" autocapitalize="off" value={(*draft).clone()} {oninput}
                    aria-describedby="formula-help" aria-invalid={wrong.is_some().to_string()} />
                <Explain id="formula" error={wrong.map(|e| AttrValue::from(e.to_string()))}
                    help="Numbers, x, y, PI; + − * / ^; < > <= >= == && || count as 1 or 0; sin cos exp log sqrt abs hypot(a, b) atan2(y, x) min max floor round." />
            </div>
            <Check id="formula-log" label="The formula is log r" checked={*logarithm} set={as_logarithm}
                help="Read the formula as the logarithm of the reward, where that is the simpler one." />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct MaskProps {
    props: Common,
    shape: Shape,
    inside: f64,
    outside: f64,
}

/// A number of a mask's shape: the end of its field's name, its label, and the number.
fn shape_parts(shape: &mut Shape) -> Vec<(&'static str, &'static str, &mut f64)> {
    match shape {
        Shape::HalfPlane { normal: [a, b], offset } => vec![("normal[0]", "Normal x", a), ("normal[1]", "Normal y", b), ("offset", "Offset", offset)],
        Shape::Disc { center: [x, y], radius } => vec![("center[0]", "Centre x", x), ("center[1]", "Centre y", y), ("radius", "Radius", radius)],
        Shape::Ring { center: [x, y], inner, outer } => {
            vec![("center[0]", "Centre x", x), ("center[1]", "Centre y", y), ("inner", "Inner radius", inner), ("outer", "Outer radius", outer)]
        }
        Shape::Box { min: [a, b], max: [c, d] } => vec![("min[0]", "Left", a), ("min[1]", "Bottom", b), ("max[0]", "Right", c), ("max[1]", "Top", d)],
    }
}

fn form(shape: &Shape) -> &'static str {
    match shape {
        Shape::HalfPlane { .. } => "half-plane",
        Shape::Disc { .. } => "disc",
        Shape::Ring { .. } => "ring",
        Shape::Box { .. } => "box",
    }
}

fn shape_of(form: &str) -> Shape {
    match form {
        "half-plane" => Shape::HalfPlane { normal: [0.0, 1.0], offset: 0.0 },
        "ring" => Shape::Ring { center: [0.0, 0.0], inner: 4.0, outer: 9.0 },
        "box" => Shape::Box { min: [-6.0, -6.0], max: [6.0, 6.0] },
        _ => Shape::Disc { center: [0.0, 0.0], radius: 6.0 },
    }
}

#[component]
fn Mask(MaskProps { props, shape, inside, outside }: &MaskProps) -> Html {
    let (inside, outside) = (*inside, *outside);
    let choose = {
        let props = props.clone();
        Callback::from(move |form: String| {
            // What a form starts from is allowed.
            let _ = props.set(Reward::Mask { shape: shape_of(&form), inside, outside });
        })
    };
    let set_inside = {
        let (props, shape) = (props.clone(), *shape);
        Callback::from(move |inside| props.set(Reward::Mask { shape, inside, outside }))
    };
    let set_outside = {
        let (props, shape) = (props.clone(), *shape);
        Callback::from(move |outside| props.set(Reward::Mask { shape, inside, outside }))
    };
    let mut parts = *shape;
    let parts: Vec<_> = shape_parts(&mut parts).into_iter().map(|(end, label, value)| (end, label, *value)).collect();
    html! {
        <>
            <Choice id="mask-form" label="Shape" value={form(shape)} set={choose}
                options={["half-plane", "disc", "ring", "box"].map(|f| (f.into(), f.into())).to_vec()}
                help="One reward inside, another outside; drag its handles on the panel or type its numbers." />
            <div class="grid2">
                { for parts.into_iter().enumerate().map(|(at, (end, label, value))| {
                    let (props, shape) = (props.clone(), *shape);
                    let set = Callback::from(move |value| {
                        let mut shape = shape;
                        *shape_parts(&mut shape)[at].2 = value;
                        props.set(Reward::Mask { shape, inside, outside })
                    });
                    html! { <Number key={end} id={format!("mask-{at}")} {label} field={format!("reward.shape.{end}")} {value} {set} /> }
                }) }
                <Number id="mask-inside" label="r inside" field="reward.inside" value={inside} set={set_inside} />
                <Number id="mask-outside" label="r outside" field="reward.outside" value={outside} set={set_outside} />
            </div>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct BrushProps {
    run: Shared<Run>,
    edit: Callback<Run>,
    selection: Selection,
    select: Callback<Selection>,
}

#[component]
fn BrushControls(props: &BrushProps) -> Html {
    let brush = props.selection.brush;
    let with = |change: fn(&mut paint::Brush, f64), low: f64, high: f64, field: &'static str| {
        let (selection, select) = (props.selection, props.select.clone());
        Callback::from(move |value: f64| {
            if !(low..=high).contains(&value) {
                return Err(ConfigError::new(field, value, format!("a number from {low} to {high}")));
            }
            let mut selection = selection;
            change(&mut selection.brush, value);
            select.emit(selection);
            Ok(())
        })
    };
    let clear = {
        let (run, edit) = (props.run.clone(), props.edit.clone());
        Callback::from(move |_: MouseEvent| {
            let mut run = (*run).clone();
            run.reward = paint::start();
            edit.emit(run);
        })
    };
    html! {
        <>
            <div class="grid2">
                <Number id="brush-size" label="Brush radius" field="the brush's radius" value={brush.radius} set={with(|b, v| b.radius = v, 0.2, 8.0, "the brush's radius")} />
                <Number id="brush-level" label="Paints level" field="the brush's level" value={f64::from(brush.level)} whole=true
                    set={with(|b, v| b.level = v as u8, 0.0, f64::from(PAINT_LEVELS), "the brush's level")} />
            </div>
            <p class="help">{ "Paint on the reward panel: level 9 is r = 1, level 0 erases; the secondary button or Backspace erases too." }</p>
            <div class="buttons">
                <button type="button" data-testid="paint-erase" aria-pressed={(brush.level == 0).to_string()} onclick={{
                    let (selection, select) = (props.selection, props.select.clone());
                    Callback::from(move |_: MouseEvent| {
                        let mut selection = selection;
                        selection.brush.level = if selection.brush.level == 0 { 9 } else { 0 };
                        select.emit(selection);
                    })
                }}>{ if brush.level == 0 { "Paint again" } else { "Erase" } }</button>
                <button type="button" data-testid="paint-clear" onclick={clear}>{ "Start afresh" }</button>
            </div>
        </>
    }
}
