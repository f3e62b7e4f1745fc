//! The columns of a block of rows, and functions of one or two of them.

use crate::native::steps::column::Column;

/// A column within a block.
#[derive(Clone, Copy)]
pub(super) enum Cells<'a> {
    Slice(&'a [f64]),
    Number(f64),
}

/// The columns that are known, for a block of rows.
pub(super) struct Block<'a> {
    pub(super) known: &'a [f64],
    pub(super) rows: usize,
}

impl<'a> Block<'a> {
    #[inline(always)]
    pub(super) fn of(&self, column: Column) -> Cells<'a> {
        match column {
            Column::Slot(slot) => Cells::Slice(&self.known[slot * self.rows..(slot + 1) * self.rows]),
            Column::Number(number) => Cells::Number(number),
        }
    }
}

/// Each result is a function of itself and the cell.
#[inline(always)]
pub(super) fn each(out: &mut [f64], cells: Cells<'_>, make: impl Fn(f64, f64) -> f64) {
    match cells {
        Cells::Slice(cells) => out.iter_mut().zip(cells).for_each(|(value, cell)| *value = make(*value, *cell)),
        Cells::Number(cell) => out.iter_mut().for_each(|value| *value = make(*value, cell)),
    }
}

#[inline(always)]
pub(super) fn each_of(out: &mut [f64], cells: Cells<'_>, make: impl Fn(f64) -> f64) {
    each(out, cells, |_, cell| make(cell));
}

#[inline(always)]
pub(super) fn both(out: &mut [f64], left: Cells<'_>, right: Cells<'_>, make: impl Fn(f64, f64) -> f64) {
    match left {
        Cells::Slice(cells) => out.copy_from_slice(cells),
        Cells::Number(number) => out.fill(number),
    }
    each(out, right, make);
}

#[inline(always)]
pub(super) fn choose(out: &mut [f64], test: Cells<'_>, no: Cells<'_>) {
    for (place, value) in out.iter_mut().enumerate() {
        let cell = |cells: Cells<'_>| match cells {
            Cells::Slice(cells) => cells[place],
            Cells::Number(number) => number,
        };
        if cell(test) == 0.0 {
            *value = cell(no);
        }
    }
}
