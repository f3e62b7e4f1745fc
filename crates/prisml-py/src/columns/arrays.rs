//! Arrow's arrays -> columns of a type that is known when the program is built.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};
use prisml_core::{CellError, Dtype, Value, Visit};

use crate::columns::values::{
    Bools, Decimals, Indices, Moments, Nothing, Numbers, Refused, Texts, Typed, Unit, Uuids, Values, Views,
};

/// Evaluates the expression with `values`, which are those of `array`; no dictionaries.
macro_rules! with_values {
    ($array:expr, $values:ident => $done:expr) => {{
        let array = $array;
        macro_rules! numbers {
            ($kind:ty) => {{
                let $values = Numbers(array.as_primitive::<$kind>().values());
                $done
            }};
        }
        macro_rules! moments {
            ($kind:ty, $unit:expr) => {{
                let $values = Moments { numbers: array.as_primitive::<$kind>().values(), unit: $unit };
                $done
            }};
        }
        macro_rules! decimals {
            ($kind:ty, $scale:expr) => {{
                let $values = Decimals { numbers: array.as_primitive::<$kind>().values(), scale: *$scale };
                $done
            }};
        }
        match array.data_type() {
            DataType::Int8 => numbers!(Int8Type),
            DataType::Int16 => numbers!(Int16Type),
            DataType::Int32 => numbers!(Int32Type),
            DataType::Int64 => numbers!(Int64Type),
            DataType::UInt8 => numbers!(UInt8Type),
            DataType::UInt16 => numbers!(UInt16Type),
            DataType::UInt32 => numbers!(UInt32Type),
            DataType::UInt64 => numbers!(UInt64Type),
            DataType::Float16 => numbers!(Float16Type),
            DataType::Float32 => numbers!(Float32Type),
            DataType::Float64 => numbers!(Float64Type),
            DataType::Decimal32(_, scale) => decimals!(Decimal32Type, scale),
            DataType::Decimal64(_, scale) => decimals!(Decimal64Type, scale),
            DataType::Decimal128(_, scale) => decimals!(Decimal128Type, scale),
            DataType::Decimal256(_, scale) => decimals!(Decimal256Type, scale),
            DataType::Date32 => moments!(Date32Type, Unit::DAYS),
            DataType::Date64 => moments!(Date64Type, Unit::Micros(1_000)),
            // What has a zone is in UTC all the same; what has none is UTC.
            DataType::Timestamp(TimeUnit::Second, _) => moments!(TimestampSecondType, Unit::Micros(1_000_000)),
            DataType::Timestamp(TimeUnit::Millisecond, _) => moments!(TimestampMillisecondType, Unit::Micros(1_000)),
            DataType::Timestamp(TimeUnit::Microsecond, _) => moments!(TimestampMicrosecondType, Unit::Micros(1)),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => moments!(TimestampNanosecondType, Unit::Nanos),
            DataType::Boolean => {
                let $values = Bools(array.as_boolean());
                $done
            }
            DataType::Utf8 => {
                let $values = Texts::new(array.as_string::<i32>());
                $done
            }
            DataType::LargeUtf8 => {
                let $values = Texts::new(array.as_string::<i64>());
                $done
            }
            DataType::Utf8View => {
                let $values = Views(array.as_string_view());
                $done
            }
            DataType::FixedSizeBinary(16) => {
                let $values = Uuids(array.as_fixed_size_binary());
                $done
            }
            DataType::Null => {
                let $values = Nothing;
                $done
            }
            _ => {
                let $values = Refused(None);
                $done
            }
        }
    }};
}

/// The entry of a dictionary.
pub(super) fn entry_of(entries: &dyn Array, entry: usize, dtype: Dtype) -> Result<Value<'_>, CellError> {
    if entries.is_null(entry) {
        return Ok(Value::Missing);
    }
    with_values!(entries, values => values.get(entry, dtype))
}

/// Visits `array`; `nulls` are its own, and those of what it is in.
pub(super) fn visit<V: Visit>(array: &dyn Array, nulls: Option<&NullBuffer>, visit: V) -> V::Out {
    let data_type = array.data_type();
    macro_rules! indices {
        ($kind:ty) => {{
            let dictionary = array.as_dictionary::<$kind>();
            let values = Indices { indices: dictionary.keys().values(), entries: dictionary.values().as_ref() };
            visit.visit(&Typed { values, nulls, data_type })
        }};
    }
    let DataType::Dictionary(key, _) = data_type else {
        return with_values!(array, values => visit.visit(&Typed { values, nulls, data_type }));
    };
    match key.as_ref() {
        DataType::Int8 => indices!(Int8Type),
        DataType::Int16 => indices!(Int16Type),
        DataType::Int32 => indices!(Int32Type),
        DataType::Int64 => indices!(Int64Type),
        DataType::UInt8 => indices!(UInt8Type),
        DataType::UInt16 => indices!(UInt16Type),
        DataType::UInt32 => indices!(UInt32Type),
        _ => indices!(UInt64Type),
    }
}

/// Visits a column that cannot be read, whatever its values.
pub(super) fn visit_refused<V: Visit>(data_type: &DataType, cell: CellError, visit: V) -> V::Out {
    visit.visit(&Typed { values: Refused(Some(cell)), nulls: None, data_type })
}
