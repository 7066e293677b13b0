//! `trials.toml`: a comparison and the trials that came to their end, from which a stopped one goes on.

use super::plan::{Choice, Plan};
use super::{Comparison, Failed, Finished};
use crate::program::error::ProgramError;
use crate::program::source::Overrides;
use crate::program::storage;
use rtb::run::Run;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The file's name in the folder of a comparison.
pub const FILE: &str = "trials.toml";

/// What was asked for, with all choices written out.
#[derive(Deserialize, Serialize)]
struct Asked {
    /// The name of the experiment, the preset or the file.
    label: String,
    /// As TOML.
    run: String,
    /// As they are typed.
    methods: Vec<String>,
    /// The varied field and its values, as they are typed.
    vary: Option<(String, String)>,
    seeds: Vec<u64>,
    pool: bool,
}

/// What the file holds.
#[derive(Deserialize)]
pub struct Saved {
    asked: Asked,
    #[serde(default)]
    finished: Vec<Finished>,
    #[serde(default)]
    failed: Vec<Failed>,
}

/// The same of a comparison, to be written.
#[derive(Serialize)]
struct Written<'a> {
    asked: Asked,
    finished: &'a [Finished],
    failed: &'a [Failed],
}

/// Writes the file into the folder of a comparison.
pub fn write(folder: &Path, comparison: &Comparison) -> Result<(), ProgramError> {
    let plan = &comparison.plan;
    let written = Written {
        asked: Asked {
            label: plan.label.clone(),
            run: plan.run.to_toml(),
            methods: plan.entrants.iter().map(|e| e.typed.clone()).collect(),
            vary: plan.field.clone().map(|field| (field, plan.values())),
            seeds: plan.seeds.clone(),
            pool: plan.pooled,
        },
        finished: &comparison.finished,
        failed: &comparison.failed,
    };
    let text = toml::to_string(&written).expect("figures are TOML");
    storage::write(&folder.join(FILE), text.as_bytes())
}

impl Saved {
    /// Reads the file in the folder of a comparison.
    pub fn read(folder: &Path) -> Result<Self, ProgramError> {
        let path = folder.join(FILE);
        let text =
            fs::read_to_string(&path).map_err(|e| ProgramError::file("read the comparison", &path, e))?;
        toml::from_str(&text).map_err(|_| ProgramError::NotAComparison { path })
    }

    /// The plan of the comparison.
    pub fn plan(&self) -> Result<Plan, ProgramError> {
        let asked = &self.asked;
        let overrides = Overrides::default();
        let choice = Choice {
            methods: &asked.methods,
            vary: asked.vary.as_ref(),
            seeds: &asked.seeds,
            pool: asked.pool,
            overrides: &overrides,
        };
        Plan::again(&asked.label, Run::from_written(&asked.run)?, &choice)
    }

    /// Takes the trials that came to their end into the same comparison, opened again.
    pub fn into_comparison(self, comparison: &mut Comparison) {
        comparison.finished = self.finished;
        comparison.failed = self.failed;
    }
}
