//! Recorded steps of an agent, and the episodes they make.

use crate::engine::ConfigError;
use std::ops::Range;

/// How far an action may be from −1 to 1 by rounding.
const ROUNDING: f32 = 1e-6;

/// What a file has of n steps, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// Numbers of a state.
    pub state_size: usize,
    /// Numbers of an action.
    pub action_size: usize,
    /// What the agent saw, `[n][state_size]`.
    pub states: Vec<f32>,
    /// What it did, −1 to 1, `[n][action_size]`.
    pub actions: Vec<f32>,
    /// `[n]`.
    pub rewards: Vec<f32>,
    /// What it saw then, `[n][state_size]`, where that was recorded.
    pub next_states: Option<Vec<f32>>,
    /// Whether the episode ended with the step, and no reward follows, `[n]`.
    pub terminals: Vec<bool>,
    /// Whether the episode was cut after the step, though rewards would have followed, `[n]`.
    pub timeouts: Vec<bool>,
}

impl Recorded {
    /// Cuts episodes after so many steps without an end, as an environment with a time limit does.
    pub fn cut_after(&mut self, steps: usize) {
        let mut length = 0;
        for (terminal, timeout) in self.terminals.iter().zip(&mut self.timeouts) {
            length += 1;
            *timeout = *timeout || length >= steps && !terminal;
            if *terminal || *timeout {
                length = 0;
            }
        }
    }
}

/// Steps (s, a, r, s') of an agent, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Transitions {
    recorded: Recorded,
    /// s', `[n][state_size]`; where it is not known, s.
    next_states: Vec<f32>,
    /// Whether s' is known, `[n]`.
    followed: Vec<bool>,
}

/// Steps that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Its steps.
    pub rows: Range<usize>,
    /// Whether it came to an end or was cut; if not, the recording stops within it.
    pub complete: bool,
}

impl Transitions {
    /// Checks what was recorded. Where the next states were not, they are those of the next step of the same episode, and
    /// the last step has none.
    ///
    /// # Errors
    ///
    /// Names the key in D4RL's files and the place, counted from 0, of a wrong length or a number that is not allowed:
    /// all must be finite, and actions from −1 to 1.
    pub fn new(mut recorded: Recorded) -> Result<Self, ConfigError> {
        let n = recorded.rewards.len();
        let (s, a) = (recorded.state_size, recorded.action_size);
        if s == 0 || a == 0 || n == 0 {
            let shape = format!("{n} steps of {s} and {a} numbers");
            let allowed = "at least one step, with a number each";
            return Err(ConfigError::new("observations and actions", shape, allowed));
        }
        length("observations", recorded.states.len(), n * s)?;
        length("actions", recorded.actions.len(), n * a)?;
        length("terminals", recorded.terminals.len(), n)?;
        length("timeouts", recorded.timeouts.len(), n)?;
        finite("observations", &recorded.states, s)?;
        finite("actions", &recorded.actions, a)?;
        finite("rewards", &recorded.rewards, 1)?;
        let outside = |action: &f32| action.abs() > 1.0 + ROUNDING;
        if let Some(at) = recorded.actions.iter().position(outside) {
            let allowed = "actions from -1 to 1: divide them by their largest value";
            return Err(refused("actions", &recorded.actions, at, a, allowed));
        }
        for action in &mut recorded.actions {
            *action = action.clamp(-1.0, 1.0);
        }
        let next_states = recorded.next_states.take();
        let (next_states, followed) = match next_states {
            Some(next) => {
                length("next_observations", next.len(), n * s)?;
                finite("next_observations", &next, s)?;
                (next, vec![true; n])
            }
            None => shifted(&recorded),
        };
        Ok(Self {
            recorded,
            next_states,
            followed,
        })
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.recorded.rewards.len()
    }

    /// Never: there is at least one step.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of a state.
    pub fn state_size(&self) -> usize {
        self.recorded.state_size
    }

    /// Numbers of an action.
    pub fn action_size(&self) -> usize {
        self.recorded.action_size
    }

