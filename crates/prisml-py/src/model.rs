//! `Model`: a loaded version, asked for one row or for many.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use numpy::{IntoPyArray, PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use prisml_core::{Error, ModelCache};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::errors::{build, interruption, raise};
use crate::rows::{Batch, Computed, Keys};

/// Releasing the interpreter for less than this costs more than it gives.
const LONG: Duration = Duration::from_micros(200);

static CACHE: ModelCache = ModelCache::new(16);

/// The model with `digest`, loaded once however many threads ask; `fetch` gives the text of its manifest and its graph.
#[pyfunction]
pub(crate) fn load_model(py: Python<'_>, digest: &str, fetch: Py<PyAny>) -> PyResult<Model> {
    // Detached while waiting: the thread that loads needs the interpreter for `fetch`.
    let model = py.detach(|| CACHE.get_or_load(digest, || open(&fetch)))?;
    let keys = Keys::new(py, model.contract());
    Ok(Model { digest: digest.to_owned(), needs_as_of: model.contract().needs_as_of(), keys, inner: model })
}

fn open(fetch: &Py<PyAny>) -> PyResult<prisml_core::Model> {
    let (manifest, onnx) = Python::attach(|py| {
        let pair = fetch.bind(py).call0()?.cast_into::<PyTuple>()?;
        let onnx = pair.get_item(1)?.cast::<PyBytes>()?.as_bytes().to_vec();
        PyResult::Ok((pair.get_item(0)?.extract::<String>()?, onnx))
    })?;
    prisml_core::Model::new(&manifest, &onnx).map_err(|error| Python::attach(|py| raise(py, &error, None, None)))
}

/// A loaded version. Safe to share between threads.
#[pyclass(frozen, module = "prisml._core")]
pub(crate) struct Model {
    digest: String,
    keys: Keys,
    needs_as_of: bool,
    inner: Arc<prisml_core::Model>,
}

/// How rows are to be encoded: as of when, with which values computed in Python, and which of them.
struct Asked<'a, 'py> {
    as_of: Option<i64>,
    computed: Option<&'a Bound<'py, PyDict>>,
    null_errors: bool,
    only: Option<&'a [usize]>,
}

/// Rows encoded so far, by their places in the batch: those that could be, and what was wrong with the others.
struct Encoded {
    matrix: Vec<f32>,
    good: Vec<usize>,
    bad: Vec<(usize, Error)>,
    unseen: Vec<u64>,
}

#[pymethods]
impl Model {
    /// SHA-256 of the version's manifest.
    #[getter]
    fn digest(&self) -> &str {
        &self.digest
    }

    /// How many numbers a row's prediction has.
    #[getter]
    fn outputs(&self) -> usize {
        self.inner.outputs()
    }

    /// The prediction for one row: a float, or for multiclass a tuple of each class's probability.
    #[pyo3(signature = (row, *, as_of=None, computed=None))]
    fn predict_one<'py>(
        &self,
        py: Python<'py>,
        row: &Bound<'py, PyAny>,
        as_of: Option<i64>,
        computed: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let contract = self.inner.contract();
        let computed = Computed::new(contract, computed, 1, true)?;
        let batch = Batch::new(&self.keys, &computed);
        let mut matrix = vec![0.0; contract.width()];
        contract
            .encode_row(&batch.row(row, 0), self.moment(as_of), &mut matrix, None)
            .map_err(|error| raise(py, &error, Some(self.inner.name()), None))?;
        let scores = self.score(py, &matrix, |place| place)?;
        match scores.as_slice() {
            [score] => Ok(score.into_pyobject(py)?.into_any()),
            scores => Ok(PyTuple::new(py, scores)?.into_any()),
        }
    }

    /// Predictions for many rows: (n,) or for multiclass (n, classes), errors by row, unseen categories by feature.
    ///
    /// With `only`, indices of rows, those alone are predicted, in that order; an error still names the row by its index in `rows`.
    #[pyo3(signature = (rows, *, as_of=None, computed=None, null_errors=false, only=None))]
    #[allow(clippy::type_complexity, reason = "the tuple is what Python unpacks")]
    fn predict_many<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        as_of: Option<i64>,
        computed: Option<&Bound<'py, PyDict>>,
        null_errors: bool,
        only: Option<Vec<usize>>,
    ) -> PyResult<(Bound<'py, PyArrayDyn<f64>>, Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        let only = only.as_deref();
        let count = only.map_or(rows.len()?, <[usize]>::len);
        let mut encoded = self.encode_rows(py, rows, &Asked { as_of, computed, null_errors, only })?;
        let index_of = |place: usize| only.map_or(place, |rows| rows[place]);
        let scores =
            if null_errors { self.score_or_null(py, &mut encoded, index_of)? } else { self.score(py, &encoded.matrix, index_of)? };
        let errors = PyDict::new(py);
        for (place, error) in &encoded.bad {
            let row = index_of(*place);
            errors.set_item(row, build(py, error, Some(self.inner.name()), Some(row))?)?;
        }
        let unseen = PyDict::new(py);
        for (input, times) in self.inner.contract().inputs().iter().zip(&encoded.unseen).filter(|(_, times)| **times > 0) {
            unseen.set_item(&input.name, times)?;
        }
        let values = if encoded.bad.is_empty() { scores } else { scatter(&scores, &encoded.good, count, self.inner.outputs()) };
        Ok((self.array(py, values, count)?, errors, unseen))
    }

    /// Predictions for an already encoded matrix of float32.
    fn predict_encoded<'py>(&self, py: Python<'py>, matrix: PyReadonlyArray2<'py, f32>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let (rows, columns) = (matrix.shape()[0], matrix.shape()[1]);
        let view = matrix.as_array();
        let standard = view.as_standard_layout();
        let values: &[f32] = standard.as_slice().unwrap_or_default();
        let answer = if self.is_long(rows) {
            // A copy: while the interpreter is released, another thread may write to the caller's array.
            let copy = values.to_vec();
            py.detach(|| self.inner.score_encoded(&copy, columns))
        } else {
            self.inner.score_encoded(values, columns)
        };
        let scores = answer.map_err(|error| {
            let row = if let Error::Encoding { row, .. } = error { Some(row) } else { None };
            raise(py, &error, Some(self.inner.name()), row)
        })?;
        self.array(py, scores, rows)
    }

    /// The encoded matrix of `rows`, float32 (n, inputs).
    #[pyo3(signature = (rows, *, as_of=None, computed=None))]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        as_of: Option<i64>,
        computed: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let count = rows.len()?;
        let encoded = self.encode_rows(py, rows, &Asked { as_of, computed, null_errors: false, only: None })?;
        encoded.matrix.into_pyarray(py).reshape(vec![count, self.inner.contract().width()])
    }
}

