//! Hat functions: piecewise linear features that give each region of an input one of its own.

use burn::tensor::{Tensor, TensorData, activation};

/// Hat functions an input is spread over, and the largest input with a hat of its own.
pub(crate) const HATS: usize = 13;
const REACH: f64 = 2.0;
/// Distances between centres are 1/PER_UNIT.
pub(crate) const PER_UNIT: f64 = (HATS - 1) as f64 / (2.0 * REACH);
/// The hat with its centre at 0.
pub(crate) const MIDDLE: f32 = (HATS - 1) as f32 / 2.0;

/// `[rows, inputs]` → `[rows, inputs·HATS]`: max(0, 1 − |x − c|/h) for evenly spaced centres c.
pub(crate) fn hats(x: Tensor<2>) -> Tensor<2> {
    let [rows, inputs] = x.dims();
    let centers: Vec<f32> = (0..HATS).map(|i| i as f32 - MIDDLE).collect();
    let centers = Tensor::<3>::from_data(TensorData::new(centers, [1, 1, HATS]), &x.device());
    let distance = (x.mul_scalar(PER_UNIT).reshape([rows, inputs, 1]) - centers).abs();
    activation::relu(distance.neg().add_scalar(1.0)).reshape([rows, inputs * HATS])
}

/// A hat that an input lies under.
#[cfg(feature = "cpu")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hat {
    /// 0 to HATS − 1.
    pub number: usize,
    /// Its value at the input; 0 says that there is none.
    pub value: f32,
    /// Its derivative; 0 at the centre, as that of |x| is in burn.
    pub slope: f32,
}

/// The only hats of [`hats`] that are not 0 at x.
#[cfg(feature = "cpu")]
#[inline(always)]
pub(super) fn hats_above(x: f32) -> [Hat; 2] {
    let at = x * PER_UNIT as f32;
    let below = at.floor();
    [hat(at, below), hat(at, below + 1.0)]
}

#[cfg(feature = "cpu")]
#[inline(always)]
fn hat(at: f32, center: f32) -> Hat {
    let (away, place) = (at - center, center + MIDDLE);
    let value = 1.0 - away.abs();
    // Not so where x is no number.
    if !(value > 0.0 && place >= 0.0 && place < HATS as f32) {
        return Hat::default();
    }
    let side = if away == 0.0 { 0.0 } else { away.signum() };
    Hat {
        number: place as usize,
        value,
        slope: -side * PER_UNIT as f32,
    }
}
