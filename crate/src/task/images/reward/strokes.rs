//! What can be measured on an image without any network: ink, symmetry, holes, thickness.
//!
//! Images are `[pixels]`, −1 black to 1 white; a pixel above 0 belongs to the stroke. Strokes are those of grey images.

/// A hole or a gap of fewer pixels is taken for noise.
const SMALLEST_HOLE: usize = 3;

/// Brightness of a pixel, 0 to 1.
pub fn brightness(pixel: f32) -> f64 {
    f64::from((pixel + 1.0) / 2.0).clamp(0.0, 1.0)
}

/// Mean brightness over all pixels and channels, 0 to 1.
pub fn ink(image: &[f32]) -> f64 {
    image.iter().map(|v| brightness(*v)).sum::<f64>() / image.len() as f64
}

/// Mean brightness of the pixels of a channel at most `border` from its edges, 0 to 1. Rows are `width` long.
pub fn along_border(channel: &[f32], width: usize, border: usize) -> f64 {
    let height = channel.len() / width;
    let near = |at: usize, side: usize| at < border || at + border >= side;
    let pixels = channel.iter().enumerate();
    let along = pixels.filter(|(at, _)| near(at / width, height) || near(at % width, width));
    let levels: Vec<f64> = along.map(|(_, pixel)| brightness(*pixel)).collect();
    levels.iter().sum::<f64>() / levels.len() as f64
}

/// Brightness that differs from the mirror image's, as a share of all brightness: 0 for a symmetric
/// image, 1 where left and right share nothing. Rows are `width` long.
pub fn asymmetry(image: &[f32], width: usize) -> f64 {
    let bright = |at: usize| brightness(image[at]);
    let mirrored = |at: usize| at - at % width + (width - 1 - at % width);
    let differing: f64 = (0..image.len())
        .map(|at| (bright(at) - bright(mirrored(at))).abs())
        .sum();
    let all: f64 = (0..image.len()).map(bright).sum();
    if all == 0.0 { 0.0 } else { differing / (2.0 * all) }
}

/// Regions of background that the stroke encloses: one minus the Euler number of a connected stroke.
/// Strokes also connect across corners, background does not.
pub fn holes(image: &[f32], width: usize) -> usize {
    let height = image.len() / width;
    let mut seen = vec![false; image.len()];
    let mut count = 0;
    for start in 0..image.len() {
        if seen[start] || image[start] > 0.0 {
            continue;
        }
        seen[start] = true;
        let (mut queue, mut size, mut open) = (vec![start], 0, false);
        while let Some(at) = queue.pop() {
            size += 1;
            let (row, column) = (at / width, at % width);
            open |= row == 0 || column == 0 || row == height - 1 || column == width - 1;
            for next in neighbours([row, column], [height, width]) {
                if !seen[next] && image[next] <= 0.0 {
                    seen[next] = true;
                    queue.push(next);
                }
            }
        }
        count += usize::from(!open && size >= SMALLEST_HOLE);
    }
    count
}

/// Width of the stroke in pixels: twice its area over the length of its edge. 0 without a stroke.
pub fn thickness(image: &[f32], width: usize) -> f64 {
    let height = image.len() / width;
    let (mut area, mut edge) = (0usize, 0usize);
    for at in (0..image.len()).filter(|at| image[*at] > 0.0) {
        area += 1;
        let inside = neighbours([at / width, at % width], [height, width]).filter(|next| image[*next] > 0.0);
        edge += 4 - inside.count();
    }
    if edge == 0 {
        0.0
    } else {
        2.0 * area as f64 / edge as f64
    }
}

/// The pixels above, below, left and right of one, where there are any.
fn neighbours([row, column]: [usize; 2], [height, width]: [usize; 2]) -> impl Iterator<Item = usize> {
    let beside = [
        (row.checked_sub(1), Some(column)),
        (Some(row + 1).filter(|r| *r < height), Some(column)),
        (Some(row), column.checked_sub(1)),
        (Some(row), Some(column + 1).filter(|c| *c < width)),
    ];
    beside
        .into_iter()
        .filter_map(move |(row, column)| Some(row? * width + column?))
}

