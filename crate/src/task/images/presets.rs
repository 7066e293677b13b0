//! Runs on images of digits.

use super::data::{CLASSES, SIDE};
use super::problem::{
    self, Class, ClassesBy, Generator, ImagesProblem, LatentsProblem, PAINT_LEVELS, Reward,
};
#[cfg(feature = "native")]
use super::problem::{Checkpoint, CheckpointsProblem, FileSize, Judge, Sampler};
#[cfg(feature = "native")]
use crate::run::{Command, LogZ};
use crate::run::{Preset, Run};

/// The layers of a U-Net that a posterior of a class changes: attention and convolutions.
#[cfg(feature = "native")]
const LAYERS: [&str; 6] = ["to_q", "to_k", "to_v", "to_out.0", "conv1", "conv2"];

fn classes(classes: &[usize], by: ClassesBy) -> Reward {
    Reward::Classes {
        classes: classes.iter().copied().map(Class::Number).collect(),
        by,
        weights: None,
    }
}

fn thin_eights() -> Reward {
    let thin = Reward::Thickness {
        target: 2.4,
        deviation: 0.3,
    };
    Reward::All {
        rewards: vec![classes(&[8], ClassesBy::Sum), thin],
    }
}

/// The upper half of a digit: an arch, open below, with which a 2, a 3, an 8 or a 9 begins. Every
/// other pixel of every other row is known; the rest of the image is free.
fn arch() -> Vec<String> {
    const CENTER: (f64, f64) = (10.0, 13.5);
    const RADIUS: f64 = 4.5;
    let level = |row: usize, column: usize| {
        let (down, right) = (row as f64 - CENTER.0, column as f64 - CENTER.1);
        // Below the centre only the right arm goes on.
        let miss = if down > 0.0 && right < 0.0 {
            RADIUS
        } else {
            (down.hypot(right) - RADIUS).abs()
        };
        ((2.2 - miss).clamp(0.0, 1.0) * f64::from(PAINT_LEVELS)).round() as u32
    };
    let known = |row: usize, column: usize| {
        (4..SIDE / 2).contains(&row)
            && (5..SIDE - 5).contains(&column)
            && row.is_multiple_of(2)
            && !column.is_multiple_of(2)
    };
    let pixel = |row: usize, column: usize| match char::from_digit(level(row, column), 10) {
        Some(digit) if known(row, column) => digit,
        _ => '.',
    };
    (0..SIDE)
        .map(|row| (0..SIDE).map(|column| pixel(row, column)).collect())
        .collect()
}

