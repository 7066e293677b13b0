//! What of δ a step's noise had no part in.

/// Control variates of the gradient on policy, a number for every step of every trajectory.
///
/// There E\[∇log p_φ(x_{i+1}|x_i) · anything that x_i determines\] = 0, and the gradient of the squared
/// δ is that of KL(policy ‖ posterior) (arXiv 2210.00580). So a step need not answer for all of δ: the
/// ratios of earlier steps can go, and so can what x_i predicts of the rest, by a line through
/// log r of the end point that is expected there. What is taken off never knows the row itself, which
/// leaves the gradient unbiased: the mean is that of the condition's other rows, and the line of one half
/// of the rows serves the other half.
#[derive(Clone, Debug)]
pub struct Baseline<'a> {
    /// log p_φ − log p_θ of every step, `[T][rows]`.
    pub log_ratios: &'a [Vec<f64>],
    /// Tempered log r of the end points, `[rows]`.
    pub log_reward: &'a [f64],
    /// Tempered log r of the end points that are expected at every state, `[T][rows]`; empty where none
    /// are.
    pub expected: &'a [Vec<f64>],
    /// `[rows]`.
    pub condition: &'a [usize],
}

/// Added to the sum of squares that a slope is divided by: a line through few points near each other
/// predicts nothing.
const RIDGE: f64 = 1.0;

impl Baseline<'_> {
    /// What is left of δ at every step, `[T][rows]`; nothing of a row with which no other can be compared.
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

    /// `values` less what the other half of the rows says of them: its mean in their condition, and its line
    /// through what is known.
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
