//! Denoisers that somebody else trained: ONNX models that are the prior of a run.

use crate::engine::ConfigError;
use crate::engine::check::{Checked, positive, range, whole};
use serde::{Deserialize, Serialize};
use std::f64::consts::FRAC_PI_2;

/// Most steps of a noise schedule.
const MOST_STEPS: usize = 100_000;
/// Least ᾱ: some outputs are divided by its root.
const LEAST: f64 = 1e-12;
/// Names of inputs.
const INPUTS: usize = 2;

/// An ONNX model that was trained to remove noise from points: √ᾱ·x + √(1 − ᾱ)·ε, where ε is standard normal noise
/// and ᾱ depends on the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OnnxDenoiser {
    /// The file of the model. It has two inputs, noised points `[batch, d]` and a time, and an output `[batch, d]`.
    pub model: String,
    /// The names of the coordinates, as many as the model has.
    pub names: Vec<String>,
    /// What the output is.
    pub prediction: Prediction,
    /// What the model is given as its time.
    #[serde(default)]
    pub time: Time,
    /// The names of the two inputs, first that of the points; those of the file in its order if they are absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// The name of the output; the first if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What was subtracted from points before training, one number a coordinate; 0 if it is absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f64>,
    /// What points were divided by before training, once the mean was subtracted, one number a coordinate; 1 if it is
    /// absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviation: Vec<f64>,
    /// ᾱ of the steps that the model was trained on.
    pub schedule: NoiseSchedule,
}

/// The same of images, whose pixels are −1 for black and 1 for white.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OnnxImageDenoiser {
    /// The file of the model. It has two inputs, noised images `[batch, channels, height, width]` and a time, and an output
    /// of the images' shape.
    pub model: String,
    /// Channels, height and width of an image.
    pub shape: [usize; 3],
    /// What the output is.
    pub prediction: Prediction,
    /// What the model is given as its time.
    #[serde(default)]
    pub time: Time,
    /// The names of the two inputs, first that of the images; those of the file in its order if they are absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// The name of the output; the first if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// ᾱ of the steps that the model was trained on.
    pub schedule: NoiseSchedule,
}

/// What the file of a denoiser is to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DenoiserFile<'a> {
    /// Its name.
    pub model: &'a str,
    /// The axes of a row.
    pub axes: DenoisedAxes,
    /// What it is given as its time.
    pub time: Time,
    /// The names of its inputs, or none.
    pub inputs: &'a [String],
    /// The name of its output.
    pub output: Option<&'a str>,
    /// Steps of its noise.
    pub steps: usize,
}

/// The axes of what a denoiser takes the noise from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenoisedAxes {
    /// Points with so many named coordinates.
    Point(usize),
    /// Images: channels, height and width.
    Image([usize; 3]),
}

impl DenoisedAxes {
    /// Their sizes.
    pub fn sizes(&self) -> &[usize] {
        match self {
            Self::Point(size) => std::slice::from_ref(size),
            Self::Image(sizes) => sizes,
        }
    }
}

/// What the output of a denoiser is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Prediction {
    /// The noise ε.
    Noise,
    /// √ᾱ·ε − √(1 − ᾱ)·x (arXiv 2202.00512).
    Velocity,
    /// The points x themselves.
    Data,
    /// The gradient of the log density of noised points.
    Score,
}

/// What a denoiser is given as its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Time {
    /// The number of the step, from 0.
    #[default]
    Index,
    /// The number of the step, from 1, divided by the number of steps.
    Fraction,
}

impl Time {
    /// That of a step, from 0, among so many.
    pub fn of(self, step: usize, steps: usize) -> f64 {
        match self {
            Self::Index => step as f64,
            Self::Fraction => (step + 1) as f64 / steps as f64,
        }
    }
}

/// ᾱ of every step that a denoiser was trained on, from the least noise to the most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "native", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NoiseSchedule {
    /// ᾱ is the product of 1 − β so far, and β grows linearly (DDPM, arXiv 2006.11239).
    Linear {
        /// Number of steps.
        steps: usize,
        /// β of the first step.
        #[serde(default = "beta_start")]
        beta_start: f64,
        /// β of the last step.
        #[serde(default = "beta_end")]
        beta_end: f64,
    },
    /// The same where √β grows linearly (Stable Diffusion).
    ScaledLinear {
        /// Number of steps.
        steps: usize,
        /// β of the first step.
        #[serde(default = "beta_start")]
        beta_start: f64,
        /// β of the last step.
        #[serde(default = "beta_end")]
        beta_end: f64,
    },
    /// ᾱ is a squared cosine of the time, and β at most 0.999 (arXiv 2102.09672).
    Cosine {
        /// Number of steps.
        steps: usize,
    },
    /// Any other.
    List {
        /// ᾱ of every step, each below the one before.
        alphas_cumprod: Vec<f64>,
    },
}

