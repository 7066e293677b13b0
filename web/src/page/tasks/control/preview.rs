//! What can be said of a run before the engine answers: what stays of the run before.

use super::{problem, view};
use rtb::message::{Packed, Scene, Truth};
use rtb::run::Run;
use rtb::task::control::world::World;
use rtb::task::control::{ControlView, Environment, Reward, Spot};
use rtb::task::planar::Painted;

/// The scene of a run, given the run before and its scene: the values of a critic do not depend on α, so that a change of it
/// shows at once.
pub fn scene(run: &Run, before: Option<(&Run, &Scene)>) -> Scene {
    let before = before.filter(|(old, _)| old.task() == run.task());
    let names = World::of(&problem(run).environment).map(|world| (world.state_names(), world.action_names()));
    let (state_names, action_names) = names.unwrap_or_default();
    let mut found = Scene {
        truth: Truth::Quadrature,
        ..Scene::default()
    };
    let mut shown = ControlView {
        state_names,
        action_names,
        ..ControlView::default()
    };
    if let Some((old, scene)) = before {
        let known = view(scene);
        // Walls are drawn as they are by now.
        shown.value = known.value.clone();
        if same_behaviour(old, run) {
            found.prior_paths = scene.prior_paths.clone();
            shown.behaviour = known.behaviour.clone();
            let sharper = (same_critic(old, run)).then(|| sharpness(run) / sharpness(old));
            shown.spots = known
                .spots
                .iter()
                .map(|spot| respotted(spot, log_r(spot, run, sharper)))
                .collect();
            if sharper == Some(1.0) {
                shown.exact = known.exact.clone();
                found.log_z = scene.log_z;
            }
        }
    }
    found.view = Packed::new(&shown);
    found
}

/// log r of the cells of a spot, given by how many times it is what it was; nothing is known of it with another critic,
/// unless it is painted.
fn log_r(spot: &Spot, run: &Run, sharper: Option<f64>) -> Vec<f32> {
    match (sharper, &problem(run).environment) {
        (Some(by), _) => spot.log_r.iter().map(|log_r| by as f32 * log_r).collect(),
        (None, Environment::Painted { rows, reach, best }) => {
            let Ok(painted) = Painted::new("environment.rows", rows) else {
                return Vec::new();
            };
            let sharpness = sharpness(run) * best;
            let value = |at: usize| {
                // Row by row from the top.
                let place = [at % spot.side, spot.side - 1 - at / spot.side];
                let action = [0, 1].map(|axis| {
                    let share = (place[axis] as f64 + 0.5) / spot.side as f64;
                    f64::from(spot.low[axis]) + share * f64::from(spot.sides[axis])
                });
                sharpness * painted.at(action.map(|value| value / reach))
            };
            let values: Vec<f64> = (0..spot.side * spot.side).map(value).collect();
            let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            values.into_iter().map(|value| (value - largest) as f32).collect()
        }
        (None, _) => Vec::new(),
    }
}

/// A spot with another log r.
fn respotted(spot: &Spot, log_r: Vec<f32>) -> Spot {
    Spot {
        exact: spot
            .prior
            .iter()
            .zip(&log_r)
            .map(|(prior, log_r)| prior * log_r.exp())
            .collect(),
        log_r,
        ..spot.clone()
    }
}

/// By what Q is multiplied.
fn sharpness(run: &Run) -> f64 {
    run.tempering.beta / problem(run).reward.alpha()
}

/// Where somebody acts, whatever is painted there.
fn unpainted(environment: &Environment) -> Environment {
    match environment {
        Environment::Painted { .. } => Environment::Painted {
            rows: Vec::new(),
            reach: 0.0,
            best: 0.0,
        },
        other => other.clone(),
    }
}

fn same_behaviour(old: &Run, run: &Run) -> bool {
    let of = |run: &Run| {
        let problem = problem(run);
        (
            unpainted(&problem.environment),
            problem.prior.clone(),
            problem.episodes,
        )
    };
    (old.seed, old.process.steps) == (run.seed, run.process.steps) && of(old) == of(run)
}

