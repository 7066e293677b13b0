//! Simulation-based calibration (arXiv 1804.06788): the value that made an observation, ranked among draws of
//! the posterior given this observation, has every rank equally often.

use std::f64::consts::PI;

/// The levels of [`coverage`].
pub const CENTRAL: [f64; 3] = [0.5, 0.8, 0.95];

/// The rank of a true value among draws: how many are smaller. Among draws that equal it, `tie`, uniform on
/// [0, 1), says how many count as smaller, so that values with ties have uniform ranks too.
pub fn rank(truth: f64, draws: impl IntoIterator<Item = f64>, tie: f64) -> usize {
    let (mut smaller, mut equal) = (0, 0);
    for draw in draws {
        smaller += usize::from(draw < truth);
        equal += usize::from(draw == truth);
    }
    smaller + (tie * (equal + 1) as f64) as usize
}

/// A test whether ranks are uniform.
#[derive(Clone, Debug, PartialEq)]
pub struct Uniformity {
    /// How many ranks are in each bin.
    pub counts: Vec<usize>,
    /// The sum over the bins of (count − expected)²/expected.
    pub chi_square: f64,
    /// The probability of at least this if ranks are uniform.
    pub p_value: f64,
}

/// Compares the histogram of ranks among `draws` draws with that of uniform ranks. Bins hold nearly equally many
/// of the draws + 1 ranks; each should expect at least five of them.
///
/// # Errors
///
/// Where there is no rank or one above `draws`, fewer than two bins, or more bins than ranks can fill.
pub fn uniformity(ranks: &[usize], draws: usize, bins: usize) -> Result<Uniformity, String> {
    check(ranks, draws)?;
    let values = draws + 1;
    if !(2..=values).contains(&bins) {
        return Err(format!(
            "a histogram of {bins} bins; use from 2 to {values}, the number of ranks"
        ));
    }
    let mut counts = vec![0usize; bins];
    for rank in ranks {
        counts[rank * bins / values] += 1;
    }
    let first = |bin: usize| (bin * values).div_ceil(bins);
    let share = |bin: usize| (first(bin + 1) - first(bin)) as f64 / values as f64;
    let chi_square = (0..).zip(&counts).map(|(bin, count)| {
        let expected = share(bin) * ranks.len() as f64;
        (*count as f64 - expected).powi(2) / expected
    });
    let chi_square = chi_square.sum();
    Ok(Uniformity {
        counts,
        chi_square,
        p_value: chi_square_above(chi_square, bins - 1),
    })
}

/// The Kolmogorov–Smirnov distance of ranks among `draws` draws from uniform ones: the largest difference of the
/// distribution functions.
///
/// # Errors
///
/// Where there is no rank or one above `draws`.
pub fn distance(ranks: &[usize], draws: usize) -> Result<f64, String> {
    check(ranks, draws)?;
    let mut counts = vec![0usize; draws + 1];
    for rank in ranks {
        counts[*rank] += 1;
    }
    let (mut below, mut largest) = (0, 0.0f64);
    for (rank, count) in counts.iter().enumerate() {
        below += count;
        let wanted = (rank + 1) as f64 / counts.len() as f64;
        largest = largest.max((below as f64 / ranks.len() as f64 - wanted).abs());
    }
    Ok(largest)
}

/// What [`distance`] stays below for 95 % of sets of `count` uniform ranks: the limit of many ranks and draws, which
/// is a little too large for few.
pub fn distance_floor(count: usize) -> f64 {
    1.358 / (count as f64).sqrt()
}

/// The smallest and the largest number of `count` independent events of probability `share` that happen, in 95 %
/// of cases: the quantiles at 2.5 % and 97.5 % of the binomial law.
pub fn band(count: usize, share: f64) -> [usize; 2] {
    let (mut below, mut log_choose) = (0.0, 0.0);
    let mut ends = [None; 2];
    for k in 0..=count {
        let (of, others) = (k as f64, (count - k) as f64);
        let log = |number: f64, p: f64| if number > 0.0 { number * p.ln() } else { 0.0 };
        below += f64::exp(log_choose + log(of, share) + log(others, 1.0 - share));
        for (end, level) in ends.iter_mut().zip([0.025, 0.975]) {
            if below >= level {
                end.get_or_insert(k);
            }
        }
        log_choose += (others / (of + 1.0)).ln();
    }
    ends.map(|end| end.unwrap_or(count))
}

