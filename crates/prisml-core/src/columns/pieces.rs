//! Batches of columns -> the matrix, block by block.

use std::ops::Range;

use crate::categories::Growing;
use crate::columns::Columns;
use crate::columns::block::{Block, Failed, Rows};
use crate::columns::codes::{Codes, Fitted, Grown};
use crate::columns::memo::Memo;
use crate::columns::row::ColumnRow;
use crate::contract::{Dtype, Input, InputContract, Kind};
use crate::encode::encode_value;
use crate::error::{Error, Result};
use crate::scorer::Run;
use crate::value::Value;

/// A block's part of the matrix is to stay in the first cache: so many numbers.
const BLOCK: usize = 3_072;

/// How columns are to be encoded.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// In microseconds since 1970 UTC.
    pub as_of: i64,
    /// Whether a row that fails is to be kept as an error; otherwise the first one ends it all.
    pub null_errors: bool,
    /// The indices of the rows that are asked for, in the order that is asked for; None for all.
    pub only: Option<&'a [usize]>,
    /// How the rows are scored, and until when.
    pub run: Run,
}

/// What was encoded: rows without an error, in order.
#[derive(Debug, Default)]
pub struct Encoded {
    /// The rows that could be encoded, one after the other.
    pub matrix: Vec<f32>,
    /// What was wrong with the others, by their place among those asked for.
    pub bad: Vec<(usize, Error)>,
    /// How many categories were not seen by training, by input.
    pub unseen: Vec<u64>,
}

/// Encodes the rows of `batches`, which are counted through all of them; errors name a row by that index.
pub fn encode_columns<T: Columns>(contract: &InputContract, batches: &[T], asked: Asked<'_>) -> Result<Encoded> {
    let mut pieces = Pieces::new(contract, asked, Fitted::new(contract.width()));
    let rows = asked.only.map_or_else(|| batches.iter().map(T::rows).sum(), <[usize]>::len);
    pieces.encoded.matrix.reserve_exact(rows * contract.width());
    pieces.each(batches, |_| Ok(()))?;
    Ok(Encoded { unseen: pieces.codes.unseen, ..pieces.encoded })
}

/// Encodes the rows of `batches` into `out`, one after the other, as [`InputContract::encode_with`] does with `growing`: errors, and
/// the categories that were seen when one ended it, are the same.
pub fn encode_growing_columns<T: Columns>(
    contract: &InputContract,
    batches: &[T],
    as_of: i64,
    out: &mut [f32],
    growing: &mut Growing,
) -> Result<()> {
    let asked = Asked { as_of, null_errors: false, only: None, run: Run::default() };
    let mut pieces = Pieces::new(contract, asked, Grown::new(growing));
    let mut filled = 0;
    pieces.each(batches, |pieces| {
        let encoded = &mut pieces.encoded.matrix;
        let places = out.get_mut(filled..filled + encoded.len());
        places.ok_or_else(|| Error::Contract("there are more rows than places for them".to_owned()))?.copy_from_slice(encoded);
        filled += encoded.len();
        encoded.clear();
        Ok(())
    })
}

/// Encodes blocks of rows, one after the other.
pub(super) struct Pieces<'a, C> {
    contract: &'a InputContract,
    asked: Asked<'a>,
    /// What was encoded and not taken away yet.
    pub(super) encoded: Encoded,
    /// The place of the next row among those asked for.
    pub(super) place: usize,
    pub(super) codes: C,
    memos: Vec<Memo>,
}

impl<'a, C: Codes> Pieces<'a, C> {
    pub(super) fn new(contract: &'a InputContract, asked: Asked<'a>, codes: C) -> Self {
        let memos = std::iter::repeat_with(Memo::default).take(contract.width()).collect();
        Self { contract, asked, encoded: Encoded::default(), place: 0, codes, memos }
    }

    /// Encodes all rows that are asked for, and calls `then` after each block.
    pub(super) fn each<T: Columns>(&mut self, batches: &[T], mut then: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let most = (BLOCK / self.contract.width()).max(64);
        let Some(only) = self.asked.only else {
            let mut first = 0;
            for batch in batches {
                self.memos.iter_mut().for_each(Memo::other_columns);
                for start in (0..batch.rows()).step_by(most) {
                    self.all(batch, first, start..batch.rows().min(start + most))?;
                    then(self)?;
                }
                first += batch.rows();
            }
            return Ok(());
        };
        let (mut rest, mut current) = (only, None);
        while let Some(row) = rest.first() {
            let Some((batch, first)) = batch_of(batches, *row) else {
                return Err(Error::Contract("a row is asked for that the table does not have".to_owned()));
            };
            let inside = first..first + batch.rows();
            let (some, others) = rest.split_at(rest.iter().take(most).take_while(|row| inside.contains(row)).count());
            if current.replace(first) != Some(first) {
                self.memos.iter_mut().for_each(Memo::other_columns);
            }
            self.block(batch, first, some.iter().map(|row| row - first))?;
            then(self)?;
            rest = others;
        }
        Ok(())
    }

