//! Actions between −1 and 1, and what they are without bounds: x = arctanh(a).

/// Largest |a| that is kept before arctanh: actions beyond it, ±1 too, become this one. It is that of the paper's code
/// (`offline_RL/train_bc.py` beside arXiv 2405.20971); a sample of the behaviour may exceed it.
pub const LARGEST: f32 = 0.99;

/// arctanh of actions, which are first clipped to ±`largest`, below 1 ([`LARGEST`]).
pub fn unsquashed(actions: &[f32], largest: f32) -> Vec<f32> {
    let actions = actions.iter();
    actions.map(|a| a.clamp(-largest, largest).atanh()).collect()
}

/// tanh: actions again.
pub fn squashed(x: &[f32]) -> Vec<f32> {
    x.iter().map(|x| x.tanh()).collect()
}

/// log |det ∂a/∂x| = Σ log(1 − tanh² x) of rows of x, `[rows][size]`: the density of actions is that of x less this, in
/// logarithms.
///
/// A posterior whose prior is one of x needs no such term: μ(a)·exp(Q/α) is, in x, the prior's density times the same
/// factor. The paper's code adds it to log r nevertheless, which favours actions in the middle.
pub fn log_jacobian(x: &[f32], size: usize) -> Vec<f64> {
    // log(1 − tanh² x) = 2·(log 2 − |x| − log(1 + e^{−2|x|})), without cancellation.
    let term = |x: &f32| {
        let x = f64::from(x.abs());
        2.0 * (std::f64::consts::LN_2 - x - (-2.0 * x).exp().ln_1p())
    };
    x.chunks_exact(size)
        .map(|row| row.iter().map(term).sum())
        .collect()
}
