//! The memory that a run above a model of others is expected to take.

use super::GIVEN;
use super::checkpoint::adapters;
use crate::engine::EngineError;
use crate::engine::noise::Noise;
use crate::engine::parallel;
use crate::network::diffusers::Footprint;
use crate::run::{Files, Run};
use crate::task::Memory;
use crate::task::images::CheckpointsProblem;
use crate::task::images::prior::{PIXELS_AT_ONCE, pipeline};
use burn::module::Module;
use burn::tensor::Device;

/// Tokens of a text, as CLIP has them.
const TOKENS: usize = 77;
/// Bytes of a number.
const NUMBER: usize = 4;
/// The program, its libraries and what they keep.
const PROGRAM: usize = 64 << 20;

/// Of configurations and headers of weights, of which nothing else is read.
///
/// # Errors
///
/// Where the run is about something else, or the model is refused.
pub fn expected_memory(run: &Run, files: &Files, device: &Device) -> Result<Memory, EngineError> {
    let described = &CheckpointsProblem::of(run)?.prior;
    let folder = files.folder("prior", described.field(), described.name())?;
    let pipeline = pipeline(described, &*folder, device)?;
    let (config, decoder) = (pipeline.unet_config()?, pipeline.autoencoder_config()?);
    let sides = config.sides.unwrap_or([1, 1]);
    let numbers = config.inputs * sides[0] * sides[1];
    let pixels = match &decoder {
        None => numbers,
        Some(decoder) => {
            decoder.outputs
                * sides
                    .map(|side| decoder.factor() * side)
                    .iter()
                    .product::<usize>()
        }
    };

    let bytes = |part: &str| {
        if pipeline.has(part) {
            pipeline.bytes(part, device)
        } else {
            Ok(0)
        }
    };
    // The text is encoded before the decoder is read, and its encoder is left again.
    let weights = bytes("unet")? + bytes("vae")?.max(bytes("text_encoder")?);
    let blank = config.blank(device);
    let trained = adapters(&blank, described, run, &Noise::new(0), device)?.num_params();
    // With their gradient twice, the optimiser's two moments and the average.
    let trained = trained * (5 + usize::from(run.optimizer.ema > 0.0));

    let (steps, batch) = (run.process.steps, run.rollout.batch);
    // Noise on the host and on the device, states, kernels of both chains.
    let walked = 5 * batch * steps * numbers;
    let measured = run.evaluation.samples.max(run.evaluation.proposals);
    let rollout = &run.rollout;
    let given = match rollout.noised_share > 0.0 {
        true => (GIVEN[0] * run.training.iterations).min(GIVEN[1]),
        false => 0,
    };
    let replayed = match rollout.replay_share > 0.0 {
        true => rollout.replay_capacity.min(batch * run.training.iterations),
        false => 0,
    };
    // The prior's images that are noised back are there twice, in a pool and for every condition.
    let kept = run.evaluation.proposals + run.evaluation.samples + 2 * given + replayed;
    let kept = kept * numbers;
    // As numbers, and as a reward sees them, in double precision.
    let seen = 3 * measured.max(batch) * pixels;

    let parts = parallel::parts(device, batch);
    let rows = run.objective.chunk.min(batch.div_ceil(parts) * steps);
    let passes = if described.guidance == 1.0 { 1 } else { 2 };
    let of_pass = config.footprint(rows, sides, TOKENS, device);
    let gradient = pass(of_pass, passes * of_pass.inputs + of_pass.graph);
    let forward = pass(of_pass, of_pass.forward);
    let decoding = decoder.map_or(0, |decoder| {
        let rows = (PIXELS_AT_ONCE / (pixels / decoder.outputs)).clamp(1, run.objective.chunk);
        let of_pass = decoder.footprint(rows, sides, device);
        pass(of_pass, of_pass.forward)
    });
    // Parts are computed side by side on a processor.
    let at_once = parallel::at_once(device);
    let computed = [
        at_once.min(parts) * gradient,
        at_once * forward,
        at_once * decoding,
    ];
    let computed = computed.into_iter().max().unwrap_or(0);
    Ok(Memory {
        parts: vec![
            ("weights", weights),
            ("adapters", NUMBER * trained),
            ("trajectories", NUMBER * walked),
            ("samples", NUMBER * (kept + seen)),
            ("a chunk in the network", NUMBER * computed),
            ("the program", PROGRAM),
        ],
        fields: vec![
            "objective.chunk",
            "rollout.batch",
            "prior.weights",
            "evaluation.samples",
        ],
    })
}

/// Numbers of a pass with the weights of its largest layer, which are computed with in f32.
fn pass(of: Footprint, images: usize) -> usize {
    images + of.weights
}