    /// As [`Pieces::block`], for rows that stand one after the other.
    fn all<T: Columns>(&mut self, batch: &T, first: usize, rows: Range<usize>) -> Result<()> {
        let start = self.encoded.matrix.len();
        self.encoded.matrix.resize(start + rows.len() * self.contract.width(), 0.0);
        let copied = self.codes.are_fitted() && batch.copy(rows.clone(), &mut self.encoded.matrix[start..]);
        if copied && self.contract.holds(&self.encoded.matrix[start..]) {
            self.place += rows.len();
            return Ok(());
        }
        self.encoded.matrix.truncate(start);
        self.block(batch, first, rows)
    }

    /// Encodes a block of rows of `batch`, whose first row is `first` of all.
    fn block<T: Columns>(&mut self, batch: &T, first: usize, rows: impl Rows) -> Result<()> {
        let (start, count) = (self.encoded.matrix.len(), rows.clone().count());
        self.encoded.matrix.resize(start + count * self.contract.width(), 0.0);
        let out = &mut self.encoded.matrix[start..];
        let mut block = Block { out, categories: &mut self.codes, memos: &mut self.memos, as_of: self.asked.as_of };
        if self.contract.encode_block(batch, &rows, &mut block) == Err(Failed) {
            self.codes.undo();
            return self.row_by_row(batch, first, rows, start);
        }
        self.codes.keep();
        self.place += count;
        Ok(())
    }

    fn row_by_row<T: Columns>(&mut self, batch: &T, first: usize, rows: impl Rows, start: usize) -> Result<()> {
        let width = self.contract.width();
        let mut filled = start;
        for row in rows {
            let cells = &mut self.encoded.matrix[filled..filled + width];
            // Whether a database's rows come as columns or one by one is no concern of who trains: one message is told.
            let line = ColumnRow { columns: batch, row, by_column: self.codes.are_fitted() };
            match self.contract.encode_with(&line, self.asked.as_of, cells, &mut self.codes) {
                Ok(()) => {
                    filled += width;
                    self.codes.keep();
                }
                Err(error) => {
                    let error = at(error, first + row);
                    if !self.asked.null_errors {
                        return Err(error);
                    }
                    self.codes.undo();
                    self.encoded.bad.push((self.place, error));
                }
            }
            self.place += 1;
        }
        self.encoded.matrix.truncate(filled);
        Ok(())
    }
}

fn at(error: Error, row: usize) -> Error {
    match error {
        Error::Encoding { feature, cell, .. } => Error::Encoding { feature, row, cell },
        error => error,
    }
}

fn batch_of<T: Columns>(batches: &[T], row: usize) -> Option<(&T, usize)> {
    let mut first = 0;
    batches.iter().find_map(|batch| {
        let start = first;
        first += batch.rows();
        (row < first).then_some((batch, start))
    })
}

impl InputContract {
    /// Whether each float32 of `matrix` is what encoding the number itself gives.
    fn holds(&self, matrix: &[f32]) -> bool {
        let plain = |input: &Input| {
            matches!((&input.kind, input.dtype), (Kind::Number { refuse_missing: false }, Dtype::Float | Dtype::Decimal))
        };
        let stays = |index: usize, input: &Input, value: f32| {
            let found = encode_value(index, input, Value::Float(f64::from(value)), &mut crate::categories::Fixed { unseen: None });
            found.is_ok_and(|number| number.to_bits() == value.to_bits() || number.is_nan())
        };
        // Nothing but infinity is refused of a plain number; without a branch, the compiler looks at many at once.
        let infinite = matrix.iter().fold(false, |found, value| found | value.is_infinite());
        let mut others = self.inputs().iter().enumerate().filter(|(_, input)| !plain(input));
        !infinite
            && others.all(|(index, input)| matrix[index..].iter().step_by(self.width()).all(|value| stays(index, input, *value)))
    }
}
