//! Posteriors of models in the format of diffusers, as runs of the task images.

use crate::diffusers::{Disk, golden};
use crate::support::{assert_close, numbers, train};
use burn::tensor::{Tensor, TensorData};
use pollster::block_on;
use rtb::engine::device::cpu_device;
use rtb::engine::noise::{Noise, Purpose};
use rtb::engine::process::Process;
use rtb::engine::reward::BlackBox;
use rtb::engine::weights::read_tensors;
use rtb::message::ConditionReport;
use rtb::network::diffusers::{Adapters, Folder, Pipeline};
use rtb::run::{Command, Files, Run, shipped_weights};
use rtb::session::Session;
use rtb::task::images::{CheckpointPrior, CheckpointsProblem, ImagePrior, Reward, published_adapters};
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

fn run(prior: &str, more: &str) -> Run {
    let text = format!(
        r#"
        task = "images"
        prior = {{ folder = "somewhere", {prior} }}
        reward = {{ kind = "ink", target = 0.6, deviation = 0.1 }}
        process.steps = 4
        network.rank = 4
        objective = {{ step_share = 1.0, chunk = 64 }}
        rollout.batch = 32
        optimizer = {{ learning_rate = 0.01, ema = 0.0 }}
        evaluation = {{ samples = 200, proposals = 800, candidates = 4 }}
        {more}
        "#
    );
    Run::from_toml(&text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn small(more: &str) -> Run {
    run(
        r#"targets = ["to_q", "to_k", "to_v", "to_out.0", "conv1", "conv2"]"#,
        more,
    )
}

/// With a golden pipeline in the place of the folder.
fn files(run: &Run, pipeline: &str) -> Files {
    let shipped = |name: &str| shipped_weights(name).expect("it ships").to_vec();
    run.files()
        .iter()
        .fold(Files::default(), |files, need| match need.role {
            "prior" => files.with_folder("prior", Arc::new(golden(pipeline))),
            role => files.with(role, shipped(need.name)),
        })
}

fn opened(run: &Run, pipeline: &str) -> (CheckpointPrior, rtb::task::images::Learned) {
    let described = &CheckpointsProblem::of(run).expect("of images").prior;
    CheckpointPrior::open(described, run, &files(run, pipeline), &cpu_device()).expect("it opens")
}

/// A golden model with another configuration of a part.
struct Changed(Disk, &'static str, fn(&mut Value));

/// As if its network predicted images, unclipped: clipped ones of random weights have no gradient.
fn unclipped(pipeline: &str) -> Changed {
    Changed(golden(pipeline), "scheduler/scheduler_config.json", |config| {
        config["prediction_type"] = "sample".into();
        config["clip_sample"] = false.into();
    })
}

impl Folder for Changed {
    fn read(&self, path: &str, bytes: Range<usize>) -> Result<Option<Vec<u8>>, String> {
        let file = self.0.read(path, bytes)?;
        if path != self.1 {
            return Ok(file);
        }
        let mut config: Value = serde_json::from_slice(&file.expect("it is there")).expect("JSON");
        self.2(&mut config);
        Ok(Some(config.to_string().into_bytes()))
    }

    fn files(&self, folder: &str) -> Result<Vec<String>, String> {
        self.0.files(folder)
    }
}

#[test]
fn training_moves_the_policy_towards_the_posterior() {
    let mut run = small("training.iterations = 60");
    CheckpointsProblem::of_mut(&mut run).expect("of images").reward = Reward::Ink {
        target: 0.545,
        deviation: 0.004,
    };
    run.rollout.batch = 64;
    run.rollout.noised_share = 0.0;
    run.optimizer.learning_rate = 0.003;
    let files = files(&run, "ddpm").with_folder("prior", Arc::new(unclipped("ddpm")));
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    let before = block_on(session.evaluate(400, 1)).expect("a report");
    // Nothing is changed yet: the weights are those of r alone.
    assert!((before.log_reward - before.elbo).abs() < 1e-3, "{before:?}");
    train(&mut session, 60);
    let after = block_on(session.evaluate(400, 1)).expect("a report");
    assert!(
        after.elbo > before.elbo + 0.06,
        "{} after {}",
        after.elbo,
        before.elbo
    );
    assert!(after.log_reward > before.log_reward + 0.12, "{after:?}");
    // Samples of the prior know log Z too, and the bound lies below it.
    let exact = after.log_z_exact;
    assert!(after.elbo < exact, "{} for {exact}", after.elbo);
    let off = (after.log_z_importance - exact).abs();
    assert!(off < 0.15, "{} for {exact}", after.log_z_importance);
}

#[test]
fn a_resumed_run_goes_on_exactly_and_holds_the_changes_alone() {
    let run = small("training.iterations = 6");
    let files = files(&run, "ddpm");
    let mut whole = block_on(Session::open(run.clone(), cpu_device(), &files, None)).expect("it opens");
    train(&mut whole, 2);
    let checkpoint = whole.checkpoint().expect("it saves");
    let rest = train(&mut whole, 2);
    let mut resumed = block_on(Session::resume(&checkpoint, cpu_device(), &files)).expect("it resumes");
    assert_eq!(train(&mut resumed, 2), rest);

    // Of every changed layer the two factors, and nothing of the model.
    let weights = block_on(whole.weights()).expect("they are read");
    let published = block_on(published_adapters(&run, &files, &weights, &cpu_device())).expect("published");
    let trained = read_tensors(&weights).expect("safetensors").tensors;
    assert_eq!(trained.len(), published.tensors.len());
    let count = |tensors: &[(String, Vec<usize>, Vec<f32>)]| tensors.iter().map(|t| t.2.len()).sum::<usize>();
    assert_eq!(count(&trained), count(&published.tensors));
    let folder = golden("ddpm");
    let pipeline = Pipeline::open(&folder).expect("an index");
    let (_, network) = pipeline.unet(&cpu_device()).expect("whole");
    let file = published.to_safetensors(false);
    let read = Adapters::read(&network, &file, &cpu_device()).expect("it is of this model");
    assert_eq!(read.names().count(), trained.len() / 2);
}

/// The chain ends before a last step without noise, which belongs to what makes images.
#[test]
fn images_are_what_the_last_step_makes_of_end_points() {
    let run = small("");
    let (prior, learned) = opened(&run, "ddpm");
    assert_eq!(learned.shape.sizes(), [3, 8, 8]);
    assert_eq!(prior.process().steps(), 4);
    let noise = Noise::new(3);
    let ends = block_on(prior.samples(&noise, Purpose::Samples, 3, &cpu_device())).expect("samples");
    let images = block_on(prior.decoder().images(&ends)).expect("images");
    assert_eq!(images.len(), 3 * 192);
    assert!(images.iter().all(|pixel| (-1.0..=1.0).contains(pixel)));
    let folder = golden("ddpm");
    let pipeline = Pipeline::open(&folder).expect("an index");
    let (_, network) = pipeline.unet(&cpu_device()).expect("whole");
    let x = Tensor::<4>::from_data(TensorData::new(ends, [3, 3, 8, 8]), &cpu_device());
    let process = prior.process();
    let last = process.finish().expect("DDPM ends without noise");
    let output = network.forward(x.clone(), &[last.timestep as f64], None, None);
    let expected = process.finished(&x.reshape([3, 192]), output.reshape([3, 192]));
    let expected: Vec<f64> = numbers(expected).iter().map(|v| v.clamp(-1.0, 1.0)).collect();
    let off = images
        .iter()
        .zip(&expected)
        .map(|(a, b)| (f64::from(*a) - b).abs());
    assert!(off.fold(0.0, f64::max) < 1e-5);
}

#[test]
fn a_prompt_and_latents_make_images() {
    let prior = r#"sampler = { kind = "ddim", eta = 1.0 }, prompt = "a small house", guidance = 3.0"#;
    let run = run(prior, "");
    let (guided, learned) = opened(&run, "latent");
    let pixels = learned.shape.pixels();
    let noise = Noise::new(3);
    let images = |prior: &CheckpointPrior| {
        let ends = block_on(prior.samples(&noise, Purpose::Samples, 2, &cpu_device())).expect("samples");
        block_on(prior.decoder().images(&ends)).expect("images")
    };
    let made = images(&guided);
    assert_eq!(made.len(), 2 * pixels);
    assert!(made.iter().all(|pixel| (-1.0..=1.0).contains(pixel)));
    // Words and guidance matter.
    for other in [
        r#"sampler = { kind = "ddim", eta = 1.0 }, prompt = "the house", guidance = 3.0"#,
        r#"sampler = { kind = "ddim", eta = 1.0 }, prompt = "a small house""#,
        r#"sampler = { kind = "ddim", eta = 1.0 }, prompt = "a small house", guidance = 3.0, negative_prompt = "the""#,
    ] {
        let (other, _) = opened(&self::run(other, ""), "latent");
        assert_ne!(images(&other), made);
    }
}

/// As many go through the networks at once as `objective.chunk` says, which changes no image.
#[test]
fn chunks_make_the_same_images() {
    let prior = r#"sampler = { kind = "ddim", eta = 1.0 }, prompt = "a small house", guidance = 3.0"#;
    let images = |chunk: usize, ends: Option<&[f32]>| {
        let mut run = run(prior, "");
        run.objective.chunk = chunk;
        let (prior, _) = opened(&run, "latent");
        let drawn = || block_on(prior.samples(&Noise::new(3), Purpose::Samples, 5, &cpu_device()));
        let ends = ends.map_or_else(|| drawn().expect("samples"), <[f32]>::to_vec);
        let images = block_on(prior.decoder().images(&ends)).expect("images");
        (ends, images)
    };
    let (ends, whole) = images(64, None);
    for chunk in [1, 2, 4] {
        let (_, chunked) = images(chunk, Some(&ends));
        assert_eq!(chunked.len(), whole.len());
        let off = chunked.iter().zip(&whole).map(|(a, b)| (a - b).abs());
        assert!(off.fold(0.0, f32::max) < 1e-5, "{chunk} at once");
    }
}

const PROMPTS: [&str; 2] = ["a small house", "the birds at night"];

/// Wants a mean brightness that depends on what an image was made for.
struct AsTold;

/// The wanted brightness of an image that was made for a prompt.
fn wanted(prompt: &str) -> f64 {
    if prompt == PROMPTS[0] { 0.52 } else { 0.47 }
}

impl BlackBox for AsTold {
    fn log_reward(&self, _samples: &[f64], _shape: &[usize]) -> Result<Vec<f64>, String> {
        Err("nobody said what the images were made for".to_owned())
    }

    fn log_reward_told(&self, samples: &[f64], shape: &[usize], texts: &[&str]) -> Result<Vec<f64>, String> {
        let size: usize = shape.iter().product();
        assert_eq!(samples.len(), size * texts.len());
        let images = samples.chunks_exact(size).zip(texts);
        let log_r = images.map(|(image, text)| {
            let brightness = image.iter().sum::<f64>() / size as f64;
            -0.5 * ((brightness - wanted(text)) / 0.01).powi(2)
        });
        Ok(log_r.collect())
    }
}

/// Chains whose last step has noise, and none.
const SAMPLERS: [&str; 2] = [r#"{ kind = "ddim", eta = 1.0 }"#, r#"{ kind = "ddpm" }"#];

/// A run with a posterior for each of two prompts, and its files.
fn told(sampler: &str, more: &str) -> (Run, Files) {
    let prior = format!(
        "sampler = {sampler}, prompts = {PROMPTS:?}, \
         targets = [\"to_q\", \"to_k\", \"to_v\", \"to_out.0\", \"conv1\", \"conv2\"]"
    );
    let mut run = run(&prior, more);
    CheckpointsProblem::of_mut(&mut run).expect("of images").reward = Reward::Command(Command {
        run: vec!["as-told".to_owned()],
        workers: 1,
        timeout: 60.0,
    });
    let described = run.clone();
    let files = described
        .files()
        .iter()
        .filter(|need| need.role != "outside")
        .fold(Files::default(), |files, need| match need.role {
            "prior" => files.with_folder("prior", Arc::new(golden("latent"))),
            role => files.with(role, shipped_weights(need.name).expect("it ships").to_vec()),
        });
    (run, files.with_black_box("outside", Arc::new(AsTold)))
}

/// Every prompt is told of by itself, under its own reward and beside samples of its own prior.
#[test]
fn every_prompt_has_figures_of_its_own() {
    let (run, files) = told(SAMPLERS[0], "");
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    let report = block_on(session.evaluate(400, 1)).expect("a report");
    assert_eq!(report.conditions.len(), 2);
    for of in &report.conditions {
        // The untrained bound is the mean of log r.
        let bound = of.fit.number("elbo").expect("it is told");
        assert!((of.log_reward - bound).abs() < 1e-3, "{of:?}");
        assert!(bound < of.log_z_exact + 0.05, "{of:?}");
        assert!((of.log_z_importance - of.log_z_exact).abs() < 1.0, "{of:?}");
    }
    // All images of the small model are nearer to what the first prompt wants.
    let [near, far] = [0, 1].map(|at| report.conditions[at].log_reward);
    assert!(near > far + 1.0, "{near} {far}");
}

/// One LoRA moves the posteriors of both prompts, each towards its own: mean log r rises, and more than the posterior
/// leaves the prior, so that the bound of log Z rises too.
#[test]
fn training_raises_reward_and_bound_of_every_prompt() {
    // A wide chain: the last steps of few "leading" ones, and those of DDIM, have densities of a deviation of some
    // hundredths, which a change of the network leaves at once.
    let wide = Changed(golden("latent"), "scheduler/scheduler_config.json", |config| {
        config["prediction_type"] = "v_prediction".into();
        config["timestep_spacing"] = "trailing".into();
    });
    let (mut run, files) = told(SAMPLERS[1], "training.iterations = 60");
    // Far from what the prior makes, so that log r differs by several nats and is nearly linear.
    CheckpointsProblem::of_mut(&mut run).expect("of images").reward = Reward::Ink {
        target: 0.6,
        deviation: 0.01,
    };
    run.rollout.batch = 64;
    run.rollout.noised_share = 0.0;
    run.optimizer.learning_rate = 0.003;
    let files = files.with_folder("prior", Arc::new(wide));
    let mut session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    let before = block_on(session.evaluate(400, 1)).expect("a report");
    train(&mut session, 60);
    let after = block_on(session.evaluate(400, 1)).expect("a report");
    for (before, after) in before.conditions.iter().zip(&after.conditions) {
        let bound = |of: &ConditionReport| of.fit.number("elbo").expect("it is told");
        assert!(after.log_reward > before.log_reward + 0.4, "{before:?} {after:?}");
        assert!(bound(after) > bound(before) + 0.12, "{before:?} {after:?}");
        assert!(bound(after) < after.log_z_exact, "{after:?}");
    }
}

#[test]
fn a_resumed_run_with_prompts_goes_on_exactly() {
    let (mut run, files) = told(SAMPLERS[1], "training.iterations = 6");
    (run.rollout.noised_share, run.rollout.replay_share) = (0.25, 0.25);
    let mut whole = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    train(&mut whole, 2);
    let checkpoint = whole.checkpoint().expect("it saves");
    let rest = train(&mut whole, 2);
    let mut resumed = block_on(Session::resume(&checkpoint, cpu_device(), &files)).expect("it resumes");
    assert_eq!(train(&mut resumed, 2), rest);
}

/// The chain of a prompt, and the images at its end, are those of a run with it alone, whether its last step has
/// noise or none.
#[test]
fn chains_of_prompts_are_those_of_each_alone() {
    for sampler in SAMPLERS {
        let (run, files) = told(sampler, "");
        let described = &CheckpointsProblem::of(&run).expect("of images").prior;
        let (together, _) = CheckpointPrior::open(described, &run, &files, &cpu_device()).expect("it opens");
        assert_eq!(together.process().finish().is_some(), sampler.contains("ddpm"));
        let drawn = |prior: &CheckpointPrior, conditions: &[usize]| {
            let (noise, device) = (Noise::new(3), cpu_device());
            let ends = block_on(prior.samples(&noise, Purpose::Samples, 6, &device)).expect("samples");
            let images = block_on(prior.decoder().images_given(&ends, conditions)).expect("images");
            [ends, images]
        };
        // They take turns.
        let all = drawn(&together, &[0, 1, 0, 1, 0, 1]);
        for (at, prompt) in PROMPTS.iter().enumerate() {
            let alone = self::run(&format!("sampler = {sampler}, prompt = {prompt:?}"), "");
            let alone = drawn(&opened(&alone, "latent").0, &[0; 6]);
            for (all, alone) in all.iter().zip(&alone) {
                let size = all.len() / 6;
                for row in 0..6 {
                    let off = (0..size).map(|x| (all[row * size + x] - alone[row * size + x]).abs());
                    let off = off.fold(0.0, f32::max);
                    assert_eq!(off < 1e-4, row % 2 == at, "{prompt}, row {row}: {off}");
                }
            }
        }
    }
}

/// What is drawn for a prompt is what the reward was asked about.
#[test]
fn weights_of_prompts_are_those_of_their_images() {
    let (run, files) = told(SAMPLERS[1], "");
    let session = block_on(Session::open(run, cpu_device(), &files, None)).expect("it opens");
    let conditions = [1, 0, 0, 1, 1];
    let drawn = block_on(session.sampled(&conditions, 1, true)).expect("samples");
    let shape = session.shape();
    let size: usize = shape.iter().product();
    let levels: Vec<f64> = drawn.ends.iter().map(|v| (f64::from(*v) + 1.0) / 2.0).collect();
    let texts = conditions.map(|at| PROMPTS[at]);
    let expected = AsTold.log_reward_told(&levels, &shape, &texts).expect("log r");
    // The untrained posterior is the prior.
    assert_eq!(levels.len(), size * conditions.len());
    assert_close(&drawn.log_weights, &expected, 1e-3);
}

#[test]
fn what_does_not_fit_the_model_is_named() {
    let refused = |run: &Run, pipeline: &str| {
        let described = &CheckpointsProblem::of(run).expect("of images").prior;
        let error = CheckpointPrior::open(described, run, &files(run, pipeline), &cpu_device());
        error.expect_err("refused").to_string()
    };
    let says = |text: String, parts: &[&str]| {
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    says(
        refused(&run("targets = [\"to_x\"]", ""), "ddpm"),
        &["prior.targets", "to_x"],
    );
    says(
        refused(&run("prompt = \"a house\"", ""), "ddpm"),
        &["prior.prompt", "takes none"],
    );
    says(refused(&run("", ""), "latent"), &["prior.prompt", "takes one"]);
    // The two stages halve the sides once.
    let odd = Changed(golden("ddpm"), "unet/config.json", |config| {
        config["sample_size"] = 7.into()
    });
    let odd = files(&small(""), "ddpm").with_folder("prior", Arc::new(odd));
    let run = small("");
    let described = &CheckpointsProblem::of(&run).expect("of images").prior;
    let error = CheckpointPrior::open(described, &run, &odd, &cpu_device()).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "unet/config.json: sample_size: 7 is not allowed; use a multiple of 2, which the network divides the sides by"
    );
    let gone = Files::default();
    let error = CheckpointPrior::open(described, &run, &gone, &cpu_device()).expect_err("refused");
    says(error.to_string(), &["prior.folder", "somewhere"]);
    let nowhere = Files::default().with_folder("prior", Arc::new(Disk("/nowhere".into())));
    let error = CheckpointPrior::open(described, &run, &nowhere, &cpu_device()).expect_err("refused");
    says(error.to_string(), &["model_index.json"]);
}

/// As a preset's are by flags.
#[test]
fn other_texts_take_the_place_of_those_of_a_description() {
    let told = run("prompt = \"a house\"", "");
    let other = told.with("prior.prompts_file", "texts.txt").expect("it fits");
    let prior = &CheckpointsProblem::of(&other).expect("of images").prior;
    assert_eq!(
        (&prior.prompt, prior.prompts_file.as_deref()),
        (&None, Some("texts.txt"))
    );
    let other = other
        .with("prior.prompts", "[\"a house\", \"a cat\"]")
        .expect("it fits");
    let prior = &CheckpointsProblem::of(&other).expect("of images").prior;
    assert_eq!((prior.texts().count(), &prior.prompts_file), (2, &None));
}

#[test]
fn descriptions_that_make_no_sense_are_refused() {
    let refused = |prior: &str, more: &str| {
        let text = format!(
            "task = \"images\"\nprior = {{ {prior} }}\nreward = {{ kind = \"jpeg\", wanted = \"small\", scale = 1.0 }}\n{more}"
        );
        Run::from_toml(&text).expect_err(&text).to_string()
    };
    for (prior, more, field) in [
        ("folder = \"\"", "", "prior.folder"),
        ("folder = \"a\", hub = \"b/c\"", "", "prior.folder"),
        ("folder = \"a\", revision = \"main\"", "", "prior.revision"),
        ("folder = \"a\", guidance = 7.5", "", "prior.guidance"),
        (
            "folder = \"a\", prompt = \"b\", guidance = 0.5",
            "",
            "prior.guidance",
        ),
        (
            "folder = \"a\", sampler = { kind = \"ddim\", eta = 0.0 }",
            "",
            "prior.sampler.eta",
        ),
        ("folder = \"a\", targets = []", "", "prior.targets"),
        ("folder = \"a\", alpha = 0.0", "", "prior.alpha"),
        ("folder = \"a\", weights = \"f64\"", "", "weights"),
        (
            "folder = \"a\", prompt = \"b\", prompts = [\"c\", \"d\"]",
            "",
            "prior.prompt",
        ),
        (
            "folder = \"a\", prompts = [\"b\", \"c\"], prompts_file = \"d\"",
            "",
            "use one of prior.prompt, prior.prompts and prior.prompts_file",
        ),
        (
            "onnx = { model = \"a\", shape = [3, 8, 8], prediction = \"noise\", schedule = { kind = \"linear\", steps = 1000 } }, \
             prompts_file = \"d\"",
            "",
            "prior.prompts_file",
        ),
        (
            "folder = \"a\", prompts_file = \"d\"",
            "rollout.batch = 3",
            "rollout.batch",
        ),
        ("folder = \"a\", prompts = [\"c\"]", "", "prior.prompts"),
        (
            "folder = \"a\", prompts = [\"c\", \"d\\ne\"]",
            "",
            "prior.prompts[1]",
        ),
        ("folder = \"a\", prompts = [\"c\", \"c\"]", "", "prior.prompts[1]"),
        (
            "folder = \"a\", prompts = [\"c\", \"d\"]",
            "rollout.batch = 3",
            "rollout.batch",
        ),
        ("folder = \"a\"", "network.rank = 0", "network.rank"),
        ("folder = \"a\"", "network.depth = 3", "network.depth"),
        ("folder = \"a\"", "network.width = 32", "network.width"),
    ] {
        let text = refused(prior, more);
        assert!(text.contains(field), "{prior} {more}: {text}");
    }
    let each =
        "task = \"images\"\nprior.folder = \"a\"\nreward = { kind = \"each_class\", classes = [1, 2] }";
    let text = Run::from_toml(each).expect_err("refused").to_string();
    assert!(
        text.contains("reward.kind") && text.contains("prior.prompts"),
        "{text}"
    );
}
