//! Where a key lies in dictionaries that were made alike: looking there first saves half of a look-up.

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// The place among a dictionary's items in which a key was found last, or how many look-ups go by until it is searched again.
///
/// Only the same object as the key counts, which the attributes of objects and the names in a program's text are; where it does not lie
/// in the expected place, it is looked up.
pub(super) struct Place(AtomicU32);

impl Default for Place {
    fn default() -> Self {
        Self(AtomicU32::new(SEARCHED_NEXT))
    }
}

/// From here on it is the number of look-ups.
const SEARCHED_NEXT: u32 = 1 << 16;
/// After another dictionary was met, made otherwise.
const SOON: u32 = SEARCHED_NEXT + 32;
/// After one without the key, or with an equal one.
const LATER: u32 = SEARCHED_NEXT + 1_024;
/// Dictionaries with more items are not searched through.
const FURTHEST: ffi::Py_ssize_t = 256;

impl Place {
    /// The value at `key`, borrowed from `items`, where it lies in the expected place.
    ///
    /// # Safety
    ///
    /// The interpreter is held, and the value used before any of its code runs.
    #[inline(always)]
    pub(super) unsafe fn value(&self, items: &Bound<'_, PyDict>, key: &Py<PyString>) -> Option<*mut ffi::PyObject> {
        let place = self.0.load(Ordering::Relaxed);
        if place >= SEARCHED_NEXT {
            // SAFETY: as promised by the caller.
            return unsafe { self.search(place, items, key) };
        }
        // SAFETY: a place outside of the dictionary is no error, but the end of its items.
        if let Some((found, value, _)) = unsafe { next(items, ffi::Py_ssize_t::try_from(place).unwrap_or_default()) }
            && found == key.as_ptr()
        {
            return Some(value);
        }
        self.0.store(SOON, Ordering::Relaxed);
        None
    }

    #[inline(never)]
    unsafe fn search(&self, place: u32, items: &Bound<'_, PyDict>, key: &Py<PyString>) -> Option<*mut ffi::PyObject> {
        if place > SEARCHED_NEXT {
            self.0.store(place - 1, Ordering::Relaxed);
            return None;
        }
        let mut here = 0;
        // SAFETY: as promised by the caller.
        while let Some((found, value, after)) = unsafe { next(items, here) }
            && here < FURTHEST
        {
            if found == key.as_ptr() {
                self.0.store(here as u32, Ordering::Relaxed);
                return Some(value);
            }
            here = after;
        }
        self.0.store(LATER, Ordering::Relaxed);
        None
    }
}

type Item = (*mut ffi::PyObject, *mut ffi::PyObject, ffi::Py_ssize_t);

/// The item at `place` or after it, and the place that follows.
#[inline(always)]
unsafe fn next(items: &Bound<'_, PyDict>, mut place: ffi::Py_ssize_t) -> Option<Item> {
    let (mut key, mut value) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: as promised by the caller.
    let found = unsafe { ffi::PyDict_Next(items.as_ptr(), &raw mut place, &raw mut key, &raw mut value) };
    (found != 0).then_some((key, value, place))
}
