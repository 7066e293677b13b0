//! `rtb export`: a trained posterior as a LoRA of diffusers.

use crate::program::assets;
use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::output::{figure, print};
use crate::program::outside::Permission;
use crate::program::storage::{self, REPORT, RunFolder, WEIGHTS};
use pollster::block_on;
use rtb::run::Run;
use rtb::task::images::{CheckpointsProblem, DescribedPrior, published_adapters};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// The name that diffusers looks for.
const LORA: &str = "pytorch_lora_weights.safetensors";

/// Write a trained posterior of the task images as a LoRA that diffusers loads
#[derive(clap::Args)]
pub struct Args {
    /// Folder that `rtb run` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Folder for the LoRA and its model card [default: DIR/lora]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
    #[command(flatten)]
    permission: Permission,
}

/// Writes the file and its card.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let folder = RunFolder::open(&args.folder)?;
    let run = folder.run()?;
    let mut problem = CheckpointsProblem::of(&run)?.clone();
    let path = folder.file(WEIGHTS);
    let trained = fs::read(&path).map_err(|e| ProgramError::file("read the trained weights", &path, e))?;
    let out = args.out.clone().unwrap_or_else(|| folder.file("lora"));
    let files = assets::prior_beside(&run, &args.permission, |need| folder.kept(need))?;
    problem.prior = problem.prior.completed(&files)?;
    let lora = block_on(published_adapters(
        &run,
        &files,
        &trained,
        &args.device.device.open()?,
    ))?;
    fs::create_dir_all(&out).map_err(|e| ProgramError::file("make the folder", &out, e))?;
    storage::write(&out.join(LORA), &lora.to_safetensors(false))?;
    let report = fs::read(folder.file(REPORT)).ok();
    let report = report.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    storage::write(
        &out.join("README.md"),
        card(&folder.name(), &run, &problem, report.as_ref()).as_bytes(),
    )?;
    print(&format!("{}\n", out.display()))
}

/// The model card.
fn card(name: &str, run: &Run, problem: &CheckpointsProblem, report: Option<&Value>) -> String {
    let base = problem.prior.name();
    // As in the description, in a line.
    let reward = serde_json::to_string(&problem.reward).unwrap_or_default();
    let number = |name: &str| {
        let value = report.and_then(|report| report.get(name)?.as_f64());
        value.map_or_else(|| "–".to_owned(), figure)
    };
    let prompts: String = problem
        .prior
        .texts()
        .map(|prompt| format!("- {}\n", prompt.escape_debug()))
        .collect();
    let prompts = match prompts.is_empty() {
        true => prompts,
        false => format!("\nPrompts:\n\n{prompts}"),
    };
    let rows = [
        ("base model", base.to_owned()),
        (
            "posterior",
            "p(x)·r(x)^β/Z, trained with relative trajectory balance (arXiv 2405.20971)".to_owned(),
        ),
        ("reward", format!("`{reward}`")),
        ("β", run.tempering.beta.to_string()),
        ("log Z, by importance weights", number("log_z_importance")),
        ("its lower bound (ELBO)", number("elbo")),
        ("effective sample size", number("ess")),
        ("mean log r", number("log_reward")),
        ("steps of the chain", run.process.steps.to_string()),
        ("rank", run.network.rank.to_string()),
        ("iterations", run.training.iterations.to_string()),
        ("seed", run.seed.to_string()),
    ];
    let table: String = rows
        .iter()
        .map(|(name, value)| format!("| {name} | {value} |\n"))
        .collect();
    format!(
        "---\nbase_model: {base}\nlibrary_name: diffusers\ntags: [lora]\n---\n\n# {}\n\n| | |\n| --- | --- |\n{table}{prompts}\n\
         ```python\nfrom diffusers import DiffusionPipeline\n\npipeline = DiffusionPipeline.from_pretrained(\"{base}\")\n\
         pipeline.load_lora_weights(\"FOLDER\")\n```\n",
        name
    )
}
