//! Rows that are given as columns: the same functions as for rows, called column by column.
//!
//! A block of rows is encoded column by column. Where any value of it fails, the block is encoded again row by row, by
//! [`InputContract::encode_row`], which says what failed: so errors, and what counts as unseen, are those of rows.

mod block;
mod codes;
mod memo;
mod pieces;
mod predict;
mod row;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::contract::Dtype;
use crate::error::CellError;
use crate::value::Value;

pub use pieces::{Asked, Encoded, encode_columns, encode_growing_columns};
pub use predict::Answered;

#[cfg(doc)]
use crate::contract::InputContract;

/// A value for each row, all of one type.
pub trait Column {
    /// The value of `row`; `dtype` is what the input takes.
    fn value(&self, row: usize, dtype: Dtype) -> Result<Value<'_>, CellError>;

    /// The bytes of the text in `row`, be they UTF-8 or not; None where its value is none, or no text. None is always right.
    fn bytes(&self, row: usize) -> Option<&[u8]> {
        let _ = row;
        None
    }

    /// The column's type, as a message names it.
    fn type_name(&self) -> String;

    /// How many entries the dictionary has that the rows point into; None where each row has a value of its own.
    fn entries(&self) -> Option<usize> {
        None
    }

    /// Which entry of the dictionary `row` points to; None where its value is missing.
    fn entry(&self, row: usize) -> Option<usize> {
        let _ = row;
        None
    }
}

/// What is done with a column, whatever its type.
pub trait Visit {
    /// What comes of it.
    type Out;

    /// Does it.
    fn visit<C: Column>(self, column: &C) -> Self::Out;
}

/// Columns that have the same rows.
pub trait Columns {
    /// How many rows there are.
    fn rows(&self) -> usize;

    /// Visits the column of a slot, an index into [`InputContract::sources`]; None where there is no such column.
    fn source<V: Visit>(&self, slot: usize, visit: V) -> Option<V::Out>;

    /// Visits the column of an input, an index into [`InputContract::inputs`], that has the feature's own name.
    fn named<V: Visit>(&self, input: usize, visit: V) -> Option<V::Out>;

    /// Whether the feature of `input` is given under its own name, whatever other columns there are.
    fn is_computed(&self, input: usize) -> bool {
        let _ = input;
        false
    }

    /// Copies `rows` to `out` where they are float32 already, in the order of the inputs, each under its own name.
    fn copy(&self, rows: Range<usize>, out: &mut [f32]) -> bool {
        let _ = (rows, out);
        false
    }
}
