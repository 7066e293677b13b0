//! The run's plain numbers, and the few choices among them.

use crate::kit::field::{Check, Choice, Number};
use crate::kit::math;
use crate::parts::edit::EditProps;
use rtb::run::{LogZ, Run};
use yew::prelude::*;

/// One number of a run.
#[derive(Clone, Copy)]
pub struct Entry {
    id: &'static str,
    field: &'static str,
    label: &'static str,
    help: &'static str,
    formula: Option<&'static str>,
    whole: bool,
    read: fn(&Run) -> f64,
    write: fn(&mut Run, f64),
}

/// What a task says of the numbers that are not the same for every one.
pub struct Numbers {
    /// What more or fewer steps T do.
    pub steps: (&'static str, Option<&'static str>),
    /// What exploration is.
    pub exploration: &'static str,
    /// The numbers of its posterior's network.
    pub network: &'static [Entry],
    /// What the Langevin term does, where there is one.
    pub langevin: Option<&'static str>,
    /// The label and the meaning of the number of samples behind the exact posterior.
    pub proposals: Option<[&'static str; 2]>,
}

macro_rules! entry {
    (whole $id:literal, $label:literal, $help:literal, $formula:expr, $($field:ident).+) => {
        Entry {
            id: $id, field: stringify!($($field).+), label: $label, help: $help, formula: $formula, whole: true,
            read: |run| run.$($field).+ as f64, write: |run, value| run.$($field).+ = value as _,
        }
    };
    (real $id:literal, $label:literal, $help:literal, $formula:expr, $($field:ident).+) => {
        Entry {
            id: $id, field: stringify!($($field).+), label: $label, help: $help, formula: $formula, whole: false,
            read: |run| run.$($field).+, write: |run, value| run.$($field).+ = value,
        }
    };
}

pub const WIDTH: Entry = entry!(whole "width", "Network width", "Units of each hidden layer of the posterior's drift.", None, network.width);
pub const DEPTH: Entry =
    entry!(whole "depth", "Network depth", "Number of hidden layers.", None, network.depth);
pub const RANK: Entry = entry!(whole "rank", "Rank of the corrections", "The posterior is the prior’s network with low-rank corrections of this rank; 0 trains a whole copy.", None, network.rank);
const STEPS: Entry = entry!(whole "steps", "Steps T", "", None, process.steps);
const EXPLORATION: Entry = entry!(real "exploration", "Exploration", "", None, rollout.exploration);
const PROPOSALS: Entry = entry!(whole "truth-samples", "", "", None, evaluation.proposals);

const TRAINING: [Entry; 3] = [
    entry!(whole "iterations", "Iterations", "How long to train; the learning rate falls towards the end.", None, training.iterations),
    entry!(whole "batch", "Batch", "Trajectories of one iteration: more make it slower and steadier.", None, rollout.batch),
    entry!(real "learning-rate", "Learning rate", "The size of the optimiser's steps for the network.", None, optimizer.learning_rate),
];
const SEED: Entry = entry!(whole "seed", "Seed", "All noise follows from it: the same seed gives the same run everywhere.", None, seed);

const ROLLOUT: [Entry; 6] = [
    entry!(whole "exploration-iterations", "… fades over", "Iterations until exploration has gone; 0 keeps it.", None, rollout.exploration_iterations),
    entry!(real "replay-share", "Replay share", "Share of each batch that is noised back from end points seen earlier, the better ones more often.", None, rollout.replay_share),
    entry!(real "replay-priority", "Replay priority", "How strongly replay prefers a high reward, r to this power; 0 draws evenly.", None, rollout.replay_priority),
    entry!(whole "replay-capacity", "Replay capacity", "How many end points are remembered.", None, rollout.replay_capacity),
    entry!(real "noised-share", "Noised share", "Share of each batch that is noised back from prior samples resampled by reward.", None, rollout.noised_share),
    entry!(real "prior-share", "Prior share", "Share of each batch that follows the prior.", None, rollout.prior_share),
];

const LOG_Z_LEARNING_RATE: Entry = entry!(real "log-z-learning-rate", "Learning rate of log Z", "log Z is one number and may move faster than the network.", None, optimizer.log_z_learning_rate);
const OBJECTIVE: [Entry; 9] = [
    entry!(real "beta", "Inverse temperature β", "The reward that counts is r to this power: 0 gives the prior back, more sharpens.", Some(math::TEMPERED), tempering.beta),
    entry!(real "beta-start", "… at the start", "Training may begin with another β, so that the reward comes in slowly.", None, tempering.start),
    entry!(whole "beta-iterations", "… moves over", "Iterations until β is what it is at the end; 0 starts there.", None, tempering.iterations),
    entry!(real "floor", "Floor of log r", "The smallest log r: where the reward is 0 it counts as this.", None, tempering.floor),
    entry!(real "step-share", "Share of steps", "Share of the T steps that give gradient in an iteration, rescaled to stay unbiased; fewer are faster.", None, objective.step_share),
    entry!(real "gradient-clip", "Gradient clip", "Each parameter's gradient is cut to this norm; 0 leaves it alone.", None, optimizer.gradient_clip),
    entry!(real "ema", "Averaging of weights", "Decay of a moving average of the weights; 0 turns it off.", None, optimizer.ema),
    entry!(whole "evaluate-every", "Evaluate every", "Iterations between two rows of figures; 0 measures only at the end.", None, evaluation.every),
    entry!(whole "evaluation-samples", "Samples of an evaluation", "More samples make the figures steadier and take longer.", None, evaluation.samples_while_training),
];

impl Numbers {
    /// How long and how fast is trained, in what steps.
    pub fn training(&self, edits: &EditProps) -> Html {
        let (help, formula) = self.steps;
        let steps = Entry {
            help,
            formula,
            ..STEPS
        };
        group(edits, [&TRAINING[..], &[steps, SEED]].concat())
    }

