//! Python rows: mappings, objects with attributes, and the tuples that a database gives.

#![allow(
    clippy::inline_always,
    reason = "a value is read in some 15 ns: calls, and results that go through memory, would cost a third of that"
)]

mod computed;
mod held;
#[cfg_attr(Py_GIL_DISABLED, allow(dead_code, reason = "a value would have to be held"))]
mod place;
mod plain;
mod shape;
mod tuple;

use prisml_core::{CellError, Dtype, Input, InputContract, Row, Source, Value};
use pyo3::prelude::*;
use pyo3::types::PyString;

pub(crate) use self::computed::Computed;
use self::computed::computed;
use self::held::{Held, Key};
use self::shape::{LastShapes, Shape, Shapes};
pub(crate) use self::tuple::TupleRow;
use crate::convert::with_value;

type Read<R> = Result<R, CellError>;

/// The keys of a contract as Python's own interned text, made once, and the shapes of the rows that were read by them.
pub(crate) struct Keys {
    /// Of a source that is computed: none.
    slots: Vec<Vec<Py<PyString>>>,
    names: Vec<Py<PyString>>,
    plain: Vec<Option<Path>>,
    shapes: Shapes,
}

/// The names that lead from a row to a value by the short way.
struct Path {
    first: Key,
    rest: Box<[Key]>,
    /// The feature's own name, where a row may give that instead.
    own: Option<Key>,
}

impl Keys {
    pub(crate) fn new(py: Python<'_>, contract: &InputContract) -> Self {
        let intern = |name: &String| PyString::intern(py, name).unbind();
        let key = |name: &String| Key::new(intern(name));
        let names = |source: &Source| if source.is_computed() { vec![] } else { source.path.iter().map(intern).collect() };
        let path = |input: &Input| {
            let (first, rest) = contract.plain_path(input).split_first()?;
            Some(Path { first: key(first), rest: rest.iter().map(key).collect(), own: input.by_name().then(|| key(&input.name)) })
        };
        Self {
            slots: contract.sources().iter().map(names).collect(),
            names: contract.inputs().iter().map(|input| intern(&input.name)).collect(),
            plain: contract.inputs().iter().map(path).collect(),
            shapes: Shapes::default(),
        }
    }
}

/// What every row of a batch shares.
pub(crate) struct Batch<'a, 'py> {
    keys: &'a Keys,
    computed: &'a Computed<'py>,
    shapes: LastShapes<'a>,
}

impl<'a, 'py> Batch<'a, 'py> {
    pub(crate) fn new(keys: &'a Keys, computed: &'a Computed<'py>) -> Self {
        Self { keys, computed, shapes: LastShapes::new(&keys.shapes) }
    }

    #[inline]
    pub(crate) fn row(&'a self, object: &'a Bound<'py, PyAny>, index: usize) -> ObjectRow<'a, 'py> {
        ObjectRow { batch: self, held: self.hold(object), index }
    }

    #[inline]
    fn hold<'b>(&self, object: &'b Bound<'py, PyAny>) -> Held<'b, 'py> {
        Held::new(object, self.shapes.of(object))
    }
}

/// A mapping or an object, read by key or attribute.
pub(crate) struct ObjectRow<'a, 'py> {
    batch: &'a Batch<'a, 'py>,
    held: Held<'a, 'py>,
    index: usize,
}

impl ObjectRow<'_, '_> {
    /// The number of `input` by a path over related objects, where the value at its end is a plain one.
    #[inline(never)]
    fn related(&self, path: &Path, input: &Input) -> Read<Option<f32>> {
        let mut found = match (&self.held, &path.own, self.held.item(&path.first.name)?) {
            (_, _, Some(found)) => found,
            // Flat rows give the feature under its own name instead.
            (Held::Dict(_), Some(own), None) => return self.held.plain(own, input),
            _ => return Ok(None),
        };
        for (place, key) in path.rest.iter().enumerate() {
            if found.is_none() {
                return Ok(input.plain_missing());
            }
            let held = self.batch.hold(&found);
            if place + 1 == path.rest.len() {
                return held.plain(key, input);
            }
            match held.item(&key.name)? {
                Some(next) => found = next,
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl Row for ObjectRow<'_, '_> {
    #[inline(always)]
    fn plain(&self, index: usize, input: &Input) -> Read<Option<f32>> {
        let Some(path) = self.batch.keys.plain.get(index).and_then(Option::as_ref) else {
            return Ok(None);
        };
        if self.is_computed(index) {
            return Ok(None);
        }
        if path.rest.is_empty() { self.held.plain(&path.first, input) } else { self.related(path, input) }
    }

    #[inline]
    fn is_computed(&self, input: usize) -> bool {
        self.batch.computed.get(input).is_some()
    }

    fn source<R>(&self, slot: usize, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
        let Some((first, rest)) = self.batch.keys.slots[slot].split_first() else {
            return match self.batch.computed.source(slot) {
                Some(column) => computed(column, self.index, dtype, read),
                None => read(None),
            };
        };
        let mut found = self.held.get(first)?;
        for key in rest {
            found = match found {
                // The path's next step has nowhere to go: a to-one relationship without a target.
                Some(object) if object.is_none() => return read(Some(Value::Missing)),
                Some(object) => self.batch.hold(&object).get(key)?,
                None => return read(None),
            };
        }
        match found {
            Some(object) => with_value(&object, dtype, read),
            None => read(None),
        }
    }

    fn named<R>(&self, input: usize, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
        if let Some(column) = self.batch.computed.get(input) {
            return computed(column, self.index, dtype, read);
        }
        match self.held.get(&self.batch.keys.names[input])? {
            Some(object) => with_value(&object, dtype, read),
            None => read(None),
        }
    }
}

/// Looks once at rows of every kind: the names that this needs are kept from then on.
pub(crate) fn make_what_is_made_once(py: Python<'_>) -> PyResult<()> {
    let keys = Keys { slots: Vec::new(), names: Vec::new(), plain: Vec::new(), shapes: Shapes::default() };
    let computed = Computed::none();
    let absent = PyString::intern(py, "absent").unbind();
    let object = py.import("types")?.getattr("SimpleNamespace")?.call0()?;
    // Twice: the second look finds the class known.
    for _ in 0..2 {
        let _ = Batch::new(&keys, &computed).hold(&object).get(&absent);
    }
    // Its own __dict__ is a function's.
    let _ = Held::new(&object, Shape::Attributes).get(&absent);
    Ok(())
}
