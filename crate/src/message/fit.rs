//! The distance of samples from the truth, in figures that each task names.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Named figures of a task. Each task documents its figures in a struct. Here they are a table, so that code
/// which sends, prints or draws them need not know the task.
///
/// The names are keys of `report.json`. Unknown figures are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fit(toml::Table);

impl Fit {
    /// The figures of a task's struct.
    ///
    /// # Panics
    ///
    /// If the struct holds anything but numbers and lists of numbers.
    pub fn new(figures: &impl Serialize) -> Self {
        Self(toml::Table::try_from(figures).expect("figures are a table"))
    }

    /// These figures and more of another struct.
    ///
    /// # Panics
    ///
    /// As [`Fit::new`].
    pub fn with(mut self, more: &impl Serialize) -> Self {
        self.0.extend(Self::new(more).0);
        self
    }

    /// The task's struct, where these are its figures.
    pub fn of<T: DeserializeOwned>(&self) -> Option<T> {
        self.0.clone().try_into().ok()
    }

    /// The figure of that name.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name)? {
            toml::Value::Float(number) => Some(*number),
            toml::Value::Integer(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// The list of figures of that name.
    pub fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        let list = self.0.get(name)?.as_array()?;
        list.iter().map(toml::Value::as_float).collect()
    }
}
