//! A prior of independent coordinates, each with a name and a law.

use super::{changes_prior, problem_mut};
use crate::kit::field::{Choice, plain};
use crate::kit::listed::Listed;
use crate::kit::place::{Numbers, Part, Place};
use crate::kit::typed::Text;
use crate::parts::edit::EditProps;
use rtb::run::ConfigError;
use rtb::task::points::{Coordinate, MOST_COORDINATES, PointsProblem, Prior};
use yew::prelude::*;

const FIELD: &str = "prior.coordinates";

#[derive(Properties, PartialEq)]
pub struct CoordinatesProps {
    pub edits: EditProps,
    pub coordinates: Vec<Coordinate>,
}

#[component]
pub fn Coordinates(CoordinatesProps { edits, coordinates }: &CoordinatesProps) -> Html {
    let index = edits
        .selection
        .prior
        .unwrap_or(0)
        .min(coordinates.len().saturating_sub(1));
    let Some(coordinate) = coordinates.get(index) else {
        return Html::default();
    };
    let add = |problem: &mut PointsProblem| {
        let all = all(problem);
        let name = free(all);
        all.push(law("normal", name));
    };
    let remove = move |problem: &mut PointsProblem| drop(all(problem).remove(index));
    let set = {
        let edits = edits.clone();
        Callback::from(move |new: Coordinate| edits.apply(|run| all(problem_mut(run))[index] = new))
    };
    let name = {
        let edits = edits.clone();
        Callback::from(move |name: String| edits.apply(|run| problem_mut(run).rename(index, name.trim())))
    };
    html! {
        <Listed id="prior" what="coordinate" label="Coordinate" texts={coordinates.iter().map(text).collect::<Vec<_>>()} selected={index} select={edits.selects(true)}
            add={changes_prior(edits, add, Some(coordinates.len()))} remove={changes_prior(edits, remove, None)} most={MOST_COORDINATES}>
            <Text key={format!("name-{index}")} id="prior-name" field={format!("the name of coordinate {}", index + 1)} label="Name" value={coordinate.name().to_owned()} set={name}
                help="Letters, digits and _. Formulas change with it." />
            { law_controls(index, coordinate, &set) }
        </Listed>
    }
}

/// The family of a coordinate and its numbers.
fn law_controls(
    index: usize,
    coordinate: &Coordinate,
    set: &Callback<Coordinate, Result<(), ConfigError>>,
) -> Html {
    let field = format!("{FIELD}[{index}]");
    let choose = {
        let (set, name) = (set.clone(), coordinate.name().to_owned());
        Callback::from(move |family: String| {
            // What a family starts from is allowed.
            let _ = set.emit(law(&family, name.clone()));
        })
    };
    let family = family(coordinate);
    let options = FAMILIES.map(|(name, title)| (name.into(), title.into())).to_vec();
    let numbers = Numbers {
        value: coordinate,
        parts,
        kind: family,
        id: "prior",
        field: &field,
        set,
    };
    html! {
        <div class="listed" key={format!("law-{index}")}>
            <Choice id="prior-family" label="Family" {options} value={family} set={choose} />
            { numbers.html() }
        </div>
    }
}

/// The families, as in a run's file, and what they are called.
const FAMILIES: [(&str, &str); 9] = [
    ("normal", "normal"),
    ("log_normal", "log-normal"),
    ("uniform", "uniform"),
    ("truncated_normal", "truncated normal"),
    ("exponential", "exponential"),
    ("gamma", "gamma"),
    ("beta", "beta"),
    ("laplace", "Laplace"),
    ("student_t", "Student’s t"),
];

fn family(coordinate: &Coordinate) -> &'static str {
    let at = match coordinate {
        Coordinate::Normal { .. } => 0,
        Coordinate::LogNormal { .. } => 1,
        Coordinate::Uniform { .. } => 2,
        Coordinate::TruncatedNormal { .. } => 3,
        Coordinate::Exponential { .. } => 4,
        Coordinate::Gamma { .. } => 5,
        Coordinate::Beta { .. } => 6,
        Coordinate::Laplace { .. } => 7,
        Coordinate::StudentT { .. } => 8,
    };
    FAMILIES[at].0
}

/// What a family starts from; an unknown one is normal.
fn law(family: &str, name: String) -> Coordinate {
    let (mean, deviation) = (0.0, 1.0);
    match family {
        "log_normal" => Coordinate::LogNormal {
            name,
            mean,
            deviation,
        },
        "uniform" => Coordinate::Uniform {
            name,
            low: -1.0,
            high: 1.0,
        },
        "truncated_normal" => Coordinate::TruncatedNormal {
            name,
            mean,
            deviation,
            low: Some(0.0),
            high: None,
        },
        "exponential" => Coordinate::Exponential { name, rate: 1.0 },
        "gamma" => Coordinate::Gamma {
            name,
            shape: 2.0,
            rate: 1.0,
        },
        "beta" => Coordinate::Beta { name, a: 2.0, b: 2.0 },
        "laplace" => Coordinate::Laplace {
            name,
            center: 0.0,
            scale: 1.0,
        },
        "student_t" => Coordinate::StudentT {
            name,
            freedom: 3.0,
            center: 0.0,
            scale: 1.0,
        },
        _ => Coordinate::Normal {
            name,
            mean,
            deviation,
        },
    }
}