    /// `[n][state_size]`.
    pub fn states(&self) -> &[f32] {
        &self.recorded.states
    }

    /// `[n][action_size]`, from −1 to 1.
    pub fn actions(&self) -> &[f32] {
        &self.recorded.actions
    }

    /// `[n]`.
    pub fn rewards(&self) -> &[f32] {
        &self.recorded.rewards
    }

    /// `[n][state_size]`; of the steps of [`Self::followed`] alone.
    pub fn next_states(&self) -> &[f32] {
        &self.next_states
    }

    /// Whether no reward follows a step, `[n]`.
    pub fn terminals(&self) -> &[bool] {
        &self.recorded.terminals
    }

    /// Whether the state after this step is known.
    pub fn is_followed(&self, row: usize) -> bool {
        self.followed[row]
    }

    /// The steps that a critic learns from: those with a next state, and those after which no reward follows.
    pub fn followed(&self) -> Vec<usize> {
        let rows = 0..self.len();
        rows.filter(|row| self.followed[*row] || self.recorded.terminals[*row])
            .collect()
    }

    /// The episodes, in order: one ends with a terminal step, where it was cut, and with the recording.
    pub fn episodes(&self) -> Vec<Episode> {
        let (mut episodes, mut start) = (Vec::new(), 0);
        for row in 0..self.len() {
            let complete = self.ends(row);
            if complete || row + 1 == self.len() {
                let rows = start..row + 1;
                episodes.push(Episode { rows, complete });
                start = row + 1;
            }
        }
        episodes
    }

    /// The sums of the rewards of complete episodes.
    pub fn returns(&self) -> Vec<f64> {
        let complete = self.episodes().into_iter().filter(|episode| episode.complete);
        let sum = |episode: Episode| {
            let rewards = self.recorded.rewards[episode.rows].iter();
            rewards.map(|reward| f64::from(*reward)).sum()
        };
        complete.map(sum).collect()
    }

    /// Σ γᵏ·r of every step and those that follow it in its episode, `[n]`; what would have followed a cut is missing.
    pub fn discounted(&self, discount: f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.len()];
        let mut sum = 0.0;
        for row in (0..self.len()).rev() {
            if self.ends(row) {
                sum = 0.0;
            }
            sum = f64::from(self.recorded.rewards[row]) + discount * sum;
            sums[row] = sum;
        }
        sums
    }

    fn ends(&self, row: usize) -> bool {
        self.recorded.terminals[row] || self.recorded.timeouts[row]
    }
}

/// The states of the next steps of the same episode, and where there is one.
fn shifted(recorded: &Recorded) -> (Vec<f32>, Vec<bool>) {
    let (n, s) = (recorded.rewards.len(), recorded.state_size);
    let mut next = recorded.states[s..].to_vec();
    next.extend(&recorded.states[(n - 1) * s..]);
    let mut followed = vec![true; n];
    for row in 0..n {
        if row + 1 == n || recorded.terminals[row] || recorded.timeouts[row] {
            followed[row] = false;
            next[row * s..(row + 1) * s].copy_from_slice(&recorded.states[row * s..(row + 1) * s]);
        }
    }
    (next, followed)
}

fn length(key: &str, found: usize, wanted: usize) -> Result<(), ConfigError> {
    match found == wanted {
        true => Ok(()),
        false => Err(ConfigError::new(
            key,
            format!("{found} numbers"),
            format!("{wanted}, as many as the rewards ask for"),
        )),
    }
}

/// Refuses NaN and infinities.
fn finite(key: &str, values: &[f32], size: usize) -> Result<(), ConfigError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => Err(refused(key, values, at, size, "a finite number")),
    }
}

/// Refuses a number of `[rows][size]` by its place, as Python writes it.
fn refused(key: &str, values: &[f32], at: usize, size: usize, allowed: &str) -> ConfigError {
    let place = match size {
        1 => format!("{key}[{at}]"),
        _ => format!("{key}[{}, {}]", at / size, at % size),
    };
    ConfigError::new(place, values[at], allowed)
}
