//! What is done to columns of a block of rows.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]
#![allow(clippy::float_cmp, reason = "ONNX compares for exact equality")]

mod cells;
#[cfg(test)]
mod tests;
mod work;

use cells::{Block, both, choose, each, each_of};
use rustc_hash::FxHashMap;
pub(super) use work::key;
use work::{ask, at, binary, many, softmax, unary};

use super::column::Column;
use crate::native::level::Level;
use crate::native::trees::Trees;

/// Rows of a block at most.
pub(super) const BLOCK: usize = 128;

/// Of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    /// The same, rounded where that is asked for.
    Same,
    Negative,
    Absolute,
    Root,
    Exp,
    Log,
    Logistic,
    Tanh,
    Floor,
    Ceil,
    /// Towards zero.
    Whole,
    NotZero,
    IsZero,
    IsNan,
}

/// Of two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// Divide, unless by zero.
    Share,
    Power,
    Least,
    Most,
    Less,
    LessOrEqual,
    Equal,
    And,
    Or,
    Xor,
}

/// Of many columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Many {
    Sum,
    Mean,
    Product,
    Least,
    Most,
    /// The largest of those that are no NaN.
    MostKnown,
    SumOfSizes,
    SumOfSquares,
    /// The place of the largest, the first of several.
    PlaceOfMost,
    /// The place of the smallest, the first of several.
    PlaceOfLeast,
}

/// What makes one column or, for the last ones, several.
pub(super) enum What {
    Unary(Unary, Column),
    Binary(Binary, Column, Column),
    /// The second where the first is not zero, otherwise the third.
    Choose(Column, Column, Column),
    Many(Many, Vec<Column>),
    /// A bias and the sum of columns by their weights.
    Weighed(f64, Vec<(Column, f64)>),
    /// The number that stands at the column's place, counted from the end where that is negative; NaN where none does.
    Place(Column, Vec<f64>),
    /// The number by the column's bits; the second otherwise.
    Lookup(Column, FxHashMap<u64, f64>, f64),
    /// Shares of the exponentials; as many columns.
    Softmax(Vec<Column>),
    /// What trees say of columns; as many as they say.
    Trees(Vec<Column>, Box<Trees>),
}

/// A step: what is made, and whether it is rounded to float32.
pub(super) struct Step {
    pub(super) what: What,
    pub(super) rounds: bool,
}

impl Step {
    /// How many columns it makes.
    pub(super) fn columns(&self) -> usize {
        match &self.what {
            What::Softmax(columns) => columns.len(),
            What::Trees(_, trees) => trees.outputs(),
            _ => 1,
        }
    }

    /// About how much memory it holds.
    pub(super) fn bytes(&self) -> usize {
        let held = match &self.what {
            What::Many(_, columns) | What::Softmax(columns) => columns.len() * size_of::<Column>(),
            What::Weighed(_, columns) => columns.len() * size_of::<(Column, f64)>(),
            What::Place(_, numbers) => numbers.len() * size_of::<f64>(),
            What::Lookup(_, numbers, _) => numbers.len() * 2 * size_of::<(u64, f64)>(),
            What::Trees(columns, trees) => columns.len() * size_of::<Column>() + trees.bytes(),
            What::Unary(..) | What::Binary(..) | What::Choose(..) => 0,
        };
        held + size_of::<Self>()
    }

    /// Writes its columns for `rows` rows, one after the other; `known` are those of the slots before.
    #[inline(always)]
    pub(super) fn run(&self, known: &[f64], rows: usize, out: &mut [f64], level: Level) {
        let block = Block { known, rows };
        match &self.what {
            What::Unary(op, of) => unary(*op, block.of(*of), out, level),
            What::Binary(op, left, right) => binary(*op, block.of(*left), block.of(*right), out),
            What::Choose(test, yes, no) => {
                out.fill(0.0);
                both(out, block.of(*test), block.of(*yes), |test, yes| if test == 0.0 { 0.0 } else { yes });
                choose(out, block.of(*test), block.of(*no));
            }
            What::Many(op, columns) => many(*op, &block, columns, out),
            What::Weighed(bias, columns) => {
                out.fill(*bias);
                for (column, weight) in columns {
                    each(out, block.of(*column), |sum, cell| sum + cell * weight);
                }
            }
            What::Place(of, numbers) => each_of(out, block.of(*of), |place| at(numbers, place)),
            What::Lookup(of, numbers, other) => {
                each_of(out, block.of(*of), |cell| numbers.get(&key(cell)).copied().unwrap_or(*other));
            }
            What::Softmax(columns) => softmax(&block, columns, out, level),
            What::Trees(columns, trees) => ask(&block, columns, trees, out),
        }
        if self.rounds {
            for value in out.iter_mut() {
                *value = f64::from(*value as f32);
            }
        }
    }
}
