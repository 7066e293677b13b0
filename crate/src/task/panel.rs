//! Pictures as plain data, which a user interface draws without knowing the task.

use super::{Corner, Ranks};
use crate::message::{ConditionReport, Fit, Scene};
use crate::run::Run;

/// A picture of samples or of a density.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// A density over the drawn square, `side`² cells row by row from the top left.
    Cells {
        /// Cells along a side.
        side: usize,
        /// Their values, `[side²]`.
        cells: Vec<f32>,
        /// How the values become colours.
        scale: Scale,
    },
    /// Images one after the other, from the top left, −1 black to 1 full.
    Images {
        /// Channels (1 or 3), rows and columns of each.
        shape: [usize; 3],
        /// Whether grey is drawn as ink on paper, else as light.
        ink: bool,
        /// `[count][channels][rows][columns]`.
        pixels: Vec<f32>,
    },
    /// Texts.
    Texts(Vec<String>),
    /// Points of named coordinates.
    Corner(Corner),
    /// Histograms of the ranks of true values.
    Ranks(Ranks),
}

/// How cells become colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// From 0 to the largest density.
    Density,
    /// The scale of the panel of that name, so that equal colours mean equal densities.
    Like(&'static str),
    /// From the smallest to the largest of the quantity of that name.
    Linear(&'static str),
}

/// A picture with a title.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Name of its file, without extension.
    pub name: &'static str,
    /// Its title.
    pub title: String,
    /// What it shows.
    pub picture: Picture,
}

/// A table of a finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// Name of its file, without extension.
    pub name: &'static str,
    /// What it tells of, in a sentence.
    pub title: String,
    /// The heading of every column of names, then of every column of numbers.
    pub headings: [Vec<&'static str>; 2],
    /// Names and numbers of every row.
    pub rows: Vec<(Vec<String>, Vec<f64>)>,
}

/// A finished run, as panels show it.
pub struct Shown<'a> {
    /// The run.
    pub run: &'a Run,
    /// Everything fixed for the run.
    pub scene: &'a Scene,
    /// Samples of the trained posterior, `[count][size]`.
    pub samples: &'a [f32],
    /// Samples chosen among several candidates, with the number of candidates.
    pub chosen: Option<(usize, &'a [f32])>,
    /// The task's own figures.
    pub fit: &'a Fit,
    /// Those of each of several posteriors.
    pub conditions: &'a [ConditionReport],
}

/// The name of the listing of several prompts.
pub const PROMPTS: &str = "prompts";

/// The titles that panels of all tasks share.
pub const PRIOR: &str = "prior p(x)";
pub const LEARNED: &str = "learned posterior";
pub const EXACT: &str = "exact posterior p(x)·r(x)/Z";

impl Panel {
    /// The panels of prior, learned, chosen and exact samples.
    pub(crate) fn of_samples(shown: &Shown, picture: impl Fn(&[f32]) -> Picture) -> Vec<Self> {
        let panel = |name, title: String, samples: &[f32]| Self {
            name,
            title,
            picture: picture(samples),
        };
        let exact = shown.scene.exact.as_ref();
        let mut panels = vec![
            panel("prior", PRIOR.to_owned(), &shown.scene.prior_paths.ends()),
            panel("learned", LEARNED.to_owned(), shown.samples),
        ];
        panels.extend(
            shown
                .chosen
                .map(|(candidates, samples)| panel("chosen", format!("learned, 1 of {candidates}"), samples)),
        );
        let samples = exact.map_or(&[][..], |exact| &exact.samples);
        panels.push(panel("exact", EXACT.to_owned(), samples));
        panels
    }
}
