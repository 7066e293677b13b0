//! The reward of images, as a run describes it.

use super::{Class, PAINT_LEVELS};
use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range, whole};
use crate::run::{Command, MOST_FACTORS, Onnx};
use crate::task::images::data::{CLASSES, MOST_CLASSES, SIDE, Shape};
use serde::{Deserialize, Serialize};

/// The reward r(x), at most 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// A classifier's p(class|image), of one class or several.
    Classes {
        /// The wanted classes, each at most once: by number, or by name as the header of the prior's weights has it.
        classes: Vec<Class>,
        /// How the probabilities of several classes are combined.
        #[serde(default)]
        by: ClassesBy,
        /// A file that `rtb pretrain classifier strided` wrote; the shipped one if it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weights: Option<String>,
    },
    /// A posterior for every class, with r(x|class) = p(class|x). One network learns them all and is told
    /// which class is wanted.
    EachClass {
        /// The classes, each at most once, by number or by name. Each gets a posterior.
        classes: Vec<Class>,
        /// A file that `rtb pretrain classifier strided` wrote; the shipped one if it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weights: Option<String>,
    },
    /// A Gaussian of the image's mean brightness, from 0 (black) to 1 (white). Without gradient.
    Ink {
        /// The wanted brightness.
        target: f64,
        /// Standard deviation of the Gaussian, in units of brightness.
        deviation: f64,
    },
    /// A Gaussian of the mean colour along the image's border, which often is its background. Without gradient.
    Color {
        /// The wanted colour, a number a channel from 0 (dark) to 1 (bright): red, green and blue, or grey.
        color: Vec<f64>,
        /// Width of the border in pixels.
        border: usize,
        /// Standard deviation of the Gaussian of every channel, in units of brightness.
        deviation: f64,
    },
    /// The size of the image as a JPEG file, which DDPO made known as a reward without weights (arXiv 2305.13301, §4.1): small
    /// files are of smooth images, large ones of rich images. Without gradient; native only.
    Jpeg {
        /// Which files are wanted.
        wanted: FileSize,
        /// Kilobytes (1,000 bytes) that log r falls by 1 with.
        scale: f64,
        /// Quality of the file, 1 to 100.
        #[serde(default = "usual_quality")]
        quality: usize,
    },
    /// A Gaussian with mean 0 of the share of ink that the mirror image lacks. Without gradient.
    Symmetry {
        /// Standard deviation of the Gaussian, as a share of the ink.
        deviation: f64,
    },
    /// exp(−penalty·|holes − count|), of the number of holes in the stroke. Without gradient.
    Holes {
        /// The wanted number of holes.
        count: usize,
        /// Decrease of log r for each hole too many or too few.
        penalty: f64,
    },
    /// A Gaussian of the stroke's width, in pixels. Without gradient.
    Thickness {
        /// The wanted width, in pixels.
        target: f64,
        /// Standard deviation of the Gaussian, in pixels.
        deviation: f64,
    },
    /// The likelihood of known pixels, which have Gaussian noise.
    Inpaint {
        /// The rows of the image, the first at the top, with a character for each pixel: a digit d for the brightness
        /// d/9 of every channel, a dot for an unknown pixel. At least one pixel must be known.
        rows: Vec<String>,
        /// Standard deviation of the noise; black and white are 2 apart.
        deviation: f64,
    },
    /// A program that is given images, 0 black to 1 white, and answers with log r, at most 0. Both are .npy arrays of float64,
    /// one a batch, whose first axis goes over the images. Without gradient.
    Command(Command),
    /// An ONNX model that is given images, with the channels and of the size that it wants. Without gradient.
    Onnx(Onnx),
    /// The product of several rewards.
    All {
        /// The factors. None may be `all` or `each_class`.
        rewards: Vec<Reward>,
    },
}

/// The kinds of [`Reward`], as in the TOML file.
pub const REWARDS: &[&str] = &[
    "classes",
    "each_class",
    "ink",
    "color",
    "jpeg",
    "symmetry",
    "holes",
    "thickness",
    "inpaint",
    "command",
    "onnx",
    "all",
];

/// Files of which size are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileSize {
    /// Small ones: log r = −size/scale.
    Small,
    /// Large ones: log r falls with what they lack of the raw pixels' size, one byte a channel; 0 of larger ones.
    Large,
}

/// That of DDPO's files.
fn usual_quality() -> usize {
    95
}

