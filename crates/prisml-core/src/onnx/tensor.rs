//! Tensors that stand in the file.

use super::wire::{Damaged, Fields, numbers};

/// A tensor's numbers; what the native scorer never reads is `Other`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Numbers {
    Float(Vec<f32>),
    Double(Vec<f64>),
    Int64(Vec<i64>),
    Int32(Vec<i32>),
    Bytes(Vec<u8>),
    Other,
}

/// A tensor by its dimensions, its numbers row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) dims: Vec<usize>,
    pub(crate) numbers: Numbers,
}

#[derive(Default)]
struct Parts<'a> {
    dims: Vec<i64>,
    kind: i64,
    floats: Vec<f32>,
    doubles: Vec<f64>,
    ints: Vec<i64>,
    raw: Option<&'a [u8]>,
    is_elsewhere: bool,
}

impl Tensor {
    /// The tensor's name and the tensor.
    pub(super) fn read(message: &[u8]) -> Result<(String, Self), Damaged> {
        let mut name = String::new();
        let mut parts = Parts::default();
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            match number {
                1 => held.extend_ints(&mut parts.dims)?,
                2 => parts.kind = held.int()?,
                4 => held.extend_floats(&mut parts.floats)?,
                5 | 7 => held.extend_ints(&mut parts.ints)?,
                8 => held.text()?.clone_into(&mut name),
                9 => parts.raw = Some(held.bytes()?),
                10 => held.extend_doubles(&mut parts.doubles)?,
                13 | 14 => parts.is_elsewhere |= number == 13 || held.int()? != 0,
                _ => {}
            }
        }
        Ok((name, parts.tensor()?))
    }

    /// The numbers as float64, of whatever type they are; None for what is no number here.
    pub(crate) fn doubles(&self) -> Option<Vec<f64>> {
        Some(match &self.numbers {
            Numbers::Float(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Numbers::Double(values) => values.clone(),
            Numbers::Int64(values) => values.iter().map(|value| *value as f64).collect(),
            Numbers::Int32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Numbers::Bytes(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Numbers::Other => return None,
        })
    }

    /// The integers; None where they are no integers.
    pub(crate) fn ints(&self) -> Option<Vec<i64>> {
        match &self.numbers {
            Numbers::Int64(values) => Some(values.clone()),
            Numbers::Int32(values) => Some(values.iter().map(|value| i64::from(*value)).collect()),
            Numbers::Bytes(values) => Some(values.iter().map(|value| i64::from(*value)).collect()),
            _ => None,
        }
    }

    fn len(&self) -> Option<usize> {
        match &self.numbers {
            Numbers::Float(values) => Some(values.len()),
            Numbers::Double(values) => Some(values.len()),
            Numbers::Int64(values) => Some(values.len()),
            Numbers::Int32(values) => Some(values.len()),
            Numbers::Bytes(values) => Some(values.len()),
            Numbers::Other => None,
        }
    }
}

impl Parts<'_> {
    fn tensor(self) -> Result<Tensor, Damaged> {
        let dims = self.dims.iter().map(|size| usize::try_from(*size)).collect::<Result<Vec<_>, _>>().map_err(|_| Damaged)?;
        let tensor = Tensor { numbers: self.numbers()?, dims };
        let wanted = tensor.dims.iter().try_fold(1_usize, |all, size| all.checked_mul(*size)).ok_or(Damaged)?;
        if tensor.len().is_some_and(|found| found != wanted) { Err(Damaged) } else { Ok(tensor) }
    }

    /// 1 float32, 2 uint8, 3 int8, 6 int32, 7 int64, 9 bool, 11 float64.
    fn numbers(self) -> Result<Numbers, Damaged> {
        if self.is_elsewhere {
            return Ok(Numbers::Other);
        }
        let narrow = |value: &i64| i32::try_from(*value).map_err(|_| Damaged);
        let byte = |value: &i64| u8::try_from(*value).map_err(|_| Damaged);
        Ok(match (self.kind, self.raw) {
            (1, None) => Numbers::Float(self.floats),
            (1, Some(raw)) => Numbers::Float(numbers(raw, f32::from_le_bytes)?),
            (11, None) => Numbers::Double(self.doubles),
            (11, Some(raw)) => Numbers::Double(numbers(raw, f64::from_le_bytes)?),
            (7, None) => Numbers::Int64(self.ints),
            (7, Some(raw)) => Numbers::Int64(numbers(raw, i64::from_le_bytes)?),
            (6, None) => Numbers::Int32(self.ints.iter().map(narrow).collect::<Result<_, _>>()?),
            (6, Some(raw)) => Numbers::Int32(numbers(raw, i32::from_le_bytes)?),
            (2 | 9, None) => Numbers::Bytes(self.ints.iter().map(byte).collect::<Result<_, _>>()?),
            (2 | 9, Some(raw)) => Numbers::Bytes(raw.to_vec()),
            _ => Numbers::Other,
        })
    }
}
