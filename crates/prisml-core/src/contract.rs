//! The inputs of a model, in order: what each reads from a row and how that becomes a number.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::plain::Plain;
use crate::transform::{Op, Transform};
use crate::uuid::UuidText;
use crate::vocabulary::Vocabulary;

/// The type of a column or of a feature's own value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// A floating-point number.
    Float,
    /// An integer, held exactly or refused.
    Int,
    /// A decimal number, rounded to float32.
    Decimal,
    /// A truth value: 0 or 1.
    Bool,
    /// Text: a category.
    Str,
    /// A member of an enumeration, by name: a category.
    Enum,
    /// A calendar day, at midnight UTC.
    Date,
    /// A moment.
    Datetime,
    /// A UUID, or a text that writes one: a category.
    Uuid,
}

impl Dtype {
    /// What the input takes, in the words of a message.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Float | Self::Decimal => "a number",
            Self::Int => "an integer",
            Self::Bool => "a bool",
            Self::Str => "a str",
            Self::Enum => "an enumeration's member or its name",
            Self::Date => "a date",
            Self::Datetime => "a datetime",
            Self::Uuid => "a UUID or its 32 hexadecimal digits",
        }
    }
}

/// A column that one or more inputs read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Source {
    /// The attribute names from the row to the value.
    pub path: Vec<String>,
    /// The column's type.
    pub dtype: Dtype,
}

