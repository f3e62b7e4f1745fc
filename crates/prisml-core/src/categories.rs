//! Categories -> their codes: those of a version, and those that grow while rows are read for training.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::contract::{Dtype, Input, InputContract, Kind};
use crate::encode::{integral, wrong};
use crate::error::CellError;
use crate::uuid::UuidText;
use crate::value::Value;

/// The code of a missing category before the final codes are known.
const PROVISIONAL_MISSING: f32 = -1.0;
/// float32 counts every integer up to here.
const MOST_CODES: usize = 1 << 24;

/// Gives the code of a category.
pub trait Categories {
    /// The code of `value` as float32, for the input at `index`.
    fn code(&mut self, index: usize, input: &Input, value: Value<'_>) -> std::result::Result<f32, CellError>;

    /// How often the input at `index` had a category that training did not see; None where nobody counts that.
    fn unseen(&mut self, index: usize) -> Option<&mut u64> {
        let _ = index;
        None
    }

    /// Whether the codes are the contract's own, which the short way gives, too.
    fn are_fitted(&self) -> bool {
        false
    }
}

/// The codes of a contract, as fitted; counts what training did not see.
pub(crate) struct Fixed<'a> {
    pub(crate) unseen: Option<&'a mut [u64]>,
}

impl Categories for Fixed<'_> {
    fn code(&mut self, index: usize, input: &Input, value: Value<'_>) -> std::result::Result<f32, CellError> {
        let Kind::Category { texts, ints, missing, other, members, .. } = &input.kind else {
            return Err(wrong(input.dtype, value));
        };
        let known = match (value, input.dtype) {
            (Value::Missing, _) => return missing.map(|code| code as f32).ok_or(CellError::Missing),
            (Value::Str(text), Dtype::Str | Dtype::Enum) => texts.get(text),
            (value, Dtype::Uuid) => texts.get(uuid(value)?.as_str()),
            (Value::Int(number), Dtype::Int) => ints.get(&number).copied(),
            (Value::Float(number), Dtype::Int) => ints.get(&integral(number)?).copied(),
            _ => return Err(wrong(input.dtype, value)),
        };
        if let Some(code) = known {
            return Ok(code as f32);
        }
        refuse_stranger(members.as_ref(), value)?;
        if let Some(counts) = &mut self.unseen {
            counts[index] += 1;
        }
        other.map(|code| code as f32).ok_or(CellError::UnseenCategory)
    }

    fn unseen(&mut self, index: usize) -> Option<&mut u64> {
        self.unseen.as_deref_mut().map(|counts| &mut counts[index])
    }

    fn are_fitted(&self) -> bool {
        true
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

    /// How many categories each input has seen so far.
    pub(crate) fn counts(&self) -> Vec<usize> {
        self.texts.iter().zip(&self.ints).map(|(texts, ints)| texts.len() + ints.len()).collect()
    }

    /// Forgets all categories of each input beyond the first ones, so many.
    pub(crate) fn forget_beyond(&mut self, counts: &[usize]) {
        self.texts.iter_mut().zip(counts).for_each(|(texts, count)| texts.retain(|_, code| *code < *count));
        self.ints.iter_mut().zip(counts).for_each(|(ints, count)| ints.retain(|_, code| *code < *count));
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
            (Value::Str(text), Dtype::Str | Dtype::Enum) => next_text(&mut self.texts[index], text, members.as_ref())?,
            (value, Dtype::Uuid) => next_text(&mut self.texts[index], uuid(value)?.as_str(), members.as_ref())?,
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

/// The text by which a UUID is known.
fn uuid(value: Value<'_>) -> std::result::Result<UuidText, CellError> {
    match value {
        Value::Uuid(number) => Some(UuidText::new(number)),
        Value::Str(text) => UuidText::read(text),
        _ => None,
    }
    .ok_or_else(|| wrong(Dtype::Uuid, value))
}

fn next_text(
    seen: &mut FxHashMap<Box<str>, usize>,
    text: &str,
    members: Option<&FxHashSet<Box<str>>>,
) -> std::result::Result<usize, CellError> {
    if let Some(code) = seen.get(text) {
        return Ok(*code);
    }
    refuse_stranger(members, Value::Str(text))?;
    let next = seen.len();
    seen.insert(text.into(), next);
    Ok(next)
}

fn next_code(seen: &mut FxHashMap<i64, usize>, number: i64) -> usize {
    let next = seen.len();
    *seen.entry(number).or_insert(next)
}
