//! `Table`: what Arrow's C interface hands over, held as long as it is read.

use std::ffi::CStr;

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{Array, ArrayReader, ArrayRef, StructArray, make_array};
use arrow_schema::{ArrowError, DataType, Field, FieldRef};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList, PyTuple};

use crate::columns::keys::keys;

const STREAM: &CStr = c"arrow_array_stream";
const ARRAY: &CStr = c"arrow_array";
const SCHEMA: &CStr = c"arrow_schema";

/// The rows of a table, in as many batches as it came in. Immutable; nothing of it is copied.
#[pyclass(frozen, module = "prisml._core")]
pub(crate) struct Table {
    pub(super) field: FieldRef,
    pub(super) batches: Vec<StructArray>,
    rows: usize,
}

#[pymethods]
impl Table {
    /// Takes what `__arrow_c_stream__` or `__arrow_c_array__` handed over: a capsule, or a pair of them.
    ///
    /// `TypeError` where that is no table, `ValueError` where it cannot be read.
    #[new]
    fn new(py: Python<'_>, handed: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (field, arrays) = match handed.cast::<PyCapsule>() {
            Ok(stream) => read_stream(py, stream)?,
            Err(_) => read_array(handed)?,
        };
        if !matches!(field.data_type(), DataType::Struct(_)) {
            return Err(PyTypeError::new_err(field.data_type().to_string()));
        }
        let batches: Vec<StructArray> = arrays.iter().map(|array| array.as_struct().clone()).collect();
        if batches.iter().any(|batch| batch.null_count() > 0) {
            return Err(PyTypeError::new_err("null in place of a row"));
        }
        let rows = batches.iter().map(StructArray::len).sum();
        Ok(Self { field, batches, rows })
    }

    fn __len__(&self) -> usize {
        self.rows
    }

    /// The names of the columns.
    #[getter]
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, fields(self.field.data_type()).iter().map(|field| field.name()))
    }

    /// Each row's own key, of the columns `names`; None where there are no such columns. `TypeError` where they hold no keys.
    fn keys<'py>(&self, py: Python<'py>, names: Vec<String>) -> PyResult<Option<Bound<'py, PyList>>> {
        keys(py, fields(self.field.data_type()), &self.batches, &names)
    }
}

/// The columns of a struct; none of anything else.
pub(super) fn fields(data_type: &DataType) -> &[FieldRef] {
    match data_type {
        DataType::Struct(fields) => fields,
        _ => &[],
    }
}

type Handed = (FieldRef, Vec<ArrayRef>);

fn read_stream(py: Python<'_>, capsule: &Bound<'_, PyCapsule>) -> PyResult<Handed> {
    let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name holds such a stream, by the PyCapsule interface; it is moved out, so that the capsule's own
    // destructor finds it released.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
    // Detached: a stream may run a query, or wait for threads that need the interpreter.
    py.detach(|| {
        let mut reader = ArrayStreamReader::try_new(stream)?;
        let arrays = reader.by_ref().collect::<Result<_, _>>()?;
        Ok((reader.field().clone(), arrays))
    })
    .map_err(|error| failed(&error))
}

fn read_array(pair: &Bound<'_, PyAny>) -> PyResult<Handed> {
    let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = pair.extract()?;
    let schema = schema.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
    let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
    // SAFETY: capsules of these names hold such structures, by the PyCapsule interface; both are moved out, so that the capsules'
    // own destructors find them released.
    let (schema, array) = unsafe { (FFI_ArrowSchema::from_raw(schema.as_ptr()), FFI_ArrowArray::from_raw(array.as_ptr())) };
    let read = || {
        let field = Field::try_from(&schema)?;
        // SAFETY: the producer's schema is that of its array, by the same interface.
        let data = unsafe { from_ffi(array, &schema) }?;
        Ok((field.into(), vec![make_array(data)]))
    };
    read().map_err(|error| failed(&error))
}

/// The producer's own words may hold values: only what kind of error it was is told.
fn failed(error: &ArrowError) -> PyErr {
    let kind = match error {
        ArrowError::CDataInterface(_) => "its stream of batches failed",
        _ => "a type in it is not known",
    };
    pyo3::exceptions::PyValueError::new_err(kind)
}
