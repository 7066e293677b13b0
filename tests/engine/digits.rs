//! Digits: the classifiers that the program ships, and a posterior of images.

use burn::module::Module;
use burn::tensor::Device;
use flate2::read::GzDecoder;
use rtb::config::{ImageReward, LogZ, Run};
use rtb::digits::Digits;
use rtb::image::{Images, read_images, read_labels};
use rtb::metric::{Seen, see};
use rtb::network::{Classify, PooledClassifier, StridedClassifier, UNetConfig, load_tensors, read_tensors};
use rtb::noise::Noise;
use rtb::session::{Learner, cpu_device};
use std::io::Read;

fn file(path: &str) -> Vec<u8> {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn shipped<N: Module>(network: N, name: &str) -> N {
    let weights = read_tensors(&file(&format!("assets/{name}.safetensors"))).expect("whole");
    load_tensors(network, &weights).expect("of this network")
}

fn reward_classifier(device: &Device) -> StridedClassifier {
    shipped(StridedClassifier::new(&Noise::new(0), device), "classifier")
}

fn evaluation_classifier(device: &Device) -> PooledClassifier {
    shipped(
        PooledClassifier::new(&Noise::new(0), device),
        "classifier-evaluation",
    )
}

/// 20 test images of every class.
fn test_images() -> Images {
    let unpacked = |name: &str| {
        let mut content = Vec::new();
        let packed = file(&format!("tests/golden/{name}.gz"));
        let read = GzDecoder::new(packed.as_slice()).read_to_end(&mut content);
        read.map(|_| content).expect("a gzip file")
    };
    let pixels = read_images(&unpacked("digits-images-idx3-ubyte")).expect("images");
    let labels = read_labels(&unpacked("digits-labels-idx1-ubyte")).expect("labels");
    Images::new(pixels, labels).expect("equally many")
}

fn seen(classifier: &(impl Classify + Sync), images: &[f32]) -> Seen {
    pollster::block_on(see(classifier, images, &cpu_device())).expect("the processor answers")
}

#[test]
fn shipped_classifiers_know_digits() {
    let device = cpu_device();
    let images = test_images();
    let pixels = images.pixels(images.len());
    for seen in [
        seen(&reward_classifier(&device), &pixels),
        seen(&evaluation_classifier(&device), &pixels),
    ] {
        let classes = seen.classes();
        let right = (0..images.len()).filter(|at| classes[*at] == images.label(*at));
        // 99.4 % and more of all test images.
        assert!(right.count() >= 196);
    }
}

#[test]
fn a_posterior_of_images_is_the_exact_one() {
    // An untrained network is a prior of its own: it denoises every pixel by itself.
    let device = cpu_device();
    let shape = UNetConfig {
        channels: [4, 32],
        blocks: [1, 2],
        embedding: 16,
    };
    let mut run = Run {
        seed: 5,
        ..Run::default()
    };
    run.process.steps = 5;
    run.rollout.batch = 128;
    run.rollout.noised_share = 0.0;
    run.objective.log_z = LogZ::Vargrad;
    run.objective.chunk = 128;
    run.tempering.iterations = 0;
    run.optimizer.learning_rate = 6e-3;
    run.training.iterations = 80;
    // A little brighter than the prior is.
    let reward = ImageReward::Ink {
        target: 0.54,
        deviation: 0.015,
    };
    let network = shape.init(&Noise::new(0), &device);
    let task = Digits::new(
        run,
        reward,
        4,
        network,
        reward_classifier(&device),
        device.clone(),
    );
    let mut learner = Learner::new(task.expect("sound"), None).expect("it opens");
    let judge = evaluation_classifier(&device);
    let truth = pollster::block_on(learner.task.truth(4000)).expect("some images are kept");
    let fit = |learner: &Learner<Digits>| {
        pollster::block_on(learner.fit(&truth, &judge, 512)).expect("the processor answers")
    };
    let before = fit(&learner);
    while !learner.finished() {
        pollster::block_on(learner.step()).expect("trained");
    }
    let after = fit(&learner);
    assert!(
        before.log_reward < truth.log_reward - 0.5,
        "there is something to learn"
    );
    assert!((after.log_reward - truth.log_reward).abs() < 0.3);
    assert!((after.log_z_importance - truth.log_z).abs() < 3.0 * truth.log_z_error + 0.05);
    assert!(after.ess > before.ess + 0.2 && after.fid < before.fid);
}
