//! The brush of a painted reward.

use super::Common;
use crate::components::field::Number;
use crate::paint;
use rtb::config::{ConfigError, PAINT_LEVELS};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct BrushProps {
    pub common: Common,
}

#[component]
pub fn BrushControls(BrushProps { common }: &BrushProps) -> Html {
    let brush = common.selection.brush;
    let with = |change: fn(&mut paint::Brush, f64), low: f64, high: f64, field: &'static str| {
        let (selection, select) = (common.selection, common.select.clone());
        Callback::from(move |value: f64| {
            if !(low..=high).contains(&value) {
                return Err(ConfigError::new(
                    field,
                    value,
                    format!("a number from {low} to {high}"),
                ));
            }
            let mut selection = selection;
            change(&mut selection.brush, value);
            select.emit(selection);
            Ok(())
        })
    };
    let clear = {
        let (run, edit) = (common.run.clone(), common.edit.clone());
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
                    let (selection, select) = (common.selection, common.select.clone());
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
