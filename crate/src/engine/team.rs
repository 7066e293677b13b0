//! Several processes, or workers of a page, that train one posterior.
//!
//! Every member holds the whole state of the training and makes the same steps; only the trajectories of an iteration, the
//! rewards of their end points and their gradients are shared out. So a seed means the same for any number of members, up to
//! the order of sums, and members tell each other little: numbers of trajectories, and gradients.

use super::reward::{Answer, at_once};
use std::ops::Range;

/// Fewest rows of a batch for each member: less is not worth telling.
pub const LEAST_ROWS: usize = 16;

/// The members that train together, as one of them sees them.
pub trait Team: Send + Sync {
    /// Its own place, from 0.
    fn rank(&self) -> usize;

    /// How many they are.
    fn size(&self) -> usize;

    /// What all members give, in the order of their places. All of them ask equally often, in the same order.
    ///
    /// # Errors
    ///
    /// Where another member is gone.
    fn gather(&self, own: Vec<u8>) -> Answer<'_, Vec<Vec<u8>>>;
}

/// A training by itself.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Team for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn gather(&self, own: Vec<u8>) -> Answer<'_, Vec<Vec<u8>>> {
        at_once(vec![own])
    }
}

/// The member's own items among so many, which follow each other.
pub(crate) fn share(team: &dyn Team, items: usize) -> Range<usize> {
    let [from, to] = [team.rank(), team.rank() + 1].map(|rank| items * rank / team.size());
    from..to
}

/// The numbers of each member, in the order of their places.
///
/// # Errors
///
/// Where another member is gone.
pub async fn gathered(team: &dyn Team, own: Vec<f64>) -> Result<Vec<Vec<f64>>, String> {
    if team.size() == 1 {
        return Ok(vec![own]);
    }
    let bytes = own.iter().flat_map(|number| number.to_le_bytes()).collect();
    let all = team.gather(bytes).await?.into_iter();
    let numbers = |bytes: Vec<u8>| {
        let numbers = bytes.as_chunks().0.iter();
        numbers.map(|bytes| f64::from_le_bytes(*bytes)).collect()
    };
    Ok(all.map(numbers).collect())
}

/// The sums of what all members have, number by number, in the order of their places.
///
/// # Errors
///
/// Where another member is gone.
pub(crate) async fn summed(team: &dyn Team, own: Vec<f32>) -> Result<Vec<f32>, String> {
    if team.size() == 1 {
        return Ok(own);
    }
    let bytes = own.iter().flat_map(|number| number.to_le_bytes()).collect();
    let mut sums = vec![0.0; own.len()];
    for of_one in team.gather(bytes).await? {
        for (sum, bytes) in sums.iter_mut().zip(of_one.as_chunks().0) {
            *sum += f32::from_le_bytes(*bytes);
        }
    }
    Ok(sums)
}