/// How the probabilities of several classes become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClassesBy {
    /// The sum: the probability that the image is of any of them.
    #[default]
    Sum,
    /// The largest, as in the paper for even and odd digits (arXiv 2405.20971, §3.1).
    Max,
}

impl Reward {
    /// The name of its kind, as in the TOML file.
    pub fn kind(&self) -> &'static str {
        match self {
            Reward::Classes { .. } => "classes",
            Reward::EachClass { .. } => "each_class",
            Reward::Ink { .. } => "ink",
            Reward::Color { .. } => "color",
            Reward::Jpeg { .. } => "jpeg",
            Reward::Symmetry { .. } => "symmetry",
            Reward::Holes { .. } => "holes",
            Reward::Thickness { .. } => "thickness",
            Reward::Inpaint { .. } => "inpaint",
            Reward::Command(_) => "command",
            Reward::Onnx(_) => "onnx",
            Reward::All { .. } => "all",
        }
    }

    /// The reward under one of its conditions, of which [`Reward::EachClass`] has several.
    pub fn given(&self, condition: usize) -> Reward {
        match self {
            Reward::EachClass { classes, weights } => Reward::Classes {
                classes: vec![classes[condition].clone()],
                by: ClassesBy::default(),
                weights: weights.clone(),
            },
            alone => alone.clone(),
        }
    }

    /// Whether it wants images of a class under some condition; nothing where it says nothing of classes.
    pub fn wants(&self, class: usize) -> Option<bool> {
        match self {
            Reward::Classes { classes, .. } | Reward::EachClass { classes, .. } => {
                Some(classes.contains(&Class::Number(class)))
            }
            Reward::All { rewards } => {
                let said = rewards.iter().filter_map(|part| part.wants(class));
                said.reduce(|all, part| all && part)
            }
            _ => None,
        }
    }

    /// Whether it, or a factor of it, has a gradient.
    pub fn has_gradient(&self) -> bool {
        match self {
            Reward::Classes { .. } | Reward::EachClass { .. } | Reward::Inpaint { .. } => true,
            Reward::All { rewards } => rewards.iter().any(Reward::has_gradient),
            _ => false,
        }
    }

    /// The factors of a product, or the reward itself.
    pub fn factors(&self) -> Vec<&Reward> {
        match self {
            Reward::All { rewards } => rewards.iter().collect(),
            alone => vec![alone],
        }
    }

    /// Whether it asks a classifier.
    pub fn asks_a_classifier(&self) -> bool {
        let asks = |one: &&Reward| matches!(one, Reward::Classes { .. } | Reward::EachClass { .. });
        self.factors().iter().any(asks)
    }

    /// The file of the user's own classifier, if it asks that.
    pub fn weights(&self) -> Option<&str> {
        self.factors().into_iter().find_map(Reward::own_weights)
    }

    fn own_weights(&self) -> Option<&str> {
        match self {
            Reward::Classes { weights, .. } | Reward::EachClass { weights, .. } => weights.as_deref(),
            _ => None,
        }
    }

    /// Checks its values; `at` is its name in errors, and `ships` tells whether the prior's images are those of a
    /// prior that ships.
    pub(super) fn validate(&self, at: &str, ships: bool) -> Checked {
        let field = |name: &str| format!("{at}.{name}");
        match self {
            Reward::Classes { classes, weights, .. } | Reward::EachClass { classes, weights } => {
                distinct(&field("classes"), classes, weights.as_deref())?;
                named(&field("weights"), weights.as_deref())
            }
            Reward::Ink { target, deviation } => {
                range(&field("target"), *target, 0.0, 1.0)?;
                positive(&field("deviation"), *deviation, 1.0)
            }
            Reward::Color {
                color,
                border,
                deviation,
            } => {
                if ![1, 3].contains(&color.len()) {
                    return Err(ConfigError::new(
                        format!("the number of {}", field("color")),
                        color.len(),
                        "3 (red, green and blue), or 1 of grey images",
                    ));
                }
                for (at, level) in color.iter().enumerate() {
                    range(&format!("{}[{at}]", field("color")), *level, 0.0, 1.0)?;
                }
                whole(&field("border"), *border, 1, 32)?;
                positive(&field("deviation"), *deviation, 1.0)
            }
            Reward::Jpeg { scale, quality, .. } => {
                if cfg!(not(feature = "native")) {
                    return Err(ConfigError::new(
                        field("kind"),
                        "`jpeg`",
                        "another kind: only the program writes such files",
                    ));
                }
                positive(&field("scale"), *scale, 1e6)?;
                whole(&field("quality"), *quality, 1, 100)
            }
            Reward::Symmetry { deviation } => positive(&field("deviation"), *deviation, 1.0),
            Reward::Holes { count, penalty } => {
                whole(&field("count"), *count, 0, 10)?;
                positive(&field("penalty"), *penalty, 100.0)
            }
            Reward::Thickness { target, deviation } => {
                range(&field("target"), *target, 0.5, SIDE as f64)?;
                positive(&field("deviation"), *deviation, SIDE as f64)
            }
            Reward::Inpaint { rows, deviation } => {
                positive(&field("deviation"), *deviation, 10.0)?;
                known(&field("rows"), rows, ships)
            }
            Reward::Command(command) => command.validate(at),
            Reward::Onnx(onnx) => onnx.validate(at),
            Reward::All { rewards } => {
                whole(
                    &format!("the number of {at}.rewards"),
                    rewards.len(),
                    1,
                    MOST_FACTORS,
                )?;
                for (place, part) in rewards.iter().enumerate() {
                    part.validate_as_factor(&format!("{at}.rewards[{place}]"), self.weights(), ships)?;
                }
                Ok(())
            }
        }
    }

    /// The same of a factor of a product that asks this classifier.
    fn validate_as_factor(&self, at: &str, classifier: Option<&str>, ships: bool) -> Checked {
        let refused = match self {
            Reward::All { .. } => Some("another kind: a product cannot hold a product"),
            Reward::EachClass { .. } => Some("another kind: a product has a single posterior"),
            _ => None,
        };
        if let Some(allowed) = refused {
            return Err(ConfigError::new(
                format!("{at}.kind"),
                format!("`{}`", self.kind()),
                allowed,
            ));
        }
        self.validate(at, ships)?;
        let (Reward::Classes { weights, .. }, Some(file)) = (self, classifier) else {
            return Ok(());
        };
        if weights.as_deref() == Some(file) {
            return Ok(());
        }
        let own = weights
            .as_ref()
            .map_or("the shipped classifier".to_owned(), |own| format!("`{own}`"));
        let allowed = format!("`{file}` as in the other factors: a product asks one classifier");
        Err(ConfigError::new(format!("{at}.weights"), own, allowed))
    }
}

