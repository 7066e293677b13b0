//! Files of D4RL (arXiv 2004.07219): recorded steps in HDF5, read piece by piece.

use super::recorder::{Layer, Recorder};
use super::transitions::{Recorded, Transitions};
use crate::engine::ConfigError;
use hdf5_pure::{Dataset, Datatype, File, Group, ReadSeekSource};
use std::io::{Read, Seek};

/// Numbers that are read at once: a file's pieces are not held beside what is made of them.
const AT_ONCE: u64 = 1 << 20;
/// How deep the keys of a file may lie.
const DEEPEST: usize = 4;

/// A file in D4RL's layout.
pub struct Source {
    file: File,
    /// The paths of its arrays.
    keys: Vec<String>,
}

/// The states of the simulator before every step, from which it can be started there again.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// Positions, `[n][position_size]`.
    pub positions: Vec<f64>,
    /// Numbers of a row of positions.
    pub position_size: usize,
    /// Velocities, `[n][velocity_size]`.
    pub velocities: Vec<f64>,
    /// Numbers of a row of velocities.
    pub velocity_size: usize,
}

impl Simulated {
    /// The state before a step: its positions, and its velocities behind them.
    pub fn state(&self, row: usize) -> Vec<f64> {
        let (p, v) = (self.position_size, self.velocity_size);
        [
            &self.positions[row * p..(row + 1) * p],
            &self.velocities[row * v..(row + 1) * v],
        ]
        .concat()
    }
}

impl Source {
    /// Opens a file and looks at the names of its arrays.
    ///
    /// # Errors
    ///
    /// Where it is not HDF5, or damaged.
    pub fn open(file: impl Read + Seek + Send + 'static) -> Result<Self, ConfigError> {
        let source = ReadSeekSource::new(file).map_err(|e| damaged(&e))?;
        let file = File::from_source(source).map_err(|e| damaged(&e))?;
        let mut keys = Vec::new();
        listed(&file.root(), "", DEEPEST, &mut keys).map_err(|e| damaged(&e))?;
        keys.sort();
        Ok(Self { file, keys })
    }

    /// The paths of its arrays, sorted.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The steps: `observations`, `actions`, `rewards` and `terminals`, and `timeouts` and `next_observations` where there
    /// are some. Where an episode is cut after `horizon` steps, but the file does not tell, `horizon` does.
    ///
    /// # Errors
    ///
    /// Names the key that is missing or of a wrong shape, and what [`Transitions::new`] refuses.
    pub fn transitions(&self, horizon: Option<usize>) -> Result<Transitions, ConfigError> {
        let (rewards, _) = self.numbers("rewards", None, Dataset::read_f32_rows)?;
        let n = Some(rewards.len());
        let (states, state_size) = self.numbers("observations", n, Dataset::read_f32_rows)?;
        let (actions, action_size) = self.numbers("actions", n, Dataset::read_f32_rows)?;
        let mut recorded = Recorded {
            state_size,
            action_size,
            states,
            actions,
            terminals: self.flags("terminals", rewards.len())?,
            timeouts: match self.has("timeouts") {
                true => self.flags("timeouts", rewards.len())?,
                false => vec![false; rewards.len()],
            },
            next_states: match self.has("next_observations") {
                true => Some(self.numbers("next_observations", n, Dataset::read_f32_rows)?.0),
                false => None,
            },
            rewards,
        };
        if let Some(steps) = horizon {
            recorded.cut_after(steps);
        }
        Transitions::new(recorded)
    }

    /// The states of the simulator, `infos/qpos` and `infos/qvel`; `None` where the file has not both.
    ///
    /// # Errors
    ///
    /// Where one of them has a wrong shape.
    pub fn simulated(&self) -> Result<Option<Simulated>, ConfigError> {
        const KEYS: [&str; 2] = ["infos/qpos", "infos/qvel"];
        if !KEYS.iter().all(|key| self.has(key)) {
            return Ok(None);
        }
        let (positions, position_size) = self.numbers(KEYS[0], None, Dataset::read_f64_rows)?;
        let n = positions.len() / position_size.max(1);
        let (velocities, velocity_size) = self.numbers(KEYS[1], Some(n), Dataset::read_f64_rows)?;
        Ok(Some(Simulated {
            positions,
            position_size,
            velocities,
            velocity_size,
        }))
    }

    /// The policy that recorded the steps, `metadata/policy`; `None` where the file has none.
    ///
    /// # Errors
    ///
    /// Where it is no network of soft actor-critic, or its layers do not fit each other.
    pub fn recorder(&self) -> Result<Option<Recorder>, ConfigError> {
        let key = |name: &str| format!("metadata/policy/{name}");
        if !self.has(&key("last_fc/weight")) {
            return Ok(None);
        }
        for (name, known) in [("nonlinearity", "relu"), ("output_distribution", "tanh_gaussian")] {
            if let Some(other) = self.text(&key(name)).filter(|told| told != known) {
                return Err(ConfigError::new(key(name), format!("`{other}`"), known));
            }
        }
        let layer = |name: &str| -> Result<Layer, ConfigError> {
            let weight = self.numbers(&key(&format!("{name}/weight")), None, Dataset::read_f32_rows)?;
            let bias = self.numbers(&key(&format!("{name}/bias")), None, Dataset::read_f32_rows)?;
            Ok(Layer {
                weight: weight.0,
                bias: bias.0,
            })
        };
        let names = (0..).map(|at| format!("fc{at}"));
        let names = names.take_while(|name| self.has(&key(&format!("{name}/weight"))));
        let hidden = names.map(|name| layer(&name)).collect::<Result<_, _>>()?;
        Recorder::new(hidden, layer("last_fc")?, layer("last_fc_log_std")?).map(Some)
    }

