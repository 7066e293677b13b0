//! What can be dragged on a panel, and what dragging does.

use super::gaussian::Axes;
use super::shape;
use crate::kit::canvas::{Handle, Marks, Purpose};
use crate::kit::paint::Grid;
use crate::kit::surface::ellipse;
use rtb::task::plane::{Component, HALF_WIDTH, Shape};

/// The thing a panel lets its user change.
#[derive(Clone, Debug, PartialEq)]
pub enum Draggable {
    None,
    /// A mixture, one of whose components may show the handles of its axes.
    Mixture {
        components: Vec<Component>,
        selected: Option<usize>,
    },
    Shape(Shape),
    Grid(Grid),
}

/// The limits that validation sets, kept while dragging.
const DEVIATIONS: (f64, f64) = (0.11, 0.99 * HALF_WIDTH);

impl Draggable {
    /// A mixture, one of whose components is selected; a selection that another mixture left behind is none.
    pub fn mixture(components: Vec<Component>, selected: Option<usize>) -> Self {
        Self::Mixture {
            selected: selected.filter(|index| *index < components.len()),
            components,
        }
    }

    /// The places that can be taken hold of. A mixture's are the means, then the ends of the
    /// selected component's axes.
    pub fn handles(&self) -> Vec<[f64; 2]> {
        match self {
            Self::None | Self::Grid(_) => Vec::new(),
            Self::Mixture { components, selected } => {
                let axes = selected.and_then(|i| components.get(i)).map(axis_ends);
                components
                    .iter()
                    .map(|c| c.mean)
                    .chain(axes.into_iter().flatten())
                    .collect()
            }
            Self::Shape(shape) => shape::handles(shape),
        }
    }

    /// The handle nearest to a place, within `reach`; ends of axes come before means.
    pub fn handle_at(&self, [x, y]: [f64; 2], reach: f64) -> Option<usize> {
        let handles = self.handles();
        let distance = |i: &usize| (handles[*i][0] - x).hypot(handles[*i][1] - y);
        (0..handles.len())
            .rev()
            .filter(|i| distance(i) < reach)
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// The component a handle of a mixture belongs to.
    pub fn component_of(&self, handle: usize) -> Option<usize> {
        match self {
            Self::Mixture { components, selected } => {
                if handle < components.len() {
                    Some(handle)
                } else {
                    *selected
                }
            }
            _ => None,
        }
    }

    /// This with one handle dragged to a place.
    pub fn dragged(&self, handle: usize, to: [f64; 2]) -> Self {
        let to = to.map(|v| round(v.clamp(-HALF_WIDTH, HALF_WIDTH)));
        let mut moved = self.clone();
        match &mut moved {
            Self::None | Self::Grid(_) => {}
            Self::Mixture { components, selected } => {
                let count = components.len();
                if let Some(component) = components.get_mut(handle) {
                    component.mean = to;
                } else if let Some(component) = selected.and_then(|i| components.get_mut(i)) {
                    stretch(component, handle == count, to);
                }
            }
            Self::Shape(shape) => shape::drag(shape, handle, to),
        }
        moved
    }

    /// What a panel shows of it.
    pub fn marks(&self) -> Marks {
        let purpose = match self {
            Self::None => Purpose::Point,
            Self::Mixture { .. } | Self::Shape(_) => Purpose::Drag,
            Self::Grid(_) => Purpose::Paint,
        };
        // Means are many; the ends of axes stand out from them.
        let weak = match self {
            Self::Mixture { components, .. } => components.len(),
            _ => 0,
        };
        let handle = |(place, at)| Handle {
            at,
            strong: place >= weak,
        };
        Marks {
            purpose,
            outlines: self.outlines(),
            handles: self.handles().into_iter().enumerate().map(handle).collect(),
            // A shape's outline is the reward itself.
            always: matches!(self, Self::Shape(_)),
            ..Marks::default()
        }
    }

    /// The lines to draw: the selected component at two standard deviations, or the shape.
    fn outlines(&self) -> Vec<Vec<[f64; 2]>> {
        match self {
            Self::None | Self::Grid(_) => Vec::new(),
            Self::Mixture { components, selected } => {
                let selected = selected.and_then(|i| components.get(i));
                selected.map(around).into_iter().collect()
            }
            Self::Shape(shape) => shape::outlines(shape),
        }
    }
}

/// Two decimals are finer than a pixel and keep links short.
pub fn round(v: f64) -> f64 {
    (100.0 * v).round() / 100.0
}

fn doubled(axes: Axes) -> Axes {
    Axes {
        along: 2.0 * axes.along,
        across: 2.0 * axes.across,
        ..axes
    }
}

/// The ends of the axes at two standard deviations: the longer one, then the shorter one.
fn axis_ends(component: &Component) -> [[f64; 2]; 2] {
    let axes = doubled(Axes::of(component.covariance));
    let (s, c) = axes.angle.sin_cos();
    let [x, y] = component.mean;
    [
        [x + axes.along * c, y + axes.along * s],
        [x - axes.across * s, y + axes.across * c],
    ]
}

/// The longer axis turns with its end; the shorter one only changes its length.
fn stretch(component: &mut Component, longer: bool, to: [f64; 2]) {
    let (dx, dy) = (to[0] - component.mean[0], to[1] - component.mean[1]);
    let deviation = round(0.5 * dx.hypot(dy)).clamp(DEVIATIONS.0, DEVIATIONS.1);
    let mut axes = Axes::of(component.covariance);
    if longer {
        // The end that is dragged stays the longer one.
        (axes.angle, axes.along) = (dy.atan2(dx), deviation.max(axes.across));
    } else {
        axes.across = deviation.min(axes.along);
    }
    component.covariance = axes.covariance().map(|v| (1e4 * v).round() / 1e4);
}

fn around(component: &Component) -> Vec<[f64; 2]> {
    let axes = doubled(Axes::of(component.covariance));
    ellipse(component.mean, axes.angle, axes.along, axes.across)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::plane::{problem, problem_mut};
    use rtb::task::presets;

    #[test]
    fn what_another_mixture_left_selected_is_not() {
        let components = problem(&presets()[0].run).prior.components.clone();
        let count = components.len();
        for (selected, of_two) in [(1, Some(1)), (2, None), (count, None)] {
            let two = Draggable::mixture(components[..2].to_vec(), Some(selected));
            assert!(matches!(two, Draggable::Mixture { selected, .. } if selected == of_two));
        }
    }

    #[test]
    fn stretching_a_component_stays_valid() {
        let run = presets()[0].run.clone();
        let components = problem(&run).prior.components.clone();
        let count = components.len();
        let start = Draggable::mixture(components, Some(3));
        for handle in [3, count, count + 1] {
            for to in [[0.0, 0.0], [30.0, -30.0], [-10.0, 5.0], [-10.05, 5.0]] {
                let Draggable::Mixture { components, .. } = start.dragged(handle, to) else {
                    unreachable!()
                };
                let mut run = run.clone();
                problem_mut(&mut run).prior.components = components;
                assert_eq!(run.validate(), Ok(()));
            }
        }
    }
}
