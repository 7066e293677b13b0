//! The brush of what is painted.

use super::field::Number;
use super::paint::{Brush, LEVELS};
use super::selection::Selection;
use rtb::run::ConfigError;
use yew::prelude::*;

/// Something the brush can leave.
#[derive(Debug, PartialEq)]
pub struct Tip {
    /// The button's `data-testid`.
    pub id: &'static str,
    pub name: &'static str,
    pub level: Option<u8>,
}

#[derive(Properties, PartialEq)]
pub struct BrushProps {
    pub tips: &'static [Tip],
    pub selection: Selection,
    pub select: Callback<Selection>,
    pub clear: Callback<()>,
    pub help: &'static str,
}

#[component]
pub fn BrushControls(props: &BrushProps) -> Html {
    let brush = props.selection.brush;
    let choose = {
        let (selection, select) = (props.selection, props.select.clone());
        Callback::from(move |brush: Brush| select.emit(Selection { brush, ..selection }))
    };
    let number = |low: f64, high: f64, field: &'static str, change: fn(&mut Brush, f64)| {
        let choose = choose.clone();
        Callback::from(move |value: f64| {
            if !(low..=high).contains(&value) {
                let allowed = format!("a number from {low} to {high}");
                return Err(ConfigError::new(field, value, allowed));
            }
            let mut brush = brush;
            change(&mut brush, value);
            choose.emit(brush);
            Ok(())
        })
    };
    let radius = number(0.2, 8.0, "the brush's radius", |b, v| b.radius = v);
    let level = number(0.0, f64::from(LEVELS), "the brush's level", |b, v| {
        b.level = Some(v as u8)
    });
    let tip = |tip: &'static Tip| {
        let level = tip.level;
        let onclick = choose.reform(move |_: MouseEvent| Brush { level, ..brush });
        html! {
            <button type="button" data-testid={tip.id} aria-pressed={(brush.level == level).to_string()} {onclick}>{ tip.name }</button>
        }
    };
    html! {
        <>
            <div class="buttons">
                { for props.tips.iter().map(tip) }
                <button type="button" data-testid="paint-clear" onclick={props.clear.reform(|_: MouseEvent| ())}>{ "Start afresh" }</button>
            </div>
            <div class="grid2">
                <Number id="brush-size" label="Brush radius" field="the brush's radius" value={brush.radius} set={radius} />
                <Number id="brush-level" label="Paints level" field="the brush's level" value={f64::from(brush.level.unwrap_or(0))} whole=true set={level} />
            </div>
            <p class="help">{ props.help }</p>
        </>
    }
}
