//! The extent of images.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Sides that the networks allow: they halve an image twice.
const SIDES: std::ops::RangeInclusive<usize> = 8..=64;
const STEP: usize = 4;

/// Channels, rows and columns of images. Pixels follow each other channel by channel, row by row from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// 1 of grey images, 3 of red, green and blue.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// Grey images of 28 × 28 pixels.
    pub const MNIST: Self = Self {
        channels: 1,
        height: 28,
        width: 28,
    };
    /// The sides that are allowed, in words.
    pub const ALLOWED: &'static str = "multiples of 4 from 8 to 64";

    /// Numbers of an image.
    pub const fn pixels(self) -> usize {
        self.channels * self.area()
    }

    /// Numbers of a channel.
    pub const fn area(self) -> usize {
        self.height * self.width
    }

    /// The images in words.
    pub fn told(self) -> String {
        let colours = if self.is_grey() { "grey" } else { "coloured" };
        format!("{colours} images of the shape {self}")
    }

    /// That of channels, height and width.
    pub fn of([channels, height, width]: [usize; 3]) -> Self {
        Self {
            channels,
            height,
            width,
        }
    }

    /// Whether images are grey.
    pub const fn is_grey(self) -> bool {
        self.channels == 1
    }

    /// Channels, rows and columns.
    pub const fn sizes(self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Whether images can have this side.
    pub fn allows(side: usize) -> bool {
        SIDES.contains(&side) && side.is_multiple_of(STEP)
    }

    /// This shape, if the networks can have it.
    ///
    /// # Errors
    ///
    /// Says what is allowed.
    pub fn checked(self) -> Result<Self, String> {
        let right = matches!(self.channels, 1 | 3) && Self::allows(self.height) && Self::allows(self.width);
        right.then_some(self).ok_or_else(|| {
            format!(
                "images of the shape {self} are not allowed; use 1 or 3 channels, and sides that are {}",
                Self::ALLOWED
            )
        })
    }
}

impl Default for Shape {
    fn default() -> Self {
        Self::MNIST
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}×{}×{}", self.channels, self.height, self.width)
    }
}

/// Reads three numbers, as headers of weights have them: `3 32 32`.
impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sizes: Result<Vec<usize>, _> = text.split_whitespace().map(str::parse).collect();
        let sizes: Option<[usize; 3]> = sizes.ok().and_then(|sizes| sizes.try_into().ok());
        let [channels, height, width] = sizes.ok_or_else(|| {
            format!("the shape `{text}` is not allowed; use three numbers such as `3 32 32`")
        })?;
        Self {
            channels,
            height,
            width,
        }
        .checked()
    }
}
