//! Runs in the plane.

use super::mixtures::{checkerboard, islands, moons, nine, ring, twenty_five};
use super::{Component, PlaneProblem, Prior, Reward, Shape};
use crate::run::{Preset, Run};

/// The presets of mixtures.
pub(super) fn presets() -> Vec<Preset> {
    let preset = |name: &'static str,
                  title: &'static str,
                  description: &'static str,
                  components: Vec<Component>,
                  reward| {
        let prior = Prior {
            components,
            ..Prior::default()
        };
        let densities = matches!(reward, Reward::Annealed { .. } | Reward::Product { .. });
        let mut run = Run::new(PlaneProblem { prior, reward });
        if densities {
            // Densities of the plane are small numbers.
            run.tempering.floor = -20.0;
        }
        Preset::new(name, title, description, run)
    };
    let mut all = vec![
        preset(
            "25-to-9",
            "25 Gaussians → 9",
            "The paper's toy problem: the posterior keeps nine of 25 equal modes, with unequal weights.",
            twenty_five(),
            Reward::default(),
        ),
        preset(
            "25-half-plane",
            "25 Gaussians, hard mask",
            "A hard constraint: the reward is 1 above a slanted line and 0 below it.",
            twenty_five(),
            Reward::mask(Shape::HalfPlane {
                normal: [0.5, 1.0],
                offset: 1.0,
            }),
        ),
        preset(
            "ring-tilt",
            "Ring, tilted",
            "A smooth reward moves the mass along the ring towards the upper right.",
            ring(),
            Reward::formula("exp(0.25*(x+y))"),
        ),
        preset(
            "ring-teeth",
            "Ring, teeth",
            "A reward without a gradient: in every other sector of the ring, r is twenty times as large.",
            ring(),
            Reward::formula("0.05 + 0.95*(sin(6*atan2(y, x)) > 0)"),
        ),
        preset(
            "ring-box",
            "Ring, box",
            "Only the part of the ring inside a box is allowed.",
            ring(),
            Reward::mask(Shape::Box {
                min: [0.0, -6.0],
                max: [12.0, 6.0],
            }),
        ),
        preset(
            "moons-one",
            "Two moons, mostly one",
            "The reward on the upper moon is ten times that on the lower one.",
            moons(),
            Reward::formula("0.1 + 0.9*(abs(hypot(x+3.5, y+1.5) - 7) < abs(hypot(x-3.5, y-1.5) - 7))"),
        ),
        preset(
            "moons-disc",
            "Two moons, disc",
            "Only a disc in the middle is allowed, with parts of both moons.",
            moons(),
            Reward::mask(Shape::Disc {
                center: [0.0, 0.0],
                radius: 5.0,
            }),
        ),
        preset(
            "checkerboard-waves",
            "Checkerboard, waves",
            "A wavy reward changes the weight of each square and the density inside it.",
            checkerboard(),
            Reward::formula("exp(1.5*sin(0.6*x)*cos(0.4*y))"),
        ),
        preset(
            "checkerboard-ring",
            "Checkerboard, ring",
            "A ring-shaped mask cuts through the squares.",
            checkerboard(),
            Reward::mask(Shape::Ring {
                center: [0.0, 0.0],
                inner: 4.0,
                outer: 9.0,
            }),
        ),
        preset(
            "islands",
            "Far islands",
            "The posterior lies on four modes with 0.04 % of the prior's mass, so on-policy training hardly ever sees them.",
            islands(),
            Reward::formula("0.00001 + (max(abs(x), abs(y)) > 5)"),
        ),
        preset(
            "nine-cooled",
            "Nine Gaussians, cooled",
            "The prior at half its temperature: the posterior is proportional to p², with narrower modes and squared weights.",
            nine(),
            Reward::Annealed { power: 2.0 },
        ),
        preset(
            "25-product",
            "25 Gaussians × a second prior",
            "The product of two priors: the posterior keeps the modes where a second, wide mixture has mass.",
            twenty_five(),
            Reward::Product {
                components: vec![
                    Component::isotropic(1.0, [-4.0, -4.0], 12.0),
                    Component {
                        weight: 1.0,
                        mean: [5.0, 3.0],
                        covariance: [8.0, 3.0, 8.0],
                    },
                ],
            },
        ),
    ];
    for preset in all.iter_mut().filter(|p| p.name == "islands") {
        // Below the small reward of the heavy mode.
        preset.run.tempering.floor = -12.0;
    }
    all
}
