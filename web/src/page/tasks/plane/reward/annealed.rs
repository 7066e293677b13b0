//! A reward that is a power of the prior: the prior at another temperature.

use super::set;
use crate::kit::field::Slider;
use crate::kit::math;
use crate::parts::edit::EditProps;
use rtb::task::plane::Reward;
use yew::prelude::*;

pub fn annealed(edits: &EditProps, power: f64) -> Html {
    let set = {
        let edits = edits.clone();
        Callback::from(move |power: f64| {
            // All of the slider's range is allowed.
            let _ = set(
                &edits,
                Reward::Annealed {
                    power: (100.0 * power).round() / 100.0,
                },
            );
        })
    };
    html! {
        <Slider id="power" label="Power γ" value={power} low=0.6 high=4.0 step=0.05 {set} formula={math::ANNEALED}
            help="The posterior is the prior at the temperature 1/γ. With γ below 1 it is flatter; with γ above 1, heavy modes dominate." />
    }
}
