//! Python rows: mappings, objects with attributes, and the tuples that a database gives.

use std::cell::Cell;
use std::ptr;

use prisml_core::{CellError, Dtype, InputContract, Row, Value};
use pyo3::exceptions::{PyAttributeError, PyKeyError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyString, PyTuple};

use crate::convert::{type_name, with_value};
use crate::errors::unreadable;

type Read<R> = Result<R, CellError>;
type Found<'py> = Read<Option<Bound<'py, PyAny>>>;

/// The keys of a contract as Python's own interned text, made once.
pub(crate) struct Keys {
    slots: Vec<Vec<Py<PyString>>>,
    names: Vec<Py<PyString>>,
}

impl Keys {
    pub(crate) fn new(py: Python<'_>, contract: &InputContract) -> Self {
        let intern = |name: &String| PyString::intern(py, name).unbind();
        Self {
            slots: contract.sources().iter().map(|source| source.path.iter().map(intern).collect()).collect(),
            names: contract.inputs().iter().map(|input| intern(&input.name)).collect(),
        }
    }
}

/// Values of features that Python computed for a whole batch, by input.
pub(crate) struct Computed<'py> {
    columns: Vec<Option<Bound<'py, PyAny>>>,
}

impl<'py> Computed<'py> {
    /// `values` maps features to sequences with a value for each row, or to one value where `single`.
    pub(crate) fn new(contract: &InputContract, values: Option<&Bound<'py, PyDict>>, rows: usize, single: bool) -> PyResult<Self> {
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            return Ok(Self { columns: Vec::new() });
        };
        let column = |name: &String| match values.get_item(name)? {
            Some(value) if single => Ok(Some(PyTuple::new(value.py(), [value])?.into_any())),
            Some(column) if column.len()? != rows => Err(crate::errors::misuse("a computed column has not one value for each row")),
            found => Ok(found),
        };
        Ok(Self { columns: contract.inputs().iter().map(|input| column(&input.name)).collect::<PyResult<_>>()? })
    }

    fn get(&self, input: usize) -> Option<&Bound<'py, PyAny>> {
        self.columns.get(input).and_then(Option::as_ref)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Dict,
    Mapping,
    /// Its attributes are read from `__dict__` first: an instrumented attribute costs twenty times that.
    Attributes,
    Slots,
    Refused,
}

/// What every row of a batch shares; remembers the shapes of the two types seen last: a row's and that of a related one.
pub(crate) struct Batch<'a, 'py> {
    pub(crate) keys: &'a Keys,
    pub(crate) computed: &'a Computed<'py>,
    last: Cell<[(*const (), Shape); 2]>,
}

impl<'a, 'py> Batch<'a, 'py> {
    pub(crate) fn new(keys: &'a Keys, computed: &'a Computed<'py>) -> Self {
        Self { keys, computed, last: Cell::new([(ptr::null(), Shape::Refused); 2]) }
    }

    pub(crate) fn row(&'a self, object: &'a Bound<'py, PyAny>, index: usize) -> ObjectRow<'a, 'py> {
        ObjectRow { batch: self, object, index }
    }

    fn shape(&self, object: &Bound<'py, PyAny>) -> Shape {
        let class = object.get_type_ptr().cast_const().cast::<()>();
        let [newer, older] = self.last.get();
        if let Some((_, shape)) = [newer, older].into_iter().find(|(known, _)| *known == class) {
            return shape;
        }
        let shape = shape_of(object);
        self.last.set([(class, shape), newer]);
        shape
    }

