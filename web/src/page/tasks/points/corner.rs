//! Points as a corner plot.

use rtb::message::Snapshot;
use rtb::task::points::PointsView;
use rtb::task::{Corner, Role, Series};

/// How far a range goes beyond the exact posterior towards the prior, as a share of it.
const BEYOND: f32 = 0.35;

/// The learned points of a snapshot; before any training they are the prior's. Those of a run that was left may have
/// another number of coordinates, and are none of this one's.
pub fn learned<'a>(snapshot: Option<&'a Snapshot>, view: &'a PointsView) -> &'a [f32] {
    match snapshot {
        None => &[],
        Some(snapshot) if snapshot.paths.size != view.names.len() => &[],
        Some(snapshot) if snapshot.samples.is_empty() => &view.prior,
        Some(snapshot) => &snapshot.samples,
    }
}

/// Some coordinates of the points of a scene, and of learned ones. The ranges stay while the learned points move.
pub fn corner(view: &PointsView, learned: &[f32], coordinates: &[usize]) -> Corner {
    let names: Vec<String> = coordinates.iter().map(|at| view.names[*at].clone()).collect();
    let series = |role, points| Series {
        label: "",
        role,
        points: columns(points, view.names.len(), coordinates),
    };
    let [prior, exact] = [series(Role::Prior, &view.prior), series(Role::Exact, &view.exact)];
    let ranges_of = |one: &Series| Corner::new(names.clone(), vec![one.clone()]).ranges;
    let of_prior = ranges_of(&prior);
    let ranges = if exact.points.is_empty() {
        of_prior
    } else {
        let pairs = of_prior.into_iter().zip(ranges_of(&exact));
        pairs.map(|(prior, exact)| range(prior, exact)).collect()
    };
    Corner {
        names,
        ranges,
        series: vec![prior, series(Role::Learned, learned), exact],
    }
}

/// All of what the exact posterior takes up, and some of what the prior does.
fn range(prior: [f32; 2], exact: [f32; 2]) -> [f32; 2] {
    let more = BEYOND * (exact[1] - exact[0]);
    [
        exact[0].min(prior[0].max(exact[0] - more)),
        exact[1].max(prior[1].min(exact[1] + more)),
    ]
}

/// Some columns of points, `[count][size]`.
fn columns(points: &[f32], size: usize, coordinates: &[usize]) -> Vec<f32> {
    let points = points.chunks_exact(size.max(1));
    points
        .flat_map(|point| coordinates.iter().map(|at| point[*at]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::message::Paths;

    #[test]
    fn points_of_a_run_with_other_coordinates_are_not_shown() {
        let of = |size: usize| Snapshot {
            samples: vec![1.0; 6],
            paths: Paths {
                size,
                ..Paths::default()
            },
            ..Snapshot::default()
        };
        let view = PointsView {
            names: ["a", "b", "c"].map(str::to_owned).to_vec(),
            ..PointsView::default()
        };
        assert_eq!(learned(Some(&of(3)), &view).len(), 6);
        assert!(learned(Some(&of(2)), &view).is_empty());
    }

    #[test]
    fn chosen_coordinates_have_ranges_around_the_exact_posterior() {
        let view = PointsView {
            names: ["a", "b", "c"].map(str::to_owned).to_vec(),
            prior: vec![-100.0, 0.0, -1.0, 100.0, 0.0, 1.0],
            exact: vec![0.0, 7.0, -1.0, 10.0, 7.0, 1.0],
            ..PointsView::default()
        };
        let found = corner(&view, &view.prior, &[2, 0]);
        assert_eq!(found.names, ["c", "a"]);
        assert_eq!(found.series[2].points, [-1.0, 0.0, 1.0, 10.0]);
        // The prior of c is as wide as the posterior, that of a far wider.
        assert_eq!(found.ranges[0], [-1.125, 1.125]);
        assert_eq!(found.ranges[1], [-4.5625, 14.5625]);
        let unknown = corner(
            &PointsView {
                exact: Vec::new(),
                ..view
            },
            &[],
            &[0],
        );
        assert_eq!(unknown.ranges[0], [-112.5, 112.5]);
    }
}
