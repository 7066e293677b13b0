//! Points of named coordinates as one picture: every coordinate on a diagonal, every pair below it.

mod contour;
mod histogram;

pub use contour::Piece;

/// A corner plot. A picture shows at most the first [`Corner::MOST`] coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Corner {
    /// The names of the coordinates.
    pub names: Vec<String>,
    /// What is drawn over each other, in this order.
    pub series: Vec<Series>,
    /// The smallest and the largest drawn value of every coordinate.
    pub ranges: Vec<[f32; 2]>,
}

/// Points of one distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What the legend calls it.
    pub label: &'static str,
    /// How it is drawn.
    pub role: Role,
    /// `[count][names]`; without any, the series is not drawn.
    pub points: Vec<f32>,
}

/// How the points of a distribution are drawn. All have a line on the diagonal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// That line alone.
    Prior,
    /// Colours below the diagonal.
    Learned,
    /// Lines around [`SHARES`] of the points below the diagonal.
    Exact,
}

impl Corner {
    /// Points of the prior, the learned and the exact posterior, drawn over each other under these labels.
    pub(super) fn overlaid(names: &[String], labels: [&'static str; 3], sets: [&[f32]; 3]) -> Self {
        let roles = [Role::Prior, Role::Learned, Role::Exact].into_iter();
        let series = roles.zip(labels).zip(sets).map(|((role, label), points)| Series {
            label,
            role,
            points: points.to_vec(),
        });
        Self::new(names.to_vec(), series.collect())
    }
}

/// The shares of the exact points that lines go around.
pub const SHARES: [f32; 2] = [0.5, 0.9];

/// Bins of a density on the diagonal.
const BINS: usize = 60;
/// Fewest and most cells along a side of a pair.
const CELLS: (f64, f64) = (16.0, 48.0);

/// The density of a pair of coordinates over their ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Shares of all points, `[side²]` row by row from the top left, lightly smoothed.
    pub values: Vec<f32>,
    /// Cells along a side: more of more points.
    pub side: usize,
}

impl Cells {
    /// The pieces of a line around the densest cells that hold this share of what is in the cells.
    pub fn around(&self, share: f32) -> Vec<Piece> {
        let level = histogram::level(&self.values, share);
        contour::pieces(&self.values, self.side, level)
    }
}

/// Share of the points beyond each end of a range, before it is widened.
const BEYOND: f64 = 0.002;
/// Widening of a range at each end, as a share of it.
const MARGIN: f32 = 0.0625;

impl Corner {
    /// Most coordinates that are drawn.
    pub const MOST: usize = 8;

    /// The points with ranges that show nearly all of them, but for a prior: it may be far wider than the rest.
    pub fn new(names: Vec<String>, series: Vec<Series>) -> Self {
        let of_role = |prior: bool| {
            let filled = series.iter().filter(|one| !one.points.is_empty());
            filled
                .filter(|one| (one.role == Role::Prior) == prior)
                .collect::<Vec<_>>()
        };
        let posteriors = of_role(false);
        let shown = if posteriors.is_empty() {
            of_role(true)
        } else {
            posteriors
        };
        let ranges = (0..names.len()).map(|coordinate| range(&shown, names.len(), coordinate));
        Self {
            ranges: ranges.collect(),
            names,
            series,
        }
    }

    /// How many coordinates are drawn.
    pub fn drawn(&self) -> usize {
        self.names.len().min(Self::MOST)
    }

    /// The values of a coordinate in a series.
    pub fn values<'a>(
        &self,
        series: &'a Series,
        coordinate: usize,
    ) -> impl Iterator<Item = f32> + Clone + 'a {
        series
            .points
            .iter()
            .skip(coordinate)
            .step_by(self.names.len())
            .copied()
    }

    /// The density of a coordinate over its range: shares of all points in even bins, lightly smoothed.
    pub fn density(&self, series: &Series, coordinate: usize) -> Vec<f32> {
        let values = self.values(series, coordinate);
        histogram::of_values(values, self.ranges[coordinate], BINS)
    }

    /// The density of a pair of coordinates, the first of which goes across.
    pub fn pair(&self, series: &Series, [across, up]: [usize; 2]) -> Cells {
        let count = series.points.len() / self.names.len().max(1);
        let side = (2.0 * (count as f64).cbrt()).clamp(CELLS.0, CELLS.1) as usize;
        let pairs = self.values(series, across).zip(self.values(series, up));
        let ranges = [self.ranges[across], self.ranges[up]];
        Cells {
            values: histogram::of_pairs(pairs, ranges, side),
            side,
        }
    }
}

fn range(series: &[&Series], size: usize, coordinate: usize) -> [f32; 2] {
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    for one in series {
        let mut values: Vec<f32> = one
            .points
            .iter()
            .skip(coordinate)
            .step_by(size)
            .copied()
            .collect();
        values.sort_by(f32::total_cmp);
        let beyond = (values.len() as f64 * BEYOND) as usize;
        low = low.min(values[beyond]);
        high = high.max(values[values.len() - 1 - beyond]);
    }
    if low > high {
        return [0.0, 1.0];
    }
    // A single value still needs a range, and one that differs from it in f32.
    let width = (high - low).max(1e-3 * low.abs()).max(f32::MIN_POSITIVE.sqrt());
    [low - MARGIN * width, high + MARGIN * width]
}

#[cfg(test)]
mod tests {
    use super::{Corner, Role, Series};

    fn corner(series: &[(Role, &[f32])]) -> Corner {
        let series = series.iter().map(|(role, points)| Series {
            label: "",
            role: *role,
            points: points.to_vec(),
        });
        Corner::new(vec!["a".to_owned(), "b".to_owned()], series.collect())
    }

    #[test]
    fn ranges_show_posteriors_with_a_margin() {
        let wide: &[f32] = &[-100.0, -100.0, 100.0, 100.0];
        let found = corner(&[
            (Role::Prior, wide),
            (Role::Learned, &[0.0, 5.0, 10.0, 5.0]),
            (Role::Exact, &[]),
        ]);
        assert_eq!(found.ranges[0], [-0.625, 10.625]);
        assert!(
            found.ranges[1][0] < 5.0 && found.ranges[1][1] > 5.0,
            "{:?}",
            found.ranges
        );
        assert_eq!(corner(&[(Role::Prior, wide)]).ranges[0], [-112.5, 112.5]);
        assert_eq!(corner(&[]).ranges, [[0.0, 1.0]; 2]);
        let values: Vec<f32> = found.values(&found.series[1], 0).collect();
        assert_eq!(values, [0.0, 10.0]);
    }
}
