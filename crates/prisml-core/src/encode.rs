//! Rows become numbers here and nowhere else: training and serving call the same functions.

use crate::categories::{Categories, Fixed};
use crate::contract::{Dtype, Input, InputContract, Kind, Read};
use crate::error::{CellError, Error, Result};
use crate::transform::Operand;
use crate::value::Value;

/// A row that values can be read from, whatever keeps it.
///
/// `read` is called once: with None where the row has no such key, otherwise with the value, borrowed for the call.
pub trait Row {
    /// Whether the feature of `input` was computed already, so that [`Row::named`] gives it in place of the columns.
    fn is_computed(&self, input: usize) -> bool {
        let _ = input;
        false
    }

    /// Reads the column at `slot`, an index into [`InputContract::sources`].
    fn source<R>(
        &self,
        slot: usize,
        dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> std::result::Result<R, CellError>,
    ) -> std::result::Result<R, CellError>;

    /// Reads the feature of `input`, an index into [`InputContract::inputs`], under its own name.
    fn named<R>(
        &self,
        input: usize,
        dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> std::result::Result<R, CellError>,
    ) -> std::result::Result<R, CellError>;

    /// The number of `input`, at `index` in [`InputContract::inputs`], where the row has a plain value for it: what
    /// [`Input::plain_float`] and its like give. None, which is always right: the longer way through the two above.
    fn plain(&self, index: usize, input: &Input) -> std::result::Result<Option<f32>, CellError> {
        let _ = (index, input);
        Ok(None)
    }
}

impl InputContract {
    /// Encodes `row` into `out`, which has [`InputContract::width`] places.
    ///
    /// `as_of` is in microseconds since 1970 UTC. `unseen` counts, by input, the categories that training did not see.
    pub fn encode_row(&self, row: &impl Row, as_of: i64, out: &mut [f32], unseen: Option<&mut [u64]>) -> Result<()> {
        let mut categories = Fixed { unseen };
        for (index, (input, place)) in self.inputs().iter().zip(out).enumerate() {
            *place = match row.plain(index, input) {
                Ok(Some(number)) => number,
                Ok(None) => self.encode_at(index, input, row, as_of, &mut categories)?,
                Err(cell) => return Err(in_cell(input, cell)),
            };
        }
        Ok(())
    }

