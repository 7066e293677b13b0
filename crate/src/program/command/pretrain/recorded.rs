//! The steps that behaviours and critics are trained on.

use crate::program::data;
use crate::program::error::ProgramError;
use crate::program::number::whole;
use crate::program::output::{print, quoted};
use rtb::task::control::offline::Transitions;

/// Where they are.
#[derive(clap::Args)]
pub struct RecordedSteps {
    /// A file in D4RL's layout (HDF5), or the name of a published set, such as hopper_medium-v2, which is fetched
    #[arg(value_name = "DATA")]
    data: String,
    /// Steps after which episodes were cut, where the file has no timeouts
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1, u64::MAX))]
    horizon: Option<usize>,
}

impl RecordedSteps {
    /// Their file.
    pub fn find(&self) -> Result<data::Steps, ProgramError> {
        data::Steps::find("DATA", &self.data)
    }

    /// Reads them, and says what there is.
    pub fn read(&self) -> Result<Transitions, ProgramError> {
        self.of(&self.find()?)
    }

    /// The same, once the file is found.
    pub fn of(&self, file: &data::Steps) -> Result<Transitions, ProgramError> {
        let steps = file.read(self.horizon)?;
        let returns = steps.returns();
        let mean = returns.iter().sum::<f64>() / returns.len() as f64;
        let of_returns = match returns.is_empty() {
            true => String::new(),
            false => format!(
                ", {} of them complete, with a mean return of {mean:.1}",
                returns.len()
            ),
        };
        print(&format!(
            "{} steps in {} episodes{of_returns}\n",
            steps.len(),
            steps.episodes().len()
        ))?;
        Ok(steps)
    }

    /// The words as they are written.
    pub fn command(&self) -> String {
        let horizon = self.horizon.map(|steps| format!(" --horizon {steps}"));
        format!("{}{}", quoted(&self.data), horizon.unwrap_or_default())
    }
}
