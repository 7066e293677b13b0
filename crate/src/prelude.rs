//! What a program that puts a posterior together by hand needs: `use rtb::prelude::*`.

#[cfg(feature = "cpu")]
pub use crate::engine::device::cpu_device;
pub use crate::engine::learner::{LEARNED, Learner, Plain, Task};
pub use crate::engine::noise::{Noise, Purpose};
pub use crate::engine::process::{Diffusion, Policy, Prior, Process, Rows, State};
pub use crate::engine::reward::{Each, Ends, HostReward, OnHost, Reward};
pub use crate::engine::rollout::{Chains, Follow};
pub use crate::engine::statistics::{LogMean, Mean};
pub use crate::engine::{ConfigError, EngineError, Method, Settings};
