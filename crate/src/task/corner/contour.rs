//! Lines of equal value through a grid, by marching squares.

/// A piece of a line, in cells from the centre of the upper left one.
pub type Piece = [(f64, f64); 2];

/// The pieces that part the cells above `level` from those below; `cells` are `side`² from the top left. A line
/// that would leave the grid is closed along its edge.
pub fn pieces(cells: &[f32], side: usize, level: f32) -> Vec<Piece> {
    let value = |column: i64, row: i64| {
        let is_inside = |place: i64| (0..side as i64).contains(&place);
        if is_inside(column) && is_inside(row) {
            f64::from(cells[row as usize * side + column as usize])
        } else {
            0.0
        }
    };
    let level = f64::from(level);
    let squares = -1..side as i64;
    let squares = squares
        .clone()
        .flat_map(|row| squares.clone().map(move |column| (column, row)));
    let mut pieces = Vec::new();
    for (column, row) in squares {
        // Its corners in turn.
        let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(right, below)| (column + right, row + below));
        let values = corners.map(|(column, row)| value(column, row));
        let crossing = |i: usize| {
            let next = (i + 1) % 4;
            let (a, b) = (values[i], values[next]);
            let at = |i: usize| (corners[i].0 as f64, corners[i].1 as f64);
            let ((x, y), (to_x, to_y)) = (at(i), at(next));
            let share = (level - a) / (b - a);
            ((a >= level) != (b >= level)).then_some((x + share * (to_x - x), y + share * (to_y - y)))
        };
        let crossings: Vec<_> = (0..4).filter_map(crossing).collect();
        // Two opposite corners above the level give two pieces; either pairing of their ends will do.
        pieces.extend(crossings.chunks_exact(2).map(|ends| [ends[0], ends[1]]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn a_peak_has_a_diamond_around_it() {
        let mut cells = [0.0; 9];
        cells[4] = 2.0;
        let found = pieces(&cells, 3, 1.0);
        assert_eq!(found.len(), 4);
        for (x, y) in found.into_iter().flatten() {
            assert!(
                ((x - 1.0).abs() + (y - 1.0).abs() - 0.5).abs() < 1e-12,
                "{x}, {y}"
            );
        }
    }

    #[test]
    fn lines_close_along_the_edge() {
        // All of a single cell: halfway to the zeros around it.
        assert_eq!(pieces(&[2.0], 1, 1.0).len(), 4);
        assert!(pieces(&[2.0; 4], 2, 3.0).is_empty());
    }
}
