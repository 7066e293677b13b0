//! Images side by side, as one picture.

use super::picture::Picture;

/// Pixels between two images, half as many around them all.
const GAP: usize = 2;

/// Columns and rows of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mosaic {
    pub columns: usize,
    pub rows: usize,
    /// Pixels on a side of an image.
    pub side: usize,
}

impl Mosaic {
    /// Images, `[count][side²]`, row by row; those beyond the last place are left out, places
    /// without one stay paper.
    pub fn picture(self, images: &[f32]) -> Picture {
        let cell = self.side + GAP;
        let width = self.columns * cell;
        let mut values = vec![-1.0; width * self.rows * cell];
        let places = self.columns * self.rows;
        let all = images.chunks_exact(self.side * self.side);
        for (place, image) in all.take(places).enumerate() {
            let (row, column) = (place / self.columns, place % self.columns);
            let corner = (row * cell + GAP / 2) * width + column * cell + GAP / 2;
            for (down, line) in image.chunks_exact(self.side).enumerate() {
                let from = corner + down * width;
                values[from..from + self.side].copy_from_slice(line);
            }
        }
        Picture::ink(values, width)
    }

    /// The place under a point, whose coordinates are shares of width and height.
    pub fn at(self, [x, y]: [f64; 2]) -> Option<usize> {
        let inside = |share: f64| (0.0..1.0).contains(&share);
        (inside(x) && inside(y)).then(|| {
            let (column, row) = (x * self.columns as f64, y * self.rows as f64);
            row as usize * self.columns + column as usize
        })
    }

    /// Left, top, width and height of a place, as shares of the whole.
    pub fn bounds(self, place: usize) -> [f64; 4] {
        let (width, height) = (1.0 / self.columns as f64, 1.0 / self.rows as f64);
        let (row, column) = (place / self.columns, place % self.columns);
        [column as f64 * width, row as f64 * height, width, height]
    }

    /// Where a key leads from a place; nowhere past an edge.
    pub fn moved(self, place: usize, key: &str) -> Option<usize> {
        let (row, column) = (place / self.columns, place % self.columns);
        let to = match key {
            "ArrowLeft" if column > 0 => place - 1,
            "ArrowRight" if column + 1 < self.columns => place + 1,
            "ArrowUp" if row > 0 => place - self.columns,
            "ArrowDown" if row + 1 < self.rows => place + self.columns,
            "Home" => row * self.columns,
            "End" => (row + 1) * self.columns - 1,
            _ => return None,
        };
        Some(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 28;
    const PIXELS: usize = SIDE * SIDE;
    const CELL: usize = SIDE + GAP;
    const THREE_BY_TWO: Mosaic = Mosaic {
        columns: 3,
        rows: 2,
        side: SIDE,
    };

    #[test]
    fn every_image_lies_within_the_bounds_of_its_place() {
        // Image i is ink in pixel i only.
        let images: Vec<f32> = (0..6 * PIXELS)
            .map(|at| if at % PIXELS == at / PIXELS { 1.0 } else { -1.0 })
            .collect();
        let picture = THREE_BY_TWO.picture(&images);
        let ink: Vec<_> = (0..picture.values.len())
            .filter(|at| picture.values[*at] > 0.0)
            .collect();
        assert_eq!(ink.len(), 6);
        for at in ink {
            let (x, y) = (at % picture.width, at / picture.width);
            let shares = [
                (x as f64 + 0.5) / picture.width as f64,
                (y as f64 + 0.5) / (2 * CELL) as f64,
            ];
            let place = THREE_BY_TWO.at(shares).unwrap();
            let [left, top, width, height] = THREE_BY_TWO.bounds(place);
            assert!(shares[0] > left && shares[0] < left + width);
            assert!(shares[1] > top && shares[1] < top + height);
            let column_of_ink = x - (place % 3) * CELL - GAP / 2;
            assert_eq!(column_of_ink, place, "the image of the place");
        }
    }

    #[test]
    fn few_images_and_points_outside_are_no_trouble() {
        assert_eq!(THREE_BY_TWO.picture(&[]).values.len(), 6 * CELL * CELL);
        assert_eq!(THREE_BY_TWO.at([1.0, 0.5]), None);
        assert_eq!(THREE_BY_TWO.at([0.5, -0.1]), None);
    }

    #[test]
    fn arrows_stop_at_the_edges() {
        let walk = |keys: &[&str]| {
            let step = |place, key: &&str| THREE_BY_TWO.moved(place, key).unwrap_or(place);
            keys.iter().fold(0, step)
        };
        assert_eq!(walk(&["ArrowLeft", "ArrowUp"]), 0);
        assert_eq!(
            walk(&["ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown"]),
            5
        );
        assert_eq!(walk(&["End", "ArrowDown", "Home"]), 3);
    }
}
