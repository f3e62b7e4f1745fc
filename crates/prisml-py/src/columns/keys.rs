//! The keys of a table's rows, as Python's own objects.

use arrow_array::cast::AsArray;
use arrow_array::{Array, StructArray};
use arrow_schema::{DataType, Field, FieldRef};
use prisml_core::{Column, Dtype, Value, Visit};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::columns::arrays::visit;

/// The extension type of UUIDs, <https://arrow.apache.org/docs/format/CanonicalExtensions.html#uuid>.
const UUID: &str = "arrow.uuid";

/// Each row's key, of the columns `names`; None where the table does not give it whole.
pub(super) fn keys<'py>(
    py: Python<'py>,
    columns: &[FieldRef],
    batches: &[StructArray],
    names: &[String],
) -> PyResult<Option<Bound<'py, PyList>>> {
    let place = |name: &String| columns.iter().position(|field| field.name() == name);
    let Some(places) = names.iter().map(place).collect::<Option<Vec<_>>>() else { return Ok(None) };
    let found = PyList::empty(py);
    for batch in batches {
        let parts: Vec<Part<'_>> = places.iter().map(|place| Part::new(&columns[*place], batch.column(*place).as_ref())).collect();
        for row in 0..batch.len() {
            match parts.as_slice() {
                [part] => found.append(part.object(py, row)?)?,
                parts => found.append(composite(py, parts, row)?)?,
            }
        }
    }
    Ok(Some(found))
}

fn composite<'py>(py: Python<'py>, parts: &[Part<'_>], row: usize) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let objects = parts.iter().map(|part| part.object(py, row)).collect::<PyResult<Vec<_>>>()?;
    if objects.iter().any(PyAnyMethods::is_none) { Ok(None) } else { PyTuple::new(py, objects).map(Some) }
}

/// One column of a key.
struct Part<'a> {
    field: &'a Field,
    array: &'a dyn Array,
}

impl<'a> Part<'a> {
    fn new(field: &'a Field, array: &'a dyn Array) -> Self {
        Self { field, array }
    }

    fn object<'py>(&self, py: Python<'py>, row: usize) -> PyResult<Bound<'py, PyAny>> {
        if self.array.is_null(row) {
            return Ok(py.None().into_bound(py));
        }
        let bytes = match self.array.data_type() {
            DataType::Binary => self.array.as_binary::<i32>().value(row),
            DataType::LargeBinary => self.array.as_binary::<i64>().value(row),
            DataType::BinaryView => self.array.as_binary_view().value(row),
            DataType::FixedSizeBinary(_) => self.array.as_fixed_size_binary().value(row),
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                return self.decimal(py, row);
            }
            data_type => {
                let day = matches!(data_type, DataType::Date32 | DataType::Date64);
                return visit(self.array, self.array.nulls(), Object { py, row, day });
            }
        };
        if self.field.extension_type_name() == Some(UUID) {
            let class = py.import("uuid")?.getattr("UUID")?;
            return class.call1((py.None(), PyBytes::new(py, bytes)));
        }
        Ok(PyBytes::new(py, bytes).into_any())
    }

    fn decimal<'py>(&self, py: Python<'py>, row: usize) -> PyResult<Bound<'py, PyAny>> {
        use arrow_array::types::{Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type};
        let written = match self.array.data_type() {
            DataType::Decimal32(..) => self.array.as_primitive::<Decimal32Type>().value_as_string(row),
            DataType::Decimal64(..) => self.array.as_primitive::<Decimal64Type>().value_as_string(row),
            DataType::Decimal128(..) => self.array.as_primitive::<Decimal128Type>().value_as_string(row),
            _ => self.array.as_primitive::<Decimal256Type>().value_as_string(row),
        };
        py.import("decimal")?.getattr("Decimal")?.call1((written,))
    }
}

/// A value as Python has it.
struct Object<'py> {
    py: Python<'py>,
    row: usize,
    day: bool,
}

impl<'py> Visit for Object<'py> {
    type Out = PyResult<Bound<'py, PyAny>>;

    fn visit<C: Column>(self, column: &C) -> Self::Out {
        let Self { py, row, day } = self;
        match column.value(row, Dtype::Str) {
            Ok(Value::Missing) => Ok(py.None().into_bound(py)),
            Ok(Value::Bool(truth)) => Ok(truth.into_pyobject(py)?.to_owned().into_any()),
            Ok(Value::Int(number)) => Ok(number.into_pyobject(py)?.into_any()),
            Ok(Value::Float(number)) => Ok(number.into_pyobject(py)?.into_any()),
            Ok(Value::Str(text)) => Ok(text.into_pyobject(py)?.into_any()),
            Ok(Value::Timestamp(micros)) => {
                let datetime = py.import("datetime")?;
                let epoch = datetime.getattr("datetime")?.call1((1970, 1, 1))?;
                let moment = epoch.call_method1("__add__", (datetime.getattr("timedelta")?.call1((0, 0, micros))?,))?;
                if day { moment.call_method0("date") } else { Ok(moment) }
            }
            Ok(Value::Uuid(_)) | Err(_) => Err(PyTypeError::new_err(column.type_name())),
        }
    }
}
