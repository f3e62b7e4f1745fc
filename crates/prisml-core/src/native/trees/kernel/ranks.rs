//! Cells as ranks among the thresholds that they are compared with, so that a decision compares bytes.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use super::columns::Column;
use super::lines::TILE;

/// How many thresholds a column may have: their ranks and one more are bytes.
pub(super) const MOST: usize = 255;

/// The thresholds of a column as a complete search tree: entry 1 is the root, and entry `n` leads to `2n` and `2n + 1`.
#[derive(Debug, Clone)]
pub(super) struct Ranking {
    /// Which line of cells it ranks.
    pub(super) line: u32,
    pub(super) nan_left: bool,
    /// What replaces NaN; NaN where nothing does.
    pub(super) fill: f32,
    pub(super) levels: u32,
    /// 2^levels entries, or 16 if that is more; those too many are infinite, which nothing is above.
    pub(super) table: Vec<f32>,
}

impl Ranking {
    /// The search tree of `thresholds`, which are sorted and distinct and at most [`MOST`].
    pub(super) fn new(column: &Column, thresholds: &[f32]) -> Self {
        let levels = (thresholds.len() + 1).next_power_of_two().trailing_zeros();
        let mut table = vec![f32::INFINITY; (1 << levels).max(16)];
        for level in 0..levels {
            for place in 0..1_usize << level {
                let sorted = ((2 * place + 1) << (levels - 1 - level)) - 1;
                table[(1 << level) + place] = thresholds.get(sorted).copied().unwrap_or(f32::INFINITY);
            }
        }
        Self { line: column.line, nan_left: column.nan_left, fill: column.fill, levels, table }
    }

    /// The byte of a rank: ranks are compared as signed numbers, and keep the search's leading one.
    pub(super) fn byte(&self, rank: usize) -> u8 {
        (rank + (1 << self.levels)) as u8 ^ 0x80
    }

    /// Writes the byte of each cell: how many thresholds it is above. NaN is above none or above all.
    #[inline(always)]
    pub(super) fn rank(&self, cells: &[f32; TILE], out: &mut [u8; TILE]) {
        if self.nan_left {
            self.rank_by(cells, out, |cell, threshold| cell > threshold);
        } else {
            #[allow(clippy::neg_cmp_op_on_partial_ord, reason = "NaN is not at most anything")]
            self.rank_by(cells, out, |cell, threshold| !(cell <= threshold));
        }
    }

    #[inline(always)]
    fn rank_by(&self, cells: &[f32; TILE], out: &mut [u8; TILE], above: impl Fn(f32, f32) -> bool) {
        for (cells, out) in cells.as_chunks::<8>().0.iter().zip(out.as_chunks_mut::<8>().0) {
            let cells = cells.map(|cell| if cell.is_nan() { self.fill } else { cell });
            let mut at = [1_u32; 8];
            for _ in 0..self.levels {
                for (at, cell) in at.iter_mut().zip(cells) {
                    // SAFETY: after n levels `at` is below 2^(n + 1), and the table has 2^levels entries at least.
                    let threshold = unsafe { *self.table.get_unchecked(*at as usize) };
                    *at = 2 * *at + u32::from(above(cell, threshold));
                }
            }
            *out = at.map(|at| at as u8 ^ 0x80);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.table.as_slice())
    }
}
