//! Rows as a database gives them.

use prisml_core::{Dtype, Row, Value};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::Read;
use super::computed::{Computed, computed};
use crate::convert::with_value;

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
