//! The run's plain numbers, and the few choices among them.

use crate::kit::field::{Amount, Check, Choice, Number};
use crate::kit::math;
use crate::parts::edit::EditProps;
use rtb::run::{ConfigError, LogZ, Run};
use yew::prelude::*;

/// One number of a run.
#[derive(Clone, Copy)]
pub struct Entry {
    id: &'static str,
    field: &'static str,
    label: &'static str,
    help: &'static str,
    formula: Option<&'static str>,
    access: Access,
}

/// How a number of a run is read and written.
#[derive(Clone, Copy)]
enum Access {
    Real(Place<f64>),
    Whole(Place<usize>),
    /// A seed, which has more digits than others.
    Long(Place<u64>),
}

type Place<T> = (fn(&Run) -> T, fn(&mut Run, T));

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
    (whole $($rest:tt)+) => { entry!(Whole: $($rest)+) };
    (real $($rest:tt)+) => { entry!(Real: $($rest)+) };
    (long $($rest:tt)+) => { entry!(Long: $($rest)+) };
    ($access:ident: $id:literal, $label:literal, $help:literal, $formula:expr, $($field:ident).+) => {
        Entry {
            id: $id, field: stringify!($($field).+), label: $label, help: $help, formula: $formula,
            access: Access::$access((|run| run.$($field).+, |run, value| run.$($field).+ = value)),
        }
    };
}

pub const WIDTH: Entry = entry!(whole "width", "Network width", "Units in each hidden layer of the posterior’s drift network.", None, network.width);
pub const DEPTH: Entry = entry!(whole "depth", "Network depth", "Number of hidden layers of the drift network.", None, network.depth);
pub const RANK: Entry = entry!(whole "rank", "Rank of the update", "The posterior is the prior’s network plus a low-rank update (LoRA) of this rank; 0 trains all weights of a copy.", None, network.rank);
const STEPS: Entry = entry!(whole "steps", "Steps T", "", None, process.steps);
const EXPLORATION: Entry = entry!(real "exploration", "Exploration", "", None, rollout.exploration);
const PROPOSALS: Entry = entry!(whole "truth-samples", "", "", None, evaluation.proposals);

const TRAINING: [Entry; 3] = [
    entry!(whole "iterations", "Iterations", "Number of training iterations; the learning rate falls towards the end.", None, training.iterations),
    entry!(whole "batch", "Batch size", "Trajectories per iteration; more trajectories are slower, but the gradient is less noisy.", None, rollout.batch),
    entry!(real "learning-rate", "Learning rate", "Step size of the optimiser for the network.", None, optimizer.learning_rate),
];
const SEED: Entry = entry!(long "seed", "Seed", "Determines all random noise: the same seed gives the same run on every device, up to rounding.", None, seed);

const ROLLOUT: [Entry; 7] = [
    entry!(whole "exploration-iterations", "Exploration fade-out", "Number of iterations over which exploration falls to 0; 0 keeps it constant.", None, rollout.exploration_iterations),
    entry!(real "replay-share", "Replay share", "Share of each batch that noises earlier end points back to the start; end points with a high reward are used more often.", None, rollout.replay_share),
    entry!(real "replay-priority", "Replay priority", "Replay draws end points in proportion to r to this power; 0 draws them uniformly.", None, rollout.replay_priority),
    entry!(whole "replay-capacity", "Replay capacity", "Number of end points that are stored for replay.", None, rollout.replay_capacity),
    entry!(whole "local-search", "Local search", "Langevin or Metropolis moves of replayed end points in every iteration; where they come to is replayed later. 0 turns them off.", None, rollout.local_search),
    entry!(real "noised-share", "Noised share", "Share of each batch that noises prior samples back to the start; they are resampled in proportion to the reward first.", None, rollout.noised_share),
    entry!(real "prior-share", "Prior share", "Share of each batch that is sampled from the prior.", None, rollout.prior_share),
];