fn beta_start() -> f64 {
    1e-4
}

fn beta_end() -> f64 {
    0.02
}

/// `steps` numbers from one to another.
fn between(first: f64, last: f64, steps: usize) -> impl Iterator<Item = f64> {
    (0..steps).map(move |step| first + (last - first) * step as f64 / (steps - 1) as f64)
}

/// ᾱ from β.
fn products(betas: impl Iterator<Item = f64>) -> Vec<f64> {
    let kept = betas.scan(1.0, |product, beta| {
        *product *= 1.0 - beta;
        Some(*product)
    });
    kept.collect()
}

impl NoiseSchedule {
    /// How many steps it has.
    pub fn steps(&self) -> usize {
        match self {
            Self::Linear { steps, .. } | Self::ScaledLinear { steps, .. } | Self::Cosine { steps } => *steps,
            Self::List { alphas_cumprod } => alphas_cumprod.len(),
        }
    }

    /// ᾱ of every step.
    pub fn alphas_cumprod(&self) -> Vec<f64> {
        /// Largest β of the cosine schedule, and its offset.
        const MOST: f64 = 0.999;
        const OFFSET: f64 = 0.008;
        match *self {
            Self::Linear {
                steps,
                beta_start,
                beta_end,
            } => products(between(beta_start, beta_end, steps)),
            Self::ScaledLinear {
                steps,
                beta_start,
                beta_end,
            } => products(between(beta_start.sqrt(), beta_end.sqrt(), steps).map(|root| root * root)),
            Self::Cosine { steps } => {
                let wanted = |step: usize| {
                    let time = step as f64 / steps as f64;
                    (FRAC_PI_2 * (time + OFFSET) / (1.0 + OFFSET)).cos().powi(2)
                };
                products((0..steps).map(|step| (1.0 - wanted(step + 1) / wanted(step)).min(MOST)))
            }
            Self::List { ref alphas_cumprod } => alphas_cumprod.clone(),
        }
    }

    fn validate(&self, field: &str) -> Checked {
        let steps = |steps: usize| whole(&format!("{field}.steps"), steps, 2, MOST_STEPS);
        let list = format!("{field}.alphas_cumprod");
        match self {
            Self::Linear {
                steps: count,
                beta_start,
                beta_end,
            }
            | Self::ScaledLinear {
                steps: count,
                beta_start,
                beta_end,
            } => {
                steps(*count)?;
                range(&format!("{field}.beta_start"), *beta_start, 1e-9, 0.999)?;
                range(&format!("{field}.beta_end"), *beta_end, 1e-9, 0.999)?;
            }
            Self::Cosine { steps: count } => steps(*count)?,
            Self::List { alphas_cumprod } => {
                whole(
                    &format!("the number of {list}"),
                    alphas_cumprod.len(),
                    1,
                    MOST_STEPS,
                )?;
                for (at, level) in alphas_cumprod.iter().enumerate() {
                    positive(&format!("{list}[{at}]"), *level, 1.0)?;
                }
            }
        }
        let levels = self.alphas_cumprod();
        let inside = |level: f64| (LEAST..1.0).contains(&level);
        let falls = |at: usize| at == 0 || levels[at] < levels[at - 1];
        match (0..levels.len()).find(|at| !inside(levels[*at]) || !falls(*at)) {
            None => Ok(()),
            Some(at) => {
                let field = match self {
                    Self::List { .. } => format!("{list}[{at}]"),
                    _ => format!("ᾱ of step {at} of {field}"),
                };
                let allowed = format!("a number from {LEAST} on, below 1 and below the one before");
                Err(ConfigError::new(field, format!("{:.3}", levels[at]), allowed))
            }
        }
    }
}

