//! Values of formulas, and their gradients by the chain rule (reverse-mode differentiation).

use super::{Formula, Node, Operation, Rows, operations};

impl Formula {
    /// The value at a point, beside these rows; NaN where it is undefined.
    pub(crate) fn value(&self, point: &[f64], rows: Rows) -> f64 {
        self.root.value(point, &[], rows)
    }

    /// The same, and its gradient in the coordinates, which is added to `into`. Where the formula has a corner, the
    /// gradient is one of those beside it.
    pub(crate) fn value_and_gradient(&self, point: &[f64], rows: Rows, into: &mut [f64]) -> f64 {
        let mut slopes = Vec::new();
        let value = self.root.forth(point, &[], rows, &mut slopes);
        self.root.back(1.0, rows, &mut slopes, into);
        value
    }

    /// Whether it is written as a sum of terms that have one coordinate each, or none.
    pub(crate) fn is_separate(&self) -> bool {
        self.root.is_separate()
    }
}

/// Whether neighbours of a chain of comparisons all hold.
fn holds(first: f64, links: &[(Operation, Node)], of: impl Fn(&Node) -> f64) -> f64 {
    let mut left = first;
    let holds = |(compare, next): &(Operation, Node)| {
        let right = of(next);
        (compare.value)(std::mem::replace(&mut left, right), right) != 0.0
    };
    operations::truth(links.iter().all(holds))
}

impl Node {
    fn value(&self, point: &[f64], row: &[f64], rows: Rows) -> f64 {
        match self {
            Node::Coordinate(at) => point[*at],
            Node::Column(at) => row[*at],
            Node::Number(value) => *value,
            Node::Negated(a) => -a.value(point, row, rows),
            Node::Unary(f, a) => (f.value)(a.value(point, row, rows)),
            Node::Binary(f, a, b) => (f.value)(a.value(point, row, rows), b.value(point, row, rows)),
            Node::Chain(first, links) => holds(first.value(point, row, rows), links, |next| {
                next.value(point, row, rows)
            }),
            Node::Sum { of, mean } => {
                let all = rows.values.chunks_exact(rows.columns);
                let count = all.len() as f64;
                let sum: f64 = all.map(|row| of.value(point, row, rows)).sum();
                if *mean { sum / count } else { sum }
            }
        }
    }

    fn is_separate(&self) -> bool {
        match self {
            Node::Negated(a) => a.is_separate(),
            Node::Binary(f, a, b) if f.adds => a.is_separate() && b.is_separate(),
            Node::Sum { of, .. } => of.is_separate(),
            term => {
                let mut seen = None;
                term.has_one(&mut seen)
            }
        }
    }

    /// Whether this has no coordinate but the one seen, or the first that it meets.
    fn has_one(&self, seen: &mut Option<usize>) -> bool {
        match self {
            Node::Coordinate(at) => *seen.get_or_insert(*at) == *at,
            Node::Column(_) | Node::Number(_) => true,
            Node::Negated(a) | Node::Unary(_, a) | Node::Sum { of: a, .. } => a.has_one(seen),
            Node::Binary(_, a, b) => a.has_one(seen) && b.has_one(seen),
            Node::Chain(first, links) => {
                first.has_one(seen) && links.iter().all(|(_, next)| next.has_one(seen))
            }
        }
    }

    /// The value; the slopes of every operation in its arguments are laid on a stack, behind those of the arguments.
    fn forth(&self, point: &[f64], row: &[f64], rows: Rows, slopes: &mut Vec<f64>) -> f64 {
        match self {
            Node::Negated(a) => -a.forth(point, row, rows, slopes),
            Node::Unary(f, a) => {
                let a = a.forth(point, row, rows, slopes);
                slopes.push((f.slope)(a));
                (f.value)(a)
            }
            Node::Binary(f, a, b) => {
                let a = a.forth(point, row, rows, slopes);
                let b = b.forth(point, row, rows, slopes);
                slopes.extend((f.slopes)(a, b));
                (f.value)(a, b)
            }
            Node::Sum { of, mean } => {
                let all = rows.values.chunks_exact(rows.columns);
                let count = all.len() as f64;
                let sum: f64 = all.map(|row| of.forth(point, row, rows, slopes)).sum();
                if *mean { sum / count } else { sum }
            }
            // Comparisons are flat: nothing comes back through them.
            Node::Coordinate(_) | Node::Column(_) | Node::Number(_) | Node::Chain(..) => {
                self.value(point, row, rows)
            }
        }
    }

