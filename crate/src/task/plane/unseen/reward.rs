//! Rewards of drawn problems: smooth ones, stripes, steps, half planes, discs and rings, hard and soft.

use super::super::{Reward, Shape};
use crate::task::planar::Random;
use std::f64::consts::TAU;

/// A kind of reward, its numbers still to be drawn.
type Kind = fn(&Place, &mut Random) -> Reward;

/// The kinds, which numbers of problems take in turn.
const KINDS: [Kind; 12] = [
    tilt,
    soft_stripes,
    steps,
    half_plane,
    disc,
    ring,
    bump,
    stripes,
    soft_steps,
    soft_half_plane,
    soft_disc,
    soft_ring,
];

/// Where a reward is: near a component of the prior.
struct Place {
    center: [f64; 2],
    /// A direction of length 1, up to rounding.
    normal: [f64; 2],
    /// The scalar product of `normal` with a point near the component's mean.
    offset: f64,
}

impl Place {
    fn drawn(random: &mut Random, mean: [f64; 2]) -> Self {
        let (sin, cos) = random.between(0.0, TAU).sin_cos();
        let normal = [cos, sin].map(rounded);
        let along = normal[0] * mean[0] + normal[1] * mean[1];
        Self {
            center: mean.map(|m| rounded(m + random.between(-2.0, 2.0))),
            normal,
            offset: rounded(along + random.between(-1.5, 1.5)),
        }
    }

    /// The formula of a point's scalar product with `normal`.
    fn along(&self) -> String {
        format!("({}*x{:+}*y)", self.normal[0], self.normal[1])
    }

    /// The formula of a point's distance from `center`.
    fn distance(&self) -> String {
        let [x, y] = self.center.map(|c| 0.0 - c);
        format!("hypot(x{x:+}, y{y:+})")
    }
}

/// The reward of the problem of this number, near this mean.
pub(super) fn drawn(random: &mut Random, number: u64, mean: [f64; 2]) -> Reward {
    let place = Place::drawn(random, mean);
    let kind = KINDS[(number.wrapping_sub(1) % KINDS.len() as u64) as usize];
    kind(&place, random)
}

/// Three decimals, so that descriptions stay short.
pub(super) fn rounded(value: f64) -> f64 {
    // Adding zero takes the sign off a zero.
    (value * 1e3).round() / 1e3 + 0.0
}

/// A number to three decimals.
fn between(random: &mut Random, low: f64, high: f64) -> f64 {
    rounded(random.between(low, high))
}

fn tilt(place: &Place, random: &mut Random) -> Reward {
    let slope = between(random, 0.1, 0.4);
    Reward::formula(format!("exp({slope}*{})", place.along()))
}

fn bump(place: &Place, random: &mut Random) -> Reward {
    let width = between(random, 1.5, 5.0);
    Reward::formula(format!("exp(-0.5*({}/{width})^2)", place.distance()))
}

/// sin of a wave along the place's direction.
fn wave(place: &Place, random: &mut Random) -> String {
    let (number, phase) = (between(random, 0.6, 1.6), between(random, 0.0, TAU));
    format!("sin({number}*{}+{phase})", place.along())
}

fn stripes(place: &Place, random: &mut Random) -> Reward {
    let low = between(random, 0.02, 0.1);
    Reward::formula(format!("{low}+({} > 0)", wave(place, random)))
}

fn soft_stripes(place: &Place, random: &mut Random) -> Reward {
    let height = between(random, 1.0, 2.0);
    Reward::formula(format!("exp({height}*{})", wave(place, random)))
}

/// Two steps: r below the first, their heights, and where they are.
fn two_steps(place: &Place, random: &mut Random) -> ([f64; 3], [f64; 2]) {
    let low = between(random, 0.02, 0.1);
    let heights = [between(random, 0.1, 0.4), between(random, 0.4, 0.8)];
    let second = rounded(place.offset + random.between(2.0, 5.0));
    ([low, heights[0], heights[1]], [place.offset, second])
}

fn steps(place: &Place, random: &mut Random) -> Reward {
    let ([low, first, second], [from, to]) = two_steps(place, random);
    let u = place.along();
    Reward::formula(format!("{low}+{first}*({u} > {from})+{second}*({u} > {to})"))
}

fn soft_steps(place: &Place, random: &mut Random) -> Reward {
    let ([low, first, second], [from, to]) = two_steps(place, random);
    let u = place.along();
    let mut rise = |at: f64| rising(random, &u, at);
    Reward::formula(format!("{low}+{first}*{}+{second}*{}", rise(from), rise(to)))
}

/// A sigmoid that rises where `u` passes `at`.
fn rising(random: &mut Random, u: &str, at: f64) -> String {
    format!("1/(1+exp({}*({at}-{u})))", between(random, 1.5, 4.0))
}

fn half_plane(place: &Place, _: &mut Random) -> Reward {
    Reward::mask(Shape::HalfPlane {
        normal: place.normal,
        offset: place.offset,
    })
}

fn soft_half_plane(place: &Place, random: &mut Random) -> Reward {
    Reward::formula(rising(random, &place.along(), place.offset))
}

fn disc(place: &Place, random: &mut Random) -> Reward {
    Reward::mask(Shape::Disc {
        center: place.center,
        radius: between(random, 2.5, 6.0),
    })
}

fn soft_disc(place: &Place, random: &mut Random) -> Reward {
    let (radius, edge) = (between(random, 2.5, 6.0), between(random, 1.5, 4.0));
    Reward::formula(format!("1/(1+exp({edge}*({}-{radius})))", place.distance()))
}

fn ring(place: &Place, random: &mut Random) -> Reward {
    let inner = between(random, 2.0, 5.0);
    Reward::mask(Shape::Ring {
        center: place.center,
        inner,
        outer: rounded(inner + random.between(1.5, 3.5)),
    })
}

fn soft_ring(place: &Place, random: &mut Random) -> Reward {
    let (radius, width) = (between(random, 2.0, 6.0), between(random, 0.5, 1.5));
    Reward::formula(format!("exp(-0.5*(({}-{radius})/{width})^2)", place.distance()))
}
