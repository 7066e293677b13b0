//! `rtb density`: how well single paths estimate the log density of a diffusion prior.

use crate::program::assets;
use crate::program::device::DeviceFlag;
use crate::program::error::ProgramError;
use crate::program::grid::Grid;
use crate::program::number::whole;
use crate::program::output::{figure, print};
use crate::program::outside::Permission;
use crate::program::source::{self, Overrides};
use pollster::block_on;
use rtb::engine::EngineError;
use rtb::engine::noise::Purpose;
use rtb::engine::sampler::{Density, PathNoise, log_densities};
use rtb::task::plane::{CHUNK, Component, ExactPrior, Mixture, PlaneProblem, PlaneTask, PriorKind};
use std::path::PathBuf;
use std::time::Instant;

const AFTER_HELP: &str = "\
The Radon-Nikodym estimator (RNE, arXiv 2506.05668) gives log p(x) from any path that ends at x: it is
the log density of the path under the prior's chain minus its log density under the noising chain that
starts at x. The command draws points from the prior's mixture and compares each estimate with the
mixture's exact log density. It tests three estimators:
  Euler kernels          the noising chain, discretised with the Euler-Maruyama scheme
  exact noising kernels  the noising chain with its exact kernels
  with reference         relative to a Gaussian chain of the prior's variance, whose density is known
                         and whose discretisation error is similar
Each runs on independent noise and on balanced noise, which has the same quadratic variation in every
direction.

Example:
  rtb density 25-to-9 --steps 200 --paths 4";

/// Measure how well single paths estimate the prior's log density
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A preset (see `rtb list`) or a TOML file; only its prior and its process are used
    #[arg(value_name = "PRESET|FILE.toml", default_value = source::DEFAULT)]
    source: PathBuf,
    /// Number of points
    #[arg(long, short = 'n', value_name = "N", default_value_t = 2000,
          value_parser = whole::<u32>(1, 1_000_000))]
    count: u32,
    /// Paths per point; their estimates of log p are averaged
    #[arg(long, value_name = "K", default_value_t = 1,
          value_parser = whole::<u32>(1, 10_000))]
    paths: u32,
    #[command(flatten)]
    device: DeviceFlag,
    #[command(flatten)]
    overrides: Overrides,
}

/// Picks one estimator.
type Estimator = (&'static str, fn(&Density) -> &[f64]);

const ESTIMATORS: [Estimator; 3] = [
    ("Euler kernels", |d| &d.euler),
    ("exact noising kernels", |d| &d.exact),
    ("with reference", |d| &d.reference),
];
const NOISES: [(&str, PathNoise); 2] = [
    ("independent", PathNoise::Normal),
    ("balanced", PathNoise::Balanced),
];

/// Estimates and prints.
pub fn execute(args: &Args) -> Result<(), ProgramError> {
    let run = source::resolve(&args.source, &args.overrides)?.run;
    // Runs of the plane name no programs, so that none has to be permitted.
    PlaneProblem::of(&run)?;
    let files = assets::files(&run, &Permission::default())?;
    let plane = PlaneTask::open(run, args.device.device.open()?, &files)?;
    let mut rng = plane.noise.stream(Purpose::Samples, 0);
    let points: Vec<[f64; 2]> = (0..args.count).map(|_| plane.mixture.sample(&mut rng)).collect();
    let truth: Vec<f64> = points.iter().map(|x| plane.mixture.log_prob(*x)).collect();
    let ends: Vec<f32> = points.iter().flatten().map(|v| *v as f32).collect();
    let mut rows = Vec::new();
    for (name, noise) in NOISES {
        let begun = Instant::now();
        let density = estimates(&plane, &ends, noise, args.paths)?;
        let seconds = begun.elapsed().as_secs_f64();
        for (estimator, pick) in ESTIMATORS {
            let errors: Vec<f64> = pick(&density).iter().zip(&truth).map(|(e, t)| e - t).collect();
            let mean = |value: fn(f64) -> f64| {
                figure(errors.iter().map(|e| value(*e)).sum::<f64>() / errors.len() as f64)
            };
            rows.push(vec![
                name.to_owned(),
                estimator.to_owned(),
                mean(f64::abs),
                mean(|e| e),
                figure(seconds),
            ]);
        }
    }
    let headings = [
        "path noise",
        "estimator",
        "mean absolute\nerror, nats",
        "mean error,\nnats",
        "seconds for\nall three",
    ];
    let grid = Grid {
        headings: headings.map(str::to_owned).to_vec(),
        rows,
        words: 2,
    };
    print(&format!("{}\n{}", grid.text(), remarks(args, &plane)))
}

/// Estimates for all points, averaged over their paths.
fn estimates(plane: &PlaneTask, ends: &[f32], noise: PathNoise, paths: u32) -> Result<Density, ProgramError> {
    // The Gaussian whose chain is most like the prior's, as far as one can be.
    let gaussian = Mixture::new(&[Component::isotropic(1.0, [0.0, 0.0], plane.mixture.variance())]);
    let reference = ExactPrior::new(&gaussian, &plane.process, &plane.device);
    let log_prob = |x: &[f32]| gaussian.log_prob([x[0].into(), x[1].into()]);
    let mut mean = Density::default();
    let mut counter = 0;
    for chunk in ends.chunks(2 * CHUNK) {
        let mut sum = Density::default();
        for _ in 0..paths {
            let setting = plane.setting();
            let made = log_densities(&setting, &reference, log_prob, chunk.to_vec(), noise, counter);
            let made = block_on(made).map_err(EngineError::Device)?;
            counter += 1;
            add(&mut sum.euler, &made.euler, paths);
            add(&mut sum.exact, &made.exact, paths);
            add(&mut sum.reference, &made.reference, paths);
        }
        mean.euler.extend(sum.euler);
        mean.exact.extend(sum.exact);
        mean.reference.extend(sum.reference);
    }
    Ok(mean)
}

/// Adds a share of one path's estimates.
fn add(sum: &mut Vec<f64>, made: &[f64], paths: u32) {
    sum.resize(made.len(), 0.0);
    sum.iter_mut()
        .zip(made)
        .for_each(|(s, m)| *s += m / f64::from(paths));
}

fn remarks(args: &Args, plane: &PlaneTask) -> String {
    let paths = match args.paths {
        1 => "one path per point".to_owned(),
        paths => format!("mean over {paths} paths per point"),
    };
    let learned = match plane.problem.prior.kind {
        PriorKind::Exact => "",
        PriorKind::Learned => {
            "The prior is learned. Its density differs slightly from the mixture's, which counts as exact here.\n"
        }
    };
    format!(
        "{} points from the prior's mixture, {paths}, T = {}, seed {}, {}.\n{learned}",
        args.count,
        plane.run.process.steps,
        plane.run.seed,
        rtb::engine::device::device_name(&plane.device)
    )
}
