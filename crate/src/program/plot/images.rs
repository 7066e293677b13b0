//! Images side by side.

use super::canvas::{Canvas, Drawn, picture};
use crate::program::error::ProgramError;
use plotters::prelude::*;
use std::path::Path;

/// Screen pixels of the place of an image, about; and the fewest of a pixel.
const PLACE: usize = 60;
const ZOOM: usize = 2;
/// Pixels of the edge all around an image.
const EDGE: usize = 1;

/// Images of one shape, and how they are drawn.
#[derive(Clone, Copy)]
pub struct ImageSheet<'a> {
    /// Channels, rows and columns.
    pub shape: [usize; 3],
    /// Whether grey is drawn as ink on paper.
    pub ink: bool,
    /// `[count][channels][rows][columns]`, −1 to 1.
    pub pixels: &'a [f32],
}

impl ImageSheet<'_> {
    /// Images there are.
    pub fn count(&self) -> usize {
        self.pixels.len() / self.shape.iter().product::<usize>()
    }

    /// The side of the square place of an image, with its edge.
    fn place(&self) -> usize {
        self.shape[1].max(self.shape[2]) + 2 * EDGE
    }

    /// The colour of a pixel of a place, if an image is there.
    fn color(&self, place: usize, row: usize, column: usize) -> Option<RGBColor> {
        let [channels, height, width] = self.shape;
        let [row, column] = [row.checked_sub(EDGE)?, column.checked_sub(EDGE)?];
        if place >= self.count() || row >= height || column >= width {
            return None;
        }
        let value = |channel: usize| {
            let value = self.pixels[((place * channels + channel) * height + row) * width + column];
            let light = if self.ink && channels == 1 { -value } else { value };
            ((1.0 + light) * 127.5).clamp(0.0, 255.0) as u8
        };
        // Grey has the same value three times.
        let [red, green, blue] = [0, 1, 2].map(|channel: usize| value(channel.min(channels - 1)));
        Some(RGBColor(red, green, blue))
    }

    /// Draws the first images in a square of `columns`².
    pub fn draw(&self, path: &Path, columns: usize) -> Result<(), ProgramError> {
        let zoom = ZOOM.max(PLACE / self.place());
        let size = (columns * self.place() * zoom) as u32;
        picture(path, (size, size), |canvas| {
            self.draw_part(canvas, columns, (0, 0), size as i32)
        })
    }

    /// The same on a part of a picture, a square of `size` screen pixels.
    pub fn draw_part(&self, canvas: &Canvas, columns: usize, (left, top): (i32, i32), size: i32) -> Drawn {
        let side = self.place();
        // The place and, within it, the pixel that a screen pixel shows.
        let locate = |at: i32| {
            let pixel = at as usize * columns * side / size as usize;
            (pixel / side, pixel % side)
        };
        for y in 0..size {
            for x in 0..size {
                let ((row, v), (column, u)) = (locate(y), locate(x));
                if let Some(color) = self.color(row * columns + column, v, u) {
                    canvas.draw_pixel((left + x, top + y), &color)?;
                }
            }
        }
        Ok(())
    }
}
