//! The pictures of actions in a state.

use crate::kit::color::Ramp;
use crate::kit::picture::Picture;
use crate::kit::shared::Shared;
use crate::kit::surface::Square;
use rtb::message::{Paths, Snapshot};
use rtb::task::control::{ControlView, Spot};
use rtb::task::planar::picture::blurred;

/// Smoothing of every density, in cells: only pictures that are equally smooth compare, and actions are few.
const BLUR: f64 = 1.5;
/// How far below its largest value log r is shown: what is lower is never met.
const SHOWN: f32 = 12.0;
/// Rows of the picture of a function of one number.
const ROWS: usize = 96;

/// The learned actions of a snapshot in the state of a spot; none before any training.
pub fn learned(snapshot: Option<&Snapshot>, view: &ControlView, spot: usize) -> Vec<f32> {
    let samples = snapshot.map_or(&[][..], |snapshot| &snapshot.samples);
    let each = samples.len() / view.spots.len().max(1);
    let d = view.action_names.len().max(1);
    // Those of a run that was left may have another number of states.
    if !samples.len().is_multiple_of(d * view.spots.len().max(1)) {
        return Vec::new();
    }
    samples
        .get(spot * each..(spot + 1) * each)
        .unwrap_or_default()
        .to_vec()
}

/// Actions as points; only those with two numbers have a place.
pub fn dots(actions: &[f32], spot: &Spot) -> Option<Shared<Paths>> {
    (spot.low.len() == 2 && !actions.is_empty()).then(|| {
        Shared::new(Paths {
            steps: vec![0],
            size: 2,
            points: actions.to_vec(),
        })
    })
}

/// What is drawn of a spot.
#[derive(Clone, PartialEq)]
pub struct Pictures {
    pub square: Square,
    /// Prior, reward, learned and exact posterior; what is not there waits for the engine.
    pub all: [Option<Picture>; 4],
}

impl Pictures {
    /// Those of a spot with learned actions, whose log r is at least the floor; `down` where the second coordinate points
    /// downward.
    pub fn new(spot: &Spot, actions: &[f32], floor: f64, down: bool) -> Self {
        let d = spot.low.len();
        let low = [0, 1].map(|axis| f64::from(spot.low.get(axis).copied().unwrap_or_default()));
        let side = spot.sides.first().copied().map_or(1.0, f64::from);
        let square = Square {
            down,
            ..Square::around([low, low.map(|low| low + side)])
        };
        let grid = Cells {
            side: spot.side,
            line: d == 1,
            down,
        };
        let prior = grid.density(&spot.prior);
        let exact = grid.density(&spot.exact);
        let high = exact.as_ref().map(|exact| largest(exact));
        let learned = match actions {
            [] => prior.clone(),
            actions => grid.density(&masses(actions, spot)),
        };
        let log_r = (!spot.log_r.is_empty()).then(|| {
            let largest = spot.log_r.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let least = (largest - SHOWN).max(floor as f32);
            let floored = spot.log_r.iter().map(|log_r| log_r.max(least));
            grid.placed(&floored.collect::<Vec<_>>())
        });
        Self {
            square,
            all: [
                prior.map(|values| grid.picture(values, None)),
                log_r.map(|values| grid.reward(values)),
                learned.map(|values| grid.picture(values, high)),
                exact.map(|values| grid.picture(values, high)),
            ],
        }
    }
}

/// The share of actions in every cell of a spot.
fn masses(actions: &[f32], spot: &Spot) -> Vec<f32> {
    let d = spot.low.len();
    let mut masses = vec![0.0; spot.side.pow(d as u32)];
    let count = (actions.len() / d.max(1)) as f32;
    for action in actions.chunks_exact(d.max(1)) {
        let cells = action
            .iter()
            .zip(spot.low.iter().zip(&spot.sides))
            .map(|(value, (low, side))| {
                let at = (value - low) / side * spot.side as f32;
                (0.0..spot.side as f32).contains(&at).then_some(at as usize)
            });
        let cells: Option<Vec<usize>> = cells.collect();
        match cells.as_deref() {
            Some([along]) => masses[*along] += 1.0 / count,
            // Row by row from the top, where the second coordinate is large.
            Some([across, up]) => masses[(spot.side - 1 - up) * spot.side + across] += 1.0 / count,
            _ => {}
        }
    }
    masses
}

fn largest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::MIN_POSITIVE, f32::max)
}

/// The cells of a spot.
#[derive(Clone, Copy)]
struct Cells {
    side: usize,
    /// Whether they are those of one number.
    line: bool,
    down: bool,
}

impl Cells {
    /// Values row by row from the top, as they are shown.
    fn placed(self, values: &[f32]) -> Vec<f32> {
        match self.down && !self.line {
            true => values.chunks(self.side).rev().flatten().copied().collect(),
            false => values.to_vec(),
        }
    }

