//! `rtb energy`: the density of a prior as an energy network learns it, with and without the
//! Radon–Nikodym estimator's consistency.

use crate::program::assets;
use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::grid::Grid;
use crate::program::number::whole;
use crate::program::output::{duration, figure, print};
use crate::program::outside::Permission;
use crate::program::plot;
use crate::program::progress::Progress;
use crate::program::source::{self, Overrides};
use crate::program::storage;
use pollster::block_on;
use rtb::task::plane::energy::{EnergyConfig, EnergyTraining};
use rtb::task::plane::picture::cell_area;
use rtb::task::plane::{Energy, KL_SIDE, Mixture, PlaneProblem, PlaneTask, cell_masses, quadrature};
use std::path::PathBuf;
use std::time::Instant;

const AFTER_HELP: &str = "\
Trains an energy network E(x, t), with p proportional to exp(-E), twice. Denoising score matching alone
fits -grad E to the score at every time, but cannot see the relative weights of modes that are far
apart. The second training adds a consistency term: along paths of the prior's chain, the energies
must change as the Radon-Nikodym estimator (RNE, arXiv 2506.05668) says that log p changes.

Example:
  rtb energy 25-to-9 --out energy.png";

/// Learn the prior's density as an energy, with and without Radon-Nikodym consistency
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A preset (see `rtb list`) or a TOML file; only its prior and its process are used
    #[arg(value_name = "PRESET|FILE.toml", default_value = source::DEFAULT)]
    source: PathBuf,
    /// Iterations of each of the two trainings
    #[arg(long = "updates", value_name = "N", default_value_t = EnergyConfig::default().iterations as u32,
          value_parser = whole::<u32>(1, 1_000_000_000))]
    updates: u32,
    /// Weight of the consistency term in the second training
    #[arg(long, value_name = "WEIGHT", default_value_t = EnergyConfig::default().consistency,
          value_parser = weight, allow_negative_numbers = true)]
    consistency: f64,
    /// File (PNG or SVG) for a picture of both densities beside the mixture's
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
    #[command(flatten)]
    overrides: Overrides,
    /// Do not show progress
    #[arg(long, short)]
    quiet: bool,
}

/// Reads a weight.
fn weight(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|weight| (0.0..=1e6).contains(weight));
    number.ok_or_else(|| "use a number from 0 to 1000000".to_owned())
}

/// Trains twice, prints and draws.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let run = source::resolve(&args.source, &args.overrides)?.run;
    if let Some(path) = &args.out {
        plot::check_name("--out", path)?;
        storage::probe(path)?;
    }
    // Runs of the plane name no programs, so that none has to be permitted.
    PlaneProblem::of(&run)?;
    let files = assets::files(&run, &Permission::default())?;
    let device = args.device.device.open()?;
    let mut rows = Vec::new();
    let mut densities = Vec::new();
    for (name, consistency) in [("score matching", 0.0), ("with consistency", args.consistency)] {
        let plane = PlaneTask::open(run.clone(), device.clone(), &files)?;
        let config = EnergyConfig {
            iterations: args.updates as usize,
            consistency,
            ..EnergyConfig::default()
        };
        let begun = Instant::now();
        let figures = train(plane, config, name, args.quiet)?;
        rows.push(vec![
            name.to_owned(),
            figure(figures.mode_total_variation),
            figure(figures.kl_grid),
            figure(figures.log_normalizer),
            duration(begun.elapsed().as_secs_f64()),
        ]);
        densities.push((name, figures.density));
    }
    if let Some(path) = &args.out {
        let area = cell_area(KL_SIDE);
        let exact = cell_masses(quadrature(&Mixture::new(
            &PlaneProblem::of(&run)?.prior.components,
        )));
        let exact: Vec<f32> = exact[..KL_SIDE * KL_SIDE]
            .iter()
            .map(|c| (c / area) as f32)
            .collect();
        let [(plain, first), (regularised, second)] = [&densities[0], &densities[1]];
        let maps = [("mixture", &exact), (*plain, first), (*regularised, second)];
        plot::draw_row(path, &maps, KL_SIDE)?;
    }
    let headings = [
        "exp(-E) at t = 1",
        "TV of\nmode weights",
        "KL to the\nmixture",
        "log of the\nintegral",
        "time",
    ];
    let grid = Grid {
        headings: headings.map(str::to_owned).to_vec(),
        rows,
        words: 1,
    };
    print(&format!(
        "{}\n{} iterations each, T = {}, seed {}.\n",
        grid.text(),
        args.updates,
        run.process.steps,
        run.seed
    ))
}

fn train(plane: PlaneTask, config: EnergyConfig, name: &str, quiet: bool) -> Result<Energy, ProgramError> {
    let mut training = block_on(EnergyTraining::new(plane, config))?;
    let progress = Progress::new(name, 0, config.iterations, quiet);
    while !training.finished() {
        let loss = block_on(training.step())?;
        progress.advance(training.iteration(), || format!("loss {}", figure(loss)));
    }
    progress.clear();
    Ok(block_on(training.figures())?)
}
