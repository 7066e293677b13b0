//! The controls of an environment, and of its episodes.

use crate::kit::field::{Choice, Number};
use crate::kit::place::{Numbers, Part, Place};
use crate::kit::typed::{Text, items};
use crate::parts::edit::EditProps;
use crate::tasks::common::formula::LANGUAGE;
use crate::tasks::control::{easel, problem, problem_mut};
use rtb::run::ConfigError;
use rtb::task::control::{ControlProblem, Environment, Episodes, Prior};
use yew::prelude::*;

const FIELD: &str = "environment";

const MAP: &str = "# is a wall, . is free, G a goal; episodes start in S, or anywhere where there is none. Or draw on the map.";

/// What changes the environment.
fn set<T: 'static>(
    edits: &EditProps,
    change: fn(&mut Environment, T),
) -> Callback<T, Result<(), ConfigError>> {
    let edits = edits.clone();
    Callback::from(move |value| edits.apply(|run| change(&mut problem_mut(run).environment, value)))
}

pub fn environment(edits: &EditProps) -> Html {
    let described = &problem(&edits.run).environment;
    let more = match described {
        Environment::Maze { rows, .. } => map(edits, rows),
        Environment::Bandit { .. } | Environment::Painted { .. } | Environment::Recorded { .. } => {
            Html::default()
        }
        Environment::Linear { .. } => linear(edits, described),
    };
    html! {
        <>
            { one_action(edits, described) }
            <details>
                <summary><h3>{ "Environment" }</h3></summary>
                { more }
                { numbers(edits, described) }
                { episodes(edits) }
            </details>
        </>
    }
}

/// How the reward of a single action is given; nothing where episodes have more of them.
fn one_action(edits: &EditProps, described: &Environment) -> Html {
    let (kind, more) = match described {
        Environment::Bandit { expression, .. } => ("formula", formula(edits, expression)),
        Environment::Painted { .. } => ("painted", easel::controls(edits)),
        _ => return Html::default(),
    };
    let options: Vec<_> = [("formula", "a formula"), ("painted", "painted by hand")]
        .map(|(kind, title)| (kind.into(), title.into()))
        .into();
    let choose = edits.changes(|run, kind: String| give(problem_mut(run), &kind));
    html! {
        <>
            <Choice id="environment-kind" field="environment.kind" label="Reward of an action" value={kind} set={choose} {options} />
            { more }
        </>
    }
}

/// Gives an action of one or two numbers a reward of a kind; what is painted is a plane, without states.
fn give(problem: &mut ControlProblem, kind: &str) {
    match kind {
        "painted" => {
            resize(problem, true, 0);
            resize(problem, false, 2);
            problem.environment = easel::start();
        }
        _ => problem.environment = Environment::default(),
    }
}

fn map(edits: &EditProps, rows: &[String]) -> Html {
    let set = set(edits, |environment, text: String| {
        if let Environment::Maze { rows, .. } = environment {
            *rows = text.split_whitespace().map(str::to_owned).collect();
        }
    });
    html! {
        <Text id="maze-rows" field="environment.rows" label="Map of the maze" name="Map" help={MAP} value={rows.join("\n")}
            rows={rows.len() as u32} {set} />
    }
}

fn formula(edits: &EditProps, expression: &str) -> Html {
    let set = set(edits, |environment, text: String| {
        if let Environment::Bandit { expression, .. } = environment {
            *expression = text;
        }
    });
    let help = format!(
        "The reward of an action, in its numbers a1, a2 and those of the state, s1, s2, … {LANGUAGE} Where the value is undefined, r is 0."
    );
    html! {
        <Text id="reward-expression" field="environment.expression" label="Q(s, a) =" name="Formula" {help} value={expression.to_owned()}
            rows={2} {set} />
    }
}

