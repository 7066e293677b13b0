//! Random numbers: the law of a network's answers, figures of it, and posteriors that come near the
//! uniform one.

use crate::support::{assert_close, numbers, shaken};
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::Process;
use rtb::engine::rollout::{Batch, Follow};
use rtb::network::Transformer;
use rtb::task::text::numbers::{
    ANSWERS, Fit, LARGEST, Law, Loss, NumbersConfig, NumbersTraining, PRIOR_ITERATIONS, answer, chains,
    habits, of_number, prior_training,
};
use std::sync::LazyLock;

fn law(network: &Transformer) -> Law {
    pollster::block_on(Law::of(network, &cpu_device())).expect("enumerated")
}

/// A prior that knows its habits.
static PRIOR: LazyLock<(Transformer, Law)> = LazyLock::new(|| {
    let mut training = prior_training(0, PRIOR_ITERATIONS, &cpu_device()).expect("it starts");
    while !training.finished() {
        pollster::block_on(training.continue_texts()).expect("it trains");
    }
    let network = training.network().clone();
    let law = law(&network);
    (network, law)
});

fn probabilities(law: &Law) -> Vec<f64> {
    law.log_probs().iter().map(|log_prob| log_prob.exp()).collect()
}

fn total_variation(a: &[f64], b: &[f64]) -> f64 {
    0.5 * a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>()
}

#[test]
fn the_law_of_answers_is_that_of_the_chain() {
    let (prior, prior_law) = &*PRIOR;
    let network = shaken(prior.clone());
    let law = law(&network);
    assert_eq!(law.log_probs().len(), ANSWERS);
    let total: f64 = probabilities(&law).iter().sum();
    assert!((total - 1.0).abs() < 1e-5, "{total}");

    let chains = chains(prior, &cpu_device());
    let (rows, steps) = (20_000, chains.process.steps());
    let batch = Batch {
        fresh: vec![0; rows],
        noise: Noise::new(1).normal(Purpose::Samples, 0, rows * steps),
        ..Batch::default()
    };
    let drawn = chains.roll_out(&network, batch, Follow::Policy { exploration: 0.0 });
    let ends = numbers(chains.process.download(&drawn.states[steps]));
    let ends: Vec<f32> = ends.into_iter().map(|token| token as f32).collect();
    let answers: Vec<usize> = ends
        .chunks_exact(chains.process.state_size())
        .map(answer)
        .collect();
    // Along every trajectory the kernels tell the same of the two laws.
    let log_ratio = |of: &usize| law.log_probs()[*of] - prior_law.log_probs()[*of];
    let expected: Vec<f64> = answers.iter().map(log_ratio).collect();
    assert_close(&numbers(drawn.log_ratio()), &expected, 1e-4);

    let mut shares = vec![0.0; ANSWERS];
    answers.iter().for_each(|of| shares[*of] += 1.0 / rows as f64);
    let error = |of: usize| shares[of] - law.log_probs()[of].exp();
    for number in 0..=LARGEST {
        let error = error(of_number(number));
        assert!(error.abs() < 0.01, "{number}: {error}");
    }
    let invalid = 1.0 - (0..=LARGEST).map(|n| shares[of_number(n)]).sum::<f64>();
    assert!((invalid - law.fit().invalid).abs() < 0.01, "{invalid} of samples");
    // What samples of these probabilities miss of them on average.
    let expected = |p: f64| {
        (2.0 * p / (std::f64::consts::PI * rows as f64))
            .sqrt()
            .min(2.0 * p)
    };
    let expected = 0.5 * probabilities(&law).into_iter().map(expected).sum::<f64>();
    let found = total_variation(&shares, &probabilities(&law));
    assert!(
        found < 1.2 * expected,
        "total variation {found}, expected {expected}"
    );
}

