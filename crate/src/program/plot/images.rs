//! Images side by side.

use super::canvas::{Canvas, Drawn, picture};
use crate::program::error::ProgramError;
use plotters::prelude::*;
use rtb::image::{PIXELS, SIDE};
use std::path::Path;

/// Screen pixels of a pixel.
const ZOOM: usize = 2;
/// Pixels of an image's place: it has an edge of one all around.
const PLACE: usize = SIDE + 2;

/// Draws the first images, `[count][PIXELS]`, −1 black to 1 white, in a square of `columns`².
pub fn draw_images(path: &Path, images: &[f32], columns: usize) -> Result<(), ProgramError> {
    let side = (columns * PLACE * ZOOM) as u32;
    picture(path, (side, side), |canvas| {
        draw_sheet(canvas, images, columns, (0, 0), side as i32)
    })
}

/// The same on a part of a picture, a square of `side` screen pixels.
pub fn draw_sheet(
    canvas: &Canvas,
    images: &[f32],
    columns: usize,
    (left, top): (i32, i32),
    side: i32,
) -> Drawn {
    let count = images.len() / PIXELS;
    // The place and, within it, the pixel that a screen pixel shows.
    let locate = |at: i32| {
        let pixel = at as usize * columns * PLACE / side as usize;
        let within = (pixel % PLACE).checked_sub(1).filter(|p| *p < SIDE);
        (pixel / PLACE, within)
    };
    for y in 0..side {
        for x in 0..side {
            let ((row, v), (column, u)) = (locate(y), locate(x));
            let place = row * columns + column;
            if let (Some(v), Some(u), true) = (v, u, place < count) {
                let value = images[place * PIXELS + v * SIDE + u];
                let grey = ((1.0 - value) * 127.5).clamp(0.0, 255.0) as u8;
                canvas.draw_pixel((left + x, top + y), &RGBColor(grey, grey, grey))?;
            }
        }
    }
    Ok(())
}