/// The numbers of a law.
fn parts(coordinate: &mut Coordinate) -> Vec<Part<'_>> {
    let real = |field, label, help, value| Part::new(field, label, help, Place::Real(value));
    match coordinate {
        Coordinate::Normal { mean, deviation, .. } => vec![
            real("mean", "Mean", "", mean),
            real("deviation", "Deviation", "", deviation),
        ],
        Coordinate::LogNormal { mean, deviation, .. } => vec![
            real("mean", "Mean", "Of the logarithm.", mean),
            real("deviation", "Deviation", "Of the logarithm.", deviation),
        ],
        Coordinate::Uniform { low, high, .. } => {
            vec![real("low", "From", "", low), real("high", "To", "", high)]
        }
        Coordinate::TruncatedNormal {
            mean,
            deviation,
            low,
            high,
            ..
        } => vec![
            real("mean", "Mean", "Before it is cut.", mean),
            real("deviation", "Deviation", "Before it is cut.", deviation),
            Part::new("low", "From", "Empty for no bound.", Place::Optional(low)),
            Part::new("high", "To", "Empty for no bound.", Place::Optional(high)),
        ],
        Coordinate::Exponential { rate, .. } => vec![real("rate", "Rate", "The mean is 1/rate.", rate)],
        Coordinate::Gamma { shape, rate, .. } => vec![
            real("shape", "Shape", "", shape),
            real("rate", "Rate", "The mean is shape/rate.", rate),
        ],
        Coordinate::Beta { a, b, .. } => vec![
            real("a", "Shape a", "", a),
            real("b", "Shape b", "The mean is a/(a + b).", b),
        ],
        Coordinate::Laplace { center, scale, .. } => vec![
            real("center", "Centre", "", center),
            real("scale", "Scale", "", scale),
        ],
        Coordinate::StudentT {
            freedom,
            center,
            scale,
            ..
        } => vec![
            real("freedom", "Degrees of freedom", "1 is a Cauchy law.", freedom),
            real("center", "Centre", "", center),
            real("scale", "Scale", "", scale),
        ],
    }
}

/// A coordinate in a line.
fn text(coordinate: &Coordinate) -> AttrValue {
    let mut all = coordinate.clone();
    let numbers = parts(&mut all).into_iter().map(|part| part.place.value());
    let numbers: Vec<_> = numbers.filter(|value| !value.is_nan()).map(plain).collect();
    let family = family(coordinate);
    let title = FAMILIES
        .iter()
        .find(|(name, _)| *name == family)
        .map_or(family, |(_, title)| title);
    format!("{}: {title} ({})", coordinate.name(), numbers.join(", ")).into()
}

/// The coordinates of a problem that has a law for each.
fn all(problem: &mut PointsProblem) -> &mut Vec<Coordinate> {
    match &mut problem.prior {
        Prior::Marginals { coordinates } => coordinates,
        other => unreachable!("the controls are those of coordinates: {other:?}"),
    }
}

/// A name that no coordinate has.
fn free(all: &[Coordinate]) -> String {
    let mut names = (1..).map(|at| format!("x{at}"));
    let free = names.find(|name| all.iter().all(|c| c.name() != name));
    free.expect("there is no end of names")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::run::Run;

    #[test]
    fn every_family_starts_allowed_and_is_edited_as_what_it_is() {
        for (name, title) in FAMILIES {
            let start = law(name, "a".to_owned());
            assert_eq!(family(&start), name);
            assert!(text(&start).starts_with(&format!("a: {title} (")));
            let problem = PointsProblem {
                prior: Prior::Marginals {
                    coordinates: vec![start.clone()],
                },
                reward: rtb::task::points::Reward::Formula {
                    expression: "a".to_owned(),
                    logarithm: true,
                    data: None,
                },
                reference: None,
                observations: None,
            };
            // Its numbers go by the names of its fields.
            let written = Run::new(problem).to_toml();
            for part in parts(&mut start.clone()) {
                let absent = part.place.value().is_nan();
                assert!(
                    absent || written.contains(&format!("{} = ", part.field)),
                    "{name}: {}",
                    part.field
                );
            }
            assert_eq!(Run::from_toml(&written).map(|_| ()), Ok(()));
        }
        assert_eq!(
            free(&[law("normal", "x1".to_owned()), law("beta", "x3".to_owned())]),
            "x2"
        );
    }
}
