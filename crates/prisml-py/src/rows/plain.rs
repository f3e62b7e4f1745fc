//! The short way from a Python value to a number: exact types, told apart by their address.

use prisml_core::Input;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::Read;
use super::place::Place;
use crate::errors::unreadable;

/// The `__dict__` of an object whose class is a plain one.
#[inline]
pub(super) fn attributes<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyDict>> {
    let py = object.py();
    // SAFETY: the interpreter is held, and gives a new reference or an error.
    let attributes =
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyObject_GenericGetDict(object.as_ptr(), std::ptr::null_mut())) };
    attributes.ok()?.cast_into().ok()
}

/// What `input` makes of the item at `key`, where that is there and plain.
///
/// The dictionary's reference to the value is used without another one: a call for each would cost a tenth of the whole.
#[cfg(not(Py_GIL_DISABLED))]
#[inline(always)]
pub(super) fn item(items: &Bound<'_, PyDict>, key: &Py<PyString>, place: &Place, input: &Input) -> Read<Option<f32>> {
    // SAFETY: the interpreter is held. Until the next look-up none of its code runs: the value stays where it was found.
    unsafe {
        if let Some(value) = place.value(items, key) {
            return Ok(number_of(value, input));
        }
        let value = ffi::PyDict_GetItemWithError(items.as_ptr(), key.as_ptr());
        if value.is_null() { absent(items.py()) } else { Ok(number_of(value, input)) }
    }
}

/// After a look-up that found nothing: comparing keys may have failed.
#[cfg(not(Py_GIL_DISABLED))]
#[cold]
fn absent(py: Python<'_>) -> Read<Option<f32>> {
    PyErr::take(py).map_or(Ok(None), |error| Err(unreadable(py, &error)))
}

/// What `input` makes of the item at `key`, where that is there and plain. It is held meanwhile: another thread may replace it.
#[cfg(Py_GIL_DISABLED)]
pub(super) fn item(items: &Bound<'_, PyDict>, key: &Py<PyString>, _: &Place, input: &Input) -> Read<Option<f32>> {
    let py = items.py();
    let found = items.get_item(key.bind(py)).map_err(|error| unreadable(py, &error))?;
    Ok(found.and_then(|value| number(&value, input)))
}

/// What `input` makes of `value`, where its type is exactly one of Python's own.
#[inline]
pub(super) fn number(value: &Bound<'_, PyAny>, input: &Input) -> Option<f32> {
    // SAFETY: the value is held.
    unsafe { number_of(value.as_ptr(), input) }
}

/// # Safety
///
/// The interpreter is held, and `value` stays alive as long as none of its code runs.
#[inline(always)]
unsafe fn number_of(value: *mut ffi::PyObject, input: &Input) -> Option<f32> {
    // SAFETY: each function is given what it takes, and runs no code of Python's for an object of exactly that type.
    unsafe {
        let class = ffi::Py_TYPE(value);
        if class == &raw mut ffi::PyFloat_Type {
            input.plain_float(ffi::PyFloat_AsDouble(value))
        } else if class == &raw mut ffi::PyLong_Type {
            let mut overflow = 0;
            let number = ffi::PyLong_AsLongLongAndOverflow(value, &raw mut overflow);
            if overflow == 0 { input.plain_int(number) } else { None }
        } else if class == &raw mut ffi::PyUnicode_Type {
            input.plain_text(text(value)?)
        } else if value == ffi::Py_None() {
            input.plain_missing()
        } else if class == &raw mut ffi::PyBool_Type {
            input.plain_bool(value == ffi::Py_True())
        } else {
            None
        }
    }
}

/// The UTF-8 of an exact str; None where it has none, such as a lone surrogate.
///
/// # Safety
///
/// The interpreter is held; the text lives as long as `value`.
#[inline]
unsafe fn text<'a>(value: *mut ffi::PyObject) -> Option<&'a str> {
    let mut size = 0;
    // SAFETY: a str keeps its UTF-8 as long as it lives.
    unsafe {
        let start = ffi::PyUnicode_AsUTF8AndSize(value, &raw mut size);
        if start.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(std::str::from_utf8_unchecked(std::slice::from_raw_parts(start.cast(), size as usize)))
    }
}
