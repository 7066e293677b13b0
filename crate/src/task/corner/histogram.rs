//! Shares of points in even bins, smoothed lightly.

/// Times that cells of pairs, and bins of single values, are smoothed by the weights 1/4, 1/2, 1/4.
const PASSES: usize = 2;
const PASSES_ALONE: usize = 5;

/// Which bin of `bins` over the range a value is in; none where it lies outside.
fn bin(value: f32, [low, high]: [f32; 2], bins: usize) -> Option<usize> {
    let place = f64::from(value - low) / f64::from(high - low) * bins as f64;
    (place >= 0.0 && place < bins as f64).then_some(place as usize)
}

/// The density of values over the range in `bins` bins, in shares of all values a bin.
pub fn of_values(values: impl Iterator<Item = f32>, range: [f32; 2], bins: usize) -> Vec<f32> {
    let (mut shares, mut count) = (vec![0.0; bins], 0usize);
    for value in values {
        count += 1;
        if let Some(bin) = bin(value, range, bins) {
            shares[bin] += 1.0;
        }
    }
    let scale = 1.0 / count.max(1) as f32;
    shares.iter_mut().for_each(|share| *share *= scale);
    smooth(&mut shares, bins, 1, PASSES_ALONE);
    shares
}

/// The same of pairs in `side`² cells, row by row from the top left.
pub fn of_pairs(
    pairs: impl Iterator<Item = (f32, f32)>,
    [across, up]: [[f32; 2]; 2],
    side: usize,
) -> Vec<f32> {
    let (mut cells, mut count) = (vec![0.0; side * side], 0usize);
    for (x, y) in pairs {
        count += 1;
        if let (Some(column), Some(row)) = (bin(x, across, side), bin(y, up, side)) {
            cells[(side - 1 - row) * side + column] += 1.0;
        }
    }
    let scale = 1.0 / count.max(1) as f32;
    cells.iter_mut().for_each(|cell| *cell *= scale);
    smooth(&mut cells, side, 1, PASSES);
    smooth(&mut cells, side, side, PASSES);
    cells
}

/// Smooths all lines of `length` cells that lie `step` apart. What would leave at an end stays there.
fn smooth(cells: &mut [f32], length: usize, step: usize, passes: usize) {
    let lines = cells.len() / length;
    for line in 0..lines {
        let first = if step == 1 { line * length } else { line };
        let at = |place: usize| first + place * step;
        for _ in 0..passes {
            let before: Vec<f32> = (0..length).map(|place| cells[at(place)]).collect();
            for place in 0..length {
                let (left, right) = (
                    before[place.saturating_sub(1)],
                    before[(place + 1).min(length - 1)],
                );
                cells[at(place)] = (left + 2.0 * before[place] + right) / 4.0;
            }
        }
    }
}

/// The density such that the cells above it hold this share of all the mass in cells.
pub fn level(cells: &[f32], share: f32) -> f32 {
    let mut sorted = cells.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let wanted = share * sorted.iter().sum::<f32>();
    let mut sum = 0.0;
    let last = sorted.iter().find(|cell| {
        sum += **cell;
        sum >= wanted
    });
    last.copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{level, of_pairs, of_values};

    #[test]
    fn shares_are_smoothed_and_kept() {
        let shares = of_values([0.5, 15.5, 15.5, 99.0].into_iter(), [0.0, 31.0], 31);
        // 1/4 at the first bin and 1/2 at the sixteenth, spread by the binomial coefficients of 10.
        let spread = [252.0, 210.0, 120.0, 45.0, 10.0, 1.0].map(|part| part / 1024.0);
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
        for (at, part) in spread.into_iter().enumerate() {
            close(shares[15 + at], 0.5 * part);
            // At the end, what would leave stays.
            close(shares[at], 0.25 * (part + spread.get(at + 1).unwrap_or(&0.0)));
        }
        close(shares.iter().sum::<f32>(), 0.75);
    }

    #[test]
    fn pairs_lie_as_on_a_map() {
        let range = [[0.0, 9.0], [0.0, 18.0]];
        let cells = of_pairs([(1.5, 13.0)].into_iter(), range, 9);
        let largest = (0..81).max_by(|a, b| cells[*a].total_cmp(&cells[*b]));
        assert_eq!(
            largest,
            Some(2 * 9 + 1),
            "the second column, the third row from above"
        );
        assert!((cells.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_level_holds_its_share() {
        let cells = [0.1, 0.4, 0.2, 0.3];
        assert_eq!(level(&cells, 0.4), 0.4);
        assert_eq!(level(&cells, 0.5), 0.3);
        assert_eq!(level(&cells, 0.85), 0.2);
    }
}
