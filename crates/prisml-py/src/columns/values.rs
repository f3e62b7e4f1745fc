//! The values of Arrow's arrays, each type in its own way.

use arrow_array::types::{ByteArrayType, ByteViewType};
use arrow_array::{Array, BooleanArray, FixedSizeBinaryArray, GenericByteArray, GenericByteViewArray};
use arrow_buffer::{ArrowNativeType, NullBuffer, i256};
use arrow_schema::DataType;
use half::f16;
use prisml_core::{CellError, Column, Dtype, Value};

use crate::columns::arrays::entry_of;

const DAY: i64 = 86_400_000_000;
/// 0001-01-01 and the last microsecond of 9999-12-31.
const CALENDAR: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

type Read<'a> = Result<Value<'a>, CellError>;

/// The values of an array, those that are not null.
pub(crate) trait Values<'a> {
    fn get(&self, row: usize, dtype: Dtype) -> Read<'a>;

    fn bytes(&self, _row: usize) -> Option<&'a [u8]> {
        None
    }

    fn entries(&self) -> Option<usize> {
        None
    }

    fn entry(&self, _row: usize) -> Option<usize> {
        None
    }
}

/// A column of a type that is known when the program is built.
pub(crate) struct Typed<'a, V> {
    pub(crate) values: V,
    pub(crate) nulls: Option<&'a NullBuffer>,
    pub(crate) data_type: &'a DataType,
}

impl<V> Typed<'_, V> {
    #[inline]
    fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }
}

impl<'a, V: Values<'a>> Column for Typed<'a, V> {
    #[inline]
    fn value(&self, row: usize, dtype: Dtype) -> Read<'_> {
        if self.is_null(row) { Ok(Value::Missing) } else { self.values.get(row, dtype) }
    }

    #[inline]
    fn bytes(&self, row: usize) -> Option<&[u8]> {
        if self.is_null(row) { None } else { self.values.bytes(row) }
    }

    fn type_name(&self) -> String {
        self.data_type.to_string()
    }

    fn entries(&self) -> Option<usize> {
        self.values.entries()
    }

    #[inline]
    fn entry(&self, row: usize) -> Option<usize> {
        if self.is_null(row) { None } else { self.values.entry(row) }
    }
}

/// Numbers of every width: a number becomes what a row of Python would give.
pub(crate) trait Number: Copy {
    fn value(self, dtype: Dtype) -> Read<'static>;
}

macro_rules! numbers {
    ($variant:ident: $($native:ty),*) => {
        $(impl Number for $native {
            #[inline]
            fn value(self, _dtype: Dtype) -> Read<'static> {
                Ok(Value::$variant(self.into()))
            }
        })*
    };
}

numbers!(Int: i8, i16, i32, i64, u8, u16, u32);
numbers!(Float: f16, f32, f64);

impl Number for u64 {
    fn value(self, dtype: Dtype) -> Read<'static> {
        match (i64::try_from(self), dtype) {
            (Ok(number), _) => Ok(Value::Int(number)),
            (Err(_), Dtype::Float | Dtype::Decimal) => Ok(Value::Float(self as f64)),
            (Err(_), _) => Err(CellError::Inexact),
        }
    }
}

/// Numbers.
pub(crate) struct Numbers<'a, N>(pub(crate) &'a [N]);

impl<'a, N: Number> Values<'a> for Numbers<'a, N> {
    #[inline]
    fn get(&self, row: usize, dtype: Dtype) -> Read<'a> {
        self.0[row].value(dtype)
    }
}

/// Truth values.
pub(crate) struct Bools<'a>(pub(crate) &'a BooleanArray);

impl<'a> Values<'a> for Bools<'a> {
    fn get(&self, row: usize, _dtype: Dtype) -> Read<'a> {
        Ok(Value::Bool(self.0.value(row)))
    }
}

/// Text with offsets. What stands in the array is not trusted to be UTF-8.
pub(crate) struct Texts<'a, T: ByteArrayType> {
    pub(crate) offsets: &'a [T::Offset],
    pub(crate) bytes: &'a [u8],
}

impl<'a, T: ByteArrayType> Texts<'a, T> {
    pub(crate) fn new(array: &'a GenericByteArray<T>) -> Self {
        Self { offsets: array.value_offsets(), bytes: array.value_data() }
    }
}

impl<'a, T: ByteArrayType> Values<'a> for Texts<'a, T> {
    #[inline]
    fn get(&self, row: usize, _dtype: Dtype) -> Read<'a> {
        text(self.bytes(row).ok_or(CellError::InvalidText)?)
    }

    #[inline]
    fn bytes(&self, row: usize) -> Option<&'a [u8]> {
        self.bytes.get(self.offsets[row].as_usize()..self.offsets[row + 1].as_usize())
    }
}

/// Text by views.
pub(crate) struct Views<'a, T: ByteViewType>(pub(crate) &'a GenericByteViewArray<T>);

