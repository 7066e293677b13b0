//! What is said of the panels of the plane.

use super::{fit, problem};
use crate::parts::panels::{LEARNED, PRIOR, PanelsProps, REWARD};
use rtb::message::{Report, Truth};
use rtb::task::plane::Reward;

fn truth(props: &PanelsProps) -> &'static str {
    match props.stage.scene.truth {
        Truth::Quadrature => "exact by quadrature",
        Truth::ImportanceWeighted => "importance-weighted samples of the learned prior",
        Truth::Rejection => "samples of the learned prior, kept with probability r",
    }
}

/// The sentence under a panel.
pub fn help(panel: usize, props: &PanelsProps) -> String {
    match panel {
        PRIOR => "Where the pretrained model’s samples end. Drag a component, double-click to add one, Delete to remove it.".to_owned(),
        REWARD => match &problem(&props.run).reward {
            Reward::Ratio { .. } => "How much each end point is wanted, under the learned end points. Drag the target’s components.",
            Reward::Formula { .. } => "How much each end point is wanted, under the learned end points. Type its formula among the controls.",
            Reward::Mask { .. } => "How much each end point is wanted, under the learned end points. Drag the shape’s handles.",
            Reward::Annealed { .. } => "How much each end point is wanted, under the learned end points: a power of the prior itself.",
            Reward::Product { .. } => "How much each end point is wanted, under the learned end points. Drag the second prior’s components.",
            Reward::Painted { .. } => "Paint with the pointer. By keyboard: arrows move the brush, Space paints, Backspace erases.",
        }
        .to_owned(),
        LEARNED => "Where the trained chain’s samples end, smoothed. Point at a sample, or use the arrow keys, for its whole trajectory.".to_owned(),
        _ => format!("What the learned posterior should look like, {}, smoothed alike:", truth(props)),
    }
}

/// What a screen reader says of a panel.
pub fn label(panel: usize, props: &PanelsProps, report: Option<&Report>) -> String {
    let log_z = props.stage.scene.log_z.unwrap_or(f64::NAN);
    match (panel, report) {
        (PRIOR, _) => format!(
            "Density of the prior, {} components, with samples on their way.",
            problem(&props.run).prior.components.len()
        ),
        (REWARD, _) => format!("Tempered and floored logarithm of the reward; log Z is {log_z:.3}."),
        (LEARNED, Some(r)) => format!(
            "Density of {} samples of the learned posterior at iteration {}: total variation of mode weights {:.3}, effective sample size {:.0} %.",
            r.samples,
            r.iterations,
            fit(&r.fit).map_or(f64::NAN, |fit| fit.mode_total_variation),
            100.0 * r.ess
        ),
        (LEARNED, None) => "The learned posterior; the engine has not drawn it yet.".to_owned(),
        _ => format!(
            "Density of the exact posterior, {}; log Z is {log_z:.3}.",
            truth(props)
        ),
    }
}
