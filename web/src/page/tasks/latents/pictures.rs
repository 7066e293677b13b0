//! The pictures of the plane of z.

use crate::kit::map::Map;
use crate::kit::picture::Picture;
use crate::kit::shared::Shared;
use rtb::run::Run;
use rtb::task::images::PlaneView;
use rtb::task::planar::picture::blurred;

/// Smoothing of every density, in cells: only pictures that are equally smooth compare, and samples are few.
const BLUR: f64 = 1.3;
/// Cells along a side where the engine has not told of any.
const SIDE: usize = 40;

/// The pictures that stay for a scene.
#[derive(PartialEq)]
pub struct Pictures {
    /// Half the width of the square.
    pub half_width: f64,
    side: usize,
    pub map: Option<Map>,
    pub prior: Picture,
    /// Empty pictures wait for the engine.
    pub reward: Option<Picture>,
    pub exact: Option<Picture>,
}

impl Pictures {
    /// Those of a view whose images are so many pixels wide, of all posteriors or of one.
    pub fn new(view: &PlaneView, pixels: usize, beta: f64, shown: Option<usize>) -> Self {
        let side = if view.side == 0 { SIDE } else { view.side };
        let beta = beta as f32;
        let exact = mean(&parts(&view.exact, side, shown));
        // The mean of several probabilities that sum to 1 would be the same everywhere.
        let log_r = largest(&parts(&view.log_r, side, shown));
        let reward =
            log_r.map(|log_r| Picture::reward(log_r.into_iter().map(|log_r| beta * log_r).collect()));
        Self {
            half_width: view.half_width,
            side,
            map: (!view.map.is_empty()).then(|| Map {
                images: Shared::new(view.map.clone()),
                columns: view.map_side,
                side: pixels,
            }),
            prior: density(&standard_normal(view.half_width, side), side, None),
            reward,
            exact: exact.map(|masses| density(&masses, side, None)),
        }
    }

    /// The density of end points, `[count][2]`, on the exact one's colour scale, so that the two can be compared; where
    /// there are none, nothing is trained yet and they are the prior's.
    pub fn of_ends(&self, ends: &[f32], shown: Option<usize>, run: &Run) -> Picture {
        let rows = ends.chunks_exact(2).enumerate();
        let rows = rows.filter(|(row, _)| shown.is_none_or(|shown| run.in_turn(*row) == shown));
        let rows: Vec<&[f32]> = rows.map(|(_, end)| end).collect();
        let mut masses = vec![0.0; self.side * self.side];
        for end in &rows {
            if let Some(cell) = self.cell([end[0].into(), end[1].into()]) {
                masses[cell] += 1.0 / rows.len() as f32;
            }
        }
        if rows.is_empty() {
            masses = standard_normal(self.half_width, self.side);
        }
        density(&masses, self.side, self.exact.as_ref().map(|exact| exact.high))
    }

    /// A place as shares of the square, from its left and its top.
    pub fn shares(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let width = 2.0 * self.half_width;
        [(x + self.half_width) / width, (self.half_width - y) / width]
    }

    fn cell(&self, at: [f64; 2]) -> Option<usize> {
        let [across, down] = self.shares(at);
        let inside = |share: f64| (0.0..1.0).contains(&share);
        let cells = |share: f64| (share * self.side as f64) as usize;
        (inside(across) && inside(down)).then(|| cells(down) * self.side + cells(across))
    }
}

/// The values of every posterior that is shown, `[shown][side²]`.
fn parts(values: &[f32], side: usize, shown: Option<usize>) -> Vec<&[f32]> {
    let all = values.chunks_exact(side * side).enumerate();
    let all = all.filter(|(at, _)| shown.is_none_or(|shown| *at == shown));
    all.map(|(_, part)| part).collect()
}

/// The mean over the parts; nothing without any.
fn mean(parts: &[&[f32]]) -> Option<Vec<f32>> {
    let cells = parts.first()?.len();
    let of_cell = |cell: usize| parts.iter().map(|part| part[cell]).sum::<f32>() / parts.len() as f32;
    Some((0..cells).map(of_cell).collect())
}

/// The largest of the parts; nothing without any.
fn largest(parts: &[&[f32]]) -> Option<Vec<f32>> {
    let cells = parts.first()?.len();
    let of_cell = |cell: usize| {
        parts
            .iter()
            .map(|part| part[cell])
            .fold(f32::NEG_INFINITY, f32::max)
    };
    Some((0..cells).map(of_cell).collect())
}

/// Masses as a picture that is coloured up to `high`, or to their largest.
fn density(masses: &[f32], side: usize, high: Option<f32>) -> Picture {
    let values = blurred(masses, side, BLUR);
    let largest = || values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let high = high.unwrap_or_else(largest);
    Picture::density(values, high)
}

/// Masses of the cells under the prior.
fn standard_normal(half_width: f64, side: usize) -> Vec<f32> {
    let width = 2.0 * half_width / side as f64;
    let of = |at: usize| {
        let z = (at as f64 + 0.5) * width - half_width;
        width * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
    };
    (0..side * side)
        .map(|cell| (of(cell / side) * of(cell % side)) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::run::Preset;

    fn view(conditions: usize) -> PlaneView {
        let side = 4;
        let mut exact = vec![0.0; conditions * side * side];
        (0..conditions).for_each(|condition| exact[condition * side * side + condition] = 1.0);
        PlaneView {
            half_width: 4.0,
            side,
            log_r: exact.iter().map(|mass: &f32| mass - 1.0).collect(),
            exact,
            ..PlaneView::default()
        }
    }

    #[test]
    fn densities_of_cells_hold_all_mass() {
        let masses = standard_normal(4.0, SIDE);
        let all: f32 = masses.iter().sum();
        assert!((all - 1.0).abs() < 1e-3, "{all}");
        assert!(masses[0] < masses[SIDE * SIDE / 2 + SIDE / 2]);
    }

    #[test]
    fn one_posterior_or_all_of_them_are_shown() {
        let values = |shown| {
            Pictures::new(&view(2), 28, 2.0, shown)
                .reward
                .unwrap()
                .values
                .to_vec()
        };
        assert_eq!(values(Some(0))[..3], [0.0, -2.0, -2.0]);
        assert_eq!(values(Some(1))[..3], [-2.0, 0.0, -2.0]);
        let all = values(None);
        assert_eq!(all[..3], [0.0, 0.0, -2.0]);
    }

    #[test]
    fn samples_lie_in_their_cells_and_nothing_learned_is_the_prior() {
        let run = Preset::find("latents-each").unwrap().run;
        let pictures = Pictures::new(&view(10), 28, 1.0, None);
        // The first is the first class's, near the top left; the second, below it, is the second's.
        let ends = [-3.5, 3.5, -3.5, 0.5];
        let highest = |shown| {
            let picture = pictures.of_ends(&ends, shown, &run);
            let cells = picture.values.iter().enumerate();
            cells.max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0
        };
        assert_eq!((highest(Some(0)), highest(Some(1))), (0, 4));
        let untrained = pictures.of_ends(&[], None, &run);
        assert_eq!(untrained.values.to_vec(), pictures.prior.values.to_vec());
        assert_eq!(Some(untrained.high), pictures.exact.map(|exact| exact.high));
    }
}
