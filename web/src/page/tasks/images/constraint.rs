//! The known pixels of an image, as a reward has them.

use crate::kit::paint::Grid;
use rtb::task::images::Reward;
use rtb::task::images::SIDE;

/// The mark of a pixel that is free.
pub const FREE: char = '.';

/// Where next to nothing is known: paper in the corners, where no digit has ink. Some pixel has to be
/// known.
pub fn blank() -> Vec<String> {
    let mut rows = Grid::blank(SIDE, FREE).rows;
    for row in [0, SIDE - 1] {
        rows[row].replace_range(..1, "0");
        rows[row].replace_range(SIDE - 1.., "0");
    }
    rows
}

/// Whether rows are those of an image of a prior that ships.
pub fn fits(rows: &[String]) -> bool {
    rows.len() == SIDE && rows.iter().all(|row| row.chars().count() == SIDE)
}

/// The painted pixels of a reward, or of the first factor that has any.
pub fn known(reward: &Reward) -> Option<&Vec<String>> {
    match reward {
        Reward::Inpaint { rows, .. } => Some(rows),
        Reward::All { rewards } => rewards.iter().find_map(known),
        _ => None,
    }
}

/// The same, to change.
pub fn known_mut(reward: &mut Reward) -> Option<&mut Vec<String>> {
    match reward {
        Reward::Inpaint { rows, .. } => Some(rows),
        Reward::All { rewards } => rewards.iter_mut().find_map(known_mut),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::paint::Brush;
    use crate::tasks::images;
    use rtb::run::Preset;

    #[test]
    fn what_is_painted_and_freed_again_is_allowed() {
        let blank = Grid::new(blank(), FREE);
        let marks = |grid: &Grid, mark: char| grid.rows.concat().matches(mark).count();
        assert_eq!((marks(&blank, '0'), marks(&blank, FREE)), (4, SIDE * SIDE - 4));
        let inked = blank.line([-3.0, 0.0], [3.0, 0.0], Brush::default());
        let freed = inked.line(
            [-3.0, 0.0],
            [3.0, 0.0],
            Brush {
                level: None,
                ..Brush::default()
            },
        );
        assert_eq!(freed, blank);
        for grid in [blank, inked] {
            let mut run = Preset::find("digits-inpaint").unwrap().run;
            *known_mut(images::reward_mut(&mut run)).unwrap() = grid.rows;
            assert_eq!(run.validate(), Ok(()));
        }
    }

    fn reward(preset: &str) -> Reward {
        images::reward(&Preset::find(preset).unwrap().run).clone()
    }

    #[test]
    fn the_first_factor_with_pixels_is_painted() {
        let inpaint = reward("digits-inpaint");
        let holes = reward("digits-two-holes");
        assert_eq!(known(&holes), None);
        let product = Reward::All {
            rewards: vec![holes, inpaint.clone()],
        };
        assert_eq!(known(&product), known(&inpaint));
    }
}