/// How often the central intervals of [`CENTRAL`] levels hold the true value, by its ranks among `draws` draws.
/// A rank stands for all levels from rank/(draws + 1) to the next, so uniform ranks give the levels exactly.
///
/// # Errors
///
/// Where there is no rank or one above `draws`.
pub fn coverage(ranks: &[usize], draws: usize) -> Result<[f64; 3], String> {
    check(ranks, draws)?;
    let values = (draws + 1) as f64;
    Ok(CENTRAL.map(|level| {
        let (low, high) = ((1.0 - level) / 2.0 * values, (1.0 + level) / 2.0 * values);
        let inside = |rank: &usize| {
            let rank = *rank as f64;
            ((rank + 1.0).min(high) - rank.max(low)).max(0.0)
        };
        ranks.iter().map(inside).sum::<f64>() / ranks.len() as f64
    }))
}

fn check(ranks: &[usize], draws: usize) -> Result<(), String> {
    match ranks.iter().max() {
        None => Err("no ranks; give at least one".to_owned()),
        Some(largest) if *largest > draws => Err(format!(
            "a rank of {largest} among {draws} draws; ranks go from 0 to {draws}"
        )),
        Some(_) => Ok(()),
    }
}

/// The probability that a chi-square of so many degrees of freedom is above `value`.
fn chi_square_above(value: f64, freedom: usize) -> f64 {
    let x = value / 2.0;
    // Q(a + 1, x) = Q(a, x) + x^a·e^−x/Γ(a + 1), from Q(1, x) = e^−x or Q(½, x) = erfc √x.
    let (mut a, mut log_gamma, mut above) = if freedom.is_multiple_of(2) {
        (1.0, 0.0, (-x).exp())
    } else {
        (0.5, PI.sqrt().ln(), erfc(x.sqrt()))
    };
    while a < freedom as f64 / 2.0 {
        log_gamma += f64::ln(a);
        if x > 0.0 {
            above += (a * x.ln() - x - log_gamma).exp();
        }
        a += 1.0;
    }
    above.clamp(0.0, 1.0)
}

/// The complementary error function of a number from 0.
fn erfc(x: f64) -> f64 {
    /// Where the series needs too many terms and the continued fraction few.
    const FAR: f64 = 2.0;
    let factor = (-x * x).exp() / PI.sqrt();
    if x > FAR {
        let fraction = (1..=100).rev().fold(x, |rest, k| x + f64::from(k) / 2.0 / rest);
        return factor / fraction;
    }
    // erf x = 2·e^−x²/√π · Σ (2x²)^k·x/(1·3·…·(2k + 1)).
    let (mut term, mut sum) = (x, x);
    for k in 1..100 {
        term *= 2.0 * x * x / f64::from(2 * k + 1);
        sum += term;
    }
    1.0 - 2.0 * factor * sum
}

#[cfg(test)]
mod tests {
    use super::{
        CENTRAL, band, chi_square_above, coverage, distance, distance_floor, erfc, rank, uniformity,
    };

    #[test]
    fn a_rank_counts_what_is_smaller() {
        assert_eq!(rank(0.5, [0.1, 0.9, 0.4, 2.0], 0.9), 2);
        assert_eq!(rank(-1.0, [0.0, 1.0], 0.0), 0);
        assert_eq!(rank(3.0, [0.0, 1.0], 0.5), 2);
        // Among three equal draws it has one of four places.
        let places = [0.0, 0.3, 0.5, 0.99].map(|tie| rank(1.0, [1.0, 0.0, 1.0, 1.0], tie));
        assert_eq!(places, [1, 2, 3, 4]);
    }

    #[test]
    fn distances_are_largest_differences_of_distribution_functions() {
        let even: Vec<usize> = (0..=9).collect();
        assert!(distance(&even, 9).expect("a distance") < 1e-12);
        assert!((distance(&[0; 5], 9).expect("a distance") - 0.9).abs() < 1e-12);
        assert!((distance(&[2, 3], 3).expect("a distance") - 0.5).abs() < 1e-12);
        assert!((distance_floor(100) - 0.1358).abs() < 1e-12);
    }