    /// A smooth density whose values sum to 1.
    fn density(self, values: &[f32]) -> Option<Vec<f32>> {
        let all: f32 = values.iter().filter(|value| value.is_finite()).sum();
        if all <= 0.0 {
            return None;
        }
        let shares: Vec<f32> = values.iter().map(|value| value / all).collect();
        let placed = self.placed(&shares);
        if !self.line {
            return Some(blurred(&placed, self.side, BLUR));
        }
        // What is smoothed across the line it gets back.
        let mut middle = vec![0.0; self.side * self.side];
        middle[self.side / 2 * self.side..][..self.side].copy_from_slice(&placed);
        let mut along = vec![0.0; self.side];
        let smooth = blurred(&middle, self.side, BLUR);
        smooth
            .iter()
            .enumerate()
            .for_each(|(at, value)| along[at % self.side] += value);
        Some(along)
    }

    /// A density that is coloured up to `high`, or to its largest value.
    fn picture(self, values: Vec<f32>, high: Option<f32>) -> Picture {
        let high = high.unwrap_or_else(|| largest(&values));
        let drawn = if self.line {
            area(&values, [0.0, high])
        } else {
            values
        };
        Picture {
            width: self.side,
            ..Picture::density(drawn, high)
        }
    }

    fn reward(self, values: Vec<f32>) -> Picture {
        let picture = Picture::reward(values);
        let values = match self.line {
            true => Shared::new(area(&picture.values, [picture.low, picture.high])),
            false => picture.values,
        };
        Picture {
            values,
            width: self.side,
            low: picture.low,
            high: picture.high,
            ramp: Ramp::Reward,
        }
    }
}

/// A function of one number as the area below it: every column is filled up to its value.
fn area(values: &[f32], [low, high]: [f32; 2]) -> Vec<f32> {
    let height = (high - low).max(f32::MIN_POSITIVE);
    let row = |row: usize| {
        let level = 1.0 - (row as f32 + 0.5) / ROWS as f32;
        values
            .iter()
            .map(move |value| match (value - low) / height >= level {
                true => *value,
                false => low,
            })
    };
    (0..ROWS).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(d: usize) -> Spot {
        let count = 4usize.pow(d as u32);
        Spot {
            low: vec![-1.0; d],
            sides: vec![2.0; d],
            side: 4,
            prior: vec![0.25; count],
            exact: (0..count).map(|at| at as f32).collect(),
            log_r: (0..count).map(|at| -(at as f32)).collect(),
            ..Spot::default()
        }
    }

    #[test]
    fn learned_actions_are_those_of_their_state() {
        let view = ControlView {
            action_names: vec!["a1".to_owned()],
            spots: vec![spot(1), spot(1)],
            ..ControlView::default()
        };
        let snapshot = |count: usize| Snapshot {
            samples: (0..count).map(|at| at as f32).collect(),
            ..Snapshot::default()
        };
        assert_eq!(learned(Some(&snapshot(6)), &view, 1), [3.0, 4.0, 5.0]);
        assert!(learned(Some(&snapshot(5)), &view, 1).is_empty());
        assert!(learned(None, &view, 0).is_empty());
    }

    #[test]
    fn what_points_up_is_above_unless_it_points_down() {
        // To the right and up: with a second coordinate that points down, below.
        let actions = [0.9, 0.9];
        let place = |down: bool| {
            let pictures = Pictures::new(&spot(2), &actions, -50.0, down);
            let values = pictures.all[2].clone().expect("a picture").values;
            (0..16).max_by(|a, b| values[*a].total_cmp(&values[*b]))
        };
        assert_eq!((place(false), place(true)), (Some(3), Some(15)));
        let untrained = Pictures::new(&spot(2), &[], -50.0, false).all;
        let [prior, _, learned, _] = untrained.map(|picture| picture.expect("a picture").values.to_vec());
        assert_eq!(prior, learned);
    }

    #[test]
    fn a_function_of_one_number_is_an_area_and_the_floor_holds() {
        let [_, reward, _, exact] = Pictures::new(&spot(1), &[], -2.0, false).all;
        let (reward, exact) = (reward.expect("a picture"), exact.expect("a picture"));
        assert_eq!((exact.width, exact.values.len()), (4, 4 * ROWS));
        let columns = area(&[0.0, 1.0, 2.0, 3.0], [0.0, 3.0]);
        let filled = |column: usize| columns.chunks(4).filter(|row| row[column] > 0.0).count();
        assert_eq!([0, 1, 2, 3].map(filled), [0, ROWS / 3, 2 * ROWS / 3, ROWS]);
        assert_eq!((reward.low, reward.high), (-2.0, 0.0));
    }
}
