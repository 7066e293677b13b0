//! What policies earn, and the tables of it.

use super::Args;
use crate::program::comparison::summary::Summary;
use crate::program::error::ProgramError;
use crate::program::grid::Grid;
use crate::program::output::cell;
use crate::program::progress::Progress;
use crate::program::simulator::body::Simulator;
use crate::program::simulator::episodes::{Episode, play};
use rtb::task::control::offline::{Reference, Transitions};
use std::fmt;
use std::time::Instant;

/// What a policy earned.
pub struct Row {
    policy: String,
    /// `[seeds][episodes]`.
    played: Vec<Vec<Episode>>,
    seconds: f64,
}

/// Lets a policy act: each of its networks in the episodes of its seeds.
pub fn row<A>(
    args: &Args,
    simulator: &Simulator,
    policy: String,
    actors: Vec<(A, Vec<u64>)>,
    act: impl Fn(&mut A, &[f32]) -> Result<Vec<f32>, ProgramError>,
) -> Result<Row, ProgramError> {
    let begun = Instant::now();
    let progress = Progress::new(&policy, 0, args.longest * actors.len(), args.quiet);
    let mut played = vec![Vec::new(); args.seeds as usize];
    for (at, (mut actor, seeds)) in actors.into_iter().enumerate() {
        let made = play(
            simulator,
            &seeds,
            args.episodes,
            args.longest,
            |states| act(&mut actor, states),
            |time, going| progress.advance(at * args.longest + time, || format!("{going} episodes go on")),
        )?;
        for (seed, episodes) in seeds.iter().zip(made) {
            played[*seed as usize] = episodes;
        }
    }
    progress.clear();
    Ok(Row {
        policy,
        played,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// A mean and its standard error.
pub struct Earned {
    mean: f64,
    /// None of a single number.
    error: Option<f64>,
}

impl Earned {
    pub fn over(values: &[f64]) -> Self {
        let summary = Summary::of(values);
        let error = |deviation: f64| deviation / (values.len() as f64).sqrt();
        Self {
            mean: summary.map_or(f64::NAN, |summary| summary.mean),
            error: summary.and_then(|summary| summary.deviation).map(error),
        }
    }
}

impl fmt::Display for Earned {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (self.mean.is_nan(), self.error) {
            (true, _) => write!(f, "–"),
            (_, Some(error)) => write!(f, "{:.1} ± {error:.1}", self.mean),
            (_, None) => write!(f, "{:.1}", self.mean),
        }
    }
}

impl Row {
    /// Over the seeds, of the mean of their episodes.
    pub fn mean(&self, value: impl Fn(&Episode) -> f64) -> Earned {
        let of = |episodes: &Vec<Episode>| episodes.iter().map(&value).sum::<f64>() / episodes.len() as f64;
        Earned::over(&self.played.iter().map(of).collect::<Vec<_>>())
    }
}

/// What policies earned, beside what the data did.
pub fn table(steps: &Transitions, rows: &[Row], reference: &Reference) -> String {
    let returns = steps.returns();
    let scores: Vec<f64> = returns.iter().map(|earned| reference.score(*earned)).collect();
    let data = vec![
        "data".to_owned(),
        returns.len().to_string(),
        format!("{:.0}", steps.len() as f64 / steps.episodes().len() as f64),
        Earned::over(&returns).to_string(),
        Earned::over(&scores).to_string(),
        String::new(),
    ];
    let played = rows.iter().map(|row| {
        vec![
            row.policy.clone(),
            row.played.concat().len().to_string(),
            format!("{:.0}", row.mean(|episode| episode.steps as f64).mean),
            row.mean(|episode| episode.earned).to_string(),
            row.mean(|episode| reference.score(episode.earned)).to_string(),
            format!("{:.1}", row.seconds),
        ]
    });
    let headings = ["policy", "episodes", "steps of\neach", "return", "score", "s"];
    let grid = Grid {
        headings: headings.map(str::to_owned).to_vec(),
        rows: std::iter::once(data).chain(played).collect(),
        words: 1,
    };
    let seeds = match rows.first().map_or(0, |row| row.played.len()) {
        1 => "one seed: no error is known".to_owned(),
        seeds => format!("standard errors over {seeds} seeds, of the data over episodes"),
    };
    format!(
        "\n{}\nScore: 100·(return − lowest)/(highest − lowest), where D4RL has {} and {} for {}; {seeds}.\n",
        grid.text(),
        reference.lowest,
        reference.highest,
        reference.environment
    )
}

/// The returns of all episodes.
pub fn csv(rows: &[Row], reference: &Reference) -> String {
    let mut text = "policy,seed,episode,steps,return,score\n".to_owned();
    for row in rows {
        for (seed, episodes) in row.played.iter().enumerate() {
            for (at, Episode { earned, steps }) in episodes.iter().enumerate() {
                let score = reference.score(*earned);
                text += &format!("{},{seed},{at},{steps},{earned},{score}\n", cell(&row.policy));
            }
        }
    }
    text
}
