//! A prior that is a mixture of Gaussians: names, then one component at a time.

use super::{changes_prior, problem, problem_mut};
use crate::kit::field::{Amount, Number, plain};
use crate::kit::listed::Listed;
use crate::kit::typed::{Text, items};
use crate::parts::edit::EditProps;
use rtb::run::ConfigError;
use rtb::task::points::{Component, PointsProblem, Prior};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct MixtureProps {
    pub edits: EditProps,
    pub components: Vec<Component>,
}

#[component]
pub fn Mixture(MixtureProps { edits, components }: &MixtureProps) -> Html {
    let index = edits
        .selection
        .prior
        .unwrap_or(0)
        .min(components.len().saturating_sub(1));
    let Some(component) = components.get(index) else {
        return Html::default();
    };
    let add = move |problem: &mut PointsProblem| {
        let all = all(problem);
        all.push(all[index].clone());
    };
    let remove = move |problem: &mut PointsProblem| drop(all(problem).remove(index));
    let names = problem(&edits.run).prior.names().unwrap_or_default();
    let rename = {
        let edits = edits.clone();
        Callback::from(move |text: String| {
            let names: Vec<String> = items(&text).map(str::to_owned).collect();
            edits.apply(|run| name_all(problem_mut(run), &names))
        })
    };
    let weight = {
        let edits = edits.clone();
        Callback::from(move |weight| edits.apply(|run| all(problem_mut(run))[index].weight = weight))
    };
    let list = |[end, label]: [&'static str; 2],
                numbers: &[f64],
                help: &'static str,
                place: fn(&mut Component) -> &mut Vec<f64>| {
        let field = format!("prior.components[{index}].{end}");
        let set = {
            let (edits, field) = (edits.clone(), field.clone());
            Callback::from(move |text: String| {
                let numbers = read(&field, &text)?;
                edits.apply(|run| *place(&mut all(problem_mut(run))[index]) = numbers)
            })
        };
        html! {
            <Text key={format!("{end}-{index}")} id={format!("prior-{end}")} {field} {label} {help} value={written(numbers)} list=true rows={2} {set} />
        }
    };
    let texts = components.iter().enumerate().map(|(at, c)| {
        let text = format!(
            "{}, weight {}, mean {}",
            at + 1,
            plain(c.weight),
            written(&c.mean)
        );
        AttrValue::from(text)
    });
    html! {
        <>
            <Text id="prior-names" field="prior.names" label="Names" value={names.join(", ")} list=true rows={2} set={rename}
                help="Of the coordinates. Another name adds a coordinate, one fewer removes it." />
            <Listed id="prior" what="component" label="Component" texts={texts.collect::<Vec<_>>()} selected={index} select={edits.selects(true)}
                add={changes_prior(edits, add, Some(components.len()))} remove={changes_prior(edits, remove, None)}>
                <Number<f64> key={format!("weight-{index}")} id="prior-weight" label="Weight" field={format!("prior.components[{index}].weight")} value={component.weight} set={weight} />
                { list(["mean", "Mean"], &component.mean, "A number for each coordinate.", |c| &mut c.mean) }
                if component.covariance.is_empty() {
                    { list(["variances", "Variances"], &component.variances, "A number for each coordinate.", |c| &mut c.variances) }
                } else {
                    <p class="help">{ "Its covariance is a matrix, which a config file can change." }</p>
                }
            </Listed>
        </>
    }
}

/// The components of a problem whose prior is a mixture.
fn all(problem: &mut PointsProblem) -> &mut Vec<Component> {
    match &mut problem.prior {
        Prior::Mixture { components, .. } => components,
        other => unreachable!("the controls are those of a mixture: {other:?}"),
    }
}

fn written(numbers: &[f64]) -> String {
    numbers.iter().copied().map(plain).collect::<Vec<_>>().join(", ")
}

fn read(field: &str, text: &str) -> Result<Vec<f64>, ConfigError> {
    let number = |item: &str| {
        f64::parse(item).map_err(|allowed| ConfigError::new(field, format!("`{item}`"), allowed))
    };
    items(text).map(number).collect()
}

/// Gives the coordinates of a mixture these names. Where one is another, formulas follow; else those that had a name
/// keep their numbers, and new ones are standard normal.
fn name_all(problem: &mut PointsProblem, names: &[String]) {
    let before = problem.prior.names().unwrap_or_default();
    let pairs = before.iter().zip(names).enumerate();
    let others: Vec<_> = pairs.filter(|(_, (old, new))| old != new).collect();
    if let ([(at, (_, new))], true) = (&others[..], before.len() == names.len()) {
        problem.rename(*at, new);
        return;
    }
    let kept: Vec<Option<usize>> = names
        .iter()
        .map(|name| before.iter().position(|old| old == name))
        .collect();
    all(problem)
        .iter_mut()
        .for_each(|component| resize(component, &kept));
    if let Prior::Mixture { names: own, .. } = &mut problem.prior {
        own.clear();
        own.extend_from_slice(names);
    }
}

/// Gives a component these coordinates of its own, and new ones.
fn resize(component: &mut Component, kept: &[Option<usize>]) {
    let pick = |numbers: &[f64], new: f64| -> Vec<f64> {
        let one = |at: &Option<usize>| at.and_then(|at| numbers.get(at).copied()).unwrap_or(new);
        kept.iter().map(one).collect()
    };
    component.mean = pick(&component.mean, 0.0);
    if component.covariance.is_empty() {
        component.variances = pick(&component.variances, 1.0);
        return;
    }
    let entry = |row: usize, column: usize| match (kept[row], kept[column]) {
        (Some(a), Some(b)) => component.covariance[a][b],
        _ => f64::from(u8::from(row == column)),
    };
    let rows = (0..kept.len()).map(|row| (0..kept.len()).map(|column| entry(row, column)).collect());
    component.covariance = rows.collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::preset;

    fn named(problem: &PointsProblem, names: &str) -> PointsProblem {
        let mut problem = problem.clone();
        name_all(&mut problem, &items(names).map(str::to_owned).collect::<Vec<_>>());
        problem
    }

    #[test]
    fn names_rename_add_and_remove_coordinates() {
        let run = &preset("clusters").expect("a preset").run;
        let ten = problem(run).clone();
        let four = named(&ten, "x1, x2 x3,x4");
        let swapped = named(&four, "x1, x2, b, x4");
        let five = named(&four, "x4, x1, x2, x3, new");
        for (problem, means) in [
            (&four, [2.0, 2.0, 2.0, 2.0].as_slice()),
            (&five, &[2.0, 2.0, 2.0, 2.0, 0.0]),
        ] {
            let mut run = run.clone();
            *problem_mut(&mut run) = problem.clone();
            assert_eq!(run.validate(), Ok(()));
            assert_eq!(all(problem_mut(&mut run))[0].mean, means);
        }
        assert!(format!("{:?}", swapped.reward).contains("max(0, x1 + b)"));
        let mut matrix = Component {
            weight: 1.0,
            mean: vec![1.0, 2.0],
            variances: Vec::new(),
            covariance: vec![vec![2.0, 0.5], vec![0.5, 3.0]],
        };
        resize(&mut matrix, &[Some(1), None]);
        assert_eq!(
            (matrix.mean, matrix.covariance),
            (vec![2.0, 0.0], vec![vec![3.0, 0.0], vec![0.0, 1.0]])
        );
    }

    #[test]
    fn lists_of_numbers_are_read_or_refused_by_the_item() {
        assert_eq!(read("a", "1, -2.5 3e1"), Ok(vec![1.0, -2.5, 30.0]));
        let refused = read("prior.components[0].mean", "1, b").expect_err("no number");
        assert_eq!(
            (refused.field.as_str(), refused.value.as_str()),
            ("prior.components[0].mean", "`b`")
        );
        assert_eq!(written(&[1.0, -0.5]), "1, -0.5");
    }
}
