//! What a network learned, which the header of its weights tells.

use crate::engine::weights::Weights;
use crate::run::Class;
use crate::task::images::data::{CLASSES, Images, MOST_CLASSES, Shape, numbered};
use std::collections::BTreeMap;

/// Keys of the header.
const DATA: &str = "data";
const SHAPE: &str = "shape";
const NAMES: &str = "classes";
const INK: &str = "ink";
/// The data set of weights that do not name any, as those that ship.
pub const MNIST: &str = "mnist";

/// The images that a network learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The name of the data set.
    pub data: String,
    /// The shape of the images.
    pub shape: Shape,
    /// The names of their classes.
    pub classes: Vec<String>,
    /// Whether grey is drawn as ink on paper.
    pub ink: bool,
}

impl Learned {
    /// A data set of this name.
    pub fn new(data: String, images: &Images) -> Self {
        Self {
            data,
            shape: images.shape(),
            classes: images.classes().to_vec(),
            ink: images.is_ink(),
        }
    }

    /// What a file's header says; what it leaves open is MNIST.
    ///
    /// # Errors
    ///
    /// Where shape or classes are not allowed.
    pub fn of(header: &BTreeMap<String, String>) -> Result<Self, String> {
        let data = header.get(DATA).map_or(MNIST, String::as_str);
        let shape = header.get(SHAPE).map_or(Ok(Shape::MNIST), |text| text.parse())?;
        let classes: Vec<String> = match header.get(NAMES) {
            Some(names) => names.lines().map(str::to_owned).collect(),
            None => numbered(CLASSES),
        };
        if !(1..=MOST_CLASSES).contains(&classes.len()) {
            return Err(format!(
                "the header names {} classes, but must name 1 to {MOST_CLASSES}",
                classes.len()
            ));
        }
        Ok(Self {
            data: data.to_owned(),
            shape,
            classes,
            ink: header.get(INK).is_none_or(|ink| ink != "false"),
        })
    }

    /// Weights whose header says so.
    pub fn told_by(&self, mut weights: Weights) -> Weights {
        let [channels, height, width] = self.shape.sizes();
        let header = &mut weights.metadata;
        header.insert(DATA.to_owned(), self.data.clone());
        header.insert(SHAPE.to_owned(), format!("{channels} {height} {width}"));
        header.insert(NAMES.to_owned(), self.classes.join("\n"));
        header.insert(INK.to_owned(), self.ink.to_string());
        weights
    }

    /// The number of a class, if it is one of these.
    pub fn number(&self, class: &Class) -> Option<usize> {
        match class {
            Class::Number(number) => Some(*number).filter(|number| *number < self.classes.len()),
            Class::Name(name) => self.classes.iter().position(|known| known == name),
        }
    }

    /// A class with its name, where it has one besides its number.
    pub fn class(&self, class: usize) -> String {
        match &self.classes[class] {
            name if *name == class.to_string() => name.clone(),
            name => format!("{class} ({name})"),
        }
    }
}
