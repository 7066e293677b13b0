//! Samples as text.

use std::fmt::Write;

/// Samples `[count][names]` as comma-separated values: a line of names, then one a sample.
pub fn csv<N: AsRef<str>>(names: &[N], samples: &[f32]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let mut text = names.join(",") + "\n";
    // Of a scene that is not known yet there are no names.
    for sample in samples.chunks_exact(names.len().max(1)) {
        for (at, value) in sample.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma}{value}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::csv;

    #[test]
    fn a_file_of_samples_has_a_column_a_coordinate() {
        let samples = [0.5, -1.0, 2.0, 3.0];
        assert_eq!(csv(&["a", "b"], &samples), "a,b\n0.5,-1\n2,3\n");
        assert_eq!(
            csv(&["dx", "dy"].map(str::to_owned), &samples),
            "dx,dy\n0.5,-1\n2,3\n"
        );
    }
}
