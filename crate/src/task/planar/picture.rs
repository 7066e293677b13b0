//! Pictures: grids of numbers over the drawn square, and densities estimated from samples.

use super::HALF_WIDTH;

/// Cells along a side of a scene's pictures.
pub const PICTURE_SIDE: usize = 112;

/// The density of samples as a picture: a histogram of `side`² cells, row by row from the top
/// left, smoothed with a Gaussian of `blur` cells' standard deviation. `samples` holds x and y in
/// turn; points outside the square count towards the total only. Values are per unit of area.
pub fn density(samples: &[f32], side: usize, blur: f64) -> Vec<f32> {
    let mut cells = vec![0.0f32; side * side];
    let width = 2.0 * HALF_WIDTH / side as f64;
    let total = (samples.len() / 2).max(1) as f64;
    for p in samples.chunks_exact(2) {
        if let Some(cell) = cell_of([p[0].into(), p[1].into()], side) {
            cells[cell] += (1.0 / (total * width * width)) as f32;
        }
    }
    blurred(&cells, side, blur)
}

/// A picture of `side`² cells smoothed with a Gaussian of `blur` cells' standard deviation; 0
/// leaves it as it is.
pub fn blurred(cells: &[f32], side: usize, blur: f64) -> Vec<f32> {
    if blur <= 0.0 {
        return cells.to_vec();
    }
    let reach = (3.0 * blur).ceil() as isize;
    let mut kernel: Vec<f64> = (-reach..=reach)
        .map(|d| (-0.5 * (d as f64 / blur).powi(2)).exp())
        .collect();
    let sum: f64 = kernel.iter().sum();
    kernel.iter_mut().for_each(|k| *k /= sum);
    let pass = |from: &[f32], stride: usize| {
        let mut to = vec![0.0f32; side * side];
        for (at, value) in from.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            let here = (at / stride) % side;
            for (k, weight) in kernel.iter().enumerate() {
                let there = here as isize + k as isize - reach;
                if (0..side as isize).contains(&there) {
                    to[(at as isize + (there - here as isize) * stride as isize) as usize] +=
                        value * *weight as f32;
                }
            }
        }
        to
    };
    pass(&pass(cells, 1), side)
}

/// The cell of a point, `None` outside the square.
pub(crate) fn cell_of([x, y]: [f64; 2], side: usize) -> Option<usize> {
    let scale = side as f64 / (2.0 * HALF_WIDTH);
    let (column, row) = ((x + HALF_WIDTH) * scale, (HALF_WIDTH - y) * scale);
    let inside = |v: f64| v >= 0.0 && v < side as f64;
    (inside(column) && inside(row)).then(|| row as usize * side + column as usize)
}

/// The area of a cell.
pub fn cell_area(side: usize) -> f64 {
    (2.0 * HALF_WIDTH / side as f64).powi(2)
}

/// The centre of a cell.
pub fn center_of(cell: usize, side: usize) -> [f64; 2] {
    let width = 2.0 * HALF_WIDTH / side as f64;
    let (row, column) = (cell / side, cell % side);
    [
        -HALF_WIDTH + (column as f64 + 0.5) * width,
        HALF_WIDTH - (row as f64 + 0.5) * width,
    ]
}
