//! The behaviour: somebody who wanders through a maze, or a mixture of Gaussians that follow the state.

use super::reward::{lines, matrix};
use super::{problem, problem_mut};
use crate::kit::field::Number;
use crate::kit::listed::Listed;
use crate::kit::number::short;
use crate::kit::place::{Numbers, Part, Place};
use crate::kit::typed::Text;
use crate::parts::edit::EditProps;
use rtb::run::{ConfigError, Run};
use rtb::task::control::{Feedback, Prior};
use yew::prelude::*;

/// Most Gaussians of a behaviour.
const MOST: usize = 32;

#[component]
pub fn PriorControls(edits: &EditProps) -> Html {
    match &problem(&edits.run).prior {
        Prior::Wandering { deviation } => {
            let set = {
                let edits = edits.clone();
                Callback::from(move |deviation| {
                    edits.apply(|run| problem_mut(run).prior = Prior::Wandering { deviation })
                })
            };
            html! {
                <>
                    <p class="help">{ "Somebody who wanders through the maze: eight Gaussians around steps in eight directions, likelier where the way is free." }</p>
                    <div class="numbers">
                        <Number<f64> id="prior-deviation" field="prior.deviation" label="Deviation" value={*deviation} {set}
                            help="Of a step, in units of the longest." />
                    </div>
                </>
            }
        }
        Prior::Feedback { components } => feedbacks(edits, components),
        // Of recorded steps, which the page does not show.
        Prior::Learned { .. } => Html::default(),
    }
}

/// The Gaussians, one at a time.
fn feedbacks(edits: &EditProps, components: &[Feedback]) -> Html {
    let index = edits
        .selection
        .prior
        .unwrap_or(0)
        .min(components.len().saturating_sub(1));
    let Some(component) = components.get(index) else {
        return Html::default();
    };
    let act = |change: fn(&mut Vec<Feedback>, usize), then: Option<usize>| {
        let (edits, select) = (edits.clone(), edits.selects(true));
        Callback::from(move |()| {
            edits.apply(|run| change(all(run), index))?;
            select.emit(then);
            Ok(())
        })
    };
    let add = |all: &mut Vec<Feedback>, index: usize| {
        let new = all[index].clone();
        all.push(new);
    };
    let remove = |all: &mut Vec<Feedback>, index: usize| drop(all.remove(index));
    let set = {
        let edits = edits.clone();
        Callback::from(move |new: Feedback| edits.apply(|run| all(run)[index] = new))
    };
    let field = format!("prior.components[{index}]");
    let numbers = Numbers {
        value: component,
        parts,
        kind: "feedback",
        id: "prior",
        field: &field,
        set: &set,
    };
    let texts = components.iter().enumerate().map(|(at, component)| {
        let mean: Vec<_> = component.mean.iter().copied().map(short).collect();
        AttrValue::from(format!(
            "{} around ({}), weight {}",
            at + 1,
            mean.join(", "),
            short(component.weight)
        ))
    });
    let gain = {
        let (set, field, before) = (set.clone(), format!("{field}.gain"), component.clone());
        Callback::from(move |text: String| -> Result<(), ConfigError> {
            let gain = matrix(&field, &text)?;
            set.emit(Feedback {
                gain,
                ..before.clone()
            })
        })
    };
    html! {
        <>
            <p class="help">{ "A mixture of Gaussians N(K·s + b, diag(v)) whose means follow the state." }</p>
            <Listed id="prior" what="component" label="Component" texts={texts.collect::<Vec<_>>()} selected={index} select={edits.selects(true)} most={MOST}
                add={act(add, Some(components.len()))} remove={act(remove, None)}>
                <div key={index} class="listed">
                    { numbers.html() }
                    <Text id="prior-gain" field={format!("{field}.gain")} label="Gain K" help="A row for each number of the action, a number for each of the state’s; empty for 0."
                        value={lines(&component.gain)} rows={component.gain.len().max(1) as u32} set={gain} />
                </div>
            </Listed>
        </>
    }
}

/// The numbers of a Gaussian, of an action of one number or of two.
fn parts(component: &mut Feedback) -> Vec<Part<'_>> {
    const MEANS: [[&str; 2]; 2] = [["mean-1", "Mean b of a1"], ["mean-2", "Mean b of a2"]];
    const VARIANCES: [[&str; 2]; 2] = [
        ["variances-1", "Variance v of a1"],
        ["variances-2", "Variance v of a2"],
    ];
    let mut all = vec![Part::new(
        "weight",
        "Weight",
        "",
        Place::Real(&mut component.weight),
    )];
    for (names, values) in [
        (MEANS, &mut component.mean),
        (VARIANCES, &mut component.variances),
    ] {
        let parts = names.into_iter().zip(values);
        all.extend(parts.map(|([field, label], value)| Part::new(field, label, "", Place::Real(value))));
    }
    all
}

/// The Gaussians of a behaviour that is made of them.
fn all(run: &mut Run) -> &mut Vec<Feedback> {
    match &mut problem_mut(run).prior {
        Prior::Feedback { components } => components,
        other => unreachable!("the controls are those of Gaussians: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::preset;

    #[test]
    fn every_number_of_a_gaussian_can_be_changed() {
        let run = preset("control-linear").expect("a preset").run.clone();
        let mut changed = run.clone();
        for part in parts(&mut all(&mut changed)[0]) {
            if let Place::Real(value) = part.place {
                *value += 1.0;
            }
        }
        let component = &all(&mut changed)[0];
        let before = &all(&mut run.clone())[0].clone();
        assert_eq!(component.weight, before.weight + 1.0);
        assert!(
            component
                .mean
                .iter()
                .zip(&before.mean)
                .all(|(new, old)| *new == old + 1.0)
        );
        assert!(
            component
                .variances
                .iter()
                .zip(&before.variances)
                .all(|(new, old)| *new == old + 1.0)
        );
        assert_eq!(changed.validate(), Ok(()));
    }
}
