//! Grids of numbers as images.

use super::color::{Ramp, at, unknown};
use super::paint::LEVELS;
use super::shared::Shared;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// A grid of numbers, row by row from the top left, and the range its colours span. What is not a
/// number has a colour of its own.
#[derive(Clone, PartialEq)]
pub struct Picture {
    pub values: Shared<Vec<f32>>,
    /// Cells of a row.
    pub width: usize,
    pub low: f32,
    pub high: f32,
    pub ramp: Ramp,
}

impl Picture {
    /// Images, −1 paper to 1 ink.
    pub fn ink(values: Vec<f32>, width: usize) -> Self {
        Self {
            values: Shared::new(values),
            width,
            low: -1.0,
            high: 1.0,
            ramp: Ramp::Ink,
        }
    }

    /// The cells of a painted grid that are known, 0 paper to 1 ink.
    pub fn known(rows: &[String]) -> Self {
        let level = |c: char| c.to_digit(10).map_or(f32::NAN, |d| d as f32 / f32::from(LEVELS));
        Self {
            values: Shared::new(rows.iter().flat_map(|row| row.chars()).map(level).collect()),
            width: rows.len(),
            low: 0.0,
            high: 1.0,
            ramp: Ramp::Ink,
        }
    }

    /// A density, coloured from 0 to `high` by its square root: the eye sees light modes beside
    /// heavy ones.
    pub fn density(values: Vec<f32>, high: f32) -> Self {
        Self {
            width: values.len().isqrt(),
            values: Shared::new(values),
            low: 0.0,
            high,
            ramp: Ramp::Density,
        }
    }

    /// A density of learned samples, coloured likewise.
    pub fn samples(values: Vec<f32>, high: f32) -> Self {
        Self {
            ramp: Ramp::Sample,
            ..Self::density(values, high)
        }
    }

    /// log r, coloured over the range it takes.
    pub fn reward(values: Vec<f32>) -> Self {
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        // A constant reward has the colour of the most.
        let low = if low < high { low } else { high - 1.0 };
        Self {
            width: values.len().isqrt(),
            values: Shared::new(values),
            low,
            high,
            ramp: Ramp::Reward,
        }
    }

    /// The place of a value in the colour scale, from 0 to 1 where it is in range.
    pub(super) fn share(&self, value: f32) -> f64 {
        let u = f64::from((value - self.low) / (self.high - self.low).max(1e-12));
        match self.ramp {
            Ramp::Density | Ramp::Sample => u.max(0.0).sqrt(),
            Ramp::Reward | Ramp::Ink => u,
        }
    }

    /// The picture on a canvas of its own, a pixel a cell; `None` where there are no values.
    pub fn render(&self, dark: bool) -> Option<HtmlCanvasElement> {
        if self.values.is_empty() {
            return None;
        }
        let shades = shades(self.ramp, dark);
        let mut bytes = Vec::with_capacity(4 * self.values.len());
        for value in self.values.iter() {
            let [r, g, b] = if value.is_nan() {
                unknown(dark)
            } else {
                shades[(255.0 * self.share(*value).clamp(0.0, 1.0)) as usize]
            };
            bytes.extend([r, g, b, 255]);
        }
        drawn(&bytes, self.width)
    }
}

/// The colours of a scale, from nothing to the most.
pub(super) fn shades(ramp: Ramp, dark: bool) -> Vec<[u8; 3]> {
    (0..=255).map(|i| at(ramp, dark, f64::from(i) / 255.0)).collect()
}

/// Bytes of red, green, blue and opacity on a canvas of this width.
pub(super) fn drawn(bytes: &[u8], width: usize) -> Option<HtmlCanvasElement> {
    let canvas: HtmlCanvasElement = gloo::utils::document()
        .create_element("canvas")
        .ok()?
        .unchecked_into();
    canvas.set_width(width as u32);
    canvas.set_height((bytes.len() / 4 / width) as u32);
    let data = ImageData::new_with_u8_clamped_array(Clamped(bytes), width as u32).ok()?;
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
    context.put_image_data(&data, 0.0, 0.0).ok()?;
    Some(canvas)
}
