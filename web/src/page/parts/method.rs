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
    "The loss is α² times that of RTB: α changes the effective learning rate, not the optimum.",
);
const PATH_KL: Text = (
    "kl_weight",
    "Weight of the KL",
    "KL weight",
    "Weight of the trajectory’s KL to the prior; only the weight 1 has the optimum p·r.",
);
const STEP_KL: Text = (
    "kl_weight",
    "Weight of the KL",
    "KL weight",
    "Weight of each step’s KL to the prior; log r has the weight 1.",
);
const SQUARE: Text = (
    "kl_weight",
    "Penalty α",
    "α",
    "Weight of the squared penalty on the trajectory; the optimum is p·exp(r/2α).",
);
const CLIP: Text = (
    "clip",
    "Clip",
    "clip",
    "Limit on the relative change of a step’s probability on one batch; 0.1 means 10 %.",
);
const EPOCHS: Text = (
    "epochs",
    "Optimiser steps per batch",
    "steps per batch",
    "How many optimiser steps use the same batch.",
);
const PROPOSALS: Text = (
    "proposals",
    "Proposals per sample",
    "proposals",
    "At most this many prior samples are drawn for each sample wanted.",
);
const DRAWN: Text = (
    "proposals",
    "Proposals per sample",
    "proposals",
    "Prior samples that are drawn and weighted for each sample wanted.",
);
const SCALE: Text = (
    "scale",
    "Guidance scale",
    "scale",
    "Factor of the gradient that is added to each step; 1 is the method’s own approximation.",
);
const AROUND: Text = (
    "points",
    "Points for the mean",
    "points",
    "Number of points around the expected end point over which r is averaged.",
);
const PARTICLES: Text = (
    "particles",
    "Particles",
    "particles",
    "Number of samples that are weighted and resampled together, at most as many as are wanted.",
);
const RESAMPLE: Text = (
    "resample_below",
    "Resample below",
    "resample below",
    "Particles are resampled when their effective sample size falls below this share of their number.",
);
const AHEAD: Text = (
    "points",
    "Look-ahead points",
    "look ahead",
    "Number of predicted end points that estimate r at every step, to weight the particles early; 0 weights them only at the end.",
);
const GUIDE: Text = (
    "guidance",
    "Guidance",
    "guidance",
    "Factor of the look-ahead gradient that is added to each step; 0 takes the prior’s own steps.",
);

const CHAIN: Text = (
    "moves",
    "Moves",
    "moves",
    "Metropolis steps of a chain; its last state is the sample.",
);
const MOVES: Text = (
    "moves",
    "Moves",
    "moves",
    "Metropolis steps of every particle after each increase of the power of r.",
);
const FLIGHTS: Text = (
    "moves",
    "Moves",
    "moves",
    "Hamiltonian moves of a chain; its last state is the sample.",
);
const LEAPFROG: Text = (
    "leapfrog",
    "Leapfrog steps",
    "leapfrog",
    "Steps of a move, each along the gradient of log r; with 1 it is a Langevin move.",
);

/// A setting and its place in the method.
type Setting<'a> = (Text, Place<'a>);

/// What can be set of a method.
fn settings(method: &mut Method) -> Vec<Setting<'_>> {
    use Place::{Real, Whole};
    match method {
        Method::Rtb {} => Vec::new(),
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
        Method::AnnealedSmc {
            particles,
            resample_below,
            moves,
        } => vec![
            (PARTICLES, Whole(particles)),
            (RESAMPLE, Real(resample_below)),
            (MOVES, Whole(moves)),
        ],
        Method::Metropolis { moves } => vec![(CHAIN, Whole(moves))],
        Method::Hmc { moves, leapfrog } => vec![(FLIGHTS, Whole(moves)), (LEAPFROG, Whole(leapfrog))],
        Method::Importance { proposals } => vec![(DRAWN, Whole(proposals))],
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
