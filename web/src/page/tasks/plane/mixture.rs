//! A mixture as a list: one component at a time, by numbers.

use super::gaussian::Axes;
use crate::kit::field::Number;
use crate::kit::listed::Listed;
use rtb::run::ConfigError;
use rtb::task::plane::Component;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MixtureProps {
    /// Begins the ids of the inputs.
    pub id: &'static str,
    /// The list's name in errors.
    pub field: &'static str,
    pub components: Vec<Component>,
    pub selected: Option<usize>,
    pub select: Callback<Option<usize>>,
    pub set: Callback<Vec<Component>, Result<(), ConfigError>>,
}

/// A number of a component: the end of its id, its label, and how it is read and written.
type Part = (
    &'static str,
    &'static str,
    fn(&Component) -> f64,
    fn(&mut Component, f64),
);

const PARTS: [Part; 6] = [
    ("x", "Mean x", |c| c.mean[0], |c, v| c.mean[0] = v),
    ("y", "Mean y", |c| c.mean[1], |c, v| c.mean[1] = v),
    ("weight", "Weight", |c| c.weight, |c, v| c.weight = v),
    (
        "along",
        "σ along",
        |c| tidy(Axes::of(c.covariance).along),
        |c, v| reshape(c, |a| a.along = v),
    ),
    (
        "across",
        "σ across",
        |c| tidy(Axes::of(c.covariance).across),
        |c, v| reshape(c, |a| a.across = v),
    ),
    (
        "angle",
        "Angle (°)",
        |c| tidy(Axes::of(c.covariance).angle.to_degrees()),
        |c, v| reshape(c, |a| a.angle = v.to_radians()),
    ),
];

fn tidy(value: f64) -> f64 {
    (1e4 * value).round() / 1e4
}

fn reshape(component: &mut Component, change: impl FnOnce(&mut Axes)) {
    let mut axes = Axes::of(component.covariance);
    change(&mut axes);
    component.covariance = axes.covariance();
}

#[component]
pub fn Mixture(props: &MixtureProps) -> Html {
    let index = props
        .selected
        .unwrap_or(0)
        .min(props.components.len().saturating_sub(1));
    let texts = props.components.iter().enumerate().map(|(i, c)| {
        let text = format!(
            "{} at ({:.1}, {:.1}), weight {:.3}",
            i + 1,
            c.mean[0],
            c.mean[1],
            c.weight
        );
        AttrValue::from(text.replace('-', "−"))
    });
    let change = |change: fn(&mut Vec<Component>, usize), select: Option<usize>| {
        let (mut all, set, selects) = (props.components.clone(), props.set.clone(), props.select.clone());
        change(&mut all, index);
        Callback::from(move |()| {
            set.emit(all.clone())?;
            selects.emit(select);
            Ok(())
        })
    };
    let add = |all: &mut Vec<Component>, index: usize| {
        let weight = all.get(index).map_or(1.0, |c| c.weight);
        all.push(Component::isotropic(weight, [0.0, 0.0], 0.5));
    };
    let remove = |all: &mut Vec<Component>, index: usize| {
        if index < all.len() {
            all.remove(index);
        }
    };
    let numbers = |component: &Component| {
        html! {
            <div class="grid2">
                { for PARTS.iter().map(|(end, label, read, write)| {
                    let (components, set, write) = (props.components.clone(), props.set.clone(), *write);
                    let set = Callback::from(move |value| {
                        let mut all = components.clone();
                        write(&mut all[index], value);
                        set.emit(all)
                    });
                    html! {
                        <Number<f64> key={format!("{index}-{end}")} id={format!("{}-{end}", props.id)} label={*label} {set}
                            field={format!("{}[{index}]", props.field)} value={read(component)} />
                    }
                }) }
            </div>
        }
    };
    html! {
        <>
            <Listed id={props.id} what="component" label="Component" texts={texts.collect::<Vec<_>>()} selected={index} select={props.select.clone()}
                add={change(add, Some(props.components.len()))} remove={change(remove, None)}>
                { props.components.get(index).map(numbers).unwrap_or_default() }
            </Listed>
            <p class="help">{ "A Gaussian with a mean, a relative weight, and standard deviations σ along and across its angle. On the panel: drag to move it, double-click to add one, press Delete to remove it." }</p>
        </>
    }
}
