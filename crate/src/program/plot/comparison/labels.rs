//! Names beside points, so that none covers another.

/// A rectangle in pixels: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Area {
    /// A square around a point.
    pub fn around((x, y): (i32, i32), reach: i32) -> Self {
        Self {
            left: x - reach,
            top: y - reach,
            right: x + reach,
            bottom: y + reach,
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn lies_in(&self, other: &Self) -> bool {
        self.left >= other.left
            && self.right <= other.right
            && self.top >= other.top
            && self.bottom <= other.bottom
    }

    /// The point of the rectangle that is nearest to a point.
    pub fn nearest(&self, (x, y): (i32, i32)) -> (i32, i32) {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }
}

/// A point and the size of the name it wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub at: (i32, i32),
    pub size: (i32, i32),
}

/// Pixels between a point and its name.
const NEAR: i32 = 13;
/// Pixels from one try to the next.
const STEP: i32 = 7;
const TRIES: i32 = 45;
/// Pixels further away that a name goes rather than over a marker or a line.
const MARKER: i32 = 140;
const LINE: i32 = 40;

/// Where the names go, one a point: inside `frame`, as near as may be, off each other, and if that
/// is possible off the `markers` and the points of `lines`.
pub fn place(wanted: &[Wanted], frame: Area, markers: &[Area], lines: &[(i32, i32)]) -> Vec<Area> {
    let mut placed: Vec<Area> = Vec::with_capacity(wanted.len());
    for label in wanted {
        let cost = |(distance, area): &(i32, Area)| {
            let covered = markers.iter().filter(|m| m.overlaps(area)).count() as i32;
            let crossed = lines
                .iter()
                .filter(|(x, y)| Area::around((*x, *y), 1).overlaps(area));
            distance + MARKER * covered + LINE * crossed.count() as i32
        };
        let free = candidates(label)
            .filter(|(_, area)| area.lies_in(&frame) && !placed.iter().any(|p| p.overlaps(area)));
        // Where there is no room at all, names cover each other.
        let best = free.min_by_key(cost).or_else(|| candidates(label).next());
        placed.extend(best.map(|(_, area)| area));
    }
    placed
}

/// Places for a name with their distances, the nearest first.
fn candidates(label: &Wanted) -> impl Iterator<Item = (i32, Area)> {
    let ((x, y), (width, height)) = (label.at, label.size);
    (0..TRIES).flat_map(move |i| {
        let far = NEAR + i * STEP;
        let aside = far * 7 / 10;
        // Centres: right, left, above, below and the four corners.
        let centers = [
            (far + width / 2, 0),
            (-far - width / 2, 0),
            (0, -far - height / 2),
            (0, far + height / 2),
            (aside + width / 2, -aside - height / 2),
            (aside + width / 2, aside + height / 2),
            (-aside - width / 2, -aside - height / 2),
            (-aside - width / 2, aside + height / 2),
        ];
        centers.into_iter().map(move |(dx, dy)| {
            let (left, top) = (x + dx - width / 2, y + dy - height / 2);
            let area = Area {
                left,
                top,
                right: left + width,
                bottom: top + height,
            };
            (far, area)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{Area, Wanted, place};

    #[test]
    fn names_of_one_place_do_not_cover_each_other() {
        let frame = Area {
            left: 0,
            top: 0,
            right: 1000,
            bottom: 800,
        };
        let wanted = [Wanted {
            at: (990, 400),
            size: (200, 24),
        }; 14];
        let markers = [Area::around((990, 400), 9)];
        let placed = place(&wanted, frame, &markers, &[]);
        assert_eq!(placed.len(), wanted.len());
        for (i, area) in placed.iter().enumerate() {
            assert!(area.lies_in(&frame), "{area:?}");
            let others = placed[..i].iter().chain(&markers);
            assert!(others.into_iter().all(|other| !other.overlaps(area)), "{area:?}");
        }
    }

    #[test]
    fn a_name_covers_no_line_while_there_is_room() {
        let frame = Area {
            left: 0,
            top: 0,
            right: 1000,
            bottom: 800,
        };
        // A line to the point from the left, and one above it all along.
        let to: Vec<(i32, i32)> = (0..=80).map(|i| (i * 6, 400)).collect();
        let above: Vec<(i32, i32)> = (0..=166).map(|i| (i * 6, 385)).collect();
        let lines = [to, above].concat();
        for x in [480, 900] {
            let wanted = [Wanted {
                at: (x, 400),
                size: (200, 24),
            }; 3];
            for area in place(&wanted, frame, &[], &lines) {
                let crossed = lines
                    .iter()
                    .filter(|(x, y)| Area::around((*x, *y), 1).overlaps(&area));
                assert_eq!(crossed.count(), 0, "{area:?}");
            }
        }
    }
}