impl Source {
    /// Whether the database computes the value by an expression, so that no row has it: its only name begins with "@".
    #[must_use]
    pub fn is_computed(&self) -> bool {
        matches!(self.path.as_slice(), [name] if name.starts_with('@'))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawKind {
    Number,
    Category,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawMissing {
    Nan,
    Code,
    Error,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum RawCategories {
    Ints(Vec<i64>),
    Strs(Vec<String>),
}

#[derive(Debug, Clone, Deserialize)]
struct RawInput {
    name: String,
    kind: RawKind,
    dtype: Dtype,
    #[serde(default)]
    sources: Vec<Source>,
    #[serde(default = "yes")]
    by_name: bool,
    #[serde(default)]
    transform: Option<Op>,
    #[serde(default)]
    zone: Option<String>,
    missing: RawMissing,
    #[serde(default)]
    categories: Option<RawCategories>,
    #[serde(default)]
    members: Option<Vec<String>>,
    #[serde(default)]
    missing_code: Option<u32>,
    #[serde(default)]
    other_code: Option<u32>,
}

fn yes() -> bool {
    true
}

/// How a value becomes a number.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Number {
        refuse_missing: bool,
    },
    Category {
        texts: Vocabulary,
        ints: FxHashMap<i64, u32>,
        /// None: a missing value is refused.
        missing: Option<u32>,
        /// None: an unseen value is refused.
        other: Option<u32>,
        /// How many codes there are in all.
        codes: u32,
        /// Every name that an enumeration has; None where any text may be a category.
        members: Option<FxHashSet<Box<str>>>,
    },
}

/// Where an input finds its value.
#[derive(Debug, Clone)]
pub(crate) enum Read {
    Column(usize),
    Transform(Transform),
    /// Only under the feature's own name.
    Named,
}

/// One column of the encoded matrix.
#[derive(Debug, Clone)]
pub struct Input {
    /// The feature's name.
    pub name: String,
    /// The type of the feature's own value.
    pub dtype: Dtype,
    pub(crate) kind: Kind,
    pub(crate) read: Read,
    pub(crate) by_name: bool,
    pub(crate) plain: Plain,
}

/// All inputs of a model, in the order of the matrix's columns.
#[derive(Debug, Clone)]
pub struct InputContract {
    inputs: Vec<Input>,
    sources: Vec<Source>,
}

impl InputContract {
    /// Reads the manifest's list of inputs.
    pub fn from_json(text: &str) -> Result<Self> {
        let raw: Vec<RawInput> = serde_json::from_str(text).map_err(|error| Error::Contract(error.to_string()))?;
        Self::new(raw)
    }

    pub(crate) fn from_value(value: serde_json::Value) -> Result<Self> {
        let raw: Vec<RawInput> = serde_json::from_value(value).map_err(|error| Error::Contract(error.to_string()))?;
        Self::new(raw)
    }

    fn new(raw: Vec<RawInput>) -> Result<Self> {
        let mut sources = Vec::new();
        let inputs = raw.into_iter().map(|input| compile(input, &mut sources)).collect::<Result<Vec<_>>>()?;
        if inputs.is_empty() {
            return Err(Error::Contract("it has no inputs".to_owned()));
        }
        Ok(Self { inputs, sources })
    }

    /// The inputs, in the order of the matrix's columns.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Every column that is read, once; an index into this list is a slot.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// How many columns the matrix has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.inputs.len()
    }
}

fn compile(raw: RawInput, sources: &mut Vec<Source>) -> Result<Input> {
    let damaged = |what: &str| Error::Contract(format!("input '{}' {what}", raw.name));
    let mut slots = Vec::new();
    for source in &raw.sources {
        slots.push(slot_of(source, sources).ok_or_else(|| damaged("reads a column under two types"))?);
    }
    let read = match (raw.transform, slots.as_slice()) {
        (None, _) if raw.zone.is_some() => return Err(damaged("has a time zone, but no transform")),
        (None, []) if raw.by_name => Read::Named,
        (None, [slot]) => Read::Column(*slot),
        (Some(op), slots) => {
            let found: Vec<_> = slots.iter().map(|slot| (*slot, sources[*slot].dtype)).collect();
            Read::Transform(Transform::new(op, &found, raw.zone.as_deref()).map_err(damaged)?)
        }
        _ => return Err(damaged("has sources that do not fit its transform")),
    };
    let kind = match raw.kind {
        RawKind::Number if raw.missing == RawMissing::Code => return Err(damaged("is a number with a code for missing")),
        RawKind::Number => Kind::Number { refuse_missing: raw.missing == RawMissing::Error },
        RawKind::Category => category(&raw).ok_or_else(|| damaged("has category codes that do not fit together"))?,
    };
    let plain = Plain::new(raw.dtype, &kind);
    Ok(Input { name: raw.name, dtype: raw.dtype, kind, read, by_name: raw.by_name, plain })
}

fn slot_of(source: &Source, sources: &mut Vec<Source>) -> Option<usize> {
    if let Some(slot) = sources.iter().position(|known| known.path == source.path) {
        return (sources[slot].dtype == source.dtype).then_some(slot);
    }
    if source.path.is_empty() {
        return None;
    }
    sources.push(source.clone());
    Some(sources.len() - 1)
}

fn category(raw: &RawInput) -> Option<Kind> {
    let mut texts = Vocabulary::new(&[])?;
    let mut ints = FxHashMap::default();
    let count = match raw.categories.as_ref()? {
        RawCategories::Ints(values) => {
            ints.extend(values.iter().zip(0_u32..).map(|(value, code)| (*value, code)));
            (ints.len() == values.len()).then_some(values.len())?
        }
        // One that is written otherwise would never be met.
        RawCategories::Strs(values) if raw.dtype == Dtype::Uuid && !values.iter().all(|text| is_uuid(text)) => return None,
        RawCategories::Strs(values) => {
            texts = Vocabulary::new(values)?;
            values.len()
        }
    };
    let missing = match raw.missing {
        RawMissing::Nan => return None,
        RawMissing::Error => None,
        RawMissing::Code => Some(raw.missing_code?),
    };
    let highest = [missing, raw.other_code].into_iter().flatten().max();
    let codes = u32::try_from(count).ok()?.max(highest.map_or(Some(0), |code| code.checked_add(1))?);
    let members = raw.members.as_ref().map(|names| names.iter().map(|name| name.as_str().into()).collect());
    (codes <= 1 << 24).then_some(Kind::Category { texts, ints, missing, other: raw.other_code, codes, members })
}

fn is_uuid(text: &str) -> bool {
    UuidText::read(text).is_some_and(|uuid| uuid.as_str() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(inputs: &str) -> String {
        InputContract::from_json(inputs).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn two_inputs_that_read_one_column_share_its_slot() {
        let contract = InputContract::from_json(
            r#"[{"name": "hour", "kind": "number", "dtype": "float", "missing": "nan", "transform": "hour_of",
                 "sources": [{"path": ["at"], "dtype": "datetime"}]},
                {"name": "month", "kind": "number", "dtype": "float", "missing": "nan", "transform": "month_of",
                 "sources": [{"path": ["at"], "dtype": "datetime"}]}]"#,
        )
        .unwrap();
        assert_eq!((contract.width(), contract.sources().len()), (2, 1));
    }

    #[test]
    fn a_contract_that_contradicts_itself_is_refused_by_the_inputs_name() {
        for (inputs, part) in [
            ("[]", "no inputs"),
            (r#"[{"name": "a", "kind": "number", "dtype": "float", "missing": "code"}]"#, "'a' is a number with a code"),
            (r#"[{"name": "a", "kind": "category", "dtype": "str", "missing": "code", "missing_code": 1}]"#, "'a' has category"),
            (
                r#"[{"name": "a", "kind": "category", "dtype": "str", "missing": "error", "categories": ["x", "x"]}]"#,
                "'a' has category",
            ),
            (
                r#"[{"name": "a", "kind": "category", "dtype": "uuid", "missing": "error",
                     "categories": ["F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"]}]"#,
                "'a' has category",
            ),
            (
                r#"[{"name": "a", "kind": "number", "dtype": "float", "missing": "nan", "transform": "length",
                     "sources": [{"path": ["x"], "dtype": "uuid"}]}]"#,
                "'a' has sources",
            ),
            (
                r#"[{"name": "a", "kind": "number", "dtype": "float", "missing": "nan", "transform": "ratio",
                     "sources": [{"path": ["x"], "dtype": "float"}]}]"#,
                "'a' has sources",
            ),
            (
                r#"[{"name": "a", "kind": "number", "dtype": "float", "missing": "nan", "transform": "days_since",
                     "sources": [{"path": ["x"], "dtype": "date"}, {"path": ["y"], "dtype": "float"}]}]"#,
                "'a' has sources",
            ),
            (
                r#"[{"name": "a", "kind": "number", "dtype": "float", "missing": "nan", "transform": "hour_of",
                     "sources": [{"path": ["x"], "dtype": "date"}, {"path": ["y"], "dtype": "date"}]}]"#,
                "'a' has sources",
            ),
            (
                r#"[{"name": "a", "kind": "number", "dtype": "float", "missing": "nan", "transform": "hour_of", "zone": "Mars/Olympus",
                     "sources": [{"path": ["x"], "dtype": "datetime"}]}]"#,
                "'a' has a time zone that is not known",
            ),
            (
                r#"[{"name": "a", "kind": "number", "dtype": "float", "missing": "nan", "transform": "days_since", "zone": "UTC",
                     "sources": [{"path": ["x"], "dtype": "date"}]}]"#,
                "'a' has a time zone, which",
            ),
            (
                r#"[{"name": "a", "kind": "number", "dtype": "float", "missing": "nan", "zone": "UTC",
                     "sources": [{"path": ["x"], "dtype": "float"}]}]"#,
                "'a' has a time zone, but",
            ),
        ] {
            assert!(refused(inputs).contains(part), "{}", refused(inputs));
        }
    }
}