    /// Figures of SciPy's `binom.ppf`.
    #[test]
    fn bands_are_quantiles_of_the_binomial_law() {
        for (count, share, wanted) in [
            (500, 0.05, [16, 35]),
            (100, 0.5, [40, 60]),
            (10, 0.1, [0, 3]),
            (200, 1.0, [200, 200]),
            (7, 0.0, [0, 0]),
        ] {
            assert_eq!(band(count, share), wanted, "{count} {share}");
        }
    }

    /// Figures of SciPy's `erfc` and `chi2.sf`.
    #[test]
    fn tails_are_those_of_the_tables() {
        for (x, wanted) in [
            (0.0, 1.0),
            (0.5, 0.479_500_122_186_953_5),
            (1.9, 0.007_209_570_764_742_531),
            (2.1, 0.002_979_466_656_332_984_5),
            (5.0, 1.537_459_794_428_034_7e-12),
        ] {
            assert!((erfc(x) / wanted - 1.0).abs() < 1e-12, "{x}: {}", erfc(x));
        }
        for (value, freedom, wanted) in [
            (10.0, 1, 0.001_565_402_258_002_549),
            (0.7, 2, 0.704_688_089_718_713_7),
            (5.0, 5, 0.415_880_186_995_507_9),
            (12.5, 9, 0.186_565_974_858_451_06),
            (60.0, 19, 3.869_826_300_664_181e-6),
            (19.0, 20, 0.521_826_022_237_207_2),
            (0.0, 3, 1.0),
            (150.0, 99, 0.000_720_445_395_716_928_2),
        ] {
            let found = chi_square_above(value, freedom);
            assert!((found - wanted).abs() < 1e-12, "{value}, {freedom}: {found}");
        }
    }

    #[test]
    fn uniform_ranks_pass_and_others_do_not() {
        // Every rank among 9 draws ten times; 10 ranks in 4 bins of 3, 2, 3 and 2 values.
        let even: Vec<usize> = (0..100).map(|i| i % 10).collect();
        for bins in [2, 4, 10] {
            let found = uniformity(&even, 9, bins).expect("a test");
            assert!(
                found.chi_square < 1e-12 && found.p_value > 1.0 - 1e-9,
                "{found:?}"
            );
        }
        // Counts of 30 and 10 where 20 are expected: χ² = 10 of one degree of freedom.
        let uneven = [vec![0; 30], vec![1; 10]].concat();
        let found = uniformity(&uneven, 1, 2).expect("a test");
        assert!((found.chi_square - 10.0).abs() < 1e-12);
        assert!((found.p_value - 0.001_565_402_258).abs() < 1e-11, "{found:?}");
    }

    #[test]
    fn uniform_ranks_cover_exactly() {
        let even: Vec<usize> = (0..=9).collect();
        for (found, wanted) in coverage(&even, 9).expect("a coverage").iter().zip(CENTRAL) {
            assert!((found - wanted).abs() < 1e-12, "{found} instead of {wanted}");
        }
        // Truths always in the middle, or never within the draws.
        assert_eq!(coverage(&[2; 7], 4), Ok([1.0; 3]));
        let [half, _, wide] = coverage(&[0, 19], 19).expect("a coverage");
        assert!(half == 0.0 && (wide - 0.5).abs() < 1e-12, "{wide}");
    }

    #[test]
    fn impossible_ranks_are_refused() {
        for (ranks, bins, said) in [
            (&[][..], 2, "no ranks"),
            (&[5][..], 2, "a rank of 5 among 4 draws"),
            (&[1][..], 1, "a histogram of 1 bins; use from 2 to 5"),
            (&[1][..], 6, "a histogram of 6 bins"),
        ] {
            let error = uniformity(ranks, 4, bins).expect_err(said);
            assert!(error.contains(said), "{error}");
        }
        assert!(coverage(&[5], 4).is_err() && distance(&[5], 4).is_err());
    }
}
