//! A mixture as a list: one component at a time, by numbers.

use super::gaussian::Axes;
use crate::kit::field::{Choice, Number};
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
    let options = props.components.iter().enumerate().map(|(i, c)| {
        let text = format!(
            "{} at ({:.1}, {:.1}), weight {:.3}",
            i + 1,
            c.mean[0],
            c.mean[1],
            c.weight
        )
        .replace('-', "−");
        (i.to_string().into(), text.into())
    });
    let choose = props.select.reform(|v: String| v.parse().ok());
    let add = {
        let (components, set, select) = (props.components.clone(), props.set.clone(), props.select.clone());
        Callback::from(move |_: MouseEvent| {
            let weight = components.get(index).map_or(1.0, |c| c.weight);
            let mut all = components.clone();
            all.push(Component::isotropic(weight, [0.0, 0.0], 0.5));
            if set.emit(all).is_ok() {
                select.emit(Some(components.len()));
            }
        })
    };
    let remove = {
        let (components, set, select) = (props.components.clone(), props.set.clone(), props.select.clone());
        Callback::from(move |_: MouseEvent| {
            let mut all = components.clone();
            all.remove(index);
            if set.emit(all).is_ok() {
                select.emit(None);
            }
        })
    };
    let Some(component) = props.components.get(index) else {
        return html! { <button type="button" onclick={add}>{ "Add a component" }</button> };
    };
    html! {
        <div class="mixture">
            <Choice id={format!("{}-component", props.id)} label="Component" options={options.collect::<Vec<_>>()} value={index.to_string()} set={choose} />
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
            <div class="buttons">
                <button type="button" data-testid={format!("{}-add", props.id)} onclick={add}>{ "Add a component" }</button>
                <button type="button" data-testid={format!("{}-remove", props.id)} disabled={props.components.len() < 2} onclick={remove}>{ "Remove this component" }</button>
            </div>
            <p class="help">{ "A Gaussian with a mean, a relative weight, and standard deviations σ along and across its angle. On the panel: drag to move it, double-click to add one, press Delete to remove it." }</p>
        </div>
    }
}