    fn look_up(&self, object: &Bound<'py, PyAny>, key: &Py<PyString>) -> Found<'py> {
        let py = object.py();
        let key = key.bind(py);
        let found = match self.shape(object) {
            Shape::Dict => object.cast::<PyDict>().map_err(|_| refused(object))?.get_item(key),
            Shape::Mapping => absent::<PyKeyError>(py, object.get_item(key)),
            Shape::Attributes => attribute(object, key),
            Shape::Slots => absent::<PyAttributeError>(py, object.getattr(key)),
            Shape::Refused => return Err(refused(object)),
        };
        found.map_err(|error| unreadable(py, &error))
    }
}

fn shape_of(object: &Bound<'_, PyAny>) -> Shape {
    let py = object.py();
    let plain = object.hasattr(intern!(py, "_fields")).unwrap_or(false);
    if object.is_instance_of::<PyDict>() {
        Shape::Dict
    } else if object.cast::<PyMapping>().is_ok() {
        Shape::Mapping
    } else if !plain && (is_plain_value(object) || is_number(object)) {
        Shape::Refused
    } else if object.getattr(intern!(py, "__dict__")).is_ok_and(|attributes| attributes.is_instance_of::<PyDict>()) {
        Shape::Attributes
    } else {
        Shape::Slots
    }
}

fn is_plain_value(object: &Bound<'_, PyAny>) -> bool {
    use pyo3::types::{PyByteArray, PyBytes, PySet, PyType};
    object.is_none()
        || object.is_instance_of::<PyString>()
        || object.is_instance_of::<PyBytes>()
        || object.is_instance_of::<PyByteArray>()
        || object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>()
        || object.is_instance_of::<PySet>()
        || object.is_instance_of::<PyType>()
}

fn is_number(object: &Bound<'_, PyAny>) -> bool {
    let py = object.py();
    object.hasattr(intern!(py, "__float__")).unwrap_or(false) || object.hasattr(intern!(py, "__array__")).unwrap_or(false)
}

fn refused(object: &Bound<'_, PyAny>) -> CellError {
    CellError::WrongRow { got: type_name(object) }
}

fn absent<'py, E: pyo3::PyTypeInfo>(py: Python<'py>, found: PyResult<Bound<'py, PyAny>>) -> PyResult<Option<Bound<'py, PyAny>>> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<E>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

fn attribute<'py>(object: &Bound<'py, PyAny>, key: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = object.py();
    let attributes = object.getattr(intern!(py, "__dict__"))?;
    if let Ok(attributes) = attributes.cast::<PyDict>()
        && let Some(value) = attributes.get_item(key)?
    {
        return Ok(Some(value));
    }
    absent::<PyAttributeError>(py, object.getattr(key))
}

/// A mapping or an object, read by key or attribute.
pub(crate) struct ObjectRow<'a, 'py> {
    batch: &'a Batch<'a, 'py>,
    object: &'a Bound<'py, PyAny>,
    index: usize,
}

impl Row for ObjectRow<'_, '_> {
    fn is_computed(&self, input: usize) -> bool {
        self.batch.computed.get(input).is_some()
    }

    fn source<R>(&self, slot: usize, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
        let mut object: Option<Bound<'_, PyAny>> = None;
        for key in &self.batch.keys.slots[slot] {
            match self.batch.look_up(object.as_ref().unwrap_or(self.object), key)? {
                None => return read(None),
                // The path's next step has nowhere to go: a to-one relationship without a target.
                Some(found) if found.is_none() => return read(Some(Value::Missing)),
                Some(found) => object = Some(found),
            }
        }
        match &object {
            Some(object) => with_value(object, dtype, read),
            None => read(None),
        }
    }

    fn named<R>(&self, input: usize, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
        if let Some(column) = self.batch.computed.get(input) {
            return computed(column, self.index, dtype, read);
        }
        match self.batch.look_up(self.object, &self.batch.keys.names[input])? {
            Some(object) => with_value(&object, dtype, read),
            None => read(None),
        }
    }
}

fn computed<R>(column: &Bound<'_, PyAny>, index: usize, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
    let value = column.get_item(index).map_err(|error| unreadable(column.py(), &error))?;
    with_value(&value, dtype, read)
}

/// A row of a database: a value for each slot, in order.
pub(crate) struct TupleRow<'a, 'py> {
    pub(crate) values: &'a Bound<'py, PyTuple>,
    pub(crate) computed: &'a Computed<'py>,
    pub(crate) index: usize,
}

impl Row for TupleRow<'_, '_> {
    fn is_computed(&self, input: usize) -> bool {
        self.computed.get(input).is_some()
    }

    fn source<R>(&self, slot: usize, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
        match self.values.get_borrowed_item(slot) {
            Ok(value) => with_value(&value, dtype, read),
            Err(_) => read(None),
        }
    }

    fn named<R>(&self, input: usize, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
        match self.computed.get(input) {
            Some(column) => computed(column, self.index, dtype, read),
            None => read(None),
        }
    }
}

/// Looks once at a row with attributes: the names that this needs are kept from then on.
pub(crate) fn make_what_is_made_once(py: Python<'_>) {
    if let Ok(class) = py.import("types").and_then(|types| types.getattr("SimpleNamespace"))
        && let Ok(object) = class.call0()
    {
        shape_of(&object);
        let _ = attribute(&object, &PyString::intern(py, "absent"));
    }
}
