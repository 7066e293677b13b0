//! Images side by side.

use super::canvas::{Canvas, Drawn, picture};
use crate::program::error::ProgramError;
use plotters::prelude::*;
use std::path::Path;

/// Screen pixels of a pixel.
const ZOOM: usize = 2;
/// Pixels of the edge all around an image.
const EDGE: usize = 1;

/// Draws the first images, `[count][side²]`, −1 black to 1 white, in a square of `columns`².
pub fn draw_images(path: &Path, images: &[f32], side: usize, columns: usize) -> Result<(), ProgramError> {
    let size = (columns * (side + 2 * EDGE) * ZOOM) as u32;
    picture(path, (size, size), |canvas| {
        draw_sheet(canvas, images, side, columns, (0, 0), size as i32)
    })
}

/// The same on a part of a picture, a square of `size` screen pixels.
pub fn draw_sheet(
    canvas: &Canvas,
    images: &[f32],
    side: usize,
    columns: usize,
    (left, top): (i32, i32),
    size: i32,
) -> Drawn {
    let (count, place_side) = (images.len() / (side * side), side + 2 * EDGE);
    // The place and, within it, the pixel that a screen pixel shows.
    let locate = |at: i32| {
        let pixel = at as usize * columns * place_side / size as usize;
        let within = (pixel % place_side).checked_sub(EDGE).filter(|p| *p < side);
        (pixel / place_side, within)
    };
    for y in 0..size {
        for x in 0..size {
            let ((row, v), (column, u)) = (locate(y), locate(x));
            let place = row * columns + column;
            if let (Some(v), Some(u), true) = (v, u, place < count) {
                let value = images[(place * side + v) * side + u];
                let grey = ((1.0 - value) * 127.5).clamp(0.0, 255.0) as u8;
                canvas.draw_pixel((left + x, top + y), &RGBColor(grey, grey, grey))?;
            }
        }
    }
    Ok(())
}
