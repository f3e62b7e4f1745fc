//! One row of columns, as a [`Row`].

use crate::columns::{Column, Columns, Visit};
use crate::contract::Dtype;
use crate::encode::Row;
use crate::error::CellError;
use crate::value::Value;

type Read<R> = Result<R, CellError>;

/// The row at `row` of `columns`.
pub(super) struct ColumnRow<'a, T> {
    pub(super) columns: &'a T,
    pub(super) row: usize,
    /// Whether a message tells the column's type, which says more than that of one of its values.
    pub(super) by_column: bool,
}

struct ReadOne<F> {
    row: usize,
    dtype: Dtype,
    by_column: bool,
    read: F,
}

impl<R, F: FnOnce(Option<Value<'_>>) -> Read<R>> Visit for ReadOne<F> {
    type Out = Read<R>;

    fn visit<C: Column>(self, column: &C) -> Read<R> {
        let read = column.value(self.row, self.dtype).and_then(|value| (self.read)(Some(value)));
        read.map_err(|cell| match cell {
            // A value that nothing takes has no type but the column's.
            CellError::WrongType { expected, got } if self.by_column || got.is_empty() => {
                CellError::WrongType { expected, got: column.type_name() }
            }
            cell => cell,
        })
    }
}

/// Calls what `visit` was to call where there is no column.
fn read_or_absent<R, T, F: FnOnce(Option<Value<'_>>) -> Read<R>>(
    line: &ColumnRow<'_, T>,
    dtype: Dtype,
    read: F,
    visit: impl FnOnce(ReadOne<&mut dyn FnMut(Option<Value<'_>>) -> Read<R>>) -> Option<Read<R>>,
) -> Read<R> {
    let mut read = Some(read);
    let mut once = |value: Option<Value<'_>>| match read.take() {
        Some(read) => read(value),
        None => Err(CellError::MissingKey { keys: Vec::new() }),
    };
    match visit(ReadOne { row: line.row, dtype, by_column: line.by_column, read: &mut once }) {
        Some(found) => found,
        None => once(None),
    }
}

impl<T: Columns> Row for ColumnRow<'_, T> {
    fn is_computed(&self, input: usize) -> bool {
        self.columns.is_computed(input)
    }

    fn source<R>(&self, slot: usize, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
        read_or_absent(self, dtype, read, |visit| self.columns.source(slot, visit))
    }

    fn named<R>(&self, input: usize, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
        read_or_absent(self, dtype, read, |visit| self.columns.named(input, visit))
    }
}
