//! The run's plain numbers, and the few choices among them.

use crate::kit::field::{Check, Choice, Number};
use crate::kit::math;
use crate::kit::shared::Shared;
use crate::parts::edit::{apply, changes};
use rtb::config::{LogZ, PriorKind, Run, Task};
use yew::prelude::*;

/// One number of a run.
pub struct Entry {
    id: &'static str,
    field: &'static str,
    label: &'static str,
    help: &'static str,
    formula: Option<&'static str>,
    whole: bool,
    read: fn(&Run) -> f64,
    write: fn(&mut Run, f64),
    /// Where only some tasks have it.
    only: &'static [Task],
}

impl Entry {
    const fn only(mut self, tasks: &'static [Task]) -> Self {
        self.only = tasks;
        self
    }
}

macro_rules! entry {
    (whole $id:literal, $label:literal, $help:literal, $formula:expr, $($field:ident).+) => {
        Entry {
            id: $id, field: stringify!($($field).+), label: $label, help: $help, formula: $formula, whole: true,
            read: |run| run.$($field).+ as f64, write: |run, value| run.$($field).+ = value as _, only: &[],
        }
    };
    (real $id:literal, $label:literal, $help:literal, $formula:expr, $($field:ident).+) => {
        Entry {
            id: $id, field: stringify!($($field).+), label: $label, help: $help, formula: $formula, whole: false,
            read: |run| run.$($field).+, write: |run, value| run.$($field).+ = value, only: &[],
        }
    };
}

pub static TRAINING: [Entry; 7] = [
    entry!(whole "iterations", "Iterations", "How long to train; the learning rate falls towards the end.", None, training.iterations),
    entry!(whole "batch", "Batch", "Trajectories of one iteration: more make it slower and steadier.", None, rollout.batch),
    entry!(real "learning-rate", "Learning rate", "The size of the optimiser's steps for the network.", None, optimizer.learning_rate),
    entry!(whole "steps", "Steps T", "Transitions from the start to the end point; Gaussian steps come closer to the exact posterior the more there are.", Some(math::CHAIN), process.steps).only(&[Task::Mixtures]),
    entry!(whole "steps", "Steps T", "Denoising steps from noise to image: more draw better digits, and all that is measured or trained takes longer.", None, process.steps).only(&[Task::Digits]),
    entry!(whole "steps", "Steps T", "Steps in which the words of a middle are made: words of one step do not know of each other. A causal prior makes one word a step, whatever T is.", None, process.steps).only(&[Task::Stories]),
    entry!(whole "seed", "Seed", "All noise follows from it: the same seed gives the same run everywhere.", None, seed),
];

pub static ROLLOUT: [Entry; 8] = [
    entry!(real "exploration", "Exploration", "Extra variance of the policy's steps at the start; it changes where trajectories go, never how they are scored.", None, rollout.exploration).only(&[Task::Mixtures, Task::Digits]),
    entry!(real "exploration", "Exploration", "Evens out the policy's words at the start, log-probabilities over 1 + this; it changes which are made, never how they are scored.", None, rollout.exploration).only(&[Task::Stories]),
    entry!(whole "exploration-iterations", "… fades over", "Iterations until exploration has gone; 0 keeps it.", None, rollout.exploration_iterations),
    entry!(real "replay-share", "Replay share", "Share of each batch that is noised back from end points seen earlier, the better ones more often.", None, rollout.replay_share),
    entry!(real "replay-priority", "Replay priority", "How strongly replay prefers a high reward, r to this power; 0 draws evenly.", None, rollout.replay_priority),
    entry!(whole "replay-capacity", "Replay capacity", "How many end points are remembered.", None, rollout.replay_capacity),
    entry!(real "noised-share", "Noised share", "Share of each batch that is noised back from prior samples resampled by reward.", None, rollout.noised_share),
    entry!(real "prior-share", "Prior share", "Share of each batch that follows the prior.", None, rollout.prior_share),
];