/// The name of a file of one's own, if there is one.
pub(super) fn named(field: &str, name: Option<&str>) -> Checked {
    match name {
        Some("") => Err(ConfigError::missing(
            field,
            "a file that `rtb pretrain classifier` wrote",
        )),
        _ => Ok(()),
    }
}

/// Classes of a classifier, the user's own or the shipped one, each at most once.
fn distinct(field: &str, classes: &[Class], own: Option<&str>) -> Checked {
    let count = own.map_or(CLASSES, |_| MOST_CLASSES);
    whole(&format!("the number of {field}"), classes.len(), 1, count)?;
    for (at, class) in classes.iter().enumerate() {
        let field = format!("{field}[{at}]");
        class
            .number()
            .map_or(Ok(()), |number| whole(&field, number, 0, count - 1))?;
        if classes[..at].contains(class) {
            return Err(ConfigError::new(field, class, "each class only once"));
        }
    }
    Ok(())
}

/// The pixels that are known of an image, whose shape is known where the prior ships.
fn known(field: &str, rows: &[String], ships: bool) -> Checked {
    let columns = rows.first().map_or(0, |row| row.chars().count());
    let count = format!("the number of {field}");
    let width = if ships {
        whole(&count, rows.len(), SIDE, SIDE)?;
        SIDE
    } else {
        side(&count, rows.len())?;
        side(&format!("the length of {field}[0]"), columns)?;
        columns
    };
    for (at, row) in rows.iter().enumerate() {
        let allowed = |c: char| c == '.' || c.to_digit(10).is_some_and(|d| d <= PAINT_LEVELS);
        if row.chars().count() != width || !row.chars().all(allowed) {
            return Err(ConfigError::new(
                format!("{field}[{at}]"),
                format!("`{row}`"),
                format!("{width} characters, each a dot or a digit from 0 to {PAINT_LEVELS}"),
            ));
        }
    }
    if rows.iter().all(|row| row.chars().all(|c| c == '.')) {
        return Err(ConfigError::new(field, "only dots", "at least one known pixel"));
    }
    Ok(())
}

/// A side of images.
fn side(name: &str, side: usize) -> Checked {
    match Shape::allows(side) {
        true => Ok(()),
        false => Err(ConfigError::new(name, side, Shape::ALLOWED)),
    }
}
