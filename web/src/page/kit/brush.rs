//! The brush of what is painted.

use super::field::Number;
use super::paint::{Brush, LEVELS};
use super::selection::Selection;
use rtb::run::ConfigError;
use yew::prelude::*;

/// The brush's numbers, as errors name them.
const RADIUS: &str = "the brush's radius";
const LEVEL: &str = "the brush's level";

/// What the brush leaves where 0 is the same as nothing.
pub const TIPS: &[Tip] = &[
    Tip {
        id: "paint-brush",
        name: "Paint",
        level: Some(LEVELS),
    },
    Tip {
        id: "paint-erase",
        name: "Erase",
        level: None,
    },
];

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
    let radius = {
        let choose = choose.clone();
        Callback::from(move |radius: f64| {
            let (low, high) = (0.2, 8.0);
            if !(low..=high).contains(&radius) {
                let allowed = format!("a number from {low} to {high}");
                return Err(ConfigError::new(RADIUS, radius, allowed));
            }
            choose.emit(Brush { radius, ..brush });
            Ok(())
        })
    };
    let level = {
        let choose = choose.clone();
        Callback::from(move |level: usize| {
            let level = u8::try_from(level).ok().filter(|l| *l <= LEVELS).ok_or_else(|| {
                ConfigError::new(LEVEL, level, format!("a whole number from 0 to {LEVELS}"))
            })?;
            let level = Some(level);
            choose.emit(Brush { level, ..brush });
            Ok(())
        })
    };
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
                <button type="button" data-testid="paint-clear" onclick={props.clear.reform(|_: MouseEvent| ())}>{ "New painting" }</button>
            </div>
            <div class="grid2">
                <Number<f64> id="brush-size" label="Brush radius" field={RADIUS} value={brush.radius} set={radius} />
                <Number<usize> id="brush-level" label="Paint level, 0–9" field={LEVEL} value={usize::from(brush.level.unwrap_or(0))} set={level} />
            </div>
            <p class="help">{ props.help }</p>
        </>
    }
}
