//! Members of a team learn what one learner does, up to the order of sums.

use crate::support::{report, small, train};
use rtb::engine::device::cpu_device;
use rtb::engine::reward::{Answer, at_once};
use rtb::engine::team::{Alone, Team};
use rtb::message::{Files, Iteration};
use rtb::run::{LogZ, Method, Run};
use rtb::session::Session;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

/// Rounding of another order of sums, carried on by some iterations.
const RELATIVE: f64 = 2e-3;
const ITERATIONS: usize = 6;

/// Threads that wait for each other.
struct Threads {
    rank: usize,
    given: Arc<Vec<Mutex<Vec<u8>>>>,
    barrier: Arc<Barrier>,
}

impl Threads {
    fn team(size: usize) -> Vec<Self> {
        let given: Arc<Vec<_>> = Arc::new((0..size).map(|_| Mutex::default()).collect());
        let barrier = Arc::new(Barrier::new(size));
        let member = |rank| Self {
            rank,
            given: given.clone(),
            barrier: barrier.clone(),
        };
        (0..size).map(member).collect()
    }
}

impl Team for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.given.len()
    }

    fn gather(&self, own: Vec<u8>) -> Answer<'_, Vec<Vec<u8>>> {
        *self.given[self.rank].lock().expect("no thread panics") = own;
        self.barrier.wait();
        let all = self.given.iter();
        let all = all.map(|given| given.lock().expect("no thread panics").clone());
        let all = all.collect();
        // Nobody gives anew before all have taken.
        self.barrier.wait();
        at_once(all)
    }
}

fn opened(run: &Run) -> Session {
    let files = Files::default();
    let opened = Session::open(run.clone(), cpu_device(), &files, None);
    pollster::block_on(opened).expect("it opens")
}

/// What iterations say, some samples at the end, and how often the reward was asked where that is counted.
#[derive(Debug, PartialEq)]
struct Learned {
    iterations: Vec<Iteration>,
    samples: Vec<f32>,
    evaluations: Option<f64>,
}

fn trained(mut session: Session) -> Learned {
    let iterations = train(&mut session, ITERATIONS);
    let samples = pollster::block_on(session.samples(20, 1)).expect("samples");
    let fit = serde_json::to_value(report(&mut session, 100).fit).expect("a fit has names");
    Learned {
        iterations,
        samples,
        evaluations: fit["evaluations"].as_f64(),
    }
}

fn by_team(run: &Run, size: usize) -> Vec<Learned> {
    thread::scope(|scope| {
        let members = Threads::team(size).into_iter().map(|member| {
            scope.spawn(move || {
                let mut session = opened(run);
                session.join(Box::new(member)).expect("a large enough batch");
                trained(session)
            })
        });
        // All of them run before one is waited for.
        let members: Vec<_> = members.collect();
        let ended = members.into_iter().map(|member| member.join().expect("no panic"));
        ended.collect()
    })
}

fn assert_same(run: &Run, what: &str) {
    let alone = trained(opened(run));
    for size in [2, 3] {
        let team = by_team(run, size);
        for member in &team {
            assert_eq!(member, &team[0], "{what}: all members are at the same weights");
        }
        assert_eq!(team[0].evaluations, alone.evaluations, "{what}");
        for (found, wanted) in team[0].iterations.iter().zip(&alone.iterations) {
            let pairs = [
                (found.loss, wanted.loss),
                (found.log_z, wanted.log_z),
                (found.residual_mean, wanted.residual_mean),
                (found.residual_std, wanted.residual_std),
                (found.log_reward, wanted.log_reward),
            ];
            for (number, wanted) in pairs {
                assert!(
                    (number - wanted).abs() < RELATIVE * (1.0 + wanted.abs()),
                    "{what}, {size} members: {number} for {wanted} at iteration {}",
                    found.iteration
                );
            }
        }
        for (found, wanted) in team[0].samples.iter().zip(&alone.samples) {
            assert!((found - wanted).abs() < 0.02, "{what}: {found} for {wanted}");
        }
    }
}

fn plane() -> Run {
    let mut run = small("25-to-9", 8);
    run.rollout.batch = 96;
    run
}

#[test]
fn a_team_learns_what_one_learner_does() {
    let mut run = plane();
    run.rollout.noised_share = 0.3;
    run.rollout.replay_share = 0.3;
    assert_same(&run, "end points of others");
}

#[test]
fn a_team_shares_baselines() {
    let mut run = plane();
    run.objective.log_z = LogZ::Vargrad;
    run.objective.baseline = true;
    assert_same(&run, "baselines");
}

#[test]
fn a_team_takes_several_steps_an_iteration() {
    let mut run = plane();
    run.method = Method::find("dpok").expect("a method");
    assert_same(&run, "several epochs");
}

#[test]
fn a_team_counts_what_all_of_it_asked() {
    let mut run = small("energy-grid", 8);
    run.rollout.batch = 96;
    run.rollout.local_search = 0;
    assert!(trained(opened(&run)).evaluations > Some(0.0));
    assert_same(&run, "an energy");
}

#[test]
fn a_batch_too_small_for_a_team_is_refused() {
    let mut run = plane();
    run.rollout.batch = 40;
    let [member, ..] = <[Threads; 3]>::try_from(Threads::team(3)).unwrap_or_else(|_| panic!("three"));
    opened(&run)
        .join(Box::new(Alone))
        .expect("any batch is large enough for one");
    let refused = opened(&run).join(Box::new(member)).expect_err("too small");
    assert_eq!(
        refused.to_string(),
        "rollout.batch: 40 is not allowed; use at least 48 for 3 members of a team"
    );
}
