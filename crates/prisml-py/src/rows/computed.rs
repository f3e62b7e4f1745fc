//! Values of features and of expressions that were computed before the rows are read.

use prisml_core::{Dtype, InputContract, Source, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::Read;
use crate::convert::with_value;
use crate::errors::unreadable;

/// Values that were computed for a whole batch: of features, by input, and of sources that the database computes, by slot.
pub(crate) struct Computed<'py> {
    inputs: Vec<Option<Bound<'py, PyAny>>>,
    slots: Vec<Option<Bound<'py, PyAny>>>,
}

impl<'py> Computed<'py> {
    /// Nothing was computed.
    pub(crate) fn none() -> Self {
        Self { inputs: Vec::new(), slots: Vec::new() }
    }

    /// `values` maps features, and sources that are computed, to sequences with a value for each row, or to one value where `single`.
    pub(crate) fn new(contract: &InputContract, values: Option<&Bound<'py, PyDict>>, rows: usize, single: bool) -> PyResult<Self> {
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            return Ok(Self::none());
        };
        let column = |name: &str| match values.get_item(name)? {
            Some(value) if single => Ok(Some(PyTuple::new(value.py(), [value])?.into_any())),
            Some(column) if column.len()? != rows => Err(crate::errors::misuse("a computed column has not one value for each row")),
            found => Ok(found),
        };
        // Under any other name stands a feature's own value, which is none of a column that happens to have that name.
        let slot = |source: &Source| if source.is_computed() { column(&source.path[0]) } else { Ok(None) };
        Ok(Self {
            inputs: contract.inputs().iter().map(|input| column(&input.name)).collect::<PyResult<_>>()?,
            slots: contract.sources().iter().map(slot).collect::<PyResult<_>>()?,
        })
    }

    #[inline]
    pub(super) fn get(&self, input: usize) -> Option<&Bound<'py, PyAny>> {
        self.inputs.get(input).and_then(Option::as_ref)
    }

    pub(super) fn source(&self, slot: usize) -> Option<&Bound<'py, PyAny>> {
        self.slots.get(slot).and_then(Option::as_ref)
    }
}

/// Calls `read` with the value for the row at `index`.
pub(super) fn computed<R>(
    column: &Bound<'_, PyAny>,
    index: usize,
    dtype: Dtype,
    read: impl FnOnce(Option<Value<'_>>) -> Read<R>,
) -> Read<R> {
    let value = column.get_item(index).map_err(|error| unreadable(column.py(), &error))?;
    with_value(&value, dtype, read)
}
