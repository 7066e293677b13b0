//! What is said of the planes of z.

use crate::kit::number::figure;
use crate::parts::panels::{LEARNED, PRIOR, PanelsProps, REWARD};
use crate::tasks::images::fit;
use crate::tasks::images::panels::Said;
use rtb::message::Report;

pub static SAID: Said = Said {
    help: [
        "The density of z, N(0, I), on a map of what f makes of each place; below, images of samples. Point at the map to look closer.",
        "log r at each place; the dots are learned samples. ",
        "Density of the learned z, smoothed, and their images. Select a sample or an image to see its trajectory.",
        "The target of the learned posterior: by quadrature over z, with the same smoothing, and as images of the prior, each kept with probability r:",
    ],
    flow: "Every z starts at 0. The first step makes it noise, which the other steps move over the map; the images are what f makes of it on the way.",
};

/// What a screen reader says of a plane.
pub fn label(panel: usize, props: &PanelsProps, report: Option<&Report>) -> String {
    let log_z = figure(props.stage.log_z().unwrap_or(f64::NAN));
    match (panel, report) {
        (PRIOR, _) => "The plane of z: a standard normal, on a map of digits, and its samples.".to_owned(),
        (REWARD, _) => format!("β·log r on the plane of z, with its floor; log Z is {log_z}."),
        (LEARNED, Some(r)) => format!(
            "Density of {} samples of the learned posterior on the plane of z at iteration {}: total variation {}, effective sample size {:.0} %.",
            r.samples,
            r.iterations,
            figure(
                fit(&r.fit)
                    .and_then(|fit| fit.total_variation)
                    .unwrap_or(f64::NAN)
            ),
            100.0 * r.ess
        ),
        (LEARNED, None) => "The learned posterior on the plane of z: not drawn yet.".to_owned(),
        _ => format!("Density of the exact posterior on the plane of z, by quadrature; log Z is {log_z}."),
    }
}
