//! What the members of a team share of an iteration.

use super::Trainer;
use crate::engine::host::read_all;
use crate::engine::process::{Policy, Prior, Process};
use crate::engine::rollout::Batch;
use crate::engine::team::{gathered, share, summed};
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData, Transaction};
use std::ops::Range;

/// The trajectories of an iteration, in the pieces that they are rolled out in.
pub(super) struct Layout {
    /// Conditions of the rows of each, and how many of them are fresh.
    pieces: Vec<(Vec<usize>, usize)>,
    /// The pieces of this member.
    own: Range<usize>,
}

impl Layout {
    /// The pieces of the whole batch, as a batch is cut.
    pub(super) fn pieces(&self) -> &[(Vec<usize>, usize)] {
        &self.pieces
    }

    /// Rows of all members.
    pub(super) fn conditions(&self) -> Vec<usize> {
        self.pieces
            .iter()
            .flat_map(|(conditions, _)| conditions)
            .copied()
            .collect()
    }

    /// The first row of this member, and those after it.
    pub(super) fn own_rows(&self) -> Range<usize> {
        let rows = |pieces: &[(Vec<usize>, usize)]| pieces.iter().map(|(all, _)| all.len()).sum::<usize>();
        let start = rows(&self.pieces[..self.own.start]);
        start..start + rows(&self.pieces[self.own.clone()])
    }
}

/// Numbers of the trajectories of an iteration, row by row.
#[derive(Default)]
pub(super) struct Known {
    pub(super) log_ratio: Vec<f64>,
    /// Floored and not tempered.
    pub(super) log_r: Vec<f64>,
    /// x_T, `[rows][state_size]`, where somebody looks at them.
    pub(super) ends: Vec<f32>,
}

impl<P: Process, Q: Prior<P>, K: Policy<P>> Trainer<P, Q, K> {
    /// This member's part of the pieces of a batch.
    pub(super) fn shared_out(&self, mut pieces: Vec<Batch>) -> (Vec<Batch>, Layout) {
        let layout = Layout {
            own: share(&*self.team, pieces.len()),
            pieces: pieces
                .iter()
                .map(|piece| (piece.conditions(), piece.fresh.len()))
                .collect(),
        };
        pieces.truncate(layout.own.end);
        (pieces.split_off(layout.own.start), layout)
    }

    /// What all members know of their trajectories.
    pub(super) async fn known_to_all(&self, own: Known) -> Result<Known, String> {
        if self.team.size() == 1 {
            return Ok(own);
        }
        let rows = own.log_r.len();
        let mut numbers = [own.log_ratio, own.log_r].concat();
        // Only the buffers look at the end points of others.
        if self.settings.rollout.replay_share > 0.0 {
            numbers.extend(own.ends.into_iter().map(f64::from));
        }
        let per_row = numbers.len() / rows;
        let mut known = Known::default();
        for of_one in gathered(&*self.team, numbers).await? {
            let rows = of_one.len() / per_row;
            let (log_ratio, others) = of_one.split_at(rows);
            let (log_r, ends) = others.split_at(rows);
            known.log_ratio.extend(log_ratio);
            known.log_r.extend(log_r);
            known.ends.extend(ends.iter().map(|number| *number as f32));
        }
        Ok(known)
    }

    /// The sum of the members' gradients.
    pub(super) async fn summed(&self, mut own: GradientsParams) -> Result<GradientsParams, String> {
        if self.team.size() == 1 {
            return Ok(own);
        }
        let mut flat = Flat {
            gradients: &mut own,
            numbers: Transaction::default(),
        };
        self.trained.network.visit(&mut flat);
        let numbers = read_all(flat.numbers).await?.concat();
        let mut back = Back {
            device: &self.chains.device,
            gradients: GradientsParams::new(),
            sums: &summed(&*self.team, numbers).await?,
        };
        self.trained.network.visit(&mut back);
        Ok(back.gradients)
    }
}

/// The gradients of a module's parameters, in the order of a visit; of a parameter without one there are zeros.
struct Flat<'a> {
    gradients: &'a mut GradientsParams,
    numbers: Transaction,
}

impl ModuleVisitor for Flat<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.gradients.remove::<D>(param.id);
        let gradient = gradient.unwrap_or_else(|| param.val().without_autodiff().zeros_like());
        self.numbers = std::mem::take(&mut self.numbers).register(gradient);
    }
}

/// The other way round.
struct Back<'a> {
    device: &'a Device,
    gradients: GradientsParams,
    /// Those that are left.
    sums: &'a [f32],
}

impl ModuleVisitor for Back<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.val().shape();
        let (own, others) = self.sums.split_at(shape.num_elements());
        self.sums = others;
        let gradient = Tensor::<D>::from_data(TensorData::new(own.to_vec(), shape), self.device);
        self.gradients.register(param.id, gradient);
    }
}
