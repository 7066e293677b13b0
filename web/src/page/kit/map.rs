//! A picture with small images lying on it, as on a map.

use super::color::{self, Ramp};
use super::picture::{Picture, drawn, shades};
use super::shared::Shared;
use web_sys::HtmlCanvasElement;

/// How much of the ink of an image shows.
const OPACITY: f64 = 0.42;
/// The lightness of a ground between which ink turns from dark to light.
const DARK: f64 = 0.36;
const LIGHT: f64 = 0.42;

/// Images that lie side by side on a square.
#[derive(Clone, PartialEq)]
pub struct Map {
    /// `[columns²][side²]`, −1 paper to 1 ink, row by row from the top left.
    pub images: Shared<Vec<f32>>,
    pub columns: usize,
    /// Pixels on a side of an image.
    pub side: usize,
}

impl Map {
    /// The image at a place, whose coordinates are shares of the square from its left and its top.
    pub fn at(&self, [x, y]: [f64; 2]) -> Option<Picture> {
        let columns = self.columns as f64;
        let inside = |share: f64| (0.0..1.0).contains(&share);
        let place = (y * columns) as usize * self.columns + (x * columns) as usize;
        let images = self.images.chunks_exact(self.side * self.side);
        let image = images.into_iter().nth(place).filter(|_| inside(x) && inside(y))?;
        Some(Picture::ink(image.to_vec(), self.side))
    }

    /// The map over a picture of the same square, or over the colour of nothing: ink darkens a light ground and
    /// lightens a dark one.
    pub fn render(&self, under: Option<&Picture>, dark: bool) -> Option<HtmlCanvasElement> {
        let width = self.columns * self.side;
        let ramp = under.map_or(Ramp::Density, |under| under.ramp);
        let grounds = shades(ramp, dark);
        let inks = grounds.iter().map(|ground| contrast(*ground)).collect::<Vec<_>>();
        let shares = under.map(|under| Shares::of(under, width));
        let mut bytes = Vec::with_capacity(4 * width * width);
        for row in 0..width {
            for column in 0..width {
                let share = shares.as_ref().map_or(0.0, |shares| shares.at(row, column));
                let level = (255.0 * share.clamp(0.0, 1.0)) as usize;
                let amount = OPACITY * self.ink(row, column);
                let mixed = [0, 1, 2].map(|of| {
                    let (ground, ink) = (f64::from(grounds[level][of]), f64::from(inks[level][of]));
                    (ground + amount * (ink - ground)).round() as u8
                });
                bytes.extend(mixed);
                bytes.push(255);
            }
        }
        drawn(&bytes, width)
    }

    /// The ink of a pixel of the whole map, 0 to 1.
    fn ink(&self, row: usize, column: usize) -> f64 {
        let place = row / self.side * self.columns + column / self.side;
        let pixel = row % self.side * self.side + column % self.side;
        let value = self.images.get(place * self.side * self.side + pixel);
        value.map_or(0.0, |value| f64::from(0.5 * (value + 1.0)).clamp(0.0, 1.0))
    }
}

/// The colour that shows on a ground.
fn contrast(ground: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = ground.map(|v| f64::from(v) / 255.0);
    let lightness = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let [light, dark] = [color::at(Ramp::Ink, false, 0.0), color::at(Ramp::Ink, false, 1.0)];
    let share = ((lightness - DARK) / (LIGHT - DARK)).clamp(0.0, 1.0);
    [0, 1, 2].map(|of| {
        let (dark, light) = (f64::from(dark[of]), f64::from(light[of]));
        (light + share * (dark - light)).round() as u8
    })
}

/// The places of a picture's values in its colour scale, between its cells too.
struct Shares<'a> {
    picture: &'a Picture,
    /// Of every pixel across, and down: the cell before, that behind, and how far it is from the first to the second.
    between: Vec<(usize, usize, f32)>,
}

impl<'a> Shares<'a> {
    fn of(picture: &'a Picture, width: usize) -> Self {
        let cells = picture.width;
        let of_pixel = |pixel: usize| {
            let at = (pixel as f32 + 0.5) * cells as f32 / width as f32 - 0.5;
            let at = at.clamp(0.0, (cells - 1) as f32);
            let before = at as usize;
            (before, (before + 1).min(cells - 1), at.fract())
        };
        Self {
            picture,
            between: (0..width).map(of_pixel).collect(),
        }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        let ((top, bottom, down), (left, right, across)) = (self.between[row], self.between[column]);
        let value = |row: usize, column: usize| self.picture.values[row * self.picture.width + column];
        let line = |row: usize| value(row, left) * (1.0 - across) + value(row, right) * across;
        self.picture.share(line(top) * (1.0 - down) + line(bottom) * down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_under_a_place_is_that_of_its_cell() {
        let map = Map {
            images: Shared::new((0..4 * 9).map(|at| (at / 9) as f32).collect()),
            columns: 2,
            side: 3,
        };
        let first = |at| map.at(at).map(|picture| picture.values[0]);
        assert_eq!(first([0.1, 0.2]), Some(0.0));
        assert_eq!(first([0.9, 0.2]), Some(1.0));
        assert_eq!(first([0.1, 0.9]), Some(2.0));
        assert_eq!((first([1.0, 0.5]), first([0.5, -0.1])), (None, None));
    }

    #[test]
    fn ink_shows_on_every_ground() {
        let lightness =
            |[r, g, b]: [u8; 3]| 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
        for ramp in [Ramp::Density, Ramp::Reward, Ramp::Sample] {
            for dark in [false, true] {
                let grounds = shades(ramp, dark);
                let seen = grounds
                    .iter()
                    .filter(|of| (lightness(**of) - lightness(contrast(**of))).abs() > 60.0);
                assert!(seen.count() > 210, "{ramp:?} {dark}");
            }
        }
    }

    #[test]
    fn shares_between_cells_are_between_theirs() {
        let picture = Picture {
            values: Shared::new(vec![0.0, 1.0, 0.0, 1.0]),
            width: 2,
            low: 0.0,
            high: 1.0,
            ramp: Ramp::Reward,
        };
        let shares = Shares::of(&picture, 8);
        let row: Vec<f64> = (0..8).map(|column| shares.at(3, column)).collect();
        assert_eq!((row[0], row[7]), (0.0, 1.0));
        assert!(row.is_sorted() && (row[3] + row[4] - 1.0).abs() < 1e-6, "{row:?}");
    }
}
