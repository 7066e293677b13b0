//! The images that a network learns, and pictures of those that it makes.

use crate::program::data::{self, Form, Labelled};
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::quoted;
use crate::program::plot;
use rtb::task::images::Learned;
use std::path::Path;

/// The flags of the data.
#[derive(clap::Args)]
pub struct DataSet {
    /// mnist, fashion-mnist, a folder of PNG or JPEG files with a folder for each class, or a folder with the four
    /// files of MNIST
    #[arg(long, value_name = "NAME|FOLDER", default_value = "mnist")]
    data: String,
    /// Cut pictures of a folder to their middle square and resize them to N × N pixels, a multiple of 4
    /// [default: the size that all have]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(8, 64))]
    size: Option<usize>,
    /// Leave out the colours of pictures
    #[arg(long)]
    grey: bool,
}

impl DataSet {
    /// The images, and what a network of them has learned.
    pub fn read(&self) -> Result<(Labelled, Learned), ProgramError> {
        let form = Form {
            size: self.size,
            grey: self.grey,
        };
        let images = data::images(&self.data, form)?;
        let learned = Learned::new(data::name(&self.data), &images.train);
        Ok((images, learned))
    }

    /// As it is named in errors.
    pub fn name(&self) -> &str {
        &self.data
    }

    /// The flags as they are written.
    pub fn command(&self) -> String {
        let size = self.size.map_or(String::new(), |size| format!(" --size {size}"));
        let grey = if self.grey { " --grey" } else { "" };
        format!("--data {}{size}{grey}", quoted(&self.data))
    }
}

/// Draws the first images, `[count][pixels]`, in a square of `columns`².
pub fn draw(path: &Path, learned: &Learned, pixels: &[f32], columns: usize) -> Result<(), ProgramError> {
    let sheet = plot::ImageSheet {
        shape: learned.shape.sizes(),
        ink: learned.ink,
        pixels,
    };
    sheet.draw(path, columns)
}
