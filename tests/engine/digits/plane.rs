//! What is shown of the plane of two latents, of an untrained generator.

use super::file;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::Noise;
use rtb::engine::weights::Weights;
use rtb::message::Truth;
use rtb::network::ResidualConfig;
use rtb::run::{Files, Preset, Run};
use rtb::session::Session;
use rtb::task::images::{
    DECODER, ExactFit, ImagePrior, ImageView, LatentsProblem, LatentsTask, PIXELS, Reward,
};

const STEPS: usize = 8;

fn files() -> Files {
    let config = ResidualConfig {
        inputs: 2,
        outputs: PIXELS,
        width: 16,
        blocks: 1,
        embedding: 0,
    };
    let network = config.init(&Noise::new(0), &cpu_device());
    let of_network = pollster::block_on(Weights::of(&network)).expect("the processor answers");
    let mut weights = Weights::default();
    weights.add_all(DECODER, of_network);
    Files::default()
        .with("prior", weights.to_safetensors(false))
        .with("reward", file("crate/assets/classifier.safetensors"))
        .with("judge", file("crate/assets/classifier-evaluation.safetensors"))
}

/// A run whose reward is nearly the same everywhere, so that the posterior is nearly the prior.
fn flat() -> Run {
    let mut run = Preset::find("latents-ink").expect("a preset").run;
    LatentsProblem::of_mut(&mut run).expect("of latents").reward = Reward::Ink {
        target: 0.5,
        deviation: 1.0,
    };
    run.process.steps = STEPS;
    run.evaluation.proposals = 200;
    run
}

#[test]
fn exact_trajectories_are_noise_on_their_way_to_the_images_shown() {
    let mut session =
        pollster::block_on(Session::open(flat(), cpu_device(), &files(), None)).expect("it opens");
    let scene = pollster::block_on(session.scene()).expect("the processor answers");
    let view = scene.view.of::<ImageView>().expect("of images");
    assert!(view.plane.is_some() && scene.truth == Truth::Quadrature);
    assert!(
        scene.log_z.is_some_and(|log_z| (-0.2..0.0).contains(&log_z)),
        "{:?}",
        scene.log_z
    );
    let task: &mut LatentsTask = session.task().expect("a run of latents");
    pollster::block_on(task.grow(200)).expect("the processor answers");
    let truth = pollster::block_on(task.known()).expect("the processor answers");
    let truth = truth.expect("most images are kept");
    let paths = truth.fit.of::<ExactFit>().expect("of images").plane_paths;
    let states = scene.prior_paths.steps.len();
    assert_eq!(paths.len(), 2 * states * truth.log_reward.len());
    let mut noise = 0.0;
    let mut ends = Vec::new();
    for path in paths.chunks_exact(2 * states) {
        assert_eq!(path[..2], [0.0; 2], "all start at 0");
        let inner = &path[2..2 * (states - 1)];
        noise += inner.iter().map(|z| z * z).sum::<f32>() / inner.len() as f32;
        ends.extend(&path[2 * (states - 1)..]);
    }
    let noise = noise / truth.log_reward.len() as f32;
    assert!((0.7..1.3).contains(&noise), "its states have variance 1: {noise}");
    // The last ones are those of the images.
    let images = pollster::block_on(task.setting().prior.decoder().images(&ends));
    assert_eq!(images.expect("the processor answers"), truth.samples);
}
