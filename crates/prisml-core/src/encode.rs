//! Rows become numbers here and nowhere else: training and serving call the same functions.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::contract::{Dtype, Input, InputContract, Kind, Read};
use crate::error::{CellError, Error, Result};
use crate::transform::{Operand, apply};
use crate::value::Value;

/// The code of a missing category before the final codes are known.
const PROVISIONAL_MISSING: f32 = -1.0;
/// float32 counts every integer up to here.
const MOST_CODES: usize = 1 << 24;

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
}

/// Gives the code of a category.
pub trait Categories {
    /// The code of `value` as float32, for the input at `index`.
    fn code(&mut self, index: usize, input: &Input, value: Value<'_>) -> std::result::Result<f32, CellError>;
}

/// The codes of a contract, as fitted; counts what training did not see.
struct Fixed<'a> {
    unseen: Option<&'a mut [u64]>,
}

impl Categories for Fixed<'_> {
    fn code(&mut self, index: usize, input: &Input, value: Value<'_>) -> std::result::Result<f32, CellError> {
        let Kind::Category { texts, ints, missing, other, members, .. } = &input.kind else {
            return Err(wrong(input.dtype, value));
        };
        let known = match (value, input.dtype) {
            (Value::Missing, _) => return missing.map(|code| code as f32).ok_or(CellError::Missing),
            (Value::Str(text), Dtype::Str | Dtype::Enum) => texts.get(text),
            (Value::Int(number), Dtype::Int) => ints.get(&number),
            (Value::Float(number), Dtype::Int) => ints.get(&integral(number)?),
            _ => return Err(wrong(input.dtype, value)),
        };
        if let Some(code) = known {
            return Ok(*code as f32);
        }
        refuse_stranger(members.as_ref(), value)?;
        if let Some(counts) = &mut self.unseen {
            counts[index] += 1;
        }
        other.map(|code| code as f32).ok_or(CellError::UnseenCategory)
    }
}

/// The categories of one input in the order in which they appeared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrownCategories {
    /// Text or names of members.
    Strs(Vec<String>),
    /// Integers.
    Ints(Vec<i64>),
}

/// Codes in the order of appearance, for the rows that training reads; a missing category is -1.
#[derive(Debug, Default)]
pub struct Growing {
    texts: Vec<FxHashMap<Box<str>, usize>>,
    ints: Vec<FxHashMap<i64, usize>>,
}

impl Growing {
    /// No categories yet.
    #[must_use]
    pub fn new(contract: &InputContract) -> Self {
        Self { texts: vec![FxHashMap::default(); contract.width()], ints: vec![FxHashMap::default(); contract.width()] }
    }

    /// What each input has seen so far; None for a number.
    #[must_use]
    pub fn categories(&self, contract: &InputContract) -> Vec<Option<GrownCategories>> {
        let grown = |(index, input): (usize, &Input)| match (&input.kind, input.dtype) {
            (Kind::Number { .. }, _) => None,
            (Kind::Category { .. }, Dtype::Int) => Some(GrownCategories::Ints(in_order(&self.ints[index]))),
            (Kind::Category { .. }, _) => {
                let texts: FxHashMap<String, usize> =
                    self.texts[index].iter().map(|(text, code)| (text.to_string(), *code)).collect();
                Some(GrownCategories::Strs(in_order(&texts)))
            }
        };
        contract.inputs().iter().enumerate().map(grown).collect()
    }
}

fn in_order<K: Clone>(codes: &FxHashMap<K, usize>) -> Vec<K> {
    let mut pairs: Vec<(&K, usize)> = codes.iter().map(|(key, code)| (key, *code)).collect();
    pairs.sort_by_key(|(_, code)| *code);
    pairs.into_iter().map(|(key, _)| key.clone()).collect()
}

impl Categories for Growing {
    fn code(&mut self, index: usize, input: &Input, value: Value<'_>) -> std::result::Result<f32, CellError> {
        let Kind::Category { missing, members, .. } = &input.kind else {
            return Err(wrong(input.dtype, value));
        };
        let code = match (value, input.dtype) {
            (Value::Missing, _) => return missing.map(|_| PROVISIONAL_MISSING).ok_or(CellError::Missing),
            (Value::Str(text), Dtype::Str | Dtype::Enum) => {
                let seen = &mut self.texts[index];
                let next = seen.len();
                if let Some(code) = seen.get(text) {
                    *code
                } else {
                    refuse_stranger(members.as_ref(), value)?;
                    *seen.entry(text.into()).or_insert(next)
                }
            }
            (Value::Int(number), Dtype::Int) => next_code(&mut self.ints[index], number),
            (Value::Float(number), Dtype::Int) => next_code(&mut self.ints[index], integral(number)?),
            _ => return Err(wrong(input.dtype, value)),
        };
        if code >= MOST_CODES { Err(CellError::Inexact) } else { Ok(code as f32) }
    }
}