    /// Adds `weight` times the gradient of this node; takes from the stack what [`Node::forth`] has laid there.
    fn back(&self, weight: f64, rows: Rows, slopes: &mut Vec<f64>, into: &mut [f64]) {
        // Of an argument that does not matter the slope may be infinite.
        let times = |slope: f64| if weight == 0.0 { 0.0 } else { weight * slope };
        match self {
            Node::Coordinate(at) => into[*at] += weight,
            Node::Negated(a) => a.back(-weight, rows, slopes, into),
            Node::Unary(_, a) => {
                let slope = slopes.pop().unwrap_or_default();
                a.back(times(slope), rows, slopes, into);
            }
            Node::Binary(_, a, b) => {
                let [of_b, of_a] = [(); 2].map(|()| slopes.pop().unwrap_or_default());
                b.back(times(of_b), rows, slopes, into);
                a.back(times(of_a), rows, slopes, into);
            }
            Node::Sum { of, mean } => {
                let count = rows.values.len() / rows.columns;
                let weight = if *mean { weight / count as f64 } else { weight };
                (0..count).for_each(|_| of.back(weight, rows, slopes, into));
            }
            Node::Column(_) | Node::Number(_) | Node::Chain(..) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Formula, Rows};
    use crate::task::formula::Names;

    fn formula(text: &str) -> Formula {
        let (names, columns) = (["x", "y"].map(str::to_owned), ["t".to_owned()]);
        let names = Names {
            coordinates: &names,
            columns: &columns,
        };
        Formula::new("reward.expression", text, names).expect(text)
    }

    #[test]
    fn gradients_are_those_of_central_differences() {
        let rows = Rows {
            values: &[0.5, -1.0, 2.0],
            columns: 1,
        };
        let each = "exp log log2 log10 sqrt cbrt abs sign floor ceil round sin cos tan asin acos atan sinh cosh tanh";
        let ofone = each.split(' ').map(|name| format!("3*{name}(0.3*x*y)"));
        let oftwo = ["min", "max", "atan2", "hypot", "mod"].map(|name| format!("{name}(x*y, y - x/2)"));
        let others = [
            "-x^4 + 6x² + x/2 - y^2/2",
            "x^y + 2^x - (x - 3)^2 + (y - 4)^3",
            "(0 < x < 3)*y + (x > 0 && y > 0)*x + (x > 9 || y < 0)",
            "-sum((y - t*x)^2)/(2x^2) + mean(exp(-t*x))*y",
            "1/(x + y) - x*y/(x^2 + 1)",
        ];
        for text in ofone.chain(oftwo).chain(others.map(str::to_owned)) {
            let formula = formula(&text);
            for point in [[0.7, 1.9], [1.3, 0.6]] {
                let mut gradient = [1.0, 2.0];
                let value = formula.value_and_gradient(&point, rows, &mut gradient);
                assert_eq!(value, formula.value(&point, rows), "{text}");
                for at in 0..2 {
                    let moved = |by: f64| {
                        let mut point = point;
                        point[at] += by;
                        formula.value(&point, rows)
                    };
                    let wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    let found = gradient[at] - [1.0, 2.0][at];
                    let near = (found - wanted).abs() < 1e-6 * (1.0 + wanted.abs());
                    assert!(near, "{text} at {point:?}: {found} for {wanted}");
                }
            }
        }
    }

    #[test]
    fn sums_of_terms_of_one_coordinate_are_separate() {
        for text in [
            "-x^4 + 6x² - (y/2 - exp(y)) + 3",
            "sum((t - x)^2 - t*y)",
            "(0 < x < 3) - log(y)",
        ] {
            assert!(formula(text).is_separate(), "{text}");
        }
        for text in ["x*y", "-(x - y)^2 + x", "exp(x + y)", "x < y", "2*(x + y)"] {
            assert!(!formula(text).is_separate(), "{text}");
        }
    }

    /// A power's logarithm and the argument that `max` leaves out may be infinite; what is undefined stays so.
    #[test]
    fn what_does_not_matter_has_no_gradient() {
        for (text, wanted) in [
            ("(x - 2)^2 + y", [-4.0, 1.0]),
            ("max(log(abs(x)), y)", [0.0, 1.0]),
        ] {
            let mut gradient = [0.0; 2];
            formula(text).value_and_gradient(&[0.0, 3.0], Rows::NONE, &mut gradient);
            assert_eq!(gradient, wanted, "{text}");
        }
        let mut gradient = [0.0; 2];
        let value = formula("sqrt(x)").value_and_gradient(&[-1.0, 0.0], Rows::NONE, &mut gradient);
        assert!(value.is_nan() && gradient[0].is_nan());
    }
}
