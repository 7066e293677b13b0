//! The picture on a card of the comparison: actions in all states.

use super::view;
use crate::kit::picture::Picture as Cells;
use crate::kit::thumbnail::Thumbnail;
use crate::parts::compare::{PictureProps, Shown};
use rtb::task::control::{ControlView, Spot};
use rtb::task::planar::picture::blurred;
use yew::prelude::*;

/// Cells along a side, and their smoothing.
const SIDE: usize = 32;
const BLUR: f64 = 0.9;

#[component]
pub fn Picture(props: &PictureProps) -> Html {
    let of = (props.stage.scene.clone(), props.shown.clone());
    let picture = use_memo(of, |(scene, shown)| {
        let view = view(scene);
        let window = Window::around(&view.spots)?;
        let exact = window.of_exact(&view);
        let high = exact.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let values = match shown {
            Shown::Exact => exact,
            Shown::Samples(outcome) => window.of_samples(&outcome.as_ref()?.points, view.action_names.len()),
        };
        Some(Cells::density(values, high))
    });
    html! { <Thumbnail label={props.label.clone()} picture={(*picture).clone()} paths={None} dark={props.dark} /> }
}

/// The box around those of all spots: its least corner and its sides. Of actions with one number, the second side is empty.
struct Window {
    low: [f32; 2],
    sides: [f32; 2],
}

impl Window {
    fn around(spots: &[Spot]) -> Option<Self> {
        let end = |axis: usize, far: fn(&Spot, usize) -> f32, better: fn(f32, f32) -> f32| {
            let ends = spots.iter().filter(|spot| axis < spot.low.len());
            ends.map(|spot| far(spot, axis)).reduce(better)
        };
        let first = |axis| end(axis, |spot, axis| spot.low[axis], f32::min);
        let last = |axis| end(axis, |spot, axis| spot.low[axis] + spot.sides[axis], f32::max);
        first(0)?;
        let low = [0, 1].map(|axis| first(axis).unwrap_or_default());
        let high = [0, 1].map(|axis| last(axis).unwrap_or(1.0));
        Some(Self {
            low,
            sides: [0, 1].map(|axis| high[axis] - low[axis]),
        })
    }

    /// Adds a mass at an action; one number fills its column.
    fn add(&self, cells: &mut [f32], action: &[f32], mass: f32) {
        let place = |axis: usize| {
            let at = (action.get(axis)? - self.low[axis]) / self.sides[axis] * SIDE as f32;
            (0.0..SIDE as f32).contains(&at).then_some(at as usize)
        };
        match (place(0), action.len()) {
            (Some(across), 1) => {
                (0..SIDE).for_each(|row| cells[row * SIDE + across] += mass / SIDE as f32);
            }
            (Some(across), _) => {
                if let Some(up) = place(1) {
                    cells[(SIDE - 1 - up) * SIDE + across] += mass;
                }
            }
            _ => {}
        }
    }

    /// The mean of the exact policies at the spots.
    fn of_exact(&self, view: &ControlView) -> Vec<f32> {
        let mut cells = vec![0.0; SIDE * SIDE];
        for spot in view.spots.iter().filter(|spot| !spot.exact.is_empty()) {
            let all: f32 = spot.exact.iter().sum();
            for (at, density) in spot.exact.iter().enumerate() {
                let along = |axis: usize, at: usize| {
                    spot.low[axis] + spot.sides[axis] * (at as f32 + 0.5) / spot.side as f32
                };
                let action = match spot.low.len() {
                    1 => vec![along(0, at)],
                    _ => vec![along(0, at % spot.side), along(1, spot.side - 1 - at / spot.side)],
                };
                self.add(&mut cells, &action, density / all / view.spots.len() as f32);
            }
        }
        blurred(&cells, SIDE, BLUR)
    }

    /// The density of actions, `[count][d]`.
    fn of_samples(&self, actions: &[f32], d: usize) -> Vec<f32> {
        let mut cells = vec![0.0; SIDE * SIDE];
        let share = d as f32 / actions.len().max(1) as f32;
        for action in actions.chunks_exact(d.max(1)) {
            self.add(&mut cells, action, share);
        }
        blurred(&cells, SIDE, BLUR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_policies_and_actions_have_the_same_mass() {
        let spot = |low: f32| Spot {
            low: vec![low; 2],
            sides: vec![4.0; 2],
            side: 8,
            exact: vec![2.0; 64],
            ..Spot::default()
        };
        let view = ControlView {
            spots: vec![spot(-2.0), spot(-3.0)],
            ..ControlView::default()
        };
        let window = Window::around(&view.spots).expect("spots");
        assert_eq!((window.low, window.sides), ([-3.0; 2], [5.0; 2]));
        let mass = |cells: &[f32]| cells.iter().sum::<f32>();
        // What is smoothed over the edge is lost.
        for cells in [
            window.of_exact(&view),
            window.of_samples(&[0.0, 0.5, -1.0, 0.5], 2),
        ] {
            assert!((mass(&cells) - 1.0).abs() < 0.06, "{}", mass(&cells));
        }
        let line = Window::around(&[Spot {
            low: vec![0.0],
            sides: vec![1.0],
            ..Spot::default()
        }]);
        let cells = line.expect("a spot").of_samples(&[0.51], 1);
        assert!(cells.chunks(SIDE).all(|row| row[16] > row[4]));
        assert!(Window::around(&[]).is_none());
    }
}
