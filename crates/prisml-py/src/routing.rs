//! `Routing`, and what it is made of: keys -> variants.

use std::collections::HashMap;
use std::fmt::Write;

use numpy::{IntoPyArray, PyArray1, PyArrayDescrMethods, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods};
use prisml_core::{CellError, Error, Range};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PySet, PyString};

use crate::convert::type_name;
use crate::errors::{misuse, raise};
use crate::keys::with_key;

/// Releasing the interpreter for fewer integers than this costs more than it gives.
const MANY: usize = 10_000;
/// The variant of no key.
const NONE: i16 = -1;

/// The bucket of `key`, 0 to 9,999, in an experiment salted with `salt`; None for no key.
#[pyfunction]
pub(crate) fn bucket(salt: &str, key: &Bound<'_, PyAny>) -> PyResult<Option<u16>> {
    with_key(key, &mut String::new(), |key| prisml_core::bucket(salt, key)).map_err(|cell| refused(key.py(), cell, None))
}

/// The text of `key` that is hashed, and that forced keys are given by; None for no key.
#[pyfunction]
pub(crate) fn key_text(key: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    with_key(key, &mut String::new(), str::to_owned).map_err(|cell| refused(key.py(), cell, None))
}

/// How many of the 10,000 buckets each of `weights` gets.
#[pyfunction]
pub(crate) fn largest_remainder(py: Python<'_>, weights: Vec<f64>) -> PyResult<Vec<u16>> {
    prisml_core::largest_remainder(&weights).map_err(|error| raise(py, &error, None, None))
}

/// The ranges of each variant once it has `counts` buckets, moved as little as can be from those of `old`.
#[pyfunction]
pub(crate) fn reallocate(py: Python<'_>, old: Vec<Vec<Range>>, counts: Vec<u16>) -> PyResult<Vec<Vec<Range>>> {
    prisml_core::reallocate(&old, &counts).map_err(|error| raise(py, &error, None, None))
}

/// Which variant each key gets. Safe to share between threads.
#[pyclass(frozen, module = "prisml._core")]
pub(crate) struct Routing {
    inner: prisml_core::Routing,
}

#[pymethods]
impl Routing {
    #[new]
    fn new(py: Python<'_>, salt: &str, ranges: Vec<Vec<Range>>, forced: &Bound<'_, PyAny>) -> PyResult<Self> {
        let forced: HashMap<String, u16> = PyDict::from_sequence(&forced.call_method0(intern!(py, "items"))?)?.extract()?;
        let inner = prisml_core::Routing::new(salt, &ranges, forced).map_err(|error| raise(py, &error, None, None))?;
        Ok(Self { inner })
    }

    /// The index of the variant of `key`; None for no key.
    fn assign(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<u16>> {
        with_key(key, &mut String::new(), |key| self.inner.assign(key)).map_err(|cell| refused(key.py(), cell, None))
    }

    /// The indices of the variants of `keys`; -1 for no key. An error names the key's index as its row.
    fn assign_many<'py>(&self, py: Python<'py>, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<i16>>> {
        if let Some(numbers) = integers(keys)? {
            return self.assign_integers(py, &numbers);
        }
        if !is_sequence(keys) {
            let cell = CellError::WrongKey { got: type_name(keys), what: ", where a sequence of keys is expected," };
            return Err(refused(py, cell, None));
        }
        let mut variants = Vec::with_capacity(keys.len()?);
        let mut text = String::new();
        for (row, key) in keys.try_iter()?.enumerate() {
            let variant = with_key(&key?, &mut text, |key| self.inner.assign(key));
            variants.push(variant.map_err(|cell| refused(py, cell, Some(row)))?.map_or(NONE, u16::cast_signed));
        }
        Ok(variants.into_pyarray(py))
    }
}

impl Routing {
    fn assign_integers<'py>(&self, py: Python<'py>, numbers: &PyReadonlyArray1<'py, i64>) -> PyResult<Bound<'py, PyArray1<i16>>> {
        let numbers = numbers.as_slice().map_err(|_| misuse("the keys are not contiguous"))?;
        let assign = || {
            let mut text = String::new();
            let assign = |number: &i64| {
                text.clear();
                let _ = write!(text, "{number}");
                self.inner.assign(&text).cast_signed()
            };
            numbers.iter().map(assign).collect::<Vec<_>>()
        };
        let variants = if numbers.len() < MANY { assign() } else { py.detach(assign) };
        Ok(variants.into_pyarray(py))
    }
}

/// A copy of an array of integers, which nobody else writes to; None for any other keys.
fn integers<'py>(keys: &Bound<'py, PyAny>) -> PyResult<Option<PyReadonlyArray1<'py, i64>>> {
    let Ok(array) = keys.cast::<PyUntypedArray>() else { return Ok(None) };
    let dtype = array.dtype();
    let fits = dtype.kind() == b'i' || dtype.kind() == b'u' && dtype.itemsize() < size_of::<i64>();
    if array.ndim() != 1 || !fits {
        return Ok(None);
    }
    let py = keys.py();
    Ok(Some(keys.call_method1(intern!(py, "astype"), (intern!(py, "int64"),))?.extract()?))
}

fn is_sequence(keys: &Bound<'_, PyAny>) -> bool {
    let single = keys.is_instance_of::<PyString>() || keys.is_instance_of::<PyBytes>();
    !single && !keys.is_instance_of::<PyDict>() && !keys.is_instance_of::<PySet>()
}

fn refused(py: Python<'_>, cell: CellError, row: Option<usize>) -> PyErr {
    raise(py, &Error::Key(cell), None, row)
}

/// Assigns an array once: the types and names that this needs are kept from then on.
pub(crate) fn make_what_is_made_once(py: Python<'_>) -> PyResult<()> {
    let routing = Routing::new(py, "", vec![vec![(0, prisml_core::BUCKETS)]], PyDict::new(py).as_any())?;
    let _ = routing.assign_many(py, PyArray1::<i64>::zeros(py, 1, false).as_any())?;
    let _ = routing.assign_many(py, PyArray1::<i32>::zeros(py, 1, false).as_any())?;
    Ok(())
}
