//! Sums and products of rows of f32 in the processor's longest vectors. Rows have a multiple of [`LANES`] numbers.

use macerator::{Scalar, Simd, Vector};

/// Statements for each of these numbers as a constant: loops over vectors in registers have to be unrolled, which compilers leave
/// out where they mind the size.
macro_rules! unrolled {
    ($at:ident < $end:ident, $body:expr) => {
        unrolled!($at < $end, $body, 0 1 2 3)
    };
    ($at:ident < $end:ident, $body:expr, $($number:literal)*) => {{
        $({
            const $at: usize = $number;
            if $at < $end {
                $body
            }
        })*
    }};
}

/// Rows of a product that are found at once: with up to four vectors of each they fill the registers.
pub(super) const ROWS: usize = 4;
/// Numbers in the longest vectors there are.
pub(super) const LANES: usize = 16;

/// Numbers of a matrix, and how far its rows and its columns lie apart.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    numbers: &'a [f32],
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `stride` numbers.
    #[inline(always)]
    pub fn of_rows(numbers: &'a [f32], stride: usize) -> Self {
        Self {
            numbers,
            row: stride,
            column: 1,
        }
    }

    /// The same transposed.
    #[inline(always)]
    pub fn of_columns(numbers: &'a [f32], stride: usize) -> Self {
        Self {
            numbers,
            row: 1,
            column: stride,
        }
    }
}

/// start + a·b, with the same start for every row, or sum + a·b; sum is `[rows, stride]`, a `[rows, depth]` and b
/// `[depth, stride]`. Rows are a multiple of [`ROWS`].
#[inline(always)]
pub(super) fn multiply<S: Simd>(
    sum: &mut [f32],
    start: Option<&[f32]>,
    a: Matrix,
    b: &[f32],
    [rows, depth, stride]: [usize; 3],
) {
    if rows == 0 {
        return;
    }
    assert!(start.is_none_or(|start| start.len() == stride));
    assert!(rows.is_multiple_of(ROWS) && stride.is_multiple_of(LANES));
    assert!(sum.len() >= rows * stride && b.len() >= depth * stride);
    assert!(depth > 0 && a.numbers.len() > (rows - 1) * a.row + (depth - 1) * a.column);
    let lanes = f32::lanes::<S>();
    let mut column = 0;
    // SAFETY: the tiles lie within the sizes that were just checked.
    unsafe {
        // Sixteen sums fit into the registers of processors with vectors as long as this, eight into all.
        while lanes == LANES && column + 4 * lanes <= stride {
            multiply_columns::<S, 4>(sum, start, a, b, [rows, depth, stride], column);
            column += 4 * lanes;
        }
        while column + 2 * lanes <= stride {
            multiply_columns::<S, 2>(sum, start, a, b, [rows, depth, stride], column);
            column += 2 * lanes;
        }
        while column < stride {
            multiply_columns::<S, 1>(sum, start, a, b, [rows, depth, stride], column);
            column += lanes;
        }
    }
}

/// [`multiply`] of N vectors of columns from `column` on, which have to be there.
#[inline(always)]
unsafe fn multiply_columns<S: Simd, const N: usize>(
    sum: &mut [f32],
    start: Option<&[f32]>,
    a: Matrix,
    b: &[f32],
    [rows, depth, stride]: [usize; 3],
    column: usize,
) {
    let lanes = f32::lanes::<S>();
    for row in (0..rows).step_by(ROWS) {
        unsafe {
            let into = sum.as_mut_ptr().add(row * stride + column);
            let (from, row_of_start) = match start {
                Some(start) => (start.as_ptr().add(column), 0),
                None => (into.cast_const(), stride),
            };
            let mut of_a = a.numbers.as_ptr().add(row * a.row);
            let mut of_b = b.as_ptr().add(column);
            let mut sums = [[0f32.splat::<S>(); N]; ROWS];
            unrolled!(
                R < ROWS,
                unrolled!(C < N, {
                    sums[R][C] = f32::vload_unaligned::<S>(from.add(R * row_of_start + C * lanes));
                })
            );
            for _ in 0..depth {
                let mut vectors = [0f32.splat::<S>(); N];
                unrolled!(C < N, {
                    vectors[C] = f32::vload_unaligned::<S>(of_b.add(C * lanes));
                });
                unrolled!(R < ROWS, {
                    let factor = (*of_a.add(R * a.row)).splat::<S>();
                    unrolled!(C < N, {
                        sums[R][C] = factor.mul_add(vectors[C], sums[R][C]);
                    });
                });
                of_a = of_a.wrapping_add(a.column);
                of_b = of_b.wrapping_add(stride);
            }
            unrolled!(
                R < ROWS,
                unrolled!(C < N, {
                    f32::vstore_unaligned::<S>(into.add(R * stride + C * lanes), sums[R][C]);
                })
            );
        }
    }
}

