//! The kernel. A group of units takes four rows through all steps; numbers of these rows are the lanes of vectors.

use crate::network::{HATS, MIDDLE, PER_UNIT};
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn::cubecl;
use burn::cubecl::prelude::*;
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;

/// Numbers that the network is given of a row, and returns.
pub(super) const INPUTS: usize = 4;
pub(super) const OUTPUTS: usize = 2;
/// With their hats.
const FEATURES: usize = INPUTS * (1 + HATS);
/// Numbers of a step, whatever the mixture: 1/(1 − t), 1 − t, the scales of the network's inputs and outputs, the share and the
/// deviation of noising, dt and √dt.
pub(super) const OF_STEP: usize = 8;
/// Numbers of a component at a step.
pub(super) const TABLE: usize = 12;
/// Widest layer, and most components: what two of them take of the memory that a group shares is in WebGPU's least, 16 KiB.
pub(super) const MOST_UNITS_OF_LAYER: usize = 500;
/// Rows of a group.
const ROWS: usize = 4;
/// Units of a group: at most as many as WebGPU has at least.
const MOST_UNITS: usize = 256;

type Four = Vector<f32, Const<4>>;

/// What a launch is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// All rows; the fresh ones are the first.
    pub rows: usize,
    pub fresh: usize,
    pub steps: usize,
    pub components: usize,
    pub width: usize,
    pub depth: usize,
    /// Of the noise in a unit of time.
    pub deviation: f32,
    /// Of the expected end point among the network's inputs.
    pub data_scale: f32,
}

impl Sizes {
    fn shapes(self) -> [Shape; 3] {
        let of_steps = |steps: usize| Shape::from([steps * self.rows, OUTPUTS]);
        [
            of_steps(self.steps + 1),
            of_steps(self.steps),
            of_steps(self.steps),
        ]
    }
}

/// Shapes and types of what [`WalkOps::walk`] gives.
fn made(
    tables: &TensorSpec,
    _: &TensorSpec,
    _: &TensorSpec,
    sizes: &Sizes,
) -> (TensorSpec, TensorSpec, TensorSpec) {
    let [states, prior, posterior] = sizes.shapes().map(|shape| TensorSpec::new(shape, tables.dtype));
    (states, prior, posterior)
}