/// A name that the enumeration does not have is a mistake, not a category that training did not see.
fn refuse_stranger(members: Option<&FxHashSet<Box<str>>>, value: Value<'_>) -> std::result::Result<(), CellError> {
    match (members, value) {
        (Some(members), Value::Str(name)) if !members.contains(name) => Err(CellError::NotAMember),
        _ => Ok(()),
    }
}

fn next_code(seen: &mut FxHashMap<i64, usize>, number: i64) -> usize {
    let next = seen.len();
    *seen.entry(number).or_insert(next)
}

impl InputContract {
    /// Encodes `row` into `out`, which has [`InputContract::width`] places.
    ///
    /// `as_of` is in microseconds since 1970 UTC. `unseen` counts, by input, the categories that training did not see.
    pub fn encode_row(&self, row: &impl Row, as_of: i64, out: &mut [f32], unseen: Option<&mut [u64]>) -> Result<()> {
        self.encode_with(row, as_of, out, &mut Fixed { unseen })
    }

    /// Encodes `row` with codes given by `categories`.
    pub fn encode_with(&self, row: &impl Row, as_of: i64, out: &mut [f32], categories: &mut impl Categories) -> Result<()> {
        for (index, (input, place)) in self.inputs().iter().zip(out).enumerate() {
            *place = self.encode_input(index, input, row, as_of, categories).map_err(|cell| Error::Encoding {
                feature: input.name.clone(),
                row: 0,
                cell,
            })?;
        }
        Ok(())
    }

    fn encode_input(
        &self,
        index: usize,
        input: &Input,
        row: &impl Row,
        as_of: i64,
        categories: &mut impl Categories,
    ) -> std::result::Result<f32, CellError> {
        let found = match input.read {
            _ if row.is_computed(index) => return self.encode_named(index, input, row, categories),
            Read::Named => None,
            Read::Column(slot) => row.source(slot, self.sources()[slot].dtype, |value| {
                value.map(|value| encode_value(index, input, value, categories)).transpose()
            })?,
            Read::Transform(op, first, second) => {
                let operand = |slot: usize| {
                    let dtype = self.sources()[slot].dtype;
                    row.source(slot, dtype, |value| value.map(|value| Operand::new(op, value, dtype)).transpose())
                };
                match (operand(first)?, second.map(operand).transpose()?) {
                    (None, _) | (_, Some(None)) => None,
                    (Some(first), second) => {
                        let result = apply(op, first, second.flatten(), as_of);
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
        let slots = match input.read {
            Read::Named => vec![],
            Read::Column(slot) | Read::Transform(_, slot, None) => vec![slot],
            Read::Transform(_, first, Some(second)) => vec![first, second],
        };
        let mut keys: Vec<String> = slots.into_iter().map(|slot| self.sources()[slot].path.join(".")).collect();
        if input.by_name && !keys.contains(&input.name) {
            keys.push(input.name.clone());
        }
        CellError::MissingKey { keys }
    }

    /// Refuses what the encoder would not have written into a matrix of `width` columns.
    pub(crate) fn check_encoded(&self, matrix: &[f32]) -> Result<()> {
        for (row, values) in matrix.chunks_exact(self.width()).enumerate() {
            for (input, value) in self.inputs().iter().zip(values) {
                check_cell(input, *value).map_err(|cell| Error::Encoding { feature: input.name.clone(), row, cell })?;
            }
        }
        Ok(())
    }

    /// Whether an input depends on the moment of prediction.
    #[must_use]
    pub fn needs_as_of(&self) -> bool {
        self.inputs().iter().any(|input| matches!(input.read, Read::Transform(op, ..) if op.needs_as_of()))
    }
}

fn check_cell(input: &Input, value: f32) -> std::result::Result<(), CellError> {
    match &input.kind {
        Kind::Number { .. } if value.is_infinite() => Err(CellError::Infinite),
        Kind::Number { refuse_missing: true } if value.is_nan() => Err(CellError::Missing),
        Kind::Number { .. } => Ok(()),
        Kind::Category { codes, .. } if value >= 0.0 && value < *codes as f32 && value.fract() == 0.0 => Ok(()),
        Kind::Category { .. } => Err(CellError::NotACode),
    }
}

fn encode_value(
    index: usize,
    input: &Input,
    value: Value<'_>,
    categories: &mut impl Categories,
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

fn wrong(expected: Dtype, value: Value<'_>) -> CellError {
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

fn integral(number: f64) -> std::result::Result<i64, CellError> {
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
