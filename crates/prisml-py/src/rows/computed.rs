//! Values of features that Python computed before the rows are read.

use prisml_core::{Dtype, InputContract, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::Read;
use crate::convert::with_value;
use crate::errors::unreadable;

/// Values of features that Python computed for a whole batch, by input.
pub(crate) struct Computed<'py> {
    columns: Vec<Option<Bound<'py, PyAny>>>,
}

impl<'py> Computed<'py> {
    /// Nothing was computed.
    pub(crate) fn none() -> Self {
        Self { columns: Vec::new() }
    }

    /// `values` maps features to sequences with a value for each row, or to one value where `single`.
    pub(crate) fn new(contract: &InputContract, values: Option<&Bound<'py, PyDict>>, rows: usize, single: bool) -> PyResult<Self> {
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            return Ok(Self::none());
        };
        let column = |name: &String| match values.get_item(name)? {
            Some(value) if single => Ok(Some(PyTuple::new(value.py(), [value])?.into_any())),
            Some(column) if column.len()? != rows => Err(crate::errors::misuse("a computed column has not one value for each row")),
            found => Ok(found),
        };
        Ok(Self { columns: contract.inputs().iter().map(|input| column(&input.name)).collect::<PyResult<_>>()? })
    }

    #[inline]
    pub(super) fn get(&self, input: usize) -> Option<&Bound<'py, PyAny>> {
        self.columns.get(input).and_then(Option::as_ref)
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