#[backend_extension(Cube, Fusion)]
pub(super) trait WalkOps: Backend {
    /// The states, the prior's drifts and the policy's, `[steps·rows, 2]`. `numbers` are the noise, `[steps][fresh][2]`, the noise of given
    /// rows, and their ends.
    #[fusion(meta = made)]
    fn walk(
        tables: FloatTensor<Self>,
        network: FloatTensor<Self>,
        numbers: FloatTensor<Self>,
        sizes: Sizes,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl WalkOps for CubeBackend {
    fn walk(
        tables: FloatTensor<Self>,
        network: FloatTensor<Self>,
        numbers: FloatTensor<Self>,
        sizes: Sizes,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (client, device) = (tables.client.clone(), tables.device.clone());
        let [states, prior, posterior] = sizes
            .shapes()
            .map(|shape| empty_device_contiguous_dtype(client.clone(), device.clone(), shape, DType::F32));
        let span = sizes.width.max(FEATURES).max(sizes.components);
        let units = span.next_multiple_of(32).min(MOST_UNITS);
        walk_kernel::launch(
            &client,
            CubeCount::Static(sizes.rows.div_ceil(ROWS) as u32, 1, 1),
            CubeDim::new_1d(units as u32),
            into_contiguous(tables).into_buffer_arg(),
            into_contiguous(network).into_buffer_arg(),
            into_contiguous(numbers).into_buffer_arg(),
            states.clone().into_buffer_arg(),
            prior.clone().into_buffer_arg(),
            posterior.clone().into_buffer_arg(),
            sizes.rows,
            sizes.fresh,
            sizes.steps,
            sizes.deviation,
            sizes.data_scale,
            sizes.components,
            sizes.width,
            sizes.depth,
            span,
        );
        (states, prior, posterior)
    }
}

#[cube(launch)]
fn walk_kernel(
    tables: &[f32],
    network: &[f32],
    numbers: &[f32],
    states: &mut [f32],
    priors: &mut [f32],
    posteriors: &mut [f32],
    rows: usize,
    fresh: usize,
    steps: usize,
    deviation: f32,
    data_scale: f32,
    #[comptime] components: usize,
    #[comptime] width: usize,
    #[comptime] depth: usize,
    #[comptime] span: usize,
) {
    let unit = UNIT_POS as usize;
    let units = CUBE_DIM as usize;
    let first = CUBE_POS * ROWS;
    // x and y, the prior's drift there, and sums over components or units.
    let mut at = Shared::<[Four]>::new_slice(OUTPUTS);
    let mut drift = Shared::<[Four]>::new_slice(OUTPUTS);
    let mut sums = Shared::<[Four]>::new_slice(7usize);
    let mut low = Shared::<[Four]>::new_slice(span);
    let mut high = Shared::<[Four]>::new_slice(span);
    let of_step = comptime!(OF_STEP + TABLE * components);

    if unit < OUTPUTS {
        at[unit] = Four::new(0.0);
        #[unroll]
        for lane in 0..ROWS {
            let row = first + lane;
            if row < rows {
                states[row * OUTPUTS + unit] = 0.0;
                if row >= fresh {
                    noise_back(tables, numbers, states, row, unit, rows, fresh, steps, of_step);
                }
            }
        }
    }
    sync_cube();

    for step in 0..steps {
        let table = step * of_step;
        let x = at[0];
        let y = at[1];
        let mut c = unit;
        while c < components {
            let weight = table + OF_STEP + c;
            let of_squares =
                x * x * Four::new(tables[weight]) + y * y * Four::new(tables[weight + components]);
            let mixed = x * y * Four::new(tables[weight + 2 * components]);
            let linear = x * Four::new(tables[weight + 3 * components])
                + y * Four::new(tables[weight + 4 * components]);
            high[c] = of_squares + mixed + linear + Four::new(tables[weight + 5 * components]);
            c += units;
        }
        sync_cube();
        let mut largest = high[0];
        for c in 1..components {
            largest = largest.max(high[c]);
        }
        let mut c = unit;
        while c < components {
            low[c] = (high[c] - largest).exp();
            c += units;
        }
        sync_cube();
        if unit < 7 {
            let mut sum = Four::new(0.0);
            for c in 0..components {
                let mut factor = 1.0f32;
                if unit < 6 {
                    factor = tables[table + OF_STEP + 6 * components + c * 6 + unit];
                }
                sum += low[c] * Four::new(factor);
            }
            sums[unit] = sum;
        }
        sync_cube();

        let rate = Four::new(tables[table]);
        let ahead = Four::new(tables[table + 1]);
        let scale = Four::new(tables[table + 2]);
        let prior_x = ((sums[0] * x + sums[1] * y + sums[2]) / sums[6] - x) * rate;
        let prior_y = ((sums[3] * x + sums[4] * y + sums[5]) / sums[6] - y) * rate;
        let mut k = unit;
        while k < FEATURES {
            let mut input = k;
            if k >= INPUTS {
                input = (k - INPUTS) / HATS;
            }
            let mut number = x * scale;
            if input == 1 {
                number = y * scale;
            }
            if input == 2 {
                number = (x + prior_x * ahead) * Four::new(data_scale);
            }
            if input == 3 {
                number = (y + prior_y * ahead) * Four::new(data_scale);
            }
            if k >= INPUTS {
                let center = f32::cast_from((k - INPUTS) % HATS) - MIDDLE;
                let away = (number * Four::new(PER_UNIT as f32) - Four::new(center)).abs();
                number = (Four::new(1.0) - away).max(Four::new(0.0));
            }
            low[k] = number;
            k += units;
        }
        if unit == 0 {
            drift[0] = prior_x;
            drift[1] = prior_y;
        }
        sync_cube();

        let shifts = step * width;
        let mut weights = depth * steps * width;
        layer(
            &low, &mut high, network, weights, shifts, unit, units, FEATURES, width,
        );
        weights += FEATURES * width;
        #[unroll]
        for above in 1..depth {
            let shifts = (above * steps + step) * width;
            if comptime!(above % 2 == 1) {
                layer(
                    &high, &mut low, network, weights, shifts, unit, units, width, width,
                );
            } else {
                layer(
                    &low, &mut high, network, weights, shifts, unit, units, width, width,
                );
            }
            weights += width * width;
        }
        if unit < OUTPUTS {
            let mut sum = Four::new(network[weights + width * OUTPUTS + unit]);
            for k in 0..width {
                let factor = Four::new(network[weights + k * OUTPUTS + unit]);
                if comptime!(depth % 2 == 1) {
                    sum += high[k] * factor;
                } else {
                    sum += low[k] * factor;
                }
            }
            let prior = drift[unit];
            let posterior = prior + sum * Four::new(tables[table + 3]);
            let mut next = at[unit] + posterior * Four::new(tables[table + 6]);
            let spread = deviation * tables[table + 7];
            #[unroll]
            for lane in 0..ROWS {
                let row = first + lane;
                if row < rows {
                    let place = (step * rows + row) * OUTPUTS + unit;
                    let ahead = place + rows * OUTPUTS;
                    priors[place] = prior.extract(lane);
                    posteriors[place] = posterior.extract(lane);
                    if row < fresh {
                        let noise = numbers[(step * fresh + row) * OUTPUTS + unit];
                        let moved = next.extract(lane) + noise * spread;
                        next.insert(lane, moved);
                        states[ahead] = moved;
                    } else {
                        next.insert(lane, states[ahead]);
                    }
                }
            }
            at[unit] = next;
        }
        sync_cube();
    }
}

/// Writes a coordinate of a given row's states, from its end back.
#[cube]
fn noise_back(
    tables: &[f32],
    numbers: &[f32],
    states: &mut [f32],
    row: usize,
    axis: usize,
    rows: usize,
    fresh: usize,
    steps: usize,
    #[comptime] of_step: usize,
) {
    let (given, back) = (rows - fresh, row - fresh);
    let mut x = numbers[(steps * rows + back) * OUTPUTS + axis];
    states[(steps * rows + row) * OUTPUTS + axis] = x;
    for passed in 0..steps {
        let step = steps - 1 - passed;
        let noise = numbers[(steps * fresh + step * given + back) * OUTPUTS + axis];
        x = x * tables[step * of_step + 4] + noise * tables[step * of_step + 5];
        states[(step * rows + row) * OUTPUTS + axis] = x;
    }
}

/// above = ReLU(shifts + below·weights); the group waits for all of it.
#[cube]
fn layer(
    below: &[Four],
    above: &mut [Four],
    network: &[f32],
    weights: usize,
    shifts: usize,
    unit: usize,
    units: usize,
    #[comptime] inputs: usize,
    #[comptime] width: usize,
) {
    let mut c = unit;
    while c < width {
        let mut sum = Four::new(network[shifts + c]);
        for k in 0..inputs {
            sum += below[k] * Four::new(network[weights + k * width + c]);
        }
        above[c] = sum.max(Four::new(0.0));
        c += units;
    }
    sync_cube();
}