/// The presets of digits under a diffusion model.
pub(super) fn digits() -> Vec<Preset> {
    let preset = |name: &'static str, title: &'static str, description: &'static str, reward| {
        let run = Run {
            problem: ImagesProblem {
                reward,
                ..ImagesProblem::default()
            }
            .into(),
            ..problem::defaults()
        };
        Preset::new(name, title, description, run)
    };
    let mut all = vec![
        preset(
            "digit-3",
            "Threes",
            "One class of ten: the reward is a classifier's probability of a 3.",
            classes(&[3], ClassesBy::Sum),
        ),
        preset(
            "digits-even",
            "Even digits",
            "The paper's reward: the largest of a classifier's probabilities of the even classes.",
            classes(&[0, 2, 4, 6, 8], ClassesBy::Max),
        ),
        preset(
            "digits-odd",
            "Odd digits",
            "The paper's reward: the largest of a classifier's probabilities of the odd classes.",
            classes(&[1, 3, 5, 7, 9], ClassesBy::Max),
        ),
        preset(
            "digits-each",
            "Every digit on demand",
            "Ten posteriors in one network: you ask for a class, and it draws that digit.",
            Reward::EachClass {
                classes: Class::numbered(0..CLASSES),
                weights: None,
            },
        ),
        preset(
            "digits-two-holes",
            "Two holes",
            "A black-box reward that counts holes: eights, and other digits with two holes.",
            Reward::Holes {
                count: 2,
                penalty: 4.0,
            },
        ),
        preset(
            "digits-bold",
            "Bold digits",
            "A black-box reward that measures strokes: more than three pixels wide.",
            Reward::Thickness {
                target: 3.2,
                deviation: 0.35,
            },
        ),
        preset(
            "digits-symmetric",
            "Symmetric digits",
            "A black-box reward that compares an image with its mirror image.",
            Reward::Symmetry { deviation: 0.2 },
        ),
        preset(
            "digits-ink",
            "Little ink",
            "A black-box reward that measures the amount of ink: light, thin digits.",
            Reward::Ink {
                target: 0.07,
                deviation: 0.012,
            },
        ),
        preset(
            "digits-inpaint",
            "Known upper half",
            "An inverse problem: the upper half of the digit is known, with noise, and is an arch.",
            Reward::Inpaint {
                rows: arch(),
                deviation: 1.8,
            },
        ),
        preset(
            "digit-8-thin",
            "Thin eights",
            "A product of two rewards: a classifier's probability of an 8, and thin strokes.",
            thin_eights(),
        ),
    ];
    for Preset { name, run, .. } in &mut all {
        match *name {
            // A sum over many pixels: even good images are far below 0.
            "digits-inpaint" => run.tempering.floor = -60.0,
            // Ten times as much to learn.
            "digits-each" => {
                run.rollout.batch = 100;
                run.training.iterations = 1500;
            }
            _ => {}
        }
    }
    all
}

/// The presets of digits that a generator makes of noise.
pub(super) fn latents() -> Vec<Preset> {
    let preset =
        |name: &'static str, title: &'static str, description: &'static str, weights: &str, reward| Preset {
            name,
            title,
            description,
            run: Run {
                name: name.to_owned(),
                problem: LatentsProblem {
                    prior: Generator::Decoder {
                        weights: weights.to_owned(),
                    },
                    reward,
                    ..LatentsProblem::default()
                }
                .into(),
                ..problem::latent_defaults()
            },
        };
    let each = || Reward::EachClass {
        classes: Class::numbered(0..CLASSES),
        weights: None,
    };
    let mut all = vec![
        preset(
            "latents-3",
            "Threes",
            "The plane that a VAE decodes to digits: where on it are the threes?",
            "vae-digits-2",
            classes(&[3], ClassesBy::Sum),
        ),
        preset(
            "latents-even",
            "Even digits",
            "Several islands of the plane: the classifier's probability of an even digit.",
            "vae-digits-2",
            classes(&[0, 2, 4, 6, 8], ClassesBy::Sum),
        ),
        preset(
            "latents-odd",
            "Odd digits",
            "Several islands of the plane: the classifier's probability of an odd digit.",
            "vae-digits-2",
            classes(&[1, 3, 5, 7, 9], ClassesBy::Sum),
        ),
        preset(
            "latents-each",
            "Every digit on demand",
            "Ten posteriors on the plane in one network: you ask for a class, and it draws that digit.",
            "vae-digits-2",
            each(),
        ),
        preset(
            "latents-two-holes",
            "Two holes",
            "A black-box reward that counts holes: where the plane decodes to eights.",
            "vae-digits-2",
            Reward::Holes {
                count: 2,
                penalty: 4.0,
            },
        ),
        preset(
            "latents-ink",
            "Little ink",
            "A black-box reward that measures the amount of ink: light, thin digits.",
            "vae-digits-2",
            Reward::Ink {
                target: 0.07,
                deviation: 0.012,
            },
        ),
        preset(
            "latents-inpaint",
            "Known upper half",
            "An inverse problem: the upper half of the digit is known, with noise, and is an arch.",
            "vae-digits-2",
            Reward::Inpaint {
                rows: arch(),
                deviation: 1.8,
            },
        ),
        preset(
            "latents-8-thin",
            "Thin eights",
            "A product of two rewards: a classifier's probability of an 8, and thin strokes.",
            "vae-digits-2",
            thin_eights(),
        ),
        preset(
            "latents-12-8",
            "Eights, 12 latents",
            "A generator with 12 latents: finer digits, and no plane to look at.",
            "vae-digits-12",
            classes(&[8], ClassesBy::Sum),
        ),
        preset(
            "latents-12-each",
            "Every digit, 12 latents",
            "Ten posteriors in one network, in the space of 12 latents.",
            "vae-digits-12",
            each(),
        ),
    ];
    for Preset { name, run, .. } in &mut all {
        match *name {
            // A sum over many pixels: even good images are far below 0.
            "latents-inpaint" => run.tempering.floor = -60.0,
            "latents-each" | "latents-12-each" => run.rollout.batch = 640,
            _ => {}
        }
    }
    all
}

