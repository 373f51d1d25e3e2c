//! The matrix product, in which nearly all of the time goes.

use pulp::Simd;

use super::buffer::Aligned;
use crate::simd::VectorUnit;

/// A constant matrix [rows, columns] in panels: `width` columns of all rows, then the next ones. So a product reads it
/// from front to back.
#[derive(Debug)]
pub(crate) struct Packed {
    data: Aligned,
    rows: usize,
    columns: usize,
    width: usize,
}

impl Packed {
    /// Packs the matrix whose elements `at` gives. `columns` must be a multiple of the unit's panel width.
    pub(crate) fn new(
        unit: VectorUnit,
        rows: usize,
        columns: usize,
        at: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let width = unit.panel_width();
        debug_assert!(columns.is_multiple_of(width), "{columns} columns in panels of {width}");
        let at = &at;
        let panels = (0..columns / width).map(|panel| panel * width);
        let values = panels.flat_map(|first| {
            (0..rows).flat_map(move |row| (0..width).map(move |column| at(row, first + column)))
        });
        let data = Aligned::filled_up(values, rows * columns);
        Self { data, rows, columns, width }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }
}

/// The product of `count` rows with a matrix; row `i` of A begins at `start(i)` in `a`, so rows may overlap. `finish` gets
/// each tile's row: its number, its first column, and its sums.
///
/// A tile is six rows times a panel. For each row of the panel it takes `NV` loads, six broadcasts and 6 · `NV` fused
/// multiply-adds, which are what limits it: two vectors in a cycle. A row's sums depend on that row alone, to the last bit,
/// whatever tile it is in: each is one chain of additions in the order of the matrix's rows.
#[inline(always)]
pub(super) fn product<S: Simd, const NV: usize>(
    s: S,
    a: &[f32],
    start: impl Fn(usize) -> usize,
    count: usize,
    b: &Packed,
    mut finish: impl FnMut(usize, usize, [S::f32s; NV]),
) {
    let panels = b.data.first(b.rows * b.columns).chunks_exact(b.rows * b.width);
    for (panel, first_column) in panels.zip((0..).step_by(b.width)) {
        let panel = S::as_simd_f32s(panel).0.as_chunks::<NV>().0;
        let mut done = 0;
        macro_rules! tiles_of {
            ($rows:literal, $tile:ident) => {
                while count - done >= $rows {
                    let rows = std::array::from_fn(
                        #[inline(always)]
                        |i| a.get(start(done + i)..).unwrap_or_default(),
                    );
                    let sums = $tile::<S, NV>(s, rows, panel);
                    for (sums, row) in sums.into_iter().zip(done..) {
                        finish(row, first_column, sums);
                    }
                    done += $rows;
                }
            };
        }
        tiles_of!(6, tile_of_six);
        tiles_of!(4, tile_of_four);
        tiles_of!(2, tile_of_two);
        tiles_of!(1, tile_of_one);
    }
}

/// Defines a function that gives the sums of some rows with one panel. It takes the elements of all rows at once from
/// zipped iterators, which the compiler turns into one counter without any check, and without a sum that leaves its
/// register.
macro_rules! tile {
    ($name:ident, $count:literal, [$first:ident $(, $row:ident)*], $column:pat) => {
        #[inline(always)]
        fn $name<S: Simd, const NV: usize>(
            s: S,
            [$first $(, $row)*]: [&[f32]; $count],
            panel: &[[S::f32s; NV]],
        ) -> [[S::f32s; NV]; $count] {
            let mut sums = [[s.splat_f32s(0.0); NV]; $count];
            for (panel_row, $column) in panel.iter().zip($first.iter()$(.zip($row))*) {
                for (sums, x) in sums.iter_mut().zip(&[$first $(, $row)*]) {
                    let x = s.splat_f32s(**x);
                    for (sum, element) in sums.iter_mut().zip(panel_row) {
                        *sum = s.mul_add_e_f32s(x, *element, *sum);
                    }
                }
            }
            sums
        }
    };
}
tile!(tile_of_six, 6, [a, b, c, d, e, f], (((((a, b), c), d), e), f));
tile!(tile_of_four, 4, [a, b, c, d], (((a, b), c), d));
tile!(tile_of_two, 2, [a, b], (a, b));
tile!(tile_of_one, 1, [a], a);

/// The `NV` vectors at `start`.
#[inline(always)]
pub(super) fn load<S: Simd, const NV: usize>(s: S, floats: &[f32], start: usize) -> [S::f32s; NV] {
    let there = floats.get(start..).unwrap_or_default();
    match S::as_simd_f32s(there).0.first_chunk::<NV>() {
        Some(vectors) => *vectors,
        None => [s.splat_f32s(0.0); NV],
    }
}

/// Writes the `NV` vectors at `start`.
#[inline(always)]
pub(super) fn store<S: Simd, const NV: usize>(floats: &mut [f32], start: usize, vectors: [S::f32s; NV]) {
    let there = floats.get_mut(start..).unwrap_or_default();
    if let Some(to) = S::as_mut_simd_f32s(there).0.first_chunk_mut::<NV>() {
        *to = vectors;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simd::Kernel;

    struct Run<'a>(&'a [f32], usize, &'a Packed, &'a mut [f32]);
    impl Kernel for Run<'_> {
        #[inline(always)]
        fn run<S: Simd, const NV: usize>(self, s: S) {
            let Self(a, step, b, c) = self;
            let count = c.len() / b.columns;
            product::<S, NV>(
                s,
                a,
                |row| row * step,
                count,
                b,
                |row, column, sums| store::<S, NV>(c, row * b.columns + column, sums),
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Near the exact sums, and the same bits for each row alone; rows may overlap.
        #[test]
        fn a_product_is_right_and_its_rows_are_independent(
            count in 1usize..16, k in 1usize..40, panels in 1usize..3, overlap in 0usize..4, seed: u64,
        ) {
            let mut random = fastrand(seed);
            let step = k.saturating_sub(overlap).max(1);
            let a: Vec<f32> = (0..count * step + k).map(|_| random()).collect();
            for unit in VectorUnit::all() {
                let n = panels * unit.panel_width();
                let b: Vec<f32> = (0..k * n).map(|_| random()).collect();
                let packed = Packed::new(unit, k, n, |row, column| b[row * n + column]);
                let mut c = vec![0.0; count * n];
                unit.run(Run(&a, step, &packed, &mut c));
                for (row, sums) in c.chunks(n).enumerate() {
                    let mut alone = vec![0.0; n];
                    unit.run(Run(&a[row * step..], step, &packed, &mut alone));
                    prop_assert_eq!(sums, &alone);
                    for (column, sum) in sums.iter().enumerate() {
                        let terms = (0..k).map(|p| f64::from(a[row * step + p]) * f64::from(b[p * n + column]));
                        let exact: f64 = terms.sum();
                        prop_assert!((exact - f64::from(*sum)).abs() < 1e-5, "{unit}: {sum}, {exact}");
                    }
                }
            }
        }
    }

    /// Numbers in [−1, 1).
    fn fastrand(seed: u64) -> impl FnMut() -> f32 {
        let mut state = seed | 1;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        }
    }
}
