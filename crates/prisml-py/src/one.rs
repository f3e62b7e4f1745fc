//! One row: encoded on the stack, scored, and answered without anything being made that the answer does not keep.

use pyo3::prelude::*;

use crate::errors::raise;
use crate::model::Model;
use crate::prediction::{Prediction, Raw};
use crate::rows::{Batch, Computed};

/// Rows of up to so many inputs and predictions of up to so many numbers need no memory of their own.
const WIDTH: usize = 64;
const OUTPUTS: usize = 8;

/// Answers row after row for one version.
#[pyclass(frozen, module = "prisml._core")]
pub(crate) struct Predictor {
    model: Py<Model>,
    reading: Py<PyAny>,
    version: Option<Py<PyAny>>,
}

#[pymethods]
impl Predictor {
    /// What ``model`` predicts is told by ``reading``.
    #[new]
    fn new(model: Py<Model>, reading: Py<PyAny>, version: Option<Py<PyAny>>) -> Self {
        Self { model, reading, version }
    }

    /// The prediction for one row, as of now.
    fn predict(&self, py: Python<'_>, row: &Bound<'_, PyAny>) -> PyResult<Prediction> {
        let raw = self.model.get().one(py, row, None, &Computed::none())?;
        let version = self.version.as_ref().map(|version| version.clone_ref(py));
        Ok(Prediction::of(raw, self.reading.clone_ref(py), version))
    }
}

impl Model {
    /// The numbers for one row.
    #[inline]
    pub(crate) fn one<'py>(
        &self,
        py: Python<'py>,
        row: &Bound<'py, PyAny>,
        as_of: Option<i64>,
        computed: &Computed<'py>,
    ) -> PyResult<Raw> {
        let (width, outputs) = (self.inner.contract().width(), self.inner.outputs());
        if width > WIDTH || outputs > OUTPUTS {
            return self.one_in(py, row, as_of, computed, &mut vec![0.0; width], &mut vec![0.0; outputs]);
        }
        self.one_in(py, row, as_of, computed, &mut [0.0; WIDTH][..width], &mut [0.0; OUTPUTS][..outputs])
    }

    #[inline]
    fn one_in<'py>(
        &self,
        py: Python<'py>,
        row: &Bound<'py, PyAny>,
        as_of: Option<i64>,
        computed: &Computed<'py>,
        cells: &mut [f32],
        numbers: &mut [f64],
    ) -> PyResult<Raw> {
        let batch = Batch::new(&self.keys, computed);
        let encoded = self.inner.contract().encode_row(&batch.row(row, 0), self.moment(as_of), cells, None);
        encoded
            .and_then(|()| self.long(py, 1, || self.inner.score_row(cells, numbers)))
            .map_err(|error| raise(py, &error, Some(self.inner.name()), None))?;
        Raw::new(py, numbers)
    }
}
