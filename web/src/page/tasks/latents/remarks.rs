//! What is said of the figures of images that a generator makes.

use crate::parts::figures::Remarks;
use crate::tasks::images::remarks;
use rtb::message::{Report, Truth};

pub fn remarks(report: Option<&Report>) -> Remarks {
    Remarks {
        truth: match report.map(|report| report.truth) {
            None => {
                "It comes from quadrature over z, or from images of the prior: the first measurement says which."
            }
            Some(Truth::Quadrature) => {
                "log Z and the masses come from quadrature over z; what is compared of images comes from those of the prior, each kept with probability r."
            }
            Some(_) => "It comes from images of the prior, each kept with probability r.",
        },
        ..remarks::remarks(report)
    }
}
