//! How large an image is as a JPEG file.

use crate::task::images::{FileSize, Shape};
use image::ColorType;
use image::codecs::jpeg::JpegEncoder;

/// Bytes of a kilobyte.
const KILOBYTE: f64 = 1000.0;

/// log r of an image, −1 to 1, `[channels][height][width]`, for files whose log r changes by 1 a kilobyte: at most 0.
pub fn log_reward(image: &[f32], shape: Shape, wanted: FileSize, quality: u8) -> f64 {
    let bytes = file(image, shape, quality).len() as f64;
    let misses = match wanted {
        FileSize::Small => bytes,
        FileSize::Large => (shape.pixels() as f64 - bytes).max(0.0),
    };
    -misses / KILOBYTE
}

/// The file, in memory.
fn file(image: &[f32], shape: Shape, quality: u8) -> Vec<u8> {
    let area = shape.area();
    let level = |value: f32| (127.5 * (value.clamp(-1.0, 1.0) + 1.0)).round() as u8;
    // A file has the channels of a pixel side by side.
    let pixels: Vec<u8> = (0..area)
        .flat_map(|pixel| (0..shape.channels).map(move |channel| level(image[channel * area + pixel])))
        .collect();
    let color = if shape.is_grey() {
        ColorType::L8
    } else {
        ColorType::Rgb8
    };
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(&pixels, shape.width as u32, shape.height as u32, color)
        .expect("it fits into memory and into the format");
    bytes
}

#[cfg(test)]
mod tests {
    use super::{file, log_reward};
    use crate::engine::noise::{Noise, Purpose};
    use crate::task::images::{FileSize, Shape};

    const SHAPE: Shape = Shape {
        channels: 3,
        height: 32,
        width: 24,
    };

    #[test]
    fn files_hold_the_image() {
        // Smooth, and with another extent and slope a channel: a file of swapped axes or channels would differ.
        let value = |at: usize| {
            let (channel, pixel) = (at / SHAPE.area(), at % SHAPE.area());
            let (row, column) = (pixel / SHAPE.width, pixel % SHAPE.width);
            (row as f32 / 31.0 - 0.5) * (1.0 - channel as f32) + (column as f32 / 23.0 - 0.5) * 0.8
        };
        let made: Vec<f32> = (0..SHAPE.pixels()).map(value).collect();
        let read = image::load_from_memory(&file(&made, SHAPE, 95))
            .unwrap()
            .to_rgb8();
        assert_eq!((read.width(), read.height()), (24, 32));
        for (at, made) in made.iter().enumerate() {
            let (channel, pixel) = (at / SHAPE.area(), at % SHAPE.area());
            let seen = read.get_pixel((pixel % 24) as u32, (pixel / 24) as u32)[channel];
            let seen = f32::from(seen) / 127.5 - 1.0;
            assert!((seen - made).abs() < 0.06, "{at}: {seen} for {made}");
        }
    }

    #[test]
    fn noise_makes_large_files_and_one_grey_small_ones() {
        let flat = vec![0.2; SHAPE.pixels()];
        let noise = Noise::new(1).normal(Purpose::Samples, 0, SHAPE.pixels());
        let small = |image: &[f32]| log_reward(image, SHAPE, FileSize::Small, 95);
        let large = |image: &[f32]| log_reward(image, SHAPE, FileSize::Large, 95);
        assert!(small(&noise) < small(&flat) && small(&flat) < 0.0);
        assert!(large(&flat) < large(&noise) && large(&noise) <= 0.0);
        // Both count the same bytes.
        let bytes = file(&flat, SHAPE, 95).len() as f64;
        assert_eq!(small(&flat), -bytes / 1000.0);
        assert_eq!(large(&flat), (bytes - SHAPE.pixels() as f64) / 1000.0);
        // A lower quality makes a smaller file.
        assert!(log_reward(&noise, SHAPE, FileSize::Small, 30) > small(&noise));
    }
}
