//! Shapes as people handle them: their outlines, their handles, and what dragging one does.

use super::draggable::round;
use crate::kit::surface::circle;
use rtb::task::plane::{HALF_WIDTH, Shape};

/// The lines around a shape.
pub fn outlines(shape: &Shape) -> Vec<Vec<[f64; 2]>> {
    match shape {
        Shape::Disc { center, radius } => vec![circle(*center, *radius)],
        Shape::Ring { center, inner, outer } => {
            vec![circle(*center, *inner), circle(*center, *outer)]
        }
        Shape::Box {
            min: [a, b],
            max: [c, d],
        } => {
            vec![vec![[*a, *b], [*c, *b], [*c, *d], [*a, *d], [*a, *b]]]
        }
        Shape::HalfPlane { normal, offset } => {
            let (foot, [nx, ny]) = foot_and_direction(*normal, *offset);
            let far = 3.0 * HALF_WIDTH;
            vec![vec![
                [foot[0] - far * ny, foot[1] + far * nx],
                [foot[0] + far * ny, foot[1] - far * nx],
            ]]
        }
    }
}

/// The point of a half-plane's edge nearest to 0, and the unit normal.
fn foot_and_direction(normal: [f64; 2], offset: f64) -> ([f64; 2], [f64; 2]) {
    let length = normal[0].hypot(normal[1]).max(1e-9);
    let unit = normal.map(|v| v / length);
    (unit.map(|v| v * offset / length), unit)
}

/// How far the handle of a half-plane's direction stands from its edge.
const ARROW: f64 = 3.0;

/// The places that a shape can be taken hold of.
pub fn handles(shape: &Shape) -> Vec<[f64; 2]> {
    match *shape {
        Shape::HalfPlane { normal, offset } => {
            let (foot, unit) = foot_and_direction(normal, offset);
            vec![foot, [foot[0] + ARROW * unit[0], foot[1] + ARROW * unit[1]]]
        }
        Shape::Disc { center, radius } => vec![center, [center[0] + radius, center[1]]],
        Shape::Ring { center, inner, outer } => {
            vec![
                center,
                [center[0] + inner, center[1]],
                [center[0], center[1] + outer],
            ]
        }
        Shape::Box { min, max } => vec![min, max],
    }
}

/// Drags one of them to a place.
pub fn drag(shape: &mut Shape, handle: usize, to: [f64; 2]) {
    let from = |center: &[f64; 2]| round((to[0] - center[0]).hypot(to[1] - center[1]));
    match shape {
        Shape::HalfPlane { normal, offset } => {
            let (foot, unit) = foot_and_direction(*normal, *offset);
            if handle == 0 {
                *normal = unit.map(round);
                *offset = round(normal[0] * to[0] + normal[1] * to[1]);
            } else {
                let (dx, dy) = (to[0] - foot[0], to[1] - foot[1]);
                let length = dx.hypot(dy);
                if length > 0.1 {
                    *normal = [round(dx / length), round(dy / length)];
                    *offset = round(normal[0] * foot[0] + normal[1] * foot[1]);
                }
            }
        }
        Shape::Disc { center, radius } => match handle {
            0 => *center = to,
            _ => *radius = from(center).max(0.1),
        },
        Shape::Ring { center, inner, outer } => match handle {
            0 => *center = to,
            1 => *inner = from(center).min(*outer),
            _ => *outer = from(center).max(*inner).max(0.1),
        },
        Shape::Box { min, max } => match handle {
            0 => *min = [to[0].min(max[0]), to[1].min(max[1])],
            _ => *max = [to[0].max(min[0]), to[1].max(min[1])],
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::tasks::plane::draggable::Draggable;
    use crate::tasks::plane::problem_mut;
    use rtb::task::plane::{PlaneProblem, Reward};
    use rtb::task::presets;

    #[test]
    fn dragging_any_handle_anywhere_stays_valid() {
        // Presets of every task: only those of the plane have masks.
        let problems = presets()
            .into_iter()
            .filter_map(|p| PlaneProblem::of(&p.run).ok().cloned());
        let shapes = problems.filter_map(|problem| match problem.reward {
            Reward::Mask { shape, .. } => Some(shape),
            _ => None,
        });
        for shape in shapes {
            let start = Draggable::Shape(shape);
            for handle in 0..start.handles().len() {
                for to in [[0.0, 0.0], [30.0, -30.0], [-3.0, 4.0]] {
                    let Draggable::Shape(shape) = start.dragged(handle, to) else {
                        unreachable!()
                    };
                    let mut run = presets()[0].run.clone();
                    problem_mut(&mut run).reward = Reward::Mask {
                        shape,
                        inside: 1.0,
                        outside: 0.0,
                    };
                    assert_eq!(run.validate(), Ok(()));
                }
            }
        }
    }
}
