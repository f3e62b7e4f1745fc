//! A block of rows, column by column.

use crate::categories::Categories;
use crate::columns::memo::{Known, Memo};
use crate::columns::{Column, Columns, Visit};
use crate::contract::{Dtype, Input, InputContract, Kind, Read};
use crate::encode::encode_value;
use crate::error::CellError;
use crate::transform::{Operand, Transform};
use crate::value::Value;

/// What a block could not do: some value of it failed. The rows say which, and why.
#[derive(Debug, PartialEq)]
pub(super) struct Failed;

impl From<CellError> for Failed {
    fn from(_: CellError) -> Self {
        Self
    }
}

type Done = Result<(), Failed>;

/// The indices of a block's rows.
pub(super) trait Rows: Iterator<Item = usize> + Clone {}
impl<I: Iterator<Item = usize> + Clone> Rows for I {}

/// Where a block goes, a matrix of float32, and who gives its codes.
pub(super) struct Block<'a> {
    pub(super) out: &'a mut [f32],
    pub(super) categories: &'a mut dyn Categories,
    pub(super) memos: &'a mut [Memo],
    pub(super) as_of: i64,
}

impl InputContract {
    /// Encodes `rows` of `columns`; what stands in `out`, and what the codes are, is of no use where that failed.
    pub(super) fn encode_block<T: Columns>(&self, columns: &T, rows: &impl Rows, block: &mut Block<'_>) -> Done {
        (0..self.width()).try_for_each(|index| self.encode_place(index, columns, rows.clone(), block))
    }

    fn encode_place<T: Columns>(&self, index: usize, columns: &T, rows: impl Rows, block: &mut Block<'_>) -> Done {
        let input = &self.inputs()[index];
        let width = self.width();
        let place = Place {
            index,
            input,
            width,
            rows: rows.clone(),
            out: &mut *block.out,
            categories: &mut *block.categories,
            memo: &mut block.memos[index],
        };
        let found = match &input.read {
            _ if columns.is_computed(index) => columns.named(index, place),
            Read::Named => None,
            Read::Column(slot) => match columns.source(*slot, place) {
                Some(done) => return done,
                None => None,
            },
            Read::Transform(transform) => {
                let mut operands = |slot: usize| {
                    let dtype = self.sources()[slot].dtype;
                    columns.source(slot, Operands { transform, dtype, rows: rows.clone() }).transpose()
                };
                match (operands(transform.first)?, transform.second.map(&mut operands).transpose()?) {
                    (None, _) | (_, Some(None)) => None,
                    (Some(first), second) => {
                        place.transformed(transform, &first, second.flatten().as_deref(), block.as_of)?;
                        return Ok(());
                    }
                }
            }
        };
        match found {
            Some(done) => done,
            None if input.by_name => self.encode_by_name(index, columns, rows, block),
            None => Err(Failed),
        }
    }

    fn encode_by_name<T: Columns>(&self, index: usize, columns: &T, rows: impl Rows, block: &mut Block<'_>) -> Done {
        let (input, width) = (&self.inputs()[index], self.width());
        let (out, categories, memo) = (&mut *block.out, &mut *block.categories, &mut block.memos[index]);
        columns.named(index, Place { index, input, width, rows, out, categories, memo }).unwrap_or(Err(Failed))
    }
}

/// One column of the matrix, to be filled from a column of the table.
struct Place<'a, R> {
    index: usize,
    input: &'a Input,
    width: usize,
    rows: R,
    out: &'a mut [f32],
    categories: &'a mut dyn Categories,
    memo: &'a mut Memo,
}

impl<R: Rows> Visit for Place<'_, R> {
    type Out = Done;

    fn visit<C: Column>(self, column: &C) -> Done {
        match (column.entries(), &self.input.kind) {
            // A dictionary that is much larger than the block would cost more than it saves.
            (Some(entries), _) if entries <= self.out.len().max(1 << 16) => self.entries(column, entries),
            (_, Kind::Category { .. }) if self.input.dtype != Dtype::Int => self.texts(column),
            _ => self.values(column),
        }
    }
}

