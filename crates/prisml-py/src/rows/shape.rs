//! Which kind of row an object is: looked at once for each of its classes.

use std::cell::Cell;
use std::ptr;
use std::sync::OnceLock;

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyByteArray, PyBytes, PyDict, PyList, PyMapping, PySet, PyString, PyTuple, PyType, PyWeakrefMethods, PyWeakrefReference,
};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shape {
    Dict,
    Mapping,
    /// Its attributes are in the dictionary that every object of a plain class has: an instrumented attribute costs twenty times that.
    Instance,
    /// Its class says itself what `__dict__` is.
    Attributes,
    Slots,
    Refused,
}

/// The shapes of the classes that came first: looking at one costs as much as encoding a row.
#[derive(Default)]
pub(super) struct Shapes {
    known: [OnceLock<Known>; 4],
}

struct Known {
    class: *const ffi::PyTypeObject,
    /// Another class may come to lie where one was that is gone.
    alive: Py<PyWeakrefReference>,
    shape: Shape,
}

// SAFETY: the address is compared and never followed.
unsafe impl Send for Known {}
// SAFETY: as above.
unsafe impl Sync for Known {}

impl Shapes {
    pub(super) fn of(&self, object: &Bound<'_, PyAny>) -> Shape {
        let class = object.get_type_ptr().cast_const();
        for known in self.known.iter().map_while(OnceLock::get) {
            if known.class == class && known.alive.bind(object.py()).upgrade().is_some() {
                return known.shape;
            }
        }
        let shape = shape_of(object);
        if let Ok(alive) = PyWeakrefReference::new(&object.get_type()) {
            let mut known = Known { class, alive: alive.unbind(), shape };
            for place in &self.known {
                match place.set(known) {
                    Ok(()) => break,
                    Err(refused) => known = refused,
                }
            }
        }
        shape
    }
}

/// The shapes of the two classes seen last in a batch: a row's and that of a related one.
pub(super) struct LastShapes<'a> {
    all: &'a Shapes,
    last: Cell<[(*const ffi::PyTypeObject, Shape); 2]>,
}

impl<'a> LastShapes<'a> {
    pub(super) fn new(all: &'a Shapes) -> Self {
        Self { all, last: Cell::new([(ptr::null(), Shape::Refused); 2]) }
    }

    #[inline]
    pub(super) fn of(&self, object: &Bound<'_, PyAny>) -> Shape {
        let class = object.get_type_ptr().cast_const();
        let [newer, older] = self.last.get();
        if newer.0 == class {
            return newer.1;
        }
        if older.0 == class {
            return older.1;
        }
        let shape = if class == (&raw const ffi::PyDict_Type) { Shape::Dict } else { self.all.of(object) };
        self.last.set([(class, shape), newer]);
        shape
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
    } else if !object.getattr(intern!(py, "__dict__")).is_ok_and(|attributes| attributes.is_instance_of::<PyDict>()) {
        Shape::Slots
    } else if has_plain_dict(&object.get_type()).unwrap_or(false) {
        Shape::Instance
    } else {
        Shape::Attributes
    }
}

/// Whether `__dict__` of the objects of `class` is what the interpreter itself gives them.
fn has_plain_dict(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = class.py();
    let getattribute = intern!(py, "__getattribute__");
    if !class.getattr(getattribute)?.is(py.get_type::<PyAny>().getattr(getattribute)?) {
        return Ok(false);
    }
    let name = intern!(py, "__dict__");
    for base in class.mro() {
        let own = base.getattr(name)?;
        if own.contains(name)? {
            return Ok(own.get_item(name)?.get_type().name()? == "getset_descriptor");
        }
    }
    Ok(false)
}

fn is_plain_value(object: &Bound<'_, PyAny>) -> bool {
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