/// The presets of images under a diffusion model of others.
#[cfg(feature = "native")]
pub(super) fn checkpoints() -> Vec<Preset> {
    let cifar = Checkpoint {
        data: Some("cifar-10".to_owned()),
        targets: LAYERS.map(str::to_owned).to_vec(),
        ..Checkpoint::of_hub("google/ddpm-cifar10-32")
    };
    let prompt = "A green colored rabbit.";
    let stable_diffusion = Checkpoint {
        sampler: Sampler::Ddim { eta: 1.0 },
        prompt: Some(prompt.to_owned()),
        guidance: 5.0,
        ..Checkpoint::of_hub("stable-diffusion-v1-5/stable-diffusion-v1-5")
    };
    let run = |name: &str, prior: Checkpoint, reward: Reward, judge: Judge| Run {
        name: name.to_owned(),
        problem: CheckpointsProblem { prior, reward, judge }.into(),
        ..problem::checkpoint_defaults()
    };
    let class = run(
        "cifar-10-class",
        cifar.clone(),
        Reward::Classes {
            classes: vec![Class::Name("airplane".to_owned())],
            by: ClassesBy::Sum,
            weights: Some("cifar-10-classifier.safetensors".to_owned()),
        },
        Judge {
            weights: Some("cifar-10-judge.safetensors".to_owned()),
        },
    );
    let smooth = run(
        "cifar-10-smooth",
        Checkpoint { data: None, ..cifar },
        Reward::Jpeg {
            wanted: FileSize::Small,
            scale: 0.2,
            quality: 95,
        },
        Judge::default(),
    );
    let score = Command {
        run: ["python3", "imagereward.py", prompt].map(str::to_owned).to_vec(),
        workers: 1,
        timeout: 600.0,
    };
    let mut rabbit = run(
        "sd-prompt",
        stable_diffusion,
        Reward::Command(score),
        Judge::default(),
    );
    rabbit.objective.log_z = LogZ::Learned;
    rabbit.objective.step_share = 8.0 / 50.0;
    rabbit.objective.chunk = 4;
    rabbit.rollout.batch = 16;
    rabbit.optimizer.learning_rate = 1e-5;
    rabbit.optimizer.log_z_learning_rate = 1e-3;
    rabbit.evaluation.samples = 100;
    rabbit.evaluation.proposals = 100;
    let preset = |name, title, description, run| Preset {
        name,
        title,
        description,
        run,
    };
    vec![
        preset(
            "cifar-10-class",
            "CIFAR-10, airplanes",
            "A class posterior of the DDPM of CIFAR-10, by a classifier of your own.",
            class,
        ),
        preset(
            "cifar-10-smooth",
            "CIFAR-10, smooth images",
            "The DDPM of CIFAR-10 under the size of its images as JPEG files.",
            smooth,
        ),
        preset(
            "sd-prompt",
            "Stable Diffusion 1.5, a green rabbit",
            "Stable Diffusion under ImageReward, a script, for one prompt.",
            rabbit,
        ),
    ]
}