    /// A text of the file; `None` where it has none of this name.
    pub fn text(&self, key: &str) -> Option<String> {
        let array = self.has(key).then(|| self.file.dataset(key).ok()).flatten()?;
        array.read_string().ok()?.pop()
    }

    fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|own| own == key)
    }

    /// An array, its rows, and the numbers of a row; of `rows` rows where that is known.
    fn array(&self, key: &str, rows: Option<usize>) -> Result<(Dataset, u64, u64), ConfigError> {
        if !self.has(key) {
            let there = match self.keys.is_empty() {
                true => "no arrays".to_owned(),
                false => self.keys.join(", "),
            };
            return Err(ConfigError::missing(
                key,
                format!("a file in D4RL's layout; this one has {there}"),
            ));
        }
        let array = self.file.dataset(key).map_err(|e| broken(key, &e))?;
        let shape = array.shape().map_err(|e| broken(key, &e))?;
        let size = match shape[..] {
            [_] => Some(1),
            [_, size] => Some(size),
            _ => None,
        };
        let fits = |found: u64| rows.is_none_or(|rows| rows as u64 == found);
        match (size, shape.first()) {
            (Some(size), Some(found)) if fits(*found) => Ok((array, *found, size)),
            _ => {
                let wanted = rows.map_or("n".to_owned(), |rows| rows.to_string());
                Err(ConfigError::new(
                    key,
                    format!("the shape {shape:?}"),
                    format!("[{wanted}] or [{wanted}, size], a row for every reward"),
                ))
            }
        }
    }

    /// The numbers of an array, and those of a row.
    fn numbers<T>(
        &self,
        key: &str,
        rows: Option<usize>,
        read: impl Fn(&Dataset, u64, u64) -> Result<Vec<T>, hdf5_pure::Error>,
    ) -> Result<(Vec<T>, usize), ConfigError> {
        let (array, rows, size) = self.array(key, rows)?;
        let at_once = (AT_ONCE / size.max(1)).max(1);
        let mut numbers = Vec::new();
        for start in (0..rows).step_by(at_once as usize) {
            numbers.extend(read(&array, start, at_once).map_err(|e| broken(key, &e))?);
        }
        Ok((numbers, size as usize))
    }

    /// An array of truth values: h5py's booleans, or numbers that are 0 or 1.
    fn flags(&self, key: &str, rows: usize) -> Result<Vec<bool>, ConfigError> {
        let (array, ..) = self.array(key, Some(rows))?;
        let kind = array.datatype().map_err(|e| broken(key, &e))?;
        // The numbers behind the names FALSE and TRUE.
        let numbers = match kind {
            Datatype::Enumeration { size: 1, .. } => {
                let raw = |array: &Dataset, start, count| {
                    let bytes = array.read_raw_rows(start, count)?;
                    Ok(bytes.into_iter().map(f32::from).collect())
                };
                self.numbers(key, Some(rows), raw)?.0
            }
            _ => self.numbers(key, Some(rows), Dataset::read_f32_rows)?.0,
        };
        match numbers.iter().position(|number| *number != 0.0 && *number != 1.0) {
            _ if numbers.len() != rows => Err(ConfigError::new(
                key,
                format!("{} numbers", numbers.len()),
                format!("{rows}, one a step"),
            )),
            Some(at) => Err(ConfigError::new(
                format!("{key}[{at}]"),
                numbers[at],
                "true or false, or 1 or 0",
            )),
            None => Ok(numbers.into_iter().map(|number| number == 1.0).collect()),
        }
    }
}

/// Adds the paths of the arrays of a group and those below it.
fn listed(
    group: &Group,
    before: &str,
    deeper: usize,
    keys: &mut Vec<String>,
) -> Result<(), hdf5_pure::Error> {
    let names = group.datasets()?.into_iter();
    keys.extend(names.map(|name| format!("{before}{name}")));
    if deeper > 0 {
        for name in group.groups()? {
            listed(
                &group.group(&name)?,
                &format!("{before}{name}/"),
                deeper - 1,
                keys,
            )?;
        }
    }
    Ok(())
}

/// What cannot be opened.
fn damaged(error: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::new(
        "the data",
        "this file",
        format!("an HDF5 file in D4RL's layout that is whole ({error})"),
    )
}

/// An array that cannot be read.
fn broken(key: &str, error: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::new(
        key,
        "what the file has",
        format!("an array of numbers in a file that is whole ({error})"),
    )
}