impl<'a, T: ByteViewType> Values<'a> for Views<'a, T> {
    #[inline]
    fn get(&self, row: usize, _dtype: Dtype) -> Read<'a> {
        text(self.0.value(row).as_ref())
    }

    #[inline]
    fn bytes(&self, row: usize) -> Option<&'a [u8]> {
        Some(self.0.value(row).as_ref())
    }
}

#[inline]
fn text(bytes: &[u8]) -> Read<'_> {
    std::str::from_utf8(bytes).map(Value::Str).map_err(|_| CellError::InvalidText)
}

/// Moments, dates among them: their numbers become microseconds.
pub(crate) struct Moments<'a, N> {
    pub(crate) numbers: &'a [N],
    pub(crate) unit: Unit,
}

/// How long one is.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Micros(i64),
    Nanos,
}

impl Unit {
    pub(crate) const DAYS: Self = Self::Micros(DAY);

    fn micros(self, number: i64) -> Read<'static> {
        let micros = match self {
            Self::Micros(each) => number.checked_mul(each),
            Self::Nanos => Some(number.div_euclid(1_000)),
        };
        micros.filter(|micros| CALENDAR.contains(micros)).map(Value::Timestamp).ok_or(CellError::NoMoment)
    }
}

impl<'a, N: Copy + Into<i64>> Values<'a> for Moments<'a, N> {
    fn get(&self, row: usize, _dtype: Dtype) -> Read<'a> {
        self.unit.micros(self.numbers[row].into())
    }
}

/// Decimal numbers, rounded once as Python rounds them.
pub(crate) struct Decimals<'a, N> {
    pub(crate) numbers: &'a [N],
    pub(crate) scale: i8,
}

/// The integer that a decimal number is, before its point is set.
pub(crate) trait Unscaled: Copy + ToString {
    fn small(self) -> Option<i64>;
}

impl Unscaled for i32 {
    fn small(self) -> Option<i64> {
        Some(self.into())
    }
}

impl Unscaled for i64 {
    fn small(self) -> Option<i64> {
        Some(self)
    }
}

impl Unscaled for i128 {
    fn small(self) -> Option<i64> {
        self.try_into().ok()
    }
}

impl Unscaled for i256 {
    fn small(self) -> Option<i64> {
        self.to_i128().and_then(Unscaled::small)
    }
}

/// Powers of ten that float64 holds exactly: an exact number divided by one of them is rounded once.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
const EXACT: u64 = 1 << 53;

impl<'a, N: Unscaled> Values<'a> for Decimals<'a, N> {
    fn get(&self, row: usize, _dtype: Dtype) -> Read<'a> {
        let number = self.numbers[row];
        let ten = usize::try_from(self.scale).ok().and_then(|scale| TENS.get(scale));
        if let (Some(small), Some(ten)) = (number.small().filter(|small| small.unsigned_abs() <= EXACT), ten) {
            return Ok(Value::Float(small as f64 / ten));
        }
        let written = format!("{}e{}", number.to_string(), -i32::from(self.scale));
        written.parse().map(Value::Float).map_err(|_| CellError::Overflow)
    }
}

/// UUIDs, by their 16 bytes.
pub(crate) struct Uuids<'a>(pub(crate) &'a FixedSizeBinaryArray);

impl<'a> Values<'a> for Uuids<'a> {
    fn get(&self, row: usize, dtype: Dtype) -> Read<'a> {
        let bytes = self.0.value(row).try_into();
        bytes.map(u128::from_be_bytes).map(Value::Uuid).map_err(|_| CellError::WrongType { expected: dtype, got: String::new() })
    }
}

/// No values at all.
pub(crate) struct Nothing;

impl<'a> Values<'a> for Nothing {
    fn get(&self, _row: usize, _dtype: Dtype) -> Read<'a> {
        Ok(Value::Missing)
    }
}

/// Values that nothing takes: each that is not null is an error of its own.
pub(crate) struct Refused(pub(crate) Option<CellError>);

impl<'a> Values<'a> for Refused {
    fn get(&self, _row: usize, dtype: Dtype) -> Read<'a> {
        Err(self.0.clone().unwrap_or(CellError::WrongType { expected: dtype, got: String::new() }))
    }
}

/// Rows that point into a dictionary.
pub(crate) struct Indices<'a, N> {
    pub(crate) indices: &'a [N],
    pub(crate) entries: &'a dyn Array,
}

impl<'a, N: ArrowNativeType> Values<'a> for Indices<'a, N> {
    fn get(&self, row: usize, dtype: Dtype) -> Read<'a> {
        match self.entry(row) {
            None => Ok(Value::Missing),
            Some(entry) if entry < self.entries.len() => entry_of(self.entries, entry, dtype),
            Some(_) => Err(CellError::InvalidText),
        }
    }

    fn entries(&self) -> Option<usize> {
        Some(self.entries.len())
    }

    #[inline]
    fn entry(&self, row: usize) -> Option<usize> {
        // What is negative is out of reach, and fails there.
        Some(self.indices[row].to_usize().unwrap_or(usize::MAX))
    }
}