impl Model {
    fn encode_rows<'py>(&self, py: Python<'py>, rows: &Bound<'py, PyAny>, asked: &Asked<'_, 'py>) -> PyResult<Encoded> {
        let contract = self.inner.contract();
        let rows = as_list(rows)?;
        let computed = Computed::new(contract, asked.computed, rows.len(), false)?;
        let batch = Batch::new(&self.keys, &computed);
        let width = contract.width();
        let count = asked.only.map_or(rows.len(), <[usize]>::len);
        let as_of = self.moment(asked.as_of);
        let mut encoded = Encoded { matrix: vec![0.0; count * width], good: Vec::new(), bad: Vec::new(), unseen: vec![0; width] };
        let mut counts = vec![0; width];
        let mut filled = 0;
        for place in 0..count {
            let index = asked.only.map_or(place, |rows| rows[place]);
            // Reading a row may run code that makes the list shorter: then there is no such row any more.
            let row = rows.get_item(index)?;
            let cells = encoded.matrix.get_mut(filled..filled + width).unwrap_or_default();
            match contract.encode_row(&batch.row(&row, index), as_of, cells, Some(&mut counts)) {
                Ok(()) => {
                    filled += width;
                    encoded.good.push(place);
                    encoded.unseen.iter_mut().zip(&mut counts).for_each(|(sum, count)| *sum += std::mem::take(count));
                }
                Err(error) if asked.null_errors => {
                    if let Some(interrupted) = interruption() {
                        return Err(interrupted);
                    }
                    counts.fill(0);
                    encoded.bad.push((place, error));
                }
                Err(error) => return Err(raise(py, &error, Some(self.inner.name()), Some(index))),
            }
        }
        encoded.matrix.truncate(filled);
        Ok(encoded)
    }

    /// Scores the rows of `matrix`; `index_of` says which row of the caller's a place in it is.
    fn score(&self, py: Python<'_>, matrix: &[f32], index_of: impl Fn(usize) -> usize) -> PyResult<Vec<f64>> {
        let rows = matrix.len() / self.inner.contract().width();
        let answer = self.long(py, rows, || self.inner.score(matrix));
        answer.map_err(|error| {
            let error = if let Error::NotFinite { row } = error { Error::NotFinite { row: index_of(row) } } else { error };
            raise(py, &error, Some(self.inner.name()), None)
        })
    }

    /// Scores the good rows; those without a finite answer become bad ones.
    fn score_or_null(&self, py: Python<'_>, encoded: &mut Encoded, index_of: impl Fn(usize) -> usize) -> PyResult<Vec<f64>> {
        let answer = self.long(py, encoded.good.len(), || self.inner.score_unchecked(&encoded.matrix));
        let mut scores = answer.map_err(|error| raise(py, &error, Some(self.inner.name()), None))?;
        for (place, scored) in encoded.good.iter().zip(scores.chunks_exact_mut(self.inner.outputs())) {
            if !scored.iter().all(|number| number.is_finite()) {
                scored.fill(f64::NAN);
                encoded.bad.push((*place, Error::NotFinite { row: index_of(*place) }));
            }
        }
        Ok(scores)
    }

    fn is_long(&self, rows: usize) -> bool {
        self.inner.expected(rows) > LONG
    }

    /// Runs `work` on `rows` rows, the interpreter released where that is expected to take long.
    fn long<T: Send>(&self, py: Python<'_>, rows: usize, work: impl FnOnce() -> T + Send) -> T {
        if self.is_long(rows) { py.detach(work) } else { work() }
    }

    /// `as_of`, or now where an input depends on it.
    fn moment(&self, as_of: Option<i64>) -> i64 {
        as_of.unwrap_or_else(|| {
            let now =
                if self.needs_as_of { SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() } else { Duration::ZERO };
            i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
        })
    }

    fn array<'py>(&self, py: Python<'py>, values: Vec<f64>, rows: usize) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let shape = if self.inner.outputs() == 1 { vec![rows] } else { vec![rows, self.inner.outputs()] };
        PyArray1::from_vec(py, values).reshape(shape)
    }
}

fn as_list<'py>(rows: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    match rows.cast::<PyList>() {
        Ok(list) => Ok(list.clone()),
        Err(_) => Ok(rows.py().get_type::<PyList>().call1((rows,))?.cast_into()?),
    }
}

fn scatter(scores: &[f64], good: &[usize], count: usize, outputs: usize) -> Vec<f64> {
    let mut values = vec![f64::NAN; count * outputs];
    for (row, scored) in good.iter().zip(scores.chunks_exact(outputs)) {
        values[row * outputs..(row + 1) * outputs].copy_from_slice(scored);
    }
    values
}
