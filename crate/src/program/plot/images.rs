//! Images side by side.

use super::canvas::picture;
use crate::program::error::ProgramError;
use plotters::prelude::*;
use rtb::image::{PIXELS, SIDE};
use std::path::Path;

/// Screen pixels of a pixel, and between two images.
const ZOOM: i32 = 2;
const GAP: i32 = 4;

/// Draws the first images, `[count][PIXELS]`, −1 black to 1 white, in a square of `columns`².
pub fn draw_images(path: &Path, images: &[f32], columns: usize) -> Result<(), ProgramError> {
    let pitch = SIDE as i32 * ZOOM + GAP;
    let side = (columns as i32 * pitch + GAP) as u32;
    picture(path, (side, side), |canvas| {
        for (place, image) in images.chunks_exact(PIXELS).take(columns * columns).enumerate() {
            let (row, column) = ((place / columns) as i32, (place % columns) as i32);
            for (at, value) in image.iter().enumerate() {
                let left = GAP + column * pitch + ZOOM * (at % SIDE) as i32;
                let top = GAP + row * pitch + ZOOM * (at / SIDE) as i32;
                let grey = ((1.0 - value) * 127.5).clamp(0.0, 255.0) as u8;
                let square = [(left, top), (left + ZOOM, top + ZOOM)];
                canvas.draw(&Rectangle::new(square, RGBColor(grey, grey, grey).filled()))?;
            }
        }
        Ok(())
    })
}
