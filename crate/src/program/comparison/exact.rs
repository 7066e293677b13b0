//! What the outcomes of a variant are held against.

use burn::tensor::Device;
use pollster::block_on;
use rtb::config::{Run, Task};
use rtb::digits::{Digits, Pool};
use rtb::message::{self, Files, SampledTruth};
use rtb::metric::Truth;
use rtb::plane::Plane;
use rtb::session::SessionError;
use rtb::stories::Stories;
use rtb::text::Reader;
use std::f64::consts::PI;
use std::sync::Arc;

/// The exact posterior of a run.
pub enum Exact {
    Plane(Arc<Truth>),
    Digits {
        truth: Option<SampledTruth>,
        /// FID of one half of the exact images to the other.
        floor: Option<f64>,
    },
    Stories {
        truth: Option<SampledTruth>,
        reader: Reader,
    },
}

impl Exact {
    /// Of a run with the files it needs; the prior's images it is computed from join the pools.
    pub fn new(
        run: Run,
        device: &Device,
        files: &Files,
        pools: &mut Vec<Pool>,
    ) -> Result<Self, SessionError> {
        match run.task {
            Task::Mixtures => {
                let mut plane = Plane::open(run, device.clone(), files)?;
                Ok(Self::Plane(block_on(plane.truth())?))
            }
            Task::Digits => {
                let proposals = run.evaluation.proposals;
                let mut digits = Digits::open(run, device.clone(), files)?;
                digits.adopt(pools);
                let exact = Self::Digits {
                    floor: block_on(digits.exact(proposals))?.fid_floor(),
                    truth: block_on(digits.truth())?,
                };
                pools.push(digits.into_pool());
                Ok(exact)
            }
            Task::Stories => {
                let proposals = run.evaluation.proposals;
                let mut stories = Stories::open(run, device.clone(), files)?;
                block_on(stories.grow(proposals))?;
                Ok(Self::Stories {
                    truth: stories.truth(),
                    reader: stories.reader().clone(),
                })
            }
        }
    }

    pub fn kind(&self) -> message::Truth {
        match self {
            Self::Plane(truth) => truth.kind,
            Self::Digits { .. } => message::Truth::Rejection,
            Self::Stories { .. } => message::Truth::ImportanceWeighted,
        }
    }

    /// The error that as many samples of the exact posterior would have on average: in the plane
    /// each mode's share is then off by √(2·p·(1 − p)/(π·N)). Of images there are only so many.
    pub fn error(&self, samples: usize) -> Option<f64> {
        match self {
            Self::Plane(truth) => {
                let masses = truth.modes.iter().map(|mode| mode.mass);
                let errors = masses.map(|p| (2.0 * p * (1.0 - p).max(0.0) / (PI * samples as f64)).sqrt());
                Some(0.5 * errors.sum::<f64>())
            }
            Self::Digits { floor, .. } => *floor,
            Self::Stories { .. } => None,
        }
    }
}