pub static OBJECTIVE: [Entry; 15] = [
    entry!(real "log-z-learning-rate", "Learning rate of log Z", "log Z is one number and may move faster than the network.", None, optimizer.log_z_learning_rate),
    entry!(whole "width", "Network width", "Units of each hidden layer of the posterior's drift.", None, network.width).only(&[Task::Mixtures]),
    entry!(whole "depth", "Network depth", "Number of hidden layers.", None, network.depth).only(&[Task::Mixtures]),
    entry!(whole "rank", "Rank of the corrections", "The posterior is the prior’s network with low-rank corrections of this rank; 0 trains a whole copy.", None, network.rank).only(&[Task::Digits, Task::Stories]),
    entry!(real "beta", "Inverse temperature β", "The reward that counts is r to this power: 0 gives the prior back, more sharpens.", Some(math::TEMPERED), tempering.beta),
    entry!(real "beta-start", "… at the start", "Training may begin with another β, so that the reward comes in slowly.", None, tempering.start),
    entry!(whole "beta-iterations", "… moves over", "Iterations until β is what it is at the end; 0 starts there.", None, tempering.iterations),
    entry!(real "floor", "Floor of log r", "The smallest log r: where the reward is 0 it counts as this.", None, tempering.floor),
    entry!(real "step-share", "Share of steps", "Share of the T steps that give gradient in an iteration, rescaled to stay unbiased; fewer are faster.", None, objective.step_share),
    entry!(real "gradient-clip", "Gradient clip", "Each parameter's gradient is cut to this norm; 0 leaves it alone.", None, optimizer.gradient_clip),
    entry!(real "ema", "Averaging of weights", "Decay of a moving average of the weights; 0 turns it off.", None, optimizer.ema),
    entry!(whole "evaluate-every", "Evaluate every", "Iterations between two rows of figures; 0 measures only at the end.", None, evaluation.every),
    entry!(whole "evaluation-samples", "Samples of an evaluation", "More samples make the figures steadier and take longer.", None, evaluation.samples_while_training),
    entry!(whole "truth-samples", "Images behind the exact posterior", "Images of the prior that are kept with probability r; they are drawn while the worker has time.", None, evaluation.proposals).only(&[Task::Digits]),
    entry!(whole "truth-samples", "Middles behind the exact posterior", "Middles of the prior that are weighted with r; they are written while the worker has time.", None, evaluation.proposals).only(&[Task::Stories]),
];

/// Entries that stand together.
#[derive(Clone, Copy)]
pub struct Group(pub &'static [Entry]);

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

#[derive(Properties, PartialEq)]
pub struct NumbersProps {
    pub run: Shared<Run>,
    pub edit: Callback<Run>,
    pub group: Group,
}

/// A group of numbers.
#[component]
pub fn Numbers(props: &NumbersProps) -> Html {
    html! {
        <div class="numbers">
            { for props.group.0.iter().filter(|entry| entry.only.is_empty() || entry.only.contains(&props.run.task)).map(|entry| {
                let (run, edit, write) = (props.run.clone(), props.edit.clone(), entry.write);
                let set = Callback::from(move |value| apply(&run, &edit, |run| write(run, value)));
                html! {
                    <Number key={entry.id} id={entry.id} label={entry.label} help={entry.help} formula={entry.formula}
                        field={entry.field} value={(entry.read)(&props.run)} whole={entry.whole} {set} />
                }
            }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct ObjectiveChoicesProps {
    pub run: Shared<Run>,
    pub edit: Callback<Run>,
}

/// The choices of the objective and of the network.
#[component]
pub fn ObjectiveChoices(props: &ObjectiveChoicesProps) -> Html {
    let change = |write: fn(&mut Run, bool)| changes(&props.run, &props.edit, write);
    let log_z =
        change(|run, vargrad| run.objective.log_z = if vargrad { LogZ::Vargrad } else { LogZ::Learned });
    let options = vec![
        ("learned".into(), "learned".into()),
        ("vargrad".into(), "VarGrad: mean of the batch".into()),
    ];
    let value = if props.run.objective.log_z == LogZ::Learned {
        "learned"
    } else {
        "vargrad"
    };
    let learned_prior = props.run.prior.kind == PriorKind::Learned;
    let langevin = match props.run.task {
        Task::Digits => {
            "Starts from guidance, ∇ log r at the end that the prior expects, with a scale that is learned: training goes further in fewer iterations, each of which takes longer. Only where the reward, or a factor of it, is no black box."
        }
        _ => "Adds s(x, t)·∇ log r to the drift, s learned; only where the reward has a gradient.",
    };
    html! {
        <>
            <Choice id="log-z" label="log Z" {options} {value} set={log_z.reform(|v: String| v == "vargrad")}
                help="Either a parameter of its own, or estimated in each batch, which turns the loss into the residuals' variance." />
            <Check id="baseline" label="Baselines of steps" checked={props.run.objective.baseline}
                set={change(|run, yes| run.objective.baseline = yes)}
                help="A step answers for what its own noise had a part in, not for all that went before or was to be expected: the same gradient with less noise, for RTB and Trust-PCL on policy." />
            if props.run.task != Task::Stories {
                <Check id="langevin" label="Langevin term" checked={props.run.network.langevin} disabled={!props.run.may_have_langevin()}
                    set={change(|run, yes| run.network.langevin = yes)} help={langevin} />
            }
            if props.run.task == Task::Mixtures && learned_prior {
                <p class="help" data-testid="learned-network">{ "With a learned prior the posterior starts as a copy of the prior’s network: width and depth are that network’s own, whatever stands below, and it has no Langevin term." }</p>
            }
        </>
    }
}
