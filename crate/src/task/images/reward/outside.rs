//! A reward of images that a program or a model computes.

use super::strokes::brightness;
use crate::engine::ConfigError;
use crate::engine::reward::BlackBox;
use crate::run::Files;
use crate::task::bounded::at_most_one;
use crate::task::images::Shape;
use std::fmt;
use std::sync::Arc;

/// A black box that is given images.
#[derive(Clone)]
pub struct Outside {
    /// Its name in errors: the field, and the program or model.
    name: String,
    black_box: Arc<dyn BlackBox>,
}

impl Outside {
    /// The black box of a role, which this field names.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub fn of(files: &Files, role: &str, field: &str, name: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            name: format!("{field}: `{name}`"),
            black_box: files.black_box(role, field, name)?,
        })
    }

    /// log r of images of a shape, `[rows][pixels]`, at most 0, each made for a text where there are such.
    ///
    /// # Errors
    ///
    /// Where the black box fails, or answers above 0.
    pub fn log_reward(&self, images: &[f32], shape: Shape, texts: &[&str]) -> Result<Vec<f64>, String> {
        let bright: Vec<f64> = images.iter().map(|v| brightness(*v)).collect();
        let log_r = match texts {
            [] => self.black_box.log_reward(&bright, &shape.sizes())?,
            texts => self.black_box.log_reward_told(&bright, &shape.sizes(), texts)?,
        };
        at_most_one(&self.name, "an image", log_r)
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Outside").field(&self.name).finish()
    }
}
