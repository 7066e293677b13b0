//! Tables of a finished run of points.

use super::PointsView;
use super::marginals::{Marginal, Weighted};
use crate::task::{Listing, Shown, calibration};

/// The tables there are.
pub(super) fn of(shown: &Shown) -> Vec<Listing> {
    let view = shown.scene.view.of::<PointsView>().unwrap_or_default();
    let mut listings = vec![marginals(shown, &view)];
    listings.extend(calibration::listing("coordinate", &view.names, shown.fit));
    listings
}

/// The learned samples of posteriors of which the exact ones are known. Samples have the posteriors in turn.
pub(super) fn known(shown: &Shown, view: &PointsView) -> Vec<f32> {
    let [posteriors, known] = view.posteriors.map(|count| count.max(1));
    let samples = shown.samples.chunks_exact(view.names.len().max(1)).enumerate();
    let samples = samples.filter(|(row, _)| row % posteriors < known);
    samples.flat_map(|(_, point)| point).copied().collect()
}

fn marginals(shown: &Shown, view: &PointsView) -> Listing {
    let sets = [
        ("prior", &view.prior[..]),
        ("learned", &known(shown, view)),
        ("exact", &view.exact),
    ];
    let sets = sets.map(|(of, points)| (of, points.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>()));
    let sets = sets.iter().filter_map(|(of, points)| {
        let points = Weighted::equally(points, view.names.len()).ok()?;
        Some((*of, points.marginals()))
    });
    let sets: Vec<_> = sets.collect();
    let rows = view.names.iter().enumerate().flat_map(|(at, name)| {
        let row = move |(of, all): &(&str, Vec<Marginal>)| {
            let m = &all[at];
            let numbers = [m.mean, m.error, m.deviation].into_iter().chain(m.quantiles);
            (vec![name.clone(), (*of).to_owned()], numbers.collect())
        };
        sets.iter().map(row).collect::<Vec<_>>()
    });
    Listing {
        name: "marginals",
        title: "Every coordinate on its own: mean with its standard error, standard deviation, quantiles."
            .to_owned(),
        headings: [
            vec!["coordinate", "of"],
            vec![
                "mean",
                "±",
                "deviation",
                "2.5 %",
                "25 %",
                "50 %",
                "75 %",
                "97.5 %",
            ],
        ],
        rows: rows.collect(),
    }
}