    /// Encodes `row` with codes given by `categories`.
    pub fn encode_with(&self, row: &impl Row, as_of: i64, out: &mut [f32], categories: &mut impl Categories) -> Result<()> {
        for (index, (input, place)) in self.inputs().iter().zip(out).enumerate() {
            *place = self.encode_at(index, input, row, as_of, categories)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn encode_at(&self, index: usize, input: &Input, row: &impl Row, as_of: i64, categories: &mut impl Categories) -> Result<f32> {
        self.encode_input(index, input, row, as_of, categories).map_err(|cell| in_cell(input, cell))
    }

    fn encode_input(
        &self,
        index: usize,
        input: &Input,
        row: &impl Row,
        as_of: i64,
        categories: &mut impl Categories,
    ) -> std::result::Result<f32, CellError> {
        let found = match &input.read {
            _ if row.is_computed(index) => return self.encode_named(index, input, row, categories),
            Read::Named => None,
            Read::Column(slot) => row.source(*slot, self.sources()[*slot].dtype, |value| {
                value.map(|value| encode_value(index, input, value, categories)).transpose()
            })?,
            Read::Transform(transform) => {
                let operand = |slot: usize| {
                    let dtype = self.sources()[slot].dtype;
                    row.source(slot, dtype, |value| value.map(|value| Operand::new(transform, value, dtype)).transpose())
                };
                match (operand(transform.first)?, transform.second.map(operand).transpose()?) {
                    (None, _) | (_, Some(None)) => None,
                    (Some(first), second) => {
                        let result = transform.apply(first, second.flatten(), as_of);
                        let value = result.map_or(Value::Missing, Value::Float);
                        Some(encode_value(index, input, value, categories)?)
                    }
                }
            }
        };
        match found {
            Some(number) => Ok(number),
            None if input.by_name => self.encode_named(index, input, row, categories),
            None => Err(self.missing_key(input)),
        }
    }

    fn encode_named(
        &self,
        index: usize,
        input: &Input,
        row: &impl Row,
        categories: &mut impl Categories,
    ) -> std::result::Result<f32, CellError> {
        row.named(index, input.dtype, |value| match value {
            Some(value) => encode_value(index, input, value, categories),
            None => Err(self.missing_key(input)),
        })
    }

    fn missing_key(&self, input: &Input) -> CellError {
        let slots = match &input.read {
            Read::Named => vec![],
            Read::Column(slot) => vec![*slot],
            Read::Transform(transform) => [transform.first].into_iter().chain(transform.second).collect(),
        };
        let sources = slots.into_iter().map(|slot| &self.sources()[slot]).filter(|source| !source.is_computed());
        let mut keys: Vec<String> = sources.map(|source| source.path.join(".")).collect();
        if input.by_name && !keys.contains(&input.name) {
            keys.push(input.name.clone());
        }
        CellError::MissingKey { keys }
    }

    /// Whether an input depends on the moment of prediction.
    #[must_use]
    pub fn needs_as_of(&self) -> bool {
        self.inputs().iter().any(|input| matches!(&input.read, Read::Transform(transform) if transform.needs_as_of()))
    }
}

#[cold]
fn in_cell(input: &Input, cell: CellError) -> Error {
    Error::Encoding { feature: input.name.clone(), row: 0, cell }
}

#[inline]
pub(crate) fn encode_value(
    index: usize,
    input: &Input,
    value: Value<'_>,
    categories: &mut (impl Categories + ?Sized),
) -> std::result::Result<f32, CellError> {
    let value = value.nan_is_missing();
    let Kind::Number { refuse_missing } = input.kind else {
        return categories.code(index, input, value);
    };
    match (value, input.dtype) {
        (Value::Missing, _) if refuse_missing => Err(CellError::Missing),
        (Value::Missing, _) => Ok(f32::NAN),
        (Value::Float(number), Dtype::Float | Dtype::Decimal) => to_float32(number),
        (Value::Int(number), Dtype::Float | Dtype::Decimal) => to_float32(number as f64),
        (Value::Int(number), Dtype::Int) => exact(number),
        (Value::Float(number), Dtype::Int) => exact(integral(number)?),
        (Value::Bool(truth), Dtype::Bool) => Ok(f32::from(u8::from(truth))),
        (Value::Int(number @ (0 | 1)), Dtype::Bool) => Ok(number as f32),
        _ => Err(wrong(input.dtype, value)),
    }
}

pub(crate) fn wrong(expected: Dtype, value: Value<'_>) -> CellError {
    CellError::WrongType { expected, got: value.type_name().to_owned() }
}

fn to_float32(number: f64) -> std::result::Result<f32, CellError> {
    let rounded = number as f32;
    if number.is_infinite() {
        Err(CellError::Infinite)
    } else if rounded.is_infinite() {
        Err(CellError::Overflow)
    } else if rounded == 0.0 && number != 0.0 {
        Err(CellError::Underflow)
    } else {
        Ok(rounded)
    }
}

fn exact(number: i64) -> std::result::Result<f32, CellError> {
    let rounded = number as f32;
    if i128::from(number) == rounded as i128 { Ok(rounded) } else { Err(CellError::Inexact) }
}

pub(crate) fn integral(number: f64) -> std::result::Result<i64, CellError> {
    if number.is_infinite() {
        Err(CellError::Infinite)
    } else if number.fract() != 0.0 {
        Err(CellError::Fraction)
    } else if number.abs() >= 9_007_199_254_740_992.0 {
        Err(CellError::Inexact)
    } else {
        Ok(number as i64)
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
