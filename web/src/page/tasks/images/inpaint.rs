//! A reward of known pixels, painted on the reward panel.

use super::constraint;
use crate::kit::brush::{BrushControls, Tip};
use crate::kit::field::Number;
use crate::kit::selection::Selection;
use rtb::run::ConfigError;
use rtb::task::images::Reward;
use yew::prelude::*;

/// What the brush leaves.
const TIPS: [Tip; 3] = [
    Tip {
        id: "paint-ink",
        name: "Ink",
        level: Some(9),
    },
    Tip {
        id: "paint-paper",
        name: "Paper",
        level: Some(0),
    },
    Tip {
        id: "paint-erase",
        name: "Free",
        level: None,
    },
];

#[derive(Properties, PartialEq)]
pub struct InpaintProps {
    pub id: AttrValue,
    pub field: AttrValue,
    pub rows: Vec<String>,
    pub deviation: f64,
    pub set: Callback<Reward, Result<(), ConfigError>>,
    pub selection: Selection,
    pub select: Callback<Selection>,
}

#[component]
pub fn Inpaint(props: &InpaintProps) -> Html {
    let (set, deviation) = (props.set.clone(), props.deviation);
    let clear = Callback::from(move |()| {
        // The empty canvas is allowed.
        let _ = set.emit(Reward::Inpaint {
            rows: constraint::blank(),
            deviation,
        });
    });
    let (set, rows) = (props.set.clone(), props.rows.clone());
    let set = Callback::from(move |deviation: f64| {
        set.emit(Reward::Inpaint {
            rows: rows.clone(),
            deviation,
        })
    });
    html! {
        <>
            <BrushControls tips={&TIPS[..]} selection={props.selection} select={props.select.clone()} {clear}
                help="Paint on the reward panel: ink or paper where the digit is known, free where the prior may choose. The secondary button or Backspace frees." />
            <div class="numbers">
                <Number id={format!("{}-deviation", props.id)} field={format!("{}.deviation", props.field)} label="Noise" value={deviation} {set}
                    help="Standard deviation of what is seen, in halves of the range from paper to ink; less is stricter." />
            </div>
        </>
    }
}