/// Checks what denoisers have in common, in `field`.
fn check(field: &str, model: &str, inputs: &[String], schedule: &NoiseSchedule) -> Checked {
    if model.is_empty() {
        return Err(ConfigError::missing(
            format!("{field}.model"),
            "the path of an ONNX file",
        ));
    }
    if !matches!(inputs.len(), 0 | INPUTS) {
        return Err(ConfigError::new(
            format!("the number of {field}.inputs"),
            inputs.len(),
            "two, the names of what is noised and of the time, or none",
        ));
    }
    schedule.validate(&format!("{field}.schedule"))
}

impl OnnxDenoiser {
    pub(crate) fn validate(&self, field: &str) -> Checked {
        for (name, numbers, low) in [("mean", &self.mean, -1e9), ("deviation", &self.deviation, 1e-9)] {
            let field = format!("{field}.{name}");
            if !numbers.is_empty() && numbers.len() != self.names.len() {
                return Err(ConfigError::new(
                    format!("the number of {field}"),
                    numbers.len(),
                    "one for each coordinate",
                ));
            }
            for (at, number) in numbers.iter().enumerate() {
                range(&format!("{field}[{at}]"), *number, low, 1e9)?;
            }
        }
        check(field, &self.model, &self.inputs, &self.schedule)
    }

    /// What its file is to have.
    pub fn file(&self) -> DenoiserFile<'_> {
        DenoiserFile {
            model: &self.model,
            axes: DenoisedAxes::Point(self.names.len()),
            time: self.time,
            inputs: &self.inputs,
            output: self.output.as_deref(),
            steps: self.schedule.steps(),
        }
    }
}

impl OnnxImageDenoiser {
    pub(crate) fn validate(&self, field: &str) -> Checked {
        check(field, &self.model, &self.inputs, &self.schedule)
    }

    /// What its file is to have.
    pub fn file(&self) -> DenoiserFile<'_> {
        DenoiserFile {
            model: &self.model,
            axes: DenoisedAxes::Image(self.shape),
            time: self.time,
            inputs: &self.inputs,
            output: self.output.as_deref(),
            steps: self.schedule.steps(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NoiseSchedule;

    /// The first and the last ᾱ, as `DDPMScheduler` of diffusers has them.
    #[test]
    fn schedules_are_those_of_their_names() {
        let (beta_start, beta_end) = (1e-4, 0.02);
        let cases = [
            (
                NoiseSchedule::Linear {
                    steps: 1000,
                    beta_start,
                    beta_end,
                },
                [0.9999, 4.035_830e-5],
            ),
            (
                NoiseSchedule::ScaledLinear {
                    steps: 1000,
                    beta_start: 0.00085,
                    beta_end: 0.012,
                },
                [0.99915, 4.660_099e-3],
            ),
            (
                NoiseSchedule::Cosine { steps: 1000 },
                [0.999_958_716, 2.428_767e-9],
            ),
        ];
        for (schedule, [first, last]) in cases {
            let levels = schedule.alphas_cumprod();
            assert_eq!(levels.len(), 1000);
            for (level, wanted) in [(levels[0], first), (levels[999], last)] {
                assert!(
                    (level / wanted - 1.0).abs() < 1e-6,
                    "{schedule:?}: {level} for {wanted}"
                );
            }
        }
    }

    #[test]
    fn noise_grows() {
        let refused = |alphas_cumprod: &[f64]| {
            let alphas_cumprod = alphas_cumprod.to_vec();
            let refused = NoiseSchedule::List { alphas_cumprod }.validate("prior.schedule");
            refused.err().map(|error| error.to_string())
        };
        assert_eq!(refused(&[0.9, 0.5, 0.1]), None);
        for (list, said) in [
            (&[][..], "the number of prior.schedule.alphas_cumprod: 0"),
            (&[1.0, 0.5], "prior.schedule.alphas_cumprod[0]: 1.000 "),
            (&[0.5, 0.5], "prior.schedule.alphas_cumprod[1]: 0.5"),
            (&[0.5, 0.0], "prior.schedule.alphas_cumprod[1]: 0 "),
            (&[0.5, f64::NAN], "prior.schedule.alphas_cumprod[1]: NaN"),
        ] {
            let text = refused(list).expect("refused");
            assert!(text.contains(said), "{said}: {text}");
        }
        let vanishing = NoiseSchedule::Linear {
            steps: 100_000,
            beta_start: 0.02,
            beta_end: 0.5,
        };
        let text = vanishing
            .validate("prior.schedule")
            .expect_err("refused")
            .to_string();
        assert!(text.contains("of prior.schedule: 0.000 is not allowed"), "{text}");
    }
}