/// Matrices and costs, as lists of numbers.
fn linear(edits: &EditProps, described: &Environment) -> Html {
    let Environment::Linear {
        transition,
        control,
        state_cost,
        action_cost,
        ..
    } = described
    else {
        return Html::default();
    };
    let text = |id: &'static str,
                field: &'static str,
                label: &'static str,
                help: &'static str,
                rows: &[Vec<f64>],
                put: fn(&mut Environment, Vec<Vec<f64>>)| {
        let edits = edits.clone();
        let set = Callback::from(move |text: String| {
            let rows = matrix(field, &text)?;
            edits.apply(|run| put(&mut problem_mut(run).environment, rows))
        });
        html! { <Text {id} {field} {label} {help} value={lines(rows)} rows={rows.len() as u32} {set} /> }
    };
    html! {
        <>
            { text("transition", "environment.transition", "A", "s′ = A·s + B·a + noise; one row a line.", transition, |environment, rows| {
                if let Environment::Linear { transition, .. } = environment { *transition = rows; }
            }) }
            { text("control", "environment.control", "B", "A row for each number of the state.", control, |environment, rows| {
                if let Environment::Linear { control, .. } = environment { *control = rows; }
            }) }
            { text("state-cost", "environment.state_cost", "Cost q of the state", "Every step costs Σ q_i·s_i² + Σ c_j·a_j².", std::slice::from_ref(state_cost), |environment, rows| {
                if let Environment::Linear { state_cost, .. } = environment { *state_cost = rows.concat(); }
            }) }
            { text("action-cost", "environment.action_cost", "Cost c of the action", "One number for each of the action’s.", std::slice::from_ref(action_cost), |environment, rows| {
                if let Environment::Linear { action_cost, .. } = environment { *action_cost = rows.concat(); }
            }) }
        </>
    }
}

fn numbers(edits: &EditProps, described: &Environment) -> Html {
    if let Environment::Bandit { state, action, .. } = described {
        let [of_state, of_action] = [true, false].map(|of_state| {
            let edits = edits.clone();
            Callback::from(move |count| edits.apply(|run| resize(problem_mut(run), of_state, count)))
        });
        return html! {
            <div class="numbers">
                <Number<usize> id="environment-state" field="environment.state" label="Numbers of a state" value={*state} set={of_state}
                    help="s1, s2, … of the formula, uniform on [−1, 1]; 0 for a single state." />
                <Number<usize> id="environment-action" field="environment.action" label="Numbers of an action" value={*action} set={of_action} />
            </div>
        };
    }
    let set = {
        let edits = edits.clone();
        Callback::from(move |new: Environment| edits.apply(|run| problem_mut(run).environment = new))
    };
    let numbers = Numbers {
        value: described,
        parts,
        kind: match described {
            Environment::Maze { .. } => "maze",
            Environment::Painted { .. } => "painted",
            _ => "linear",
        },
        id: "environment",
        field: FIELD,
        set: &set,
    };
    numbers.html()
}

fn parts(environment: &mut Environment) -> Vec<Part<'_>> {
    let real = |field, label, help, value| Part::new(field, label, help, Place::Real(value));
    match environment {
        Environment::Maze { speed, .. } => vec![real("speed", "Longest step", "In cells.", speed)],
        Environment::Linear { noise, spread, .. } => vec![
            real("noise", "Noise", "Deviation of every coordinate.", noise),
            real(
                "spread",
                "Spread",
                "Deviation of the first state’s coordinates.",
                spread,
            ),
        ],
        Environment::Painted { reach, best, .. } => vec![
            real(
                "reach",
                "Reach",
                "Half the side of the painting, in units of the actions.",
                reach,
            ),
            real("best", "Best reward", "That of the level 9.", best),
        ],
        Environment::Bandit { .. } | Environment::Recorded { .. } => Vec::new(),
    }
}

/// Gives a bandit another number of numbers, and its behaviour with it.
fn resize(problem: &mut ControlProblem, of_state: bool, count: usize) {
    if let Environment::Bandit { state, action, .. } = &mut problem.environment {
        *(if of_state { state } else { action }) = count;
    }
    if let Prior::Feedback { components } = &mut problem.prior {
        for component in components {
            component.gain.clear();
            if !of_state {
                component.mean.resize(count, 0.0);
                let last = component.variances.last().copied().unwrap_or(1.0);
                component.variances.resize(count, last);
            }
        }
    }
}

