//! A run above a denoiser of the user's own, in its folder.

use super::onnx::{TimeInput, alphas_cumprod, gaussian_denoiser};
use super::pretraining::at;
use super::scratch::Scratch;
use super::support::{report, stderr, stdout, succeed};
use std::fs;

#[test]
fn a_denoiser_is_the_prior_of_a_run() {
    let place = Scratch::new();
    let path = |name: &str| place.path().join(name);
    let description = format!(
        r#"
        task = "points"
        process.steps = 8
        network.width = 8
        rollout.batch = 32
        training.iterations = 3
        evaluation = {{ samples = 200, proposals = 300, every = 0 }}
        [prior]
        kind = "onnx"
        model = "denoiser.onnx"
        names = ["a", "b"]
        prediction = "velocity"
        output = "velocity"
        schedule = {{ kind = "list", alphas_cumprod = {:?} }}
        [reward]
        kind = "formula"
        expression = "exp(-a^2)"
        "#,
        alphas_cumprod()
    );
    fs::write(path("run.toml"), description).expect("written");
    let missing = at(&place, "run run.toml --out run")
        .output()
        .expect("the program starts");
    let said = "prior.model: `denoiser.onnx` is not allowed; use an ONNX file that can be read";
    assert!(stderr(&missing).contains(said), "{}", stderr(&missing));
    fs::write(path("denoiser.onnx"), gaussian_denoiser(TimeInput::Numbers)).expect("written");
    let refused = at(&place, r#"run run.toml --out run --set=prior.names=["a"]"#).output();
    let refused = stderr(&refused.expect("the program starts"));
    let said =
        "`denoiser.onnx` must have an input of the shape [batch, 1], as `names` are 1; that of `x` is [?, 2]";
    assert!(refused.contains(said), "{refused}");

    let printed = stdout(&succeed(&mut at(&place, "run run.toml --out run")));
    assert!(printed.contains("marginals"), "{printed}");
    assert!(
        report(&path("run"))["log_z_importance"]
            .as_f64()
            .is_some_and(f64::is_finite)
    );
    // The folder has a copy.
    fs::remove_file(path("denoiser.onnx")).expect("removed");
    succeed(&mut at(&place, "evaluate run --samples 100"));
    let samples = stdout(&succeed(&mut at(&place, "sample run --count 5")));
    assert_eq!(samples.lines().next(), Some("a,b"));
    assert_eq!(samples.lines().count(), 6);
}
