//! `scheduler_config.json`: what the network was trained with, and how diffusers steps.

use super::fields::Fields;
use crate::engine::ConfigError;
use crate::engine::process::scheduled::{
    BetaSchedule, Levels, Prediction, Rule, Schedule, Spacing, Variance,
};
use serde_json::{Value, json};

/// The configuration of a `DDPMScheduler`, `DDIMScheduler` or `PNDMScheduler`. As diffusers does by
/// `from_config`, chains of DDPM and of DDIM are made of either.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulerConfig {
    schedule: Schedule,
    variance: Variance,
    last_alpha_is_one: bool,
}

impl SchedulerConfig {
    /// The configuration in a file of this name.
    ///
    /// # Errors
    ///
    /// Names the field that is not allowed, or not supported.
    pub fn read(file: &str, json: &[u8]) -> Result<Self, ConfigError> {
        let mut fields = Fields::new(file, json)?;
        let classes = ["DDPMScheduler", "DDIMScheduler", "PNDMScheduler"];
        fields.only("_class_name", &classes.map(Value::from))?;
        let betas = [
            ("linear", BetaSchedule::Linear),
            ("scaled_linear", BetaSchedule::ScaledLinear),
            ("squaredcos_cap_v2", BetaSchedule::Cosine),
        ];
        let predictions = [
            ("epsilon", Prediction::Epsilon),
            ("sample", Prediction::Sample),
            ("v_prediction", Prediction::Velocity),
        ];
        let spacings = [
            ("leading", Spacing::Leading),
            ("trailing", Spacing::Trailing),
            ("linspace", Spacing::Linspace),
        ];
        let variances = [
            ("fixed_small", Variance::Small),
            ("fixed_small_log", Variance::Small),
            ("fixed_large", Variance::Large),
        ];
        let variance = fields.choice("variance_type", Variance::Small, &variances)?;
        let clips = fields.flag("clip_sample", true)?;
        let most = fields.positive("clip_sample_range", 1.0)?;
        let config = Self {
            schedule: Schedule {
                levels: Levels::Betas {
                    timesteps: fields.whole("num_train_timesteps", 1000, 100_000)?,
                    start: fields.positive("beta_start", 1e-4)?,
                    end: fields.positive("beta_end", 0.02)?,
                    schedule: fields.choice("beta_schedule", BetaSchedule::Linear, &betas)?,
                },
                prediction: fields.choice("prediction_type", Prediction::Epsilon, &predictions)?,
                clip: clips.then_some(most),
                spacing: fields.choice("timestep_spacing", Spacing::Leading, &spacings)?,
                offset: fields.whole_from_0("steps_offset", 100_000)?,
                rule: Rule::Ddpm(variance),
            },
            variance,
            last_alpha_is_one: fields.flag("set_alpha_to_one", true)?,
        };
        for field in ["thresholding", "rescale_betas_zero_snr"] {
            fields.only(field, &[json!(false), Value::Null])?;
        }
        fields.only("trained_betas", &[Value::Null])?;
        // What older versions wrote.
        fields.only("predict_epsilon", &[json!(true)])?;
        fields.without(&[
            "dynamic_thresholding_ratio",
            "sample_max_value",
            "skip_prk_steps",
            "tensor_format",
        ]);
        fields.finish()?;
        Ok(config)
    }

    /// Ancestral steps, with the variance that the file asks for.
    pub fn ddpm(&self) -> Schedule {
        Schedule {
            rule: Rule::Ddpm(self.variance),
            ..self.schedule.clone()
        }
    }

    /// Steps of DDIM with this η, above 0 and at most 1.
    pub fn ddim(&self, eta: f64) -> Schedule {
        Schedule {
            rule: Rule::Ddim {
                eta,
                last_alpha_is_one: self.last_alpha_is_one,
            },
            ..self.schedule.clone()
        }
    }
}
