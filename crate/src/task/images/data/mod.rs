//! Small images: what the priors, rewards and figures of this task are about.

mod idx;
mod shape;

pub use idx::{IdxError, read_images, read_labels};
pub use shape::Shape;

/// Pixels along a side of an image that the shipped priors make.
pub const SIDE: usize = Shape::MNIST.height;
/// Pixels of such an image.
pub const PIXELS: usize = Shape::MNIST.pixels();
/// Classes of such images.
pub const CLASSES: usize = 10;
/// Most classes of images.
pub const MOST_CLASSES: usize = 256;

/// Labelled images of one shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    shape: Shape,
    /// The names of the classes.
    classes: Vec<String>,
    /// Whether grey is drawn as ink on paper.
    ink: bool,
    /// `[count][channels][height][width]`, 0 black to 255 full.
    pixels: Vec<u8>,
    /// `[count]`, below the number of classes.
    labels: Vec<u8>,
}

/// The names of classes that have no names: their numbers.
pub fn numbered(classes: usize) -> Vec<String> {
    (0..classes).map(|class| class.to_string()).collect()
}

impl Images {
    /// Images in MNIST's shape, with their labels from 0 to 9.
    ///
    /// # Errors
    ///
    /// Where there are not equally many, or a label is no class.
    pub fn new(pixels: Vec<u8>, labels: Vec<u8>) -> Result<Self, IdxError> {
        Self::of(Shape::MNIST, numbered(CLASSES), pixels, labels).map(|images| Self { ink: true, ..images })
    }

    /// Images of any shape, with labels of these classes.
    ///
    /// # Errors
    ///
    /// Where there are not equally many, or a label is no class.
    pub fn of(
        shape: Shape,
        classes: Vec<String>,
        pixels: Vec<u8>,
        labels: Vec<u8>,
    ) -> Result<Self, IdxError> {
        let size = shape.pixels();
        if pixels.len() != labels.len() * size {
            return Err(IdxError(format!(
                "{} images and {} labels, but there must be one label per image",
                pixels.len() / size,
                labels.len()
            )));
        }
        match labels.iter().find(|l| usize::from(**l) >= classes.len()) {
            Some(label) => Err(IdxError(format!(
                "label {label} is not allowed; use labels from 0 to {}",
                classes.len().saturating_sub(1)
            ))),
            None => Ok(Self {
                shape,
                classes,
                ink: false,
                pixels,
                labels,
            }),
        }
    }

    /// The same images whose classes have these names.
    ///
    /// # Panics
    ///
    /// Where there are not as many names as classes.
    pub fn named(mut self, names: &[&str]) -> Self {
        assert_eq!(names.len(), self.classes.len(), "a name for every class");
        self.classes = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// The shape of every image.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Whether grey is drawn as ink on paper, as MNIST's strokes are; else as light.
    pub fn is_ink(&self) -> bool {
        self.ink
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of an image, −1 black to 1 full.
    pub fn image(&self, index: usize) -> impl Iterator<Item = f32> + '_ {
        let size = self.shape.pixels();
        self.pixels[index * size..(index + 1) * size]
            .iter()
            .map(|p| f32::from(*p) / 127.5 - 1.0)
    }

    /// The pixels of the first images, at most `count`, `[images][pixels]`.
    pub fn pixels(&self, count: usize) -> Vec<f32> {
        (0..count.min(self.len())).flat_map(|at| self.image(at)).collect()
    }

    /// The class of an image.
    pub fn label(&self, index: usize) -> usize {
        usize::from(self.labels[index])
    }
}
