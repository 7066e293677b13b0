//! Per-step baselines: the part of δ that does not depend on the noise of a step.

/// Control variates of the on-policy gradient: one number for every step of every trajectory.
///
/// On policy, E\[∇log p_φ(x_{i+1}|x_i) · f(x_i)\] = 0 for every f, and the gradient of δ² is that of
/// KL(policy ‖ posterior) (arXiv 2210.00580). So two parts of δ can be subtracted at step i: the log ratios of
/// earlier steps, and a prediction of the rest from x_i, which is linear in log r of the expected end point.
/// The gradient stays unbiased because no row predicts itself: the mean is over the other rows of its
/// condition, and the line that is fitted to one half of the rows is applied to the other half.
#[derive(Clone, Debug)]
pub struct Baseline<'a> {
    /// log p_φ − log p_θ of every step, `[T][rows]`.
    pub log_ratios: &'a [Vec<f64>],
    /// Tempered log r of the end points, `[rows]`.
    pub log_reward: &'a [f64],
    /// Tempered log r of the expected end point at every state, `[T][rows]`; empty if the chain expects none.
    pub expected: &'a [Vec<f64>],
    /// `[rows]`.
    pub condition: &'a [usize],
}

/// Added to the sum of squares that a slope is divided by: a line through few points near each other
/// predicts nothing.
const RIDGE: f64 = 1.0;

impl Baseline<'_> {
    /// δ less its baseline at every step, `[T][rows]`; 0 for a row that is alone in its condition.
    pub fn residuals(&self) -> Vec<Vec<f64>> {
        // From the end back: at step i the ratios from i on, less log r.
        let mut to_go: Vec<f64> = self.log_reward.iter().map(|log_r| -log_r).collect();
        let mut left = Vec::with_capacity(self.log_ratios.len());
        for (step, ratios) in self.log_ratios.iter().enumerate().rev() {
            to_go
                .iter_mut()
                .zip(ratios)
                .for_each(|(sum, ratio)| *sum += ratio);
            left.push(match self.expected.get(step) {
                Some(expected) => self.less_prediction(&to_go, expected),
                None => self.less_others(&to_go),
            });
        }
        left.reverse();
        left
    }

    /// `values` less the mean over the other rows of their condition.
    fn less_others(&self, values: &[f64]) -> Vec<f64> {
        let sums = sums(self.condition.iter().copied(), values);
        let pairs = values.iter().zip(self.condition);
        pairs
            .map(|(value, condition)| match sums[*condition] {
                (_, 1) => 0.0,
                (sum, count) => value - (sum - value) / (count - 1) as f64,
            })
            .collect()
    }

    /// `values` less their prediction from the other half of the rows: the mean of their condition there, and
    /// the line fitted there.
    fn less_prediction(&self, values: &[f64], known: &[f64]) -> Vec<f64> {
        // Rows in turn belong to one half and the other.
        let of = |row: usize, half: usize| 2 * self.condition[row] + half;
        let groups = || (0..values.len()).map(|row| of(row, row % 2));
        let [of_values, of_known] = [values, known].map(|numbers| sums(groups(), numbers));
        let mean = |(sum, count): (f64, usize)| sum / count as f64;
        let beside = |row: usize, group: usize| {
            let means = [mean(of_values[group]), mean(of_known[group])];
            [values[row] - means[0], known[row] - means[1]]
        };
        let slope = |half: usize| {
            let rows = (half..values.len()).step_by(2);
            let (products, squares) = rows.fold((0.0, 0.0), |(products, squares), row| {
                let [value, known] = beside(row, of(row, half));
                (products + value * known, squares + known * known)
            });
            products / (squares + RIDGE)
        };
        let slopes = [slope(0), slope(1)];
        let left = |row: usize| {
            let other = 1 - row % 2;
            let group = of(row, other);
            if of_values.get(group).is_none_or(|(_, count)| *count == 0) {
                return 0.0;
            }
            let [value, known] = beside(row, group);
            value - slopes[other] * known
        };
        (0..values.len()).map(left).collect()
    }
}

/// The sum and the count of each group's numbers.
fn sums(groups: impl Iterator<Item = usize>, numbers: &[f64]) -> Vec<(f64, usize)> {
    let mut sums = Vec::new();
    for (group, number) in groups.zip(numbers) {
        if sums.len() <= group {
            sums.resize(group + 1, (0.0, 0));
        }
        sums[group].0 += number;
        sums[group].1 += 1;
    }
    sums
}
