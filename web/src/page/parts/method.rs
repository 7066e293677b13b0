//! The settings of a method, as numbers.

use crate::kit::place::{Numbers, Part, Place};
use rtb::run::{Advantage, ConfigError, Method};
use yew::prelude::*;

/// A setting's field, its label, a word for it, and what it does.
type Text = (&'static str, &'static str, &'static str, &'static str);

const ALPHA: Text = (
    "alpha",
    "Entropy weight α",
    "α",
    "The loss is α² times RTB’s: the same optimum at another learning rate.",
);
const PATH_KL: Text = (
    "kl_weight",
    "Weight of the KL",
    "KL weight",
    "How strongly the path is held to the prior; only 1 has the optimum p·r.",
);
const STEP_KL: Text = (
    "kl_weight",
    "Weight of the KL",
    "KL weight",
    "How strongly every step is held to the prior, against log r with weight 1.",
);
const SQUARE: Text = (
    "kl_weight",
    "Penalty α",
    "α",
    "Weight of the squared path penalty; the optimum is p·exp(r/2α).",
);
const CLIP: Text = (
    "clip",
    "Clip",
    "clip",
    "How far a step’s probability may move on one batch, as a share.",
);
const EPOCHS: Text = (
    "epochs",
    "Steps a batch",
    "steps a batch",
    "Optimiser steps taken on each batch.",
);
const PROPOSALS: Text = (
    "proposals",
    "Proposals",
    "proposals",
    "Prior samples drawn at most, for each sample wanted.",
);
const SCALE: Text = (
    "scale",
    "Scale",
    "scale",
    "How much of the gradient is added; 1 is the approximation as it stands.",
);
const AROUND: Text = (
    "points",
    "Points",
    "points",
    "Points of the average around the expected end point.",
);
const PARTICLES: Text = (
    "particles",
    "Particles",
    "particles",
    "Samples of a population, which is always drawn whole.",
);
const RESAMPLE: Text = (
    "resample_below",
    "Resample below",
    "resample below",
    "The effective share of particles below which they are resampled.",
);
const AHEAD: Text = (
    "points",
    "Look ahead",
    "look ahead",
    "Points of the estimate of r ahead that particles are weighed by on the way; 0 weighs them at the end only.",
);
const GUIDE: Text = (
    "guidance",
    "Guidance",
    "guidance",
    "Share of the look ahead’s gradient in the steps; 0 takes the prior’s own steps.",
);

/// A setting and its place in the method.
type Setting<'a> = (Text, Place<'a>);

/// What can be set of a method.
fn settings(method: &mut Method) -> Vec<Setting<'_>> {
    use Place::{Real, Whole};
    match method {
        Method::Rtb {} | Method::Importance {} => Vec::new(),
        Method::TrustPcl { alpha } => vec![(ALPHA, Real(alpha))],
        Method::PolicyGradient { advantage, kl_weight } => {
            let text = if *advantage == Advantage::Reward {
                SQUARE
            } else {
                PATH_KL
            };
            vec![(text, Real(kl_weight))]
        }
        Method::Ddpo { clip, epochs } => vec![(CLIP, Real(clip)), (EPOCHS, Whole(epochs))],
        Method::Dpok {
            kl_weight,
            clip,
            epochs,
        } => {
            vec![
                (STEP_KL, Real(kl_weight)),
                (CLIP, Real(clip)),
                (EPOCHS, Whole(epochs)),
            ]
        }
        Method::Rejection { proposals } => vec![(PROPOSALS, Whole(proposals))],
        Method::Guidance { scale } | Method::Dps { scale, .. } => vec![(SCALE, Real(scale))],
        Method::LgdMc { scale, points } => vec![(SCALE, Real(scale)), (AROUND, Whole(points))],
        Method::Smc {
            particles,
            resample_below,
            points,
            guidance,
        } => vec![
            (PARTICLES, Whole(particles)),
            (RESAMPLE, Real(resample_below)),
            (AHEAD, Whole(points)),
            (GUIDE, Real(guidance)),
        ],
    }
}

/// A setting as it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    pub field: &'static str,
    /// A word for it.
    pub name: &'static str,
    pub value: f64,
}

/// What is set of a method.
pub fn values(mut method: Method) -> Vec<Value> {
    let all = settings(&mut method).into_iter();
    all.map(|((field, _, name, _), place)| Value {
        field,
        name,
        value: place.value(),
    })
    .collect()
}

/// The numbers of a method, whose ids begin with this one; nothing where it has none.
pub fn numbers(id: &str, method: Method, set: &Callback<Method, Result<(), ConfigError>>) -> Html {
    let numbers = Numbers {
        value: &method,
        parts,
        kind: method.info().name,
        id,
        field: "method",
        set,
    };
    numbers.html()
}

fn parts(method: &mut Method) -> Vec<Part<'_>> {
    let part = |((field, label, _, help), place)| Part::new(field, label, help, place);
    settings(method).into_iter().map(part).collect()
}