fn same_critic(old: &Run, run: &Run) -> bool {
    let kind = |run: &Run| match problem(run).reward {
        Reward::Behaviour { .. } => (0, 0.0),
        Reward::Expectile { level, .. } => (1, level),
        Reward::Optimal { .. } => (2, 0.0),
        Reward::Learned { .. } => (3, 0.0),
    };
    let environment = |run| &problem(run).environment;
    kind(old) == kind(run) && environment(old) == environment(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::preset;
    use crate::tasks::control::problem_mut;
    use rtb::task::control::Traces;

    fn known() -> (Run, Scene) {
        let run = preset("control-maze").expect("a preset").run.clone();
        let episodes = Traces {
            lengths: vec![1],
            states: vec![1.5, 1.5],
            ..Traces::default()
        };
        let spot = Spot {
            prior: vec![1.0, 2.0],
            log_r: vec![0.0, -1.0],
            exact: vec![1.0, 2.0 * (-1f32).exp()],
            ..Spot::default()
        };
        let shown = ControlView {
            value: Some(([1, 1], vec![-3.0])),
            spots: vec![spot],
            behaviour: episodes.clone(),
            exact: episodes,
            ..ControlView::default()
        };
        let scene = Scene {
            view: Packed::new(&shown),
            ..Scene::default()
        };
        (run, scene)
    }

    fn after(change: impl FnOnce(&mut Run)) -> ControlView {
        let (old, scene_before) = known();
        let mut run = old.clone();
        change(&mut run);
        (*view(&scene(&run, Some((&old, &scene_before))))).clone()
    }

    #[test]
    fn another_alpha_shows_at_once() {
        let sharper = after(|run| problem_mut(run).reward = Reward::Optimal { alpha: 0.1 });
        assert_eq!(sharper.state_names, ["x", "y"]);
        assert_eq!(sharper.spots[0].log_r, [0.0, -2.0]);
        assert!((sharper.spots[0].exact[1] - 2.0 * (-2f32).exp()).abs() < 1e-6);
        assert_ne!(sharper.behaviour, Traces::default());
        assert_eq!(sharper.exact, Traces::default());
        let same = after(|run| run.rollout.batch = 64);
        assert_ne!(same.exact, Traces::default());
    }

    #[test]
    fn what_is_painted_shows_at_once() {
        let old = preset("control-painted").expect("a preset").run.clone();
        let spot = Spot {
            low: vec![-4.0; 2],
            sides: vec![8.0; 2],
            side: 2,
            prior: vec![1.0; 4],
            log_r: vec![0.0; 4],
            exact: vec![1.0; 4],
            ..Spot::default()
        };
        let before = Scene {
            view: Packed::new(&ControlView {
                spots: vec![spot],
                ..ControlView::default()
            }),
            ..Scene::default()
        };
        let mut run = old.clone();
        problem_mut(&mut run).environment = Environment::Painted {
            rows: vec!["09".to_owned(), "00".to_owned()],
            reach: 4.0,
            best: 2.0,
        };
        problem_mut(&mut run).reward = Reward::Optimal { alpha: 0.5 };
        let shown = scene(&run, Some((&old, &before)));
        assert_eq!(view(&shown).spots[0].log_r, [-4.0, 0.0, -4.0, -4.0]);
        assert_eq!(view(&shown).spots[0].exact[1], 1.0);
    }

    #[test]
    fn another_critic_or_maze_keeps_what_it_can() {
        let critic = after(|run| problem_mut(run).reward = Reward::Behaviour { alpha: 0.2 });
        assert_eq!((critic.spots.len(), critic.spots[0].log_r.len()), (1, 0));
        let other = preset("control-linear").expect("a preset").run.clone();
        let world = after(|run| *run = other.clone());
        assert!(world.spots.is_empty() && world.behaviour == Traces::default());
        assert_eq!(world.action_names, ["a1", "a2"]);
        assert_eq!(view(&scene(&other, None)).spots, []);
    }
}
