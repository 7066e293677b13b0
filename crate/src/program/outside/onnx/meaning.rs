//! log r from what a model puts out.

use rtb::run::{Meaning, Onnx};

/// Rounding by which a probability may exceed 1.
const ROUNDING: f64 = 1e-3;

/// Whether so many numbers a sample have the meaning that the run says.
pub fn check_width(onnx: &Onnx, width: usize) -> Result<(), String> {
    if onnx.meaning == Meaning::LogReward {
        return match width {
            1 => Ok(()),
            _ => Err(format!(
                "its output has {width} numbers a sample, and log r is one; say which `meaning` they have: \
                 \"probabilities\" or \"logits\""
            )),
        };
    }
    match onnx.class < width {
        true => Ok(()),
        false => Err(format!(
            "`class` is {}, and its output has {width} numbers a sample; use a class from 0 to {}",
            onnx.class,
            width - 1
        )),
    }
}

/// log r of a sample with this output, of a width that has been checked; completes "gave …" where there is none.
pub fn log_r(onnx: &Onnx, output: &[f32]) -> Result<f64, String> {
    let wanted = f64::from(output[onnx.class.min(output.len() - 1)]);
    match onnx.meaning {
        Meaning::LogReward => Ok(wanted),
        Meaning::Probabilities if !wanted.is_nan() && !(0.0..=1.0 + ROUNDING).contains(&wanted) => {
            Err(format!(
                "{wanted} as the probability of class {}; if its output is of logits, say `meaning = \"logits\"`",
                onnx.class
            ))
        }
        Meaning::Probabilities => Ok(wanted.min(1.0).ln()),
        // log σ(x), without the exponential of a large number.
        Meaning::Logits if output.len() == 1 => Ok(wanted.min(0.0) - (-wanted.abs()).exp().ln_1p()),
        Meaning::Logits => {
            let logits = output.iter().map(|x| f64::from(*x));
            let largest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logits.map(|x| (x - largest).exp()).sum();
            Ok(wanted - largest - sum.ln())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{check_width, log_r};
    use rtb::run::{Meaning, Onnx};

    fn of(meaning: Meaning, class: usize) -> Onnx {
        Onnx {
            model: "m.onnx".to_owned(),
            output: None,
            meaning,
            class,
            mean: Vec::new(),
            deviation: Vec::new(),
        }
    }

    #[test]
    fn meanings_are_log_r() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
        let log = |meaning, class, output: &[f32]| log_r(&of(meaning, class), output).expect("log r");
        near(log(Meaning::LogReward, 0, &[-3.0]), -3.0);
        near(log(Meaning::Probabilities, 1, &[0.75, 0.25]), 0.25f64.ln());
        assert_eq!(log(Meaning::Probabilities, 0, &[0.0]), f64::NEG_INFINITY);
        near(log(Meaning::Probabilities, 0, &[1.000_001]), 0.0);
        near(log(Meaning::Logits, 0, &[2.0]), -(1.0 + (-2f64).exp()).ln());
        near(log(Meaning::Logits, 0, &[-200.0]), -200.0);
        near(
            log(Meaning::Logits, 1, &[1000.0, 999.0]),
            -(1.0 + 1f64.exp()).ln(),
        );
        assert!(log(Meaning::Logits, 0, &[f32::NAN, 0.0]).is_nan());
        let refused = log_r(&of(Meaning::Probabilities, 0), &[1.5]).expect_err("no probability");
        assert!(refused.contains("1.5 as the probability of class 0"), "{refused}");
    }

    #[test]
    fn widths_fit_meanings() {
        assert!(check_width(&of(Meaning::LogReward, 0), 1).is_ok());
        assert!(check_width(&of(Meaning::LogReward, 0), 2).is_err());
        assert!(check_width(&of(Meaning::Logits, 1), 2).is_ok());
        let refused = check_width(&of(Meaning::Logits, 2), 2).expect_err("a third class");
        assert!(refused.contains("use a class from 0 to 1"), "{refused}");
    }
}
