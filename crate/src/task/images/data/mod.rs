//! Small grey images: what the digits' priors, rewards and figures are about.

mod idx;

pub use idx::{IdxError, read_images, read_labels};

/// Pixels along a side of an image.
pub const SIDE: usize = 28;
/// Pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;
/// Classes an image can belong to.
pub const CLASSES: usize = 10;

/// Labelled images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    /// `[count][PIXELS]`, from the top left, 0 black to 255 white.
    pixels: Vec<u8>,
    /// `[count]`, below [`CLASSES`].
    labels: Vec<u8>,
}

impl Images {
    /// Images with their labels.
    ///
    /// # Errors
    ///
    /// Where there are not equally many, or a label is no class.
    pub fn new(pixels: Vec<u8>, labels: Vec<u8>) -> Result<Self, IdxError> {
        if pixels.len() != labels.len() * PIXELS {
            return Err(IdxError(format!(
                "{} images and {} labels, but there must be one label per image",
                pixels.len() / PIXELS,
                labels.len()
            )));
        }
        match labels.iter().find(|l| usize::from(**l) >= CLASSES) {
            Some(label) => Err(IdxError(format!(
                "label {label} is not allowed; use labels from 0 to {}",
                CLASSES - 1
            ))),
            None => Ok(Self { pixels, labels }),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of an image, −1 black to 1 white.
    pub fn image(&self, index: usize) -> impl Iterator<Item = f32> + '_ {
        self.pixels[index * PIXELS..(index + 1) * PIXELS]
            .iter()
            .map(|p| f32::from(*p) / 127.5 - 1.0)
    }

    /// The pixels of the first images, at most `count`, `[images][PIXELS]`.
    pub fn pixels(&self, count: usize) -> Vec<f32> {
        (0..count.min(self.len())).flat_map(|at| self.image(at)).collect()
    }

    /// The class of an image.
    pub fn label(&self, index: usize) -> usize {
        usize::from(self.labels[index])
    }
}
