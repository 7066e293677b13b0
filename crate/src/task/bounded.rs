//! Rewards from outside that tell with which probability a sample is kept.

/// Rounding by which log r may exceed 0.
const ROUNDING: f64 = 1e-6;

/// log r, at most 0, of what a sample is: "an image", "a story". `name` is whose answer it is.
///
/// # Errors
///
/// Where it is above 0.
pub(crate) fn at_most_one(name: &str, what: &str, log_r: Vec<f64>) -> Result<Vec<f64>, String> {
    match log_r.iter().find(|l| **l > ROUNDING) {
        None => Ok(log_r.into_iter().map(|l| l.min(0.0)).collect()),
        Some(above) => Err(format!(
            "{name}: log r is {above}, above 0; {what} is kept with probability r, so subtract the largest value that log r \
             can have"
        )),
    }
}
