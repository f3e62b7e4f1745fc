//! What can go wrong, and where: a [`CellError`] inside the feature and row of an [`Error`].

use thiserror::Error as ThisError;

use crate::contract::Dtype;

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// What is wrong with one value.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum CellError {
    /// The row has none of the keys that the input reads.
    #[error("the row has no {}", quoted(.keys))]
    MissingKey {
        /// The keys that would have served; none where only the database computes the value.
        keys: Vec<String>,
    },
    /// The value is of a type that the input does not take.
    #[error("a value of type {got} where {} is expected", .expected.description())]
    WrongType {
        /// What the input takes.
        expected: Dtype,
        /// The type's name.
        got: String,
    },
    /// The row itself is no mapping, dataclass or object.
    #[error("a row of type {got} where a mapping, a dataclass or an object with attributes is expected")]
    WrongRow {
        /// The row's type.
        got: String,
    },
    /// Two columns of a table have the name that the input reads.
    #[error("the table has two columns '{key}'")]
    TwoColumns {
        /// The name.
        key: String,
    },
    /// A moment that no calendar of Python has.
    #[error("a moment outside the years 1 to 9999")]
    NoMoment,
    /// Reading the value from the row raised.
    #[error("reading it raised {error}")]
    Unreadable {
        /// The type of what was raised.
        error: String,
    },
    /// The value is infinite.
    #[error("an infinite value")]
    Infinite,
    /// The value is beyond the range of float32.
    #[error("a value beyond the range of float32 (about 3.4e38)")]
    Overflow,
    /// The value is not zero, but float32 would make it zero.
    #[error("a value too close to zero for float32 (below about 1e-45)")]
    Underflow,
    /// An integer that float32 cannot hold exactly.
    #[error("an integer that float32 cannot hold exactly (beyond 2^24)")]
    Inexact,
    /// A number with a fraction where an integer is expected.
    #[error("a number with a fraction where an integer is expected")]
    Fraction,
    /// The value is missing, and the input refuses that.
    #[error("a missing value, which the feature was declared to refuse (missing=\"error\")")]
    Missing,
    /// A category that training did not see, and the input refuses that.
    #[error("a category that training did not see (unseen=\"error\")")]
    UnseenCategory,
    /// A name that no member of the enumeration has.
    #[error("a name that is none of the enumeration's members")]
    NotAMember,
    /// Text that is not valid Unicode.
    #[error("text with a lone surrogate, which has no UTF-8")]
    InvalidText,
    /// An encoded value that is no category code of the input.
    #[error("an encoded value that is not one of the feature's category codes")]
    NotACode,
    /// The value is nothing that a key can be.
    #[error("a value of type {got}{what} cannot be a key")]
    WrongKey {
        /// The type's name.
        got: String,
        /// What of it is wrong, after a space; empty where the type is.
        what: &'static str,
    },
}

impl CellError {
    /// The way out, as a sentence; empty where there is none to add.
    #[must_use]
    pub fn suggestion(&self) -> &'static str {
        match self {
            Self::MissingKey { keys } if keys.is_empty() => "Predict rows that a session holds.",
            Self::MissingKey { .. } => "Give the row that key; None where the value is not known.",
            Self::WrongType { .. } => "Convert the value before predicting.",
            Self::WrongRow { .. } => "Pass rows that give values by column or feature name.",
            Self::TwoColumns { .. } => "Rename one of them.",
            Self::NoMoment => "Give a moment from those years, or null where it is not known.",
            Self::Unreadable { .. } => "Load the attribute before predicting.",
            Self::Infinite | Self::Overflow => "Give a finite value within that range, or None where it is not known.",
            Self::Underflow => "Give 0, or None where the value is not known.",
            Self::Inexact => "Declare log1p of the column, or a resolver that returns a float.",
            Self::Fraction => "Give an integer, or declare the column as a float.",
            Self::Missing => "Give a value, or declare another missing= rule and train again.",
            Self::UnseenCategory => "Train again with the new category, or declare unseen=\"other\".",
            Self::NotAMember => "Give the member or its name, not its value.",
            Self::InvalidText => "Give valid Unicode text.",
            Self::NotACode => "Encode rows with engine.predict_many instead of by hand.",
            Self::WrongKey { .. } => {
                "Give an int, str, UUID, date, datetime, Decimal, bytes or member of an enumeration, a tuple of these, or None for no key."
            }
        }
    }
}

/// What went wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum Error {
    /// A value does not fit its input.
    #[error("feature '{feature}': {cell}")]
    Encoding {
        /// The feature's name.
        feature: String,
        /// The row's index in the batch.
        row: usize,
        /// What is wrong with the value.
        cell: CellError,
    },
    /// A key cannot be assigned to a variant.
    #[error("key: {0}")]
    Key(CellError),
    /// The weights of an experiment are no weights.
    #[error("the weights are not numbers from 0 to 1 that sum to 1")]
    Weights,
    /// The stored ranges of an experiment cannot be what was stored.
    #[error("the ranges of the experiment are damaged: {0}")]
    Ranges(String),
    /// The input contract cannot be read.
    #[error("the input contract is damaged: {0}")]
    Contract(String),
    /// ONNX Runtime's library cannot be loaded.
    #[error("ONNX Runtime cannot be loaded: {0}")]
    Runtime(String),
    /// The graph needs ONNX Runtime, which is not loaded yet.
    #[error("the graph needs ONNX Runtime, which is not loaded")]
    RuntimeNeeded,
    /// The graph cannot be loaded or does not fit its manifest.
    #[error("the graph cannot be used: {0}")]
    Graph(String),
    /// A run failed.
    #[error("the run failed: {0}")]
    Run(String),
    /// The encoded matrix has the wrong number of columns.
    #[error("the matrix has {got} columns where the model takes {expected}")]
    Columns {
        /// What the contract has.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// The graph is not one that is run here.
    #[error("the graph {0}")]
    Refused(String),
    /// The time that was given for the call is over.
    #[error("the time given for the call is over; nothing was predicted")]
    Deadline,
    /// The graph answered NaN or an infinity.
    #[error("the model's answer for row {row} is not a finite number")]
    NotFinite {
        /// The row's index in the batch.
        row: usize,
    },
}

fn quoted(keys: &[String]) -> String {
    if keys.is_empty() {
        return "value for it, which the database computes".to_owned();
    }
    let names: Vec<String> = keys.iter().map(|key| format!("'{key}'")).collect();
    names.join(" or ")
}