#[cfg(test)]
mod tests {
    use super::ink;
    use crate::task::images::{PIXELS, SIDE};

    fn holes(image: &[f32]) -> usize {
        super::holes(image, SIDE)
    }

    fn thickness(image: &[f32]) -> f64 {
        super::thickness(image, SIDE)
    }

    fn asymmetry(image: &[f32]) -> f64 {
        super::asymmetry(image, SIDE)
    }

    /// White where `white(row, column)`.
    fn drawn(white: impl Fn(i32, i32) -> bool) -> Vec<f32> {
        (0..PIXELS)
            .map(|at| {
                if white((at / SIDE) as i32, (at % SIDE) as i32) {
                    1.0
                } else {
                    -1.0
                }
            })
            .collect()
    }

    #[test]
    fn a_border_is_what_is_near_an_edge() {
        // White in a frame three pixels wide: 300 of 784 pixels.
        let framed = drawn(|row, column| [row, column].iter().any(|at| *at < 3 || *at >= SIDE as i32 - 3));
        let along = |border| super::along_border(&framed, SIDE, border);
        assert_eq!([along(1), along(3)], [1.0, 1.0]);
        let of_four = (784.0 - 400.0) - 300.0;
        assert!((along(4) - (1.0 - of_four / 384.0)).abs() < 1e-12);
        assert!((along(14) - 300.0 / 784.0).abs() < 1e-12);
    }

    /// A frame from `from` to `to`, `width` wide.
    fn frame(row: i32, column: i32, from: i32, to: i32, width: i32) -> bool {
        let inside = |a: i32, margin: i32| a >= from + margin && a < to - margin;
        let within = |margin| inside(row, margin) && inside(column, margin);
        within(0) && !within(width)
    }

    #[test]
    fn rings_have_holes() {
        assert_eq!(holes(&drawn(|_, _| false)), 0);
        assert_eq!(holes(&drawn(|_, _| true)), 0);
        assert_eq!(holes(&drawn(|r, c| frame(r, c, 4, 20, 2))), 1);
        let eight = drawn(|r, c| frame(r, c, 2, 12, 2) || frame(r, c, 14, 26, 2));
        assert_eq!(holes(&eight), 2);
        // A gap opens a ring, a speck of two pixels is noise.
        let open = drawn(|r, c| frame(r, c, 4, 20, 2) && !(r == 10 && c < 8));
        assert_eq!(holes(&open), 0);
        assert_eq!(
            holes(&drawn(
                |r, c| (4..20).contains(&r) && !(r == 10 && (9..11).contains(&c))
            )),
            0
        );
        // A ring that closes across corners.
        let diamond = drawn(|r, c| (r - 14).abs() + (c - 14).abs() == 6);
        assert_eq!(holes(&diamond), 1);
    }

    #[test]
    fn strokes_have_a_width() {
        assert_eq!(thickness(&drawn(|_, _| false)), 0.0);
        for width in 1..5 {
            let bar = drawn(|r, c| (2..26).contains(&r) && (10..10 + width).contains(&c));
            let expected = 2.0 * (24 * width) as f64 / (2 * (24 + width)) as f64;
            assert!((thickness(&bar) - expected).abs() < 1e-12);
        }
        // At the border the image's end is an edge, too.
        assert_eq!(thickness(&drawn(|_, c| c < 2)), 2.0 * 56.0 / 60.0);
    }

    #[test]
    fn ink_and_symmetry() {
        let left = drawn(|_, c| c < 7);
        assert_eq!((ink(&left), asymmetry(&left)), (0.25, 1.0));
        let middle = drawn(|_, c| (7..21).contains(&c));
        assert_eq!((ink(&middle), asymmetry(&middle)), (0.5, 0.0));
        let half = drawn(|r, c| r >= 14 || c < 14);
        assert!((asymmetry(&half) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(asymmetry(&drawn(|_, _| false)), 0.0);
    }
}