/// Of an environment where an episode has more than one action, or states differ.
fn episodes(edits: &EditProps) -> Html {
    let described = problem(&edits.run);
    let parts: fn(&mut Episodes) -> Vec<Part<'_>> = match described.environment {
        Environment::Bandit { state: 0, .. } | Environment::Painted { .. } => return Html::default(),
        Environment::Bandit { .. } => |episodes| vec![states(&mut episodes.states)],
        _ => |episodes| {
            let discount = Place::Real(&mut episodes.discount);
            let horizon = Place::Whole(&mut episodes.horizon);
            vec![
                Part::new(
                    "discount",
                    "Discount γ",
                    "How much the next reward counts.",
                    discount,
                ),
                Part::new("horizon", "Horizon", "Most steps of an episode.", horizon),
                states(&mut episodes.states),
            ]
        },
    };
    let set = {
        let edits = edits.clone();
        Callback::from(move |new: Episodes| edits.apply(|run| problem_mut(run).episodes = new))
    };
    let numbers = Numbers {
        value: &described.episodes,
        parts,
        kind: "episodes",
        id: "episodes",
        field: "episodes",
        set: &set,
    };
    numbers.html()
}

fn states(count: &mut usize) -> Part<'_> {
    let help = "How many states the policy is trained on.";
    Part::new("states", "States", help, Place::Whole(count))
}

/// Rows of numbers, one a line.
///
/// # Errors
///
/// Where something is no number.
pub fn matrix(field: &str, text: &str) -> Result<Vec<Vec<f64>>, ConfigError> {
    let number = |item: &str| {
        let value = item.parse().ok().filter(|value: &f64| value.is_finite());
        value.ok_or_else(|| {
            ConfigError::new(
                field,
                format!("`{item}`"),
                "numbers with spaces or commas between them",
            )
        })
    };
    let rows = text.lines().map(|line| items(line).map(number).collect());
    let rows: Result<Vec<Vec<f64>>, _> = rows.collect();
    Ok(rows?.into_iter().filter(|row| !row.is_empty()).collect())
}

pub fn lines(rows: &[Vec<f64>]) -> String {
    let line = |row: &Vec<f64>| row.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::preset;

    #[test]
    fn rows_of_numbers_are_read_as_they_are_written() {
        let rows = vec![vec![1.0, -0.25], vec![0.0, 1e-3]];
        assert_eq!(matrix("a", &lines(&rows)), Ok(rows));
        assert_eq!(
            matrix("a", "1, 2;3\n").map_err(|e| e.value),
            Err("`2;3`".to_owned())
        );
        assert_eq!(matrix("a", "\n1 2\n"), Ok(vec![vec![1.0, 2.0]]));
    }

    #[test]
    fn a_bandit_is_painted_or_has_a_formula() {
        let mut run = preset("control-bandit").expect("a preset").run.clone();
        resize(problem_mut(&mut run), true, 2);
        resize(problem_mut(&mut run), false, 1);
        for (kind, name) in [("painted", "painted"), ("formula", "bandit")] {
            give(problem_mut(&mut run), kind);
            assert_eq!(run.validate(), Ok(()));
            let described = serde_json::to_value(&problem(&run).environment).expect("plain data");
            assert_eq!(described["kind"], name);
        }
    }

    #[test]
    fn a_bandit_of_another_size_is_allowed() {
        let mut run = preset("control-bandit").expect("a preset").run.clone();
        resize(problem_mut(&mut run), true, 3);
        assert_eq!(run.validate(), Ok(()));
        if let Environment::Bandit { expression, .. } = &mut problem_mut(&mut run).environment {
            "-(a1 - s3)^2".clone_into(expression);
        }
        resize(problem_mut(&mut run), false, 1);
        assert_eq!(run.validate(), Ok(()));
    }
}