    /// Where trajectories come from.
    pub fn rollout(&self, edits: &EditProps) -> Html {
        let exploration = Entry {
            help: self.exploration,
            ..EXPLORATION
        };
        group(edits, [&[exploration], &ROLLOUT[..]].concat())
    }

    /// The objective and the network, of which there may be a note.
    pub fn objective(&self, edits: &EditProps, note: Option<&'static str>) -> Html {
        let proposals = self.proposals.map(|[label, help]| Entry {
            label,
            help,
            ..PROPOSALS
        });
        let own = self.network;
        let entries = [&[LOG_Z_LEARNING_RATE], own, &OBJECTIVE, proposals.as_slice()].concat();
        html! { <>{ choices(edits, self.langevin, note) }{ group(edits, entries) }</> }
    }
}

/// Numbers that stand together.
fn group(edits: &EditProps, entries: Vec<Entry>) -> Html {
    let number = |entry: Entry| {
        let (edits, value) = (edits.clone(), (entry.read)(&edits.run));
        let set = Callback::from(move |value| edits.apply(|run| (entry.write)(run, value)));
        html! {
            <Number key={entry.id} id={entry.id} label={entry.label} help={entry.help} formula={entry.formula}
                field={entry.field} {value} whole={entry.whole} {set} />
        }
    };
    html! { <div class="numbers">{ for entries.into_iter().map(number) }</div> }
}

/// The choices of the objective and of the network.
fn choices(edits: &EditProps, langevin: Option<&'static str>, note: Option<&'static str>) -> Html {
    let run = &edits.run;
    let change = |write: fn(&mut Run, bool)| edits.changes(write);
    let log_z =
        change(|run, vargrad| run.objective.log_z = if vargrad { LogZ::Vargrad } else { LogZ::Learned });
    let options = vec![
        ("learned".into(), "learned".into()),
        ("vargrad".into(), "VarGrad: mean of the batch".into()),
    ];
    let value = if run.objective.log_z == LogZ::Learned {
        "learned"
    } else {
        "vargrad"
    };
    html! {
        <>
            <Choice id="log-z" label="log Z" {options} {value} set={log_z.reform(|v: String| v == "vargrad")}
                help="Either a parameter of its own, or estimated in each batch, which turns the loss into the residuals' variance." />
            <Check id="baseline" label="Baselines of steps" checked={run.objective.baseline}
                set={change(|run, yes| run.objective.baseline = yes)}
                help="A step answers for what its own noise had a part in, not for all that went before or was to be expected: the same gradient with less noise, for RTB and Trust-PCL on policy." />
            if let Some(langevin) = langevin {
                <Check id="langevin" label="Langevin term" checked={run.network.langevin} disabled={!run.may_have_langevin()}
                    set={change(|run, yes| run.network.langevin = yes)} help={langevin} />
            }
            if let Some(note) = note {
                <p class="help" data-testid="learned-network">{ note }</p>
            }
        </>
    }
}
