//! The optimiser of a run: burn's algorithms and schedules, log Z with a learning rate of its own.

use crate::engine::settings::{Algorithm, Optimizer, Schedule, Training};
use burn::grad_clipping::GradientClipping;
use burn::lr_scheduler::LrSchedulerConfig;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::{ModuleLrScheduler, ModuleLrSchedulerConfig};
use burn::module::ParamGroup;
use burn::optim::{
    AdamConfig, AdamWConfig, DynOptimizer, DynState, ModuleOptimizer, RmsPropConfig, SgdConfig, StateSink,
    StateSource,
};
use burn::tensor::Device;
use burn::tensor::kind::BridgeTensor;

/// Path of log Z in the module that is trained.
pub(super) const LOG_Z_PATH: &str = "log_z";

/// The optimiser of a run whose parameters live on `device`.
pub(super) fn optimizer(config: &Optimizer, device: &Device) -> ModuleOptimizer {
    let clip = (config.gradient_clip > 0.0).then_some(GradientClipping::Norm(config.gradient_clip as f32));
    match config.algorithm {
        Algorithm::Adam => grouped(AdamConfig::new().with_epsilon(1e-8).build(), clip, device),
        Algorithm::AdamW => grouped(
            AdamWConfig::new()
                .with_epsilon(1e-8)
                .with_weight_decay(1e-4)
                .build(),
            clip,
            device,
        ),
        Algorithm::RmsProp => grouped(RmsPropConfig::new().build(), clip, device),
        Algorithm::Sgd => grouped(SgdConfig::new().build(), clip, device),
    }
}

fn grouped<O: burn::optim::Optimizer>(
    inner: O,
    clip: Option<GradientClipping>,
    device: &Device,
) -> ModuleOptimizer {
    let here = || OnDevice {
        inner: inner.clone(),
        device: device.clone(),
    };
    ModuleOptimizer::from(inner.clone())
        .with_group(ParamGroup::all(), here(), clip)
        .with_group(ParamGroup::from_path(LOG_Z_PATH), here(), None)
}

/// An optimiser whose saved state is read back onto a given device. burn reads it onto the
/// default device, which is a GPU where one is compiled in, whether it exists or not.
struct OnDevice<O> {
    inner: O,
    device: Device,
}

impl<O: burn::optim::Optimizer> DynOptimizer for OnDevice<O> {
    fn step_dyn(
        &self,
        rank: usize,
        lr: f64,
        tensor: BridgeTensor,
        grad: BridgeTensor,
        state: Option<DynState>,
    ) -> (BridgeTensor, Option<DynState>) {
        self.inner.step_dyn(rank, lr, tensor, grad, state)
    }

    fn to_device_dyn(&self, state: DynState, device: &Device) -> DynState {
        self.inner.to_device_dyn(state, device)
    }

    fn state_flatten(&self, prefix: &str, state: &DynState, out: &mut StateSink) {
        self.inner.state_flatten(prefix, state, out);
    }

    fn state_unflatten(
        &self,
        rank: usize,
        prefix: &str,
        src: &mut StateSource,
        _: &Device,
    ) -> Option<DynState> {
        self.inner.state_unflatten(rank, prefix, src, &self.device)
    }
}

/// The learning rates of a run, `done` iterations in.
pub(super) fn schedule(config: &Optimizer, training: &Training, done: usize) -> ModuleLrScheduler {
    let of = |rate: f64| {
        let last = rate * config.final_share;
        match config.schedule {
            Schedule::Constant => LrSchedulerConfig::Constant(rate),
            Schedule::Linear => LinearLrSchedulerConfig::new(rate, last, training.iterations).into(),
            Schedule::Cosine => CosineAnnealingLrSchedulerConfig::new(rate, training.iterations)
                .with_min_lr(last)
                .into(),
        }
    };
    let mut scheduler = ModuleLrSchedulerConfig::new(of(config.learning_rate))
        .with_group(ParamGroup::from_path(LOG_Z_PATH), of(config.log_z_learning_rate))
        .init()
        .expect("the description of the run was validated");
    for _ in 0..done {
        scheduler.step();
    }
    scheduler
}
