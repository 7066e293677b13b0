//! A posterior that goes on from a file.

use super::{Network, SessionError, Task};
use crate::config::Run;
use crate::network::{load_tensors, read_tensors};

/// How far a posterior's file says it was trained.
pub(super) struct Progress {
    pub iteration: usize,
    /// Of every condition.
    pub log_z: Vec<f64>,
    pub seconds: f64,
}

/// A posterior's network and, where its header says that it was trained on this prior, reward
/// and chain, how far.
pub(super) fn posterior_network<T: Task>(
    run: &Run,
    network: Network<T>,
    file: &[u8],
) -> Result<(Network<T>, Option<Progress>), SessionError> {
    let weights = read_tensors(file).map_err(SessionError::Weights)?;
    let network = load_tensors(network, &weights).map_err(SessionError::Weights)?;
    let header = |key: &str| weights.metadata.get(key).map(String::as_str);
    let trained_on = header("run").and_then(|toml| Run::from_toml(toml).ok());
    let same = trained_on.is_some_and(|other| {
        other.prior == run.prior
            && other.method == run.method
            && other.reward == run.reward
            && other.story == run.story
            && other.corpus == run.corpus
            && other.tempering == run.tempering
            && other.process == run.process
    });
    if !same {
        return Ok((network, None));
    }
    let numbers = |key: &str| -> Option<Vec<f64>> {
        let number = |text: &str| text.parse::<f64>().ok().filter(|v| v.is_finite());
        header(key)?.split(' ').map(number).collect()
    };
    let number = |key: &str| numbers(key).filter(|all| all.len() == 1).map(|all| all[0]);
    let log_z = numbers("log_z").filter(|all| all.len() == run.conditions());
    match (number("iteration"), log_z, number("seconds")) {
        (Some(iteration), Some(log_z), Some(seconds)) if (0.0..=1e7).contains(&iteration) => {
            let iteration = iteration as usize;
            Ok((
                network,
                Some(Progress {
                    iteration,
                    log_z,
                    seconds,
                }),
            ))
        }
        _ => Err(SessionError::Weights(
            "its header has no sound iteration, log_z and seconds".into(),
        )),
    }
}