/// start + Σ factor·row over these rows of a matrix, given by number and factor.
#[inline(always)]
pub(super) fn sum_rows<S: Simd>(sum: &mut [f32], start: &[f32], terms: &[(usize, f32)], matrix: &[f32]) {
    let (stride, lanes) = (sum.len(), f32::lanes::<S>());
    assert!(stride.is_multiple_of(LANES) && start.len() == stride);
    assert!(terms.iter().all(|(row, _)| (row + 1) * stride <= matrix.len()));
    let mut column = 0;
    // SAFETY: every row of the matrix is there, and as long as the sum.
    unsafe {
        while column + 4 * lanes <= stride {
            sum_columns::<S, 4>(sum, start, terms, matrix, column);
            column += 4 * lanes;
        }
        while column < stride {
            sum_columns::<S, 1>(sum, start, terms, matrix, column);
            column += lanes;
        }
    }
}

/// [`sum_rows`] of N vectors of columns from `column` on, which have to be there.
#[inline(always)]
unsafe fn sum_columns<S: Simd, const N: usize>(
    sum: &mut [f32],
    start: &[f32],
    terms: &[(usize, f32)],
    matrix: &[f32],
    column: usize,
) {
    let (stride, lanes) = (sum.len(), f32::lanes::<S>());
    unsafe {
        let into = sum.as_mut_ptr().add(column);
        let mut sums = [0f32.splat::<S>(); N];
        unrolled!(C < N, {
            sums[C] = vector::<S>(start, column + C * lanes);
        });
        for (row, factor) in terms {
            let (from, factor) = (matrix.as_ptr().add(row * stride + column), factor.splat::<S>());
            unrolled!(C < N, {
                sums[C] = factor.mul_add(f32::vload_unaligned::<S>(from.add(C * lanes)), sums[C]);
            });
        }
        unrolled!(C < N, {
            f32::vstore_unaligned::<S>(into.add(C * lanes), sums[C]);
        });
    }
}

/// The vector of a row at this place.
#[inline(always)]
unsafe fn vector<S: Simd>(row: &[f32], at: usize) -> Vector<S, f32> {
    unsafe { f32::vload_unaligned::<S>(row.as_ptr().add(at)) }
}

/// Most vectors in [`LANES`] numbers.
const VECTORS: usize = 4;

/// sum += factor·row.
#[inline(always)]
pub(super) fn add_scaled<S: Simd>(sum: &mut [f32], factor: f32, row: &[f32]) {
    assert!(sum.len() == row.len() && row.len().is_multiple_of(LANES));
    let (lanes, factor) = (f32::lanes::<S>(), factor.splat::<S>());
    let mut group = 0;
    while group < row.len() {
        // SAFETY: both have all numbers of the group.
        unrolled!(V < VECTORS, {
            if V * lanes < LANES {
                let at = group + V * lanes;
                unsafe {
                    let added = factor.mul_add(vector::<S>(row, at), vector::<S>(sum, at));
                    f32::vstore_unaligned::<S>(sum.as_mut_ptr().add(at), added);
                }
            }
        });
        group += LANES;
    }
}

/// a·b.
#[inline(always)]
pub(super) fn dot<S: Simd>(a: &[f32], b: &[f32]) -> f32 {
    assert!(a.len() == b.len() && a.len().is_multiple_of(LANES));
    let lanes = f32::lanes::<S>();
    let mut sums = [0f32.splat::<S>(); VECTORS];
    let mut group = 0;
    while group < a.len() {
        // SAFETY: both have all numbers of the group.
        unrolled!(V < VECTORS, {
            if V * lanes < LANES {
                let at = group + V * lanes;
                sums[V] = unsafe { vector::<S>(a, at).mul_add(vector::<S>(b, at), sums[V]) };
            }
        });
        group += LANES;
    }
    ((sums[0] + sums[1]) + (sums[2] + sums[3])).reduce_add()
}

/// 0 in place of numbers where those of `of`, or they themselves, are not above 0; what is no number counts as above.
#[inline(always)]
pub(super) fn rectify<S: Simd>(numbers: &mut [f32], of: Option<&[f32]>) {
    assert!(numbers.len().is_multiple_of(LANES) && of.is_none_or(|of| of.len() == numbers.len()));
    let (lanes, zero) = (f32::lanes::<S>(), 0f32.splat::<S>());
    let into = numbers.as_mut_ptr();
    let signs = of.map_or(into.cast_const(), <[f32]>::as_ptr);
    let mut group = 0;
    while group < numbers.len() {
        // SAFETY: both have all numbers of the group.
        unrolled!(V < VECTORS, {
            if V * lanes < LANES {
                let at = group + V * lanes;
                unsafe {
                    let negative = f32::vload_unaligned::<S>(signs.add(at)).le(zero);
                    let kept = negative.select(zero, f32::vload_unaligned::<S>(into.add(at)));
                    f32::vstore_unaligned::<S>(into.add(at), kept);
                }
            }
        });
        group += LANES;
    }
}
