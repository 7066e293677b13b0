//! From numbers to colours.

/// The colour of a value from 0 to 1: a polynomial through the viridis map, dark violet to yellow.
/// Its lightness grows evenly, so that it also reads in grey and for colour-blind eyes.
pub fn viridis(value: f64) -> [u8; 3] {
    // One row a power of the value, one column a channel: least squares through viridis' table.
    const POWERS: [[f64; 3]; 7] = [
        [0.277_727, 0.005_407, 0.334_100],
        [0.105_093, 1.404_613, 1.384_590],
        [-0.330_861, 0.214_847, 0.095_095],
        [-4.634_230, -5.799_101, -19.332_441],
        [6.228_270, 14.179_933, 56.690_553],
        [4.776_385, -13.745_145, -65.353_033],
        [-5.435_456, 4.645_853, 26.312_435],
    ];
    let value = value.clamp(0.0, 1.0);
    [0, 1, 2].map(|channel| {
        let level = POWERS
            .iter()
            .rev()
            .fold(0.0, |sum, row| sum * value + row[channel]);
        (255.0 * level).round().clamp(0.0, 255.0) as u8
    })
}

/// Which values the colours of a picture run over.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    /// The colour follows the value to this power: below 1, small values show.
    power: f64,
}

impl Scale {
    /// From 0 to the largest density, by its square root: faint tails show beside high peaks.
    pub fn density(cells: &[f32]) -> Self {
        let (_, high) = extent(cells);
        Self {
            low: 0.0,
            high: high.max(f64::MIN_POSITIVE),
            power: 0.5,
        }
    }

    /// From the smallest to the largest value, evenly.
    pub fn linear(cells: &[f32]) -> Self {
        let (low, high) = extent(cells);
        // A constant picture still needs a range.
        let high = if high > low { high } else { low + 1.0 };
        Self {
            low,
            high,
            power: 1.0,
        }
    }

    /// Where a value lies on the colour bar, 0 at its foot.
    pub fn place(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low))
            .clamp(0.0, 1.0)
            .powf(self.power)
    }

    pub fn colour(&self, value: f64) -> [u8; 3] {
        viridis(self.place(value))
    }

    /// Round values to write beside the colour bar.
    pub fn ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 8.0;
        let magnitude = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|s| s * magnitude)
            .into_iter()
            .find(|s| *s >= rough * 0.999)
            .unwrap_or(rough);
        let first = (self.low / step - 1e-9).ceil();
        (0..20)
            .map(|i| (first + f64::from(i)) * step)
            .take_while(|tick| *tick <= self.high + 1e-9 * step)
            .collect()
    }
}

fn extent(cells: &[f32]) -> (f64, f64) {
    let finite = || cells.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v));
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::{Scale, viridis};

    #[test]
    fn viridis_is_close_to_its_table() {
        let table = [
            (0.0, [68, 1, 84]),
            (0.25, [59, 82, 139]),
            (0.5, [33, 145, 140]),
            (0.75, [94, 201, 98]),
            (1.0, [253, 231, 37]),
        ];
        for (value, wanted) in table {
            for (found, wanted) in viridis(value).into_iter().zip(wanted) {
                assert!(
                    found.abs_diff(wanted) <= 6,
                    "{value}: {found} instead of {wanted}"
                );
            }
        }
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(
            Scale::linear(&[-12.0, 3.0]).ticks(),
            [-12.0, -10.0, -8.0, -6.0, -4.0, -2.0, 0.0, 2.0]
        );
        assert_eq!(Scale::density(&[0.0, 0.05]).ticks().len(), 6);
        assert!(Scale::linear(&[2.0, 2.0]).ticks().len() >= 2);
    }
}