const LOG_Z_LEARNING_RATE: Entry = entry!(real "log-z-learning-rate", "Learning rate of log Z", "Step size of the optimiser for log Z; a single number can learn faster than the network.", None, optimizer.log_z_learning_rate);
const OBJECTIVE: [Entry; 9] = [
    entry!(real "beta", "Inverse temperature β", "The reward is r to the power β: 0 gives the prior, a larger β sharpens the posterior.", Some(math::TEMPERED), tempering.beta),
    entry!(real "beta-start", "β at the start", "The value of β at the first iteration; a small value introduces the reward slowly.", None, tempering.start),
    entry!(whole "beta-iterations", "β schedule", "Number of iterations until β reaches its final value; 0 uses the final value from the start.", None, tempering.iterations),
    entry!(real "floor", "Floor of log r", "Lowest log r, measured from the largest, in nats; smaller values, also log 0, are raised to it.", None, tempering.floor),
    entry!(real "step-share", "Share of steps", "Share of the T steps used for the gradient in each iteration. The gradient is rescaled and stays unbiased; a smaller share is faster.", None, objective.step_share),
    entry!(real "gradient-clip", "Gradient clip", "Largest norm of the gradient of each parameter tensor; 0 turns clipping off.", None, optimizer.gradient_clip),
    entry!(real "ema", "Weight averaging (EMA)", "Decay of the moving average of the weights; 0 turns it off.", None, optimizer.ema),
    entry!(whole "evaluate-every", "Evaluation interval", "Iterations between two evaluations; 0 evaluates only at the end.", None, evaluation.every),
    entry!(whole "evaluation-samples", "Samples per evaluation", "More samples make the metrics less noisy but take longer.", None, evaluation.samples_while_training),
];

/// An error whose field goes by the label of its number.
pub fn labelled(mut error: ConfigError) -> ConfigError {
    let own = [WIDTH, DEPTH, RANK, STEPS, SEED, EXPLORATION, LOG_Z_LEARNING_RATE];
    let mut all = own.iter().chain(&TRAINING).chain(&ROLLOUT).chain(&OBJECTIVE);
    if let Some(entry) = all.find(|entry| entry.field == error.field) {
        entry.label.clone_into(&mut error.field);
    }
    error
}

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
    let number = |entry: Entry| match entry.access {
        Access::Real(place) => number(edits, entry, place),
        Access::Whole(place) => number(edits, entry, place),
        Access::Long(place) => number(edits, entry, place),
    };
    html! { <div class="numbers">{ for entries.into_iter().map(number) }</div> }
}

fn number<T: Amount>(edits: &EditProps, entry: Entry, (read, write): Place<T>) -> Html {
    let (edits, value) = (edits.clone(), read(&edits.run));
    let set = Callback::from(move |value| edits.apply(|run| write(run, value)));
    html! {
        <Number<T> key={entry.id} id={entry.id} label={entry.label} help={entry.help} formula={entry.formula}
            field={entry.field} {value} {set} />
    }
}

/// The choices of the objective and of the network.
fn choices(edits: &EditProps, langevin: Option<&'static str>, note: Option<&'static str>) -> Html {
    let run = &edits.run;
    let change = |write: fn(&mut Run, bool)| edits.changes(write);
    let log_z =
        change(|run, vargrad| run.objective.log_z = if vargrad { LogZ::Vargrad } else { LogZ::Learned });
    let options = vec![
        ("learned".into(), "learned parameter".into()),
        ("vargrad".into(), "VarGrad: batch mean".into()),
    ];
    let value = if run.objective.log_z == LogZ::Learned {
        "learned"
    } else {
        "vargrad"
    };
    html! {
        <>
            <Choice id="log-z" label="Estimate of log Z" {options} {value} set={log_z.reform(|v: String| v == "vargrad")}
                help="How the loss gets log Z: from a learned parameter, or from the batch mean (VarGrad), which makes the loss the variance of the residuals." />
            <Check id="baseline" label="Baseline per step" checked={run.objective.baseline}
                set={change(|run, yes| run.objective.baseline = yes)}
                help="Gives each step its own baseline, which makes the gradient less noisy but keeps its mean. Used by RTB and Trust-PCL, on-policy and without exploration." />
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
