//! `Encoder`: the rows that training reads, with categories that grow.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use numpy::PyReadwriteArray2;
use prisml_core::{Error, Growing, GrownCategories, InputContract};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::columns::{Table, encode_in_order};
use crate::errors::{misuse, raise};
use crate::rows::{Computed, TupleRow};

/// Rows of a database -> float32, categories coded in the order of their appearance.
#[pyclass(frozen, module = "prisml._core")]
pub(crate) struct Encoder {
    contract: InputContract,
    grown: Mutex<Growing>,
}

#[pymethods]
impl Encoder {
    #[new]
    fn new(py: Python<'_>, inputs: &str) -> PyResult<Self> {
        let contract = InputContract::from_json(inputs).map_err(|error| raise(py, &error, None, None))?;
        let grown = Mutex::new(Growing::new(&contract));
        Ok(Self { contract, grown })
    }

    /// The path of each column that is read, in the order in which `encode` expects a row's values.
    #[getter]
    fn sources<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyTuple>>> {
        self.contract.sources().iter().map(|source| PyTuple::new(py, &source.path)).collect()
    }

    /// Encodes `rows` into `out`; errors count rows from `first_row`.
    #[pyo3(signature = (rows, out, *, as_of, computed=None, first_row=0))]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        mut out: PyReadwriteArray2<'py, f32>,
        as_of: i64,
        computed: Option<&Bound<'py, PyDict>>,
        first_row: usize,
    ) -> PyResult<()> {
        let count = rows.len()?;
        let computed = Computed::new(&self.contract, computed, count, false)?;
        let matrix = self.matrix(&mut out, count)?;
        // Reading a row may run Python code, which must not wait for this lock.
        let mut grown = self.grown.try_lock().map_err(|_| misuse(BUSY))?;
        let mut iterator = rows.try_iter()?;
        for (index, place) in matrix.chunks_exact_mut(self.contract.width()).enumerate() {
            let row = iterator.next().ok_or_else(|| misuse("rows has fewer rows than its length says"))?;
            let values = as_tuple(row?)?;
            let row = TupleRow { values: &values, computed: &computed, index };
            self.contract
                .encode_with(&row, as_of, place, &mut *grown)
                .map_err(|error| raise(py, &error, None, Some(first_row + index)))?;
        }
        Ok(())
    }

    /// As `encode`, for a table whose columns are those of `sources`, in that order, whatever their names; of further ones those are read
    /// whose places `computed` tells by feature.
    #[pyo3(signature = (table, out, *, as_of, computed=None, first_row=0))]
    fn encode_columns<'py>(
        &self,
        py: Python<'py>,
        table: &Bound<'py, Table>,
        mut out: PyReadwriteArray2<'py, f32>,
        as_of: i64,
        computed: Option<HashMap<String, usize>>,
        first_row: usize,
    ) -> PyResult<()> {
        let matrix = self.matrix(&mut out, table.len()?)?;
        let encoded = encode_in_order(py, table.get(), &self.contract, &computed.unwrap_or_default(), as_of, matrix, &self.grown);
        let encoded = encoded.ok_or_else(|| misuse(BUSY))?;
        encoded.map_err(|error| {
            let row = if let Error::Encoding { row, .. } = error { Some(first_row + row) } else { None };
            raise(py, &error, None, row)
        })
    }

    /// What each input has seen, in the order of its codes; None for a number.
    fn categories<'py>(&self, py: Python<'py>) -> PyResult<Vec<Option<Bound<'py, PyList>>>> {
        let grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        let list = |categories: Option<GrownCategories>| match categories {
            None => Ok(None),
            Some(GrownCategories::Strs(values)) => PyList::new(py, values).map(Some),
            Some(GrownCategories::Ints(values)) => PyList::new(py, values).map(Some),
        };
        grown.categories(&self.contract).into_iter().map(list).collect()
    }
}

const BUSY: &str = "encode is running already";

impl Encoder {
    /// The places of `count` encoded rows.
    fn matrix<'a>(&self, out: &'a mut PyReadwriteArray2<'_, f32>, count: usize) -> PyResult<&'a mut [f32]> {
        let matrix = out.as_slice_mut().map_err(|_| misuse("out is not contiguous"))?;
        if matrix.len() != count * self.contract.width() {
            return Err(misuse("out has not one row for each row and one column for each input"));
        }
        Ok(matrix)
    }
}

fn as_tuple(row: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyTuple>> {
    match row.cast_into::<PyTuple>() {
        Ok(values) => Ok(values),
        Err(other) => {
            let row = other.into_inner();
            Ok(row.py().get_type::<PyTuple>().call1((row,))?.cast_into()?)
        }
    }
}
