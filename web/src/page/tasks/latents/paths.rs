//! Trajectories of z.

use rtb::message::Paths;

/// Trajectories, `[paths][states][2]`, at some steps, as smooth curves through their states; those that are not shown
/// are not numbers, so that every trajectory keeps its place.
pub fn curves(points: &[f32], steps: &[usize], shows: impl Fn(usize) -> bool) -> Paths {
    let Some(last) = steps.last().copied() else {
        return Paths::default();
    };
    let all = points.chunks_exact((2 * steps.len()).max(1)).enumerate();
    let mut curves = Vec::with_capacity(points.len());
    for (path, states) in all {
        let shown = shows(path);
        curves.extend((0..=last).flat_map(|step| {
            if shown {
                between(states, steps, step)
            } else {
                [f32::NAN; 2]
            }
        }));
    }
    Paths {
        steps: (0..=last).collect(),
        size: 2,
        points: curves,
    }
}

/// The place at a step: on the Catmull–Rom spline through the states.
fn between(states: &[f32], steps: &[usize], step: usize) -> [f32; 2] {
    let after = steps.partition_point(|shown| *shown < step).min(steps.len() - 1);
    let before = after.saturating_sub(1);
    let width = (steps[after] - steps[before]).max(1) as f32;
    let u = match after {
        0 => 0.0,
        _ => (step - steps[before]) as f32 / width,
    };
    let near = [
        before.saturating_sub(1),
        before,
        after,
        (after + 1).min(steps.len() - 1),
    ];
    [0, 1].map(|axis| {
        let [a, b, c, d] = near.map(|state| states[2 * state + axis]);
        let cubic = u * (3.0 * (b - c) + d - a) + 2.0 * a - 5.0 * b + 4.0 * c - d;
        b + 0.5 * u * (c - a + u * cubic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_go_through_the_states_and_straight_where_these_are_on_a_line() {
        let steps = [0, 2, 4, 5];
        let states = [0.0, 0.0, 1.0, -2.0, 2.0, -4.0, 3.0, -6.0];
        let both = [states, states.map(|v| v + 1.0)].concat();
        let paths = curves(&both, &steps, |path| path == 0);
        assert_eq!((paths.count(), paths.steps.len()), (2, 6));
        for (at, step) in steps.into_iter().enumerate() {
            assert_eq!(paths.point(0, step), [states[2 * at], states[2 * at + 1]]);
        }
        assert_eq!(paths.point(0, 3), [1.5, -3.0]);
        assert!(paths.point(1, 3)[0].is_nan());
        assert_eq!(curves(&[], &[], |_| true).count(), 0);
    }
}
