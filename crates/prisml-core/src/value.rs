//! One value of a row, borrowed from where the row keeps it.

/// A value as the encoder sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// None, NULL, NaN or a "not a time".
    Missing,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A finite or infinite number; NaN is [`Value::Missing`].
    Float(f64),
    /// Text: a category, or what `length` counts.
    Str(&'a str),
    /// A moment: microseconds since 1970-01-01 UTC.
    Timestamp(i64),
    /// A UUID: a category.
    Uuid(u128),
}

impl Value<'_> {
    /// The value, NaN counted as missing.
    #[must_use]
    pub(crate) fn nan_is_missing(self) -> Self {
        match self {
            Self::Float(number) if number.is_nan() => Self::Missing,
            value => value,
        }
    }

    /// The value's type as a message names it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Timestamp(_) => "datetime",
            Self::Uuid(_) => "UUID",
        }
    }
}
