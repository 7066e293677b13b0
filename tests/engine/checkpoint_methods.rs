//! Other methods above a model in the format of diffusers.

use crate::diffusers::golden;
use pollster::block_on;
use rtb::engine::Method;
use rtb::engine::device::cpu_device;
use rtb::message::Outcome;
use rtb::run::{Files, Run, shipped_weights};
use rtb::session::Trial;
use std::sync::Arc;

fn outcome(method: &str) -> Outcome {
    let text = r#"
        task = "images"
        prior = { folder = "somewhere", targets = ["to_q", "conv1"] }
        reward = { kind = "ink", target = 0.545, deviation = 0.03 }
        process.steps = 3
        network.rank = 2
        rollout.batch = 16
        optimizer.learning_rate = 0.003
        training.iterations = 3
        evaluation = { samples = 400, proposals = 800 }
    "#;
    let mut run = Run::from_toml(text).expect("it makes sense");
    run.method = Method::find(method).expect("there is one");
    if let Method::Smc {
        particles, points, ..
    } = &mut run.method
    {
        (*particles, *points) = (200, 1);
    }
    let shipped = |name: &str| shipped_weights(name).expect("it ships").to_vec();
    let files = run
        .files()
        .iter()
        .fold(Files::default(), |files, need| match need.role {
            "prior" => files.with_folder("prior", Arc::new(golden("ddpm"))),
            role => files.with(role, shipped(need.name)),
        });
    let made = block_on(async {
        let mut trial = Trial::open(run, cpu_device(), &files).await?;
        while trial.step().await? {}
        trial.outcome(400).await
    });
    made.unwrap_or_else(|e| panic!("{method}: {e}"))
}

#[test]
fn every_method_of_the_comparison_runs_above_a_checkpoint() {
    let exact = outcome("rejection").log_reward;
    for method in ["rtb", "ddpo", "dpok", "policy-gradient", "importance", "smc"] {
        let made = outcome(method);
        // Hardly trained policies are still near the prior, so that their weights are those of r.
        let off = made.log_z.expect("densities are known") - made.log_z_exact;
        assert!(off.abs() < 0.3, "{method}: log Z is off by {off}");
        let ess = made.ess.expect("weights");
        assert!(ess > 0.1, "{method}: {ess} of the samples are effective");
        // Those of the others are drawn by their weights.
        let off = made.log_reward - exact;
        let weighted = ["importance", "smc"].contains(&method);
        assert!(!weighted || off.abs() < 0.3, "{method}: log r is off by {off}");
    }
}
