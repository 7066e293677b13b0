//! A list of middles, one of which can be chosen.

use crate::kit::number::{log_r, short};
use std::rc::Rc;
use yew::prelude::*;

/// Nats at which a word's colour is full.
const FULL: f32 = 3.0;

/// A middle as it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The place in the gap of every word, and what is written there.
    pub pieces: Vec<(usize, String)>,
    /// log p_φ − log p_θ of every token of the gap; nothing for a prior's.
    pub moved: Vec<f32>,
    pub log_reward: Option<f32>,
}

impl Line {
    /// The words in their colours.
    pub fn html(&self) -> Html {
        let piece = |(place, text): &(usize, String)| {
            let moved = self.moved.get(*place).copied().filter(|m| *m != 0.0);
            match moved {
                None => html! { <span>{ text }</span> },
                Some(moved) => {
                    let strength = 60.0 * (moved.abs() / FULL).min(1.0);
                    let class = if moved > 0.0 { "more" } else { "less" };
                    html! {
                        <span {class} style={format!("--moved: {strength:.0}%")}
                            title={format!("log p_φ − log p_θ = {}", short(f64::from(moved)))}>{ text }</span>
                    }
                }
            }
        };
        html! { { for self.pieces.iter().map(piece) } }
    }
}

#[derive(Properties, PartialEq)]
pub struct LinesProps {
    /// Its `data-testid`.
    pub id: &'static str,
    pub lines: Rc<Vec<Line>>,
    pub chosen: Option<usize>,
    pub choose: Callback<usize>,
}

#[component]
pub fn Lines(props: &LinesProps) -> Html {
    let line = |(place, line): (usize, &Line)| {
        let choose = props.choose.reform(move |_: MouseEvent| place);
        let pressed = props.chosen == Some(place);
        html! {
            <li key={place}>
                <button type="button" class="line" aria-pressed={pressed.to_string()} onclick={choose}>
                    <span class="said">{ line.html() }</span>
                    <small>{ log_r(line.log_reward) }</small>
                </button>
            </li>
        }
    };
    html! { <ol class="lines" data-testid={props.id}>{ for props.lines.iter().enumerate().map(line) }</ol> }
}
