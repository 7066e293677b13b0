//! What is said of the panels of the plane.

use super::{fit, problem};
use crate::parts::panels::{LEARNED, PRIOR, PanelsProps, REWARD};
use rtb::message::{Report, Truth};
use rtb::task::plane::Reward;

fn truth(props: &PanelsProps) -> &'static str {
    match props.stage.scene.truth {
        Truth::Quadrature => "computed by quadrature",
        Truth::ImportanceWeighted => "from importance-weighted samples of the learned prior",
        Truth::Rejection => "from samples of the learned prior, each kept with probability r",
    }
}

/// The sentence under a panel.
pub fn help(panel: usize, props: &PanelsProps) -> String {
    match panel {
        PRIOR => "Density of the prior’s end points. Drag a component to move it, double-click to add one, press Delete to remove it.".to_owned(),
        REWARD => match &problem(&props.run).reward {
            Reward::Ratio { .. } => "Reward at each place; the dots are learned samples. Drag the target’s components to change it.",
            Reward::Formula { .. } => "Reward at each place; the dots are learned samples. Type another formula in the controls to change it.",
            Reward::Mask { .. } => "Reward at each place; the dots are learned samples. Drag the shape’s handles to change it.",
            Reward::Annealed { .. } => "Reward at each place, a power of the prior itself; the dots are learned samples.",
            Reward::Product { .. } => "Reward at each place; the dots are learned samples. Drag the second prior’s components to change it.",
            Reward::Painted { .. } => "Paint with the pointer. By keyboard: arrows move the brush, Space paints, Backspace erases.",
        }
        .to_owned(),
        LEARNED => "Density of the learned end points, smoothed. Point at a sample, or use the arrow keys, to see its whole trajectory.".to_owned(),
        _ => format!("The target of the learned posterior, {}, with the same smoothing:", truth(props)),
    }
}

/// What a screen reader says of a panel.
pub fn label(panel: usize, props: &PanelsProps, report: Option<&Report>) -> String {
    let log_z = props.stage.scene.log_z.unwrap_or(f64::NAN);
    match (panel, report) {
        (PRIOR, _) => format!(
            "Density of the prior, which has {} components, and its samples.",
            problem(&props.run).prior.components.len()
        ),
        (REWARD, _) => format!("β·log r, with its floor; log Z is {log_z:.3}."),
        (LEARNED, Some(r)) => format!(
            "Density of {} samples of the learned posterior at iteration {}: total variation of mode weights {:.3}, effective sample size {:.0} %.",
            r.samples,
            r.iterations,
            fit(&r.fit).map_or(f64::NAN, |fit| fit.mode_total_variation),
            100.0 * r.ess
        ),
        (LEARNED, None) => "The learned posterior: not drawn yet.".to_owned(),
        _ => format!(
            "Density of the exact posterior, {}; log Z is {log_z:.3}.",
            truth(props)
        ),
    }
}