#[test]
fn figures_are_those_of_their_definitions() {
    let log = f64::ln;
    let found = |numbers: &[f64], invalid| {
        let fit = Fit::of(numbers, invalid);
        [
            fit.kl_of_uniform,
            fit.kl_of_model,
            fit.total_variation,
            fit.invalid,
        ]
    };
    assert_close(&found(&[0.25; 4], 0.0), &[0.0; 4], 1e-12);
    // Invalid mass alone.
    assert_close(&found(&[0.2; 4], 0.2), &[log(1.25), 0.0, 0.2, 0.2], 1e-12);
    let model = 2.0 / 3.0 * log(4.0 / 3.0) + 1.0 / 3.0 * log(2.0 / 3.0);
    assert_close(
        &found(&[0.5, 0.25], 0.25),
        &[0.5 * log(2.0), model, 0.25, 0.25],
        1e-12,
    );
    // A number that is never said.
    let [of_uniform, of_model, ..] = found(&[1.0, 0.0], 0.0);
    assert_eq!(of_uniform, f64::INFINITY);
    assert!((of_model - log(2.0)).abs() < 1e-12);
}

#[test]
fn the_prior_learns_habits() {
    let habits = habits();
    assert!((habits.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let known: Vec<f64> = (0..=LARGEST).map(|n| habits[of_number(n)]).collect();
    assert!(
        known.iter().all(|p| *p > 1e-3),
        "every number is said now and then"
    );
    assert_eq!(known.iter().copied().fold(0.0, f64::max), known[42]);

    let (_, law) = &*PRIOR;
    let found = total_variation(&probabilities(law), &habits);
    assert!(found < 0.12, "total variation {found}");
    let (learned, told) = (law.fit(), Fit::of(&known, 1.0 - known.iter().sum::<f64>()));
    assert!((0.3..3.0).contains(&learned.kl_of_uniform), "{learned:?}");
    assert!(
        (learned.kl_of_uniform - told.kl_of_uniform).abs() < 0.15,
        "{learned:?}, {told:?}"
    );
    assert!(
        (learned.invalid - told.invalid).abs() < 0.02,
        "{learned:?}, {told:?}"
    );
}

/// What a training makes of the prior.
fn trained(loss: Loss, iterations: usize) -> Fit {
    let (prior, prior_law) = &*PRIOR;
    let config = NumbersConfig {
        loss,
        iterations,
        ..NumbersConfig::default()
    };
    let device = cpu_device();
    let mut training = NumbersTraining::new(prior, prior_law, config, &device).expect("it starts");
    while !training.finished() {
        let loss = pollster::block_on(training.step()).expect("it trains");
        assert!(loss >= 0.0);
    }
    law(&training.network()).fit()
}

/// A whole training ends within 0.001 nats of the uniform law, as `docs/random-numbers.md` says; three seeds have
/// 0.0002 each. A third of one with the other loss is on its way there: 0.009.
#[test]
fn posteriors_come_near_the_uniform_law() {
    for (loss, iterations, most) in [(Loss::Subtb, 1000, 1e-3), (Loss::Rtb, 300, 0.02)] {
        let after = trained(loss, iterations);
        let figures = [after.kl_of_uniform, after.kl_of_model];
        assert!(figures.iter().all(|kl| *kl < most), "{loss:?}: {after:?}");
        // By Pinsker's inequality.
        assert!(after.total_variation < (most / 2.0).sqrt(), "{loss:?}: {after:?}");
        assert!(after.invalid < 0.005, "{loss:?}: {after:?}");
    }
}

#[test]
fn trainings_that_make_no_sense_are_refused() {
    let (prior, law) = &*PRIOR;
    let refused = |config| {
        let training = NumbersTraining::new(prior, law, config, &cpu_device());
        training.err().expect("refused").to_string()
    };
    let usual = NumbersConfig::default();
    assert!(refused(NumbersConfig { batch: 1, ..usual }).contains("rollout.batch: 1"));
    assert!(
        refused(NumbersConfig {
            iterations: 0,
            ..usual
        })
        .contains("training.iterations: 0")
    );
    let noised_share = 1.5;
    assert!(
        refused(NumbersConfig {
            noised_share,
            ..usual
        })
        .contains("rollout.noised_share: 1.5")
    );
    assert!(prior_training(0, 0, &cpu_device()).is_err());
}
