//! A row, or a related object, as its values are read: what keeps them is fetched once, not for each of them.

use std::cell::Cell;

use prisml_core::{CellError, Input};
use pyo3::exceptions::{PyAttributeError, PyKeyError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::Read;
use super::place::Place;
use super::plain;
use super::shape::Shape;
use crate::convert::type_name;
use crate::errors::unreadable;

/// The name of a value, and where it lies in dictionaries of either kind.
pub(super) struct Key {
    pub(super) name: Py<PyString>,
    in_dicts: Place,
    in_instances: Place,
}

impl Key {
    pub(super) fn new(name: Py<PyString>) -> Self {
        Self { name, in_dicts: Place::default(), in_instances: Place::default() }
    }
}

type Found<'py> = Option<Bound<'py, PyAny>>;

pub(super) enum Held<'a, 'py> {
    Dict(&'a Bound<'py, PyDict>),
    /// An object and its `__dict__`. What is not in there may still be an attribute: deferred, expired, computed.
    Instance(&'a Bound<'py, PyAny>, Bound<'py, PyDict>),
    Slots(&'a Bound<'py, PyAny>, Asked<'py>),
    Other(&'a Bound<'py, PyAny>, Shape),
}

/// The attribute that was asked for last and is not plain: asked once more, a property would run twice.
type Asked<'py> = Cell<Option<(*const ffi::PyObject, Found<'py>)>>;

impl<'a, 'py> Held<'a, 'py> {
    #[inline]
    pub(super) fn new(object: &'a Bound<'py, PyAny>, shape: Shape) -> Self {
        match (shape, object.cast::<PyDict>()) {
            (Shape::Dict, Ok(items)) => Self::Dict(items),
            (Shape::Instance, _) => match plain::attributes(object) {
                Some(attributes) => Self::Instance(object, attributes),
                None => Self::Slots(object, Cell::new(None)),
            },
            (Shape::Slots, _) => Self::Slots(object, Cell::new(None)),
            _ => Self::Other(object, shape),
        }
    }

    /// The number of the value at `key`, where it is a plain one.
    #[inline(always)]
    pub(super) fn plain(&self, key: &Key, input: &Input) -> Read<Option<f32>> {
        match self {
            Self::Dict(items) => plain::item(items, &key.name, &key.in_dicts, input),
            Self::Instance(_, attributes) => plain::item(attributes, &key.name, &key.in_instances, input),
            Self::Slots(object, asked) => {
                let found = attribute(object, &key.name)?;
                let number = found.as_ref().and_then(|value| plain::number(value, input));
                if number.is_none() {
                    asked.set(Some((key.name.as_ptr().cast_const(), found)));
                }
                Ok(number)
            }
            Self::Other(..) => Ok(None),
        }
    }

    /// The value at `key` where a dictionary keeps it.
    pub(super) fn item(&self, key: &Py<PyString>) -> Read<Found<'py>> {
        match self {
            Self::Dict(items) => item(items, key),
            Self::Instance(_, attributes) => item(attributes, key),
            _ => Ok(None),
        }
    }

    /// The value at `key`; None where there is no such key or attribute.
    pub(super) fn get(&self, key: &Py<PyString>) -> Read<Found<'py>> {
        match self {
            Self::Dict(items) => item(items, key),
            Self::Instance(object, attributes) => match item(attributes, key)? {
                None => attribute(object, key),
                found => Ok(found),
            },
            Self::Slots(object, asked) => match asked.take() {
                Some((last, found)) if last == key.as_ptr().cast_const() => Ok(found),
                _ => attribute(object, key),
            },
            Self::Other(object, Shape::Mapping) => {
                let py = object.py();
                absent::<PyKeyError>(py, object.get_item(key.bind(py)))
            }
            Self::Other(object, Shape::Attributes) => {
                let py = object.py();
                let attributes = object.getattr(intern!(py, "__dict__")).map_err(|error| unreadable(py, &error))?;
                match attributes.cast::<PyDict>().map_or(Ok(None), |items| item(items, key))? {
                    None => attribute(object, key),
                    found => Ok(found),
                }
            }
            Self::Other(object, _) => Err(CellError::WrongRow { got: type_name(object) }),
        }
    }
}

fn item<'py>(items: &Bound<'py, PyDict>, key: &Py<PyString>) -> Read<Found<'py>> {
    let py = items.py();
    items.get_item(key.bind(py)).map_err(|error| unreadable(py, &error))
}

fn attribute<'py>(object: &Bound<'py, PyAny>, key: &Py<PyString>) -> Read<Found<'py>> {
    let py = object.py();
    absent::<PyAttributeError>(py, object.getattr(key.bind(py)))
}

fn absent<'py, E: pyo3::PyTypeInfo>(py: Python<'py>, found: PyResult<Bound<'py, PyAny>>) -> Read<Found<'py>> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<E>(py) => Ok(None),
        Err(error) => Err(unreadable(py, &error)),
    }
}
