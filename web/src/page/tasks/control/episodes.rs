//! Where episodes lead: the map or the plane on which they are drawn, and their ways.

use super::maze::{Map, Value};
use crate::kit::picture::Picture;
use crate::kit::shared::Shared;
use crate::kit::surface::Square;
use rtb::message::{Paths, Snapshot};
use rtb::task::control::{ControlProblem, ControlView, Earned, Environment, Traces};

/// What lies below episodes.
#[derive(Clone, PartialEq)]
pub struct Scenery {
    pub square: Square,
    pub map: Option<Map>,
    /// V on the map.
    pub picture: Option<Picture>,
}

impl Scenery {
    /// That of a problem whose states have a place: in a maze, or on the plane of their first two numbers.
    pub fn new(problem: &ControlProblem, view: &ControlView) -> Option<Self> {
        match &problem.environment {
            Environment::Maze { rows, .. } => {
                let map = Map::new(rows);
                let value: Option<&Value> = view.value.as_ref();
                Some(Self {
                    square: map.square(),
                    picture: Some(map.picture(value)),
                    map: Some(map),
                })
            }
            Environment::Linear { transition, .. } if transition.len() >= 2 => Some(Self {
                square: around(view),
                map: None,
                picture: None,
            }),
            _ => None,
        }
    }
}

/// The square around all that is drawn of states with two numbers or more.
fn around(view: &ControlView) -> Square {
    let n = view.state_names.len();
    let spots = view.spots.iter().flat_map(|spot| &spot.state);
    let states = [&view.behaviour, &view.exact].into_iter().flat_map(|t| &t.states);
    let all: Vec<f32> = spots.chain(states).copied().collect();
    let mut box_ = [[0.0f64; 2]; 2];
    for state in all.chunks_exact(n.max(2)) {
        for axis in 0..2 {
            box_[0][axis] = box_[0][axis].min(f64::from(state[axis]));
            box_[1][axis] = box_[1][axis].max(f64::from(state[axis]));
        }
    }
    let [low, high] = box_;
    let margin = [0, 1].map(|axis| 0.05 * (high[axis] - low[axis]) + 1e-3);
    Square::around([
        [0, 1].map(|axis| low[axis] - margin[axis]),
        [0, 1].map(|axis| high[axis] + margin[axis]),
    ])
}

/// The places of states that can be chosen.
pub fn places(view: &ControlView) -> Vec<[f64; 2]> {
    let place = |state: &[f32]| Some([f64::from(*state.first()?), f64::from(*state.get(1)?)]);
    view.spots.iter().filter_map(|spot| place(&spot.state)).collect()
}

/// Positions in [`Ways`].
pub const BEHAVIOUR: usize = 0;
pub const LEARNED: usize = 1;
pub const EXACT: usize = 2;

/// Episodes of the behaviour, the learned and the exact policy, as far as they are known.
#[derive(PartialEq)]
pub struct Ways {
    pub paths: [Option<Shared<Paths>>; 3],
    pub earned: [Option<Earned>; 3],
    /// Actions of the longest.
    pub steps: usize,
}

impl Ways {
    /// Those of a scene and of a snapshot; before any training the policy is the behaviour.
    pub fn new(view: &ControlView, snapshot: Option<&Snapshot>) -> Self {
        let learned = snapshot.map(|snapshot| match snapshot.more.is_empty() {
            true => view.behaviour.clone(),
            false => Traces::from_numbers(&snapshot.more),
        });
        let all = [Some(view.behaviour.clone()), learned, Some(view.exact.clone())];
        // Those of a run that was left lead through another world.
        let current = !view.behaviour.lengths.is_empty();
        let all = all.map(|traces| traces.filter(|traces| current && !traces.lengths.is_empty()));
        let lengths = all.iter().flatten().flat_map(|traces| &traces.lengths);
        let steps = lengths
            .max()
            .map_or(1, |longest| longest.saturating_sub(1).max(1));
        let n = view.state_names.len();
        Self {
            earned: [0, 1, 2].map(|at| all[at].as_ref().map(|traces| traces.earned)),
            paths: all.map(|traces| traces.map(|traces| Shared::new(paths(&traces, n, steps)))),
            steps,
        }
    }
}

/// The first two numbers of the states of episodes, each of which rests where it has ended.
fn paths(traces: &Traces, n: usize, steps: usize) -> Paths {
    let mut points = Vec::with_capacity(2 * traces.lengths.len() * (steps + 1));
    let mut from = 0;
    for length in &traces.lengths {
        let states = traces
            .states
            .get(from * n..(from + length) * n)
            .unwrap_or_default();
        from += length;
        let last = states.len() / n.max(1);
        for step in 0..=steps {
            let state = states
                .chunks_exact(n.max(1))
                .nth(step.min(last.saturating_sub(1)));
            let state = state.unwrap_or_default();
            points.extend([0, 1].map(|axis| state.get(axis).copied().unwrap_or(f32::NAN)));
        }
    }
    Paths {
        steps: (0..=steps).collect(),
        size: 2,
        points,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> ControlView {
        ControlView {
            state_names: ["x", "y", "z"].map(str::to_owned).to_vec(),
            behaviour: Traces {
                lengths: vec![3, 1],
                states: (0..12).map(|value| value as f32).collect(),
                ..Traces::default()
            },
            ..ControlView::default()
        }
    }

    #[test]
    fn episodes_rest_where_they_end() {
        let ways = Ways::new(&view(), Some(&Snapshot::default()));
        assert_eq!(ways.steps, 2);
        let of = |at: usize| ways.paths[at].clone().expect("episodes");
        assert_eq!(
            of(BEHAVIOUR).points,
            [0.0, 1.0, 3.0, 4.0, 6.0, 7.0, 9.0, 10.0, 9.0, 10.0, 9.0, 10.0]
        );
        assert_eq!(of(LEARNED).points, of(BEHAVIOUR).points);
        assert!(ways.paths[EXACT].is_none());
    }

    #[test]
    fn learned_episodes_of_another_world_are_not_shown() {
        let of = Traces {
            lengths: vec![1],
            states: vec![0.0; 3],
            ..Traces::default()
        };
        let snapshot = Snapshot {
            more: of.to_numbers(),
            ..Snapshot::default()
        };
        assert!(Ways::new(&view(), Some(&snapshot)).paths[LEARNED].is_some());
        assert!(Ways::new(&ControlView::default(), Some(&snapshot)).paths[LEARNED].is_none());
    }

    #[test]
    fn the_square_holds_all_states() {
        let square = around(&view());
        for [x, y] in [[0.0, 1.0], [9.0, 10.0]] {
            let inside = square.shares([x, y]).map(|share| (0.0..1.0).contains(&share));
            assert_eq!(inside, [true; 2]);
        }
    }
}
