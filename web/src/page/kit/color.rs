//! Colour scales, computed in OKLCH so that equal steps of the value look equally large.

/// A scale from the colour of nothing to the colour of the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ramp {
    Density,
    Reward,
    /// From the surface to the colour of learned samples.
    Sample,
    /// From paper to ink.
    Ink,
}

/// The colours of everything drawn on top of pictures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    pub sample: &'static str,
    pub sample_on_reward: &'static str,
    pub path: &'static str,
    pub handle: &'static str,
    pub exact: &'static str,
    pub grid: &'static str,
    pub text: &'static str,
    pub surface: &'static str,
}

const LIGHT: Ink = Ink {
    sample: "#d1421f",
    sample_on_reward: "#16213d",
    path: "#d1421f",
    handle: "#0b57d0",
    exact: "#1b7a52",
    grid: "rgba(20, 28, 45, 0.10)",
    text: "#3d4657",
    surface: "#fbfcfe",
};

const DARK: Ink = Ink {
    sample: "#ff9d6b",
    sample_on_reward: "#f6f3ff",
    path: "#ffb48a",
    handle: "#9cc4ff",
    exact: "#6fd6a6",
    grid: "rgba(220, 230, 255, 0.10)",
    text: "#b9c2d3",
    surface: "#11151d",
};

pub fn ink(dark: bool) -> Ink {
    if dark { DARK } else { LIGHT }
}

/// The colour at `u` in [0, 1], as sRGB bytes.
pub fn at(ramp: Ramp, dark: bool, u: f64) -> [u8; 3] {
    let u = u.clamp(0.0, 1.0);
    let between = |a: f64, b: f64| a + (b - a) * u;
    // Lightness moves away from the page's background; hue turns from yellow-green over teal to
    // indigo for densities, from sand over rose to plum for rewards.
    let lightness = match (ramp, dark) {
        (Ramp::Density, false) => between(0.99, 0.36),
        (Ramp::Density, true) => between(0.195, 0.80),
        (Ramp::Reward, false) => between(0.985, 0.60),
        (Ramp::Reward, true) => between(0.195, 0.62),
        (Ramp::Sample, false) => between(0.99, 0.60),
        (Ramp::Sample, true) => between(0.195, 0.80),
        (Ramp::Ink, false) => between(0.99, 0.20),
        (Ramp::Ink, true) => between(0.195, 0.96),
    };
    let hue = match (ramp, dark) {
        (Ramp::Density, false) => between(120.0, 285.0),
        (Ramp::Density, true) => between(285.0, 165.0),
        (Ramp::Reward, false) => between(85.0, -30.0),
        (Ramp::Reward, true) => between(-40.0, 70.0),
        (Ramp::Sample, false) => between(75.0, 36.0),
        (Ramp::Sample, true) => between(20.0, 52.0),
        (Ramp::Ink, _) => 265.0,
    };
    let chroma = match ramp {
        Ramp::Density | Ramp::Reward => 0.012 + 0.125 * (u * (std::f64::consts::PI * 0.62)).sin(),
        Ramp::Sample => between(0.004, 0.17),
        Ramp::Ink => 0.012,
    };
    srgb(lightness, chroma, hue.to_radians())
}

/// The colour of what is not known of an image: neither paper nor ink.
pub fn unknown(dark: bool) -> [u8; 3] {
    let lightness = if dark { 0.34 } else { 0.88 };
    srgb(lightness, 0.055, 265f64.to_radians())
}

/// The colour at `u` for style sheets.
pub fn css(ramp: Ramp, dark: bool, u: f64) -> String {
    let [r, g, b] = at(ramp, dark, u);
    format!("rgb({r},{g},{b})")
}

/// The colour of one of several groups: equally light, and as far apart as can be.
pub fn of_group(group: usize, groups: usize, dark: bool) -> String {
    let hue = 25.0 + 360.0 * group as f64 / groups as f64;
    let (lightness, chroma) = if dark { (0.78, 0.15) } else { (0.58, 0.19) };
    let [r, g, b] = srgb(lightness, chroma, hue.to_radians());
    format!("rgb({r},{g},{b})")
}

/// OKLCH to sRGB (Björn Ottosson's matrices), clipped to the gamut.
fn srgb(lightness: f64, chroma: f64, hue: f64) -> [u8; 3] {
    let (b, a) = hue.sin_cos();
    let (a, b) = (chroma * a, chroma * b);
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ]
    .map(|v| {
        let v = v.clamp(0.0, 1.0);
        let curved = if v <= 0.003_130_8 {
            12.92 * v
        } else {
            1.055 * v.powf(1.0 / 2.4) - 0.055
        };
        (255.0 * curved).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_is_monotonic() {
        let luminance =
            |[r, g, b]: [u8; 3]| 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        for ramp in [Ramp::Density, Ramp::Reward, Ramp::Sample, Ramp::Ink] {
            for dark in [false, true] {
                let values: Vec<_> = (0..=20)
                    .map(|i| luminance(at(ramp, dark, f64::from(i) / 20.0)))
                    .collect();
                let ordered = values
                    .windows(2)
                    .all(|w| if dark { w[0] < w[1] } else { w[0] > w[1] });
                assert!(ordered, "{ramp:?} {dark} {values:?}");
            }
        }
    }
}
