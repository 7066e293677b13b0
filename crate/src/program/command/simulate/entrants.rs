//! The policies that act.

use super::Args;
use crate::program::error::ProgramError;
use crate::program::outside::Permission;
use crate::program::reopen::reopen_trained;
use crate::program::source;
use crate::program::storage::RunFolder;
use burn::tensor::Device;
use pollster::block_on;
use rtb::run::ConfigError;
use rtb::task::control::offline::{Actor, Behaviour, Critic, Judge, OfflineTask, Robot, Rule};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A policy: its networks, and the seeds that each plays.
pub struct Entrant {
    pub policy: String,
    pub actors: Vec<(Actor, Vec<u64>)>,
}

/// All of them; where no behaviours and critics are named, those of the runs are taken.
pub fn entrants(args: &Args, robot: &Robot) -> Result<Vec<Entrant>, ProgramError> {
    let device = args.device.device.open()?;
    let (mut learned, of_runs) = runs(args)?;
    let judges = match args.behaviour.is_empty() {
        true => of_runs,
        false => named(args, &device)?,
    };
    let mut entrants = Vec::new();
    for (policy, rule) in rules(args) {
        let mut actors = Vec::new();
        for (at, judge) in judges.iter().enumerate().take(args.seeds as usize) {
            let actor = Actor::new(judge.clone(), rule.clone(), at as u64, device.clone())?;
            actors.push((actor, seeds(args, at, judges.len())));
        }
        entrants.push(Entrant { policy, actors });
    }
    entrants.append(&mut learned);
    for (actor, _) in entrants.iter().flat_map(|entrant| &entrant.actors) {
        let found = [actor.state_size(), actor.action_size()];
        let wanted = [robot.seen(), robot.actions];
        if found != wanted {
            let field = if args.behaviour.is_empty() {
                "--run"
            } else {
                "--behaviour"
            };
            let told = format!("a network of {} and {} numbers", found[0], found[1]);
            let allowed = format!("one of {} and {}, those of {}", wanted[0], wanted[1], robot.name);
            return Err(ConfigError::new(field, told, allowed).into());
        }
    }
    Ok(entrants)
}

/// How actions of the behaviour are chosen.
fn rules(args: &Args) -> Vec<(String, Rule)> {
    let count = args.candidates;
    let mut rules = vec![
        ("behaviour".to_owned(), Rule::Behaviour),
        (format!("best of {count}"), Rule::BestOf(count)),
    ];
    if args.alpha.is_some() {
        rules.push((format!("1 of {count}, by exp(Q/α)"), Rule::Weighted(count)));
    }
    rules
}

/// The seeds of network `at` of `count`, which take turns.
fn seeds(args: &Args, at: usize, count: usize) -> Vec<u64> {
    (at as u64..args.seeds).step_by(count).collect()
}

/// The behaviours and critics of files.
fn named(args: &Args, device: &Device) -> Result<Vec<Arc<Judge>>, ProgramError> {
    let of = |at: usize| {
        let behaviour = &args.behaviour[at % args.behaviour.len()];
        let critic = &args.critic[at % args.critic.len()];
        let behaviour = read("--behaviour", behaviour, |file| Behaviour::read(file, device))?;
        let critic = read("--critic", critic, |file| Critic::read(file, device))?;
        judge(args, behaviour, critic)
    };
    let count = args.behaviour.len().max(args.critic.len());
    (0..count).map(of).collect()
}

/// α moves nothing but the choice in proportion to exp(Q/α).
fn judge(args: &Args, behaviour: Behaviour, critic: Critic) -> Result<Arc<Judge>, ProgramError> {
    let judge = Judge::new(behaviour, critic, args.alpha.unwrap_or(1.0));
    Ok(Arc::new(judge?))
}

/// A file of weights.
fn read<T>(flag: &str, path: &Path, read: impl Fn(&[u8]) -> Result<T, String>) -> Result<T, ProgramError> {
    let file = fs::read(path).map_err(|error| ProgramError::file("read the weights", path, error))?;
    read(&file).map_err(|why| {
        let allowed = format!("a file that `rtb pretrain` wrote for it ({why})");
        ConfigError::new(flag, format!("`{}`", path.display()), allowed).into()
    })
}

/// The policies of runs, those of the same name as one, and those without a name by their folders; and the behaviours and
/// critics that they were learned above.
fn runs(args: &Args) -> Result<(Vec<Entrant>, Vec<Arc<Judge>>), ProgramError> {
    let mut named: Vec<(String, Vec<Actor>)> = Vec::new();
    let mut judges = Vec::new();
    for path in &args.run {
        let folder = RunFolder::open(path)?;
        // Runs of control name no programs, so that none has to be permitted.
        let (mut session, _) = reopen_trained(&folder, args.device.device, &Permission::default())?;
        let weights = block_on(session.weights())?;
        let name = match session.run().name.is_empty() {
            true => path.display().to_string(),
            false => source::title(session.run()),
        };
        let task = session.task::<OfflineTask>().ok_or_else(|| {
            let allowed = "folders of runs whose environment.kind is `recorded`";
            ConfigError::new("--run", format!("`{}`", path.display()), allowed)
        })?;
        let actor = task.acting_by(&weights)?;
        let Judge {
            behaviour, critic, ..
        } = task.judge.as_ref().clone();
        judges.push(judge(args, behaviour, critic)?);
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, actors)) => actors.push(actor),
            None => named.push((name, vec![actor])),
        }
    }
    let entrants = named.into_iter().map(|(policy, actors)| {
        let count = actors.len();
        let actors = actors.into_iter().enumerate().take(args.seeds as usize);
        Entrant {
            policy,
            actors: actors
                .map(|(at, actor)| (actor, seeds(args, at, count)))
                .collect(),
        }
    });
    Ok((entrants.collect(), judges))
}
