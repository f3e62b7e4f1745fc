//! The features as the decisions see them.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use rustc_hash::FxHashMap;

use super::super::ensemble::Branch;

/// A feature, and on which side of its decisions a missing cell goes.
///
/// With that, a decision is one comparison: a cell becomes a number that is above or below every threshold where it is NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Column {
    pub(super) feature: u32,
    pub(super) nan_left: bool,
    /// What replaces NaN; NaN where nothing does.
    pub(super) fill: f32,
    /// Which line of a tile has its cells.
    pub(super) line: u32,
}

/// Those columns that some decision reads, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) list: Vec<Column>,
    found: FxHashMap<(u32, bool), u32>,
}

impl Columns {
    /// The number of the column that `branch` reads.
    pub(super) fn number(&mut self, branch: &Branch, fills: Option<&[f32]>) -> u32 {
        let fill = fills.and_then(|fills| fills.get(branch.feature as usize)).copied().unwrap_or(f32::NAN);
        let nan_left = branch.nan_left && fill.is_nan();
        let list = &mut self.list;
        *self.found.entry((branch.feature, nan_left)).or_insert_with(|| {
            list.push(Column { feature: branch.feature, nan_left, fill, line: 0 });
            list.len() as u32 - 1
        })
    }
}

impl Column {
    /// The [`key`] of `cell`; NaN is below all keys or above all.
    #[inline(always)]
    pub(super) fn key(&self, cell: f32) -> u32 {
        let cell = if cell.is_nan() { self.fill } else { cell };
        let missing = if self.nan_left { 0 } else { u32::MAX };
        if cell.is_nan() { missing } else { key(cell) }
    }
}

/// A number whose order is that of `cell`, which is not NaN; never 0 and never the largest.
#[inline(always)]
pub(super) fn key(cell: f32) -> u32 {
    let bits = (cell + 0.0).to_bits();
    bits ^ (((bits.cast_signed() >> 31).cast_unsigned()) | 0x8000_0000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_order_of_the_cells_and_both_zeros_one_key() {
        let cells = [f32::NEG_INFINITY, f32::MIN, -1.5, -f32::MIN_POSITIVE, -1e-45, 0.0, 1e-45, 1.0, f32::MAX, f32::INFINITY];
        assert!(cells.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert_eq!(key(-0.0), key(0.0));
        assert!(key(f32::NEG_INFINITY) > 0 && key(f32::INFINITY) < u32::MAX);
    }
}