impl<R: Rows> Place<'_, R> {
    fn values<C: Column>(self, column: &C) -> Done {
        let Self { index, input, width, rows, out, categories, .. } = self;
        let places = out[index..].iter_mut().step_by(width);
        let fitted = matches!(input.kind, Kind::Number { .. }) || categories.are_fitted();
        for (place, row) in places.zip(rows) {
            let value = column.value(row, input.dtype)?;
            // The short way: what it gives is what the encoder gives, but for codes that are not the contract's.
            let plain = match value {
                _ if !fitted => None,
                Value::Float(number) => input.plain_float(number),
                Value::Int(number) => input.plain_int(number),
                Value::Bool(truth) => input.plain_bool(truth),
                Value::Missing => input.plain_missing(),
                Value::Str(_) | Value::Timestamp(_) | Value::Uuid(_) => None,
            };
            *place = match plain {
                Some(number) => number,
                None => long_way(index, input, value, categories)?,
            };
        }
        Ok(())
    }

    fn texts<C: Column>(self, column: &C) -> Done {
        let Self { index, input, width, rows, out, categories, memo } = self;
        let places = out[index..].iter_mut().step_by(width);
        let mut times = 0;
        for (place, row) in places.zip(rows) {
            // What was encoded before was UTF-8.
            let known = match column.bytes(row) {
                Some(bytes) => memo.text(bytes, || look_up(index, input, column.value(row, input.dtype)?, categories))?,
                None => look_up(index, input, column.value(row, input.dtype)?, categories)?,
            };
            *place = known.number;
            times += u64::from(known.unseen);
        }
        count(index, times, categories);
        Ok(())
    }

    fn entries<C: Column>(self, column: &C, entries: usize) -> Done {
        let Self { index, input, width, rows, out, categories, memo } = self;
        let missing = encode_value(index, input, Value::Missing, categories);
        let known = memo.entries(entries);
        let places = out[index..].iter_mut().step_by(width);
        let mut times = 0;
        for (place, row) in places.zip(rows) {
            let Some(entry) = column.entry(row) else {
                *place = *missing.as_ref().map_err(|_| Failed)?;
                continue;
            };
            let slot = known.get_mut(entry).ok_or(Failed)?;
            let found = match slot {
                Some(found) => *found,
                None => *slot.insert(look_up(index, input, column.value(row, input.dtype)?, categories)?),
            };
            *place = found.number;
            times += u64::from(found.unseen);
        }
        count(index, times, categories);
        Ok(())
    }

    fn transformed(
        self,
        transform: &Transform,
        first: &[Operand],
        second: Option<&[Operand]>,
        as_of: i64,
    ) -> Result<(), CellError> {
        let Self { index, input, width, out, categories, .. } = self;
        for (row, (place, operand)) in out[index..].iter_mut().step_by(width).zip(first).enumerate() {
            let result = transform.apply(*operand, second.map(|operands| operands[row]), as_of);
            *place = encode_value(index, input, result.map_or(Value::Missing, Value::Float), categories)?;
        }
        Ok(())
    }
}

/// `times` a category was met that training did not see.
fn count(index: usize, times: u64, categories: &mut dyn Categories) {
    if let Some(sum) = categories.unseen(index) {
        *sum += times;
    }
}

/// What the encoder makes of `value`.
#[cold]
#[inline(never)]
fn long_way(index: usize, input: &Input, value: Value<'_>, categories: &mut dyn Categories) -> Result<f32, Failed> {
    Ok(encode_value(index, input, value, categories)?)
}

/// What the encoder makes of `value`, and whether it counted it as unseen; the count is as it was.
fn look_up(index: usize, input: &Input, value: Value<'_>, categories: &mut dyn Categories) -> Result<Known, CellError> {
    let before = categories.unseen(index).map(|count| *count);
    let number = encode_value(index, input, value, categories)?;
    let counted = before.zip(categories.unseen(index)).map(|(before, count)| (before, std::mem::replace(count, before)));
    Ok(Known { number, unseen: counted.is_some_and(|(before, after)| after != before) })
}

/// The values of a column, as a transform takes them.
struct Operands<'a, R> {
    transform: &'a Transform,
    dtype: Dtype,
    rows: R,
}

impl<R: Rows> Visit for Operands<'_, R> {
    type Out = Result<Vec<Operand>, Failed>;

    fn visit<C: Column>(self, column: &C) -> Self::Out {
        let operand = |row| Ok(Operand::new(self.transform, column.value(row, self.dtype)?, self.dtype)?);
        self.rows.map(operand).collect()
    }
}
