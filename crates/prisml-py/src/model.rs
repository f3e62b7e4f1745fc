//! `Model`: a loaded version, asked for one row or for many.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use prisml_core::{Asked as AskedColumns, Error, Level, ModelCache, Room, Run, Scoring};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::columns;
use crate::errors::{misuse, raise};
use crate::many::{Asked, scatter};
use crate::rows::{Computed, Keys};

/// Releasing the interpreter for less than this costs more than it gives.
const LONG: Duration = Duration::from_micros(200);

static CACHE: ModelCache = ModelCache::new();

/// The model with `digest`, loaded once however many threads ask; `fetch` gives the text of its manifest and its graph.
///
/// `start` loads ONNX Runtime, and is called only where the graph needs it. `native` allows the native scorer, `level` its instructions.
/// `room` is how many models are kept at most, and how many bytes.
#[pyfunction]
#[pyo3(signature = (digest, fetch, start, *, native=true, level=None, room=(16, usize::MAX)))]
pub(crate) fn load_model(
    py: Python<'_>,
    digest: &str,
    fetch: Py<PyAny>,
    start: Py<PyAny>,
    native: bool,
    level: Option<&str>,
    room: (usize, usize),
) -> PyResult<Model> {
    let room = Room { models: room.0, bytes: room.1 };
    let best = Level::best();
    let level = match level {
        None => best,
        Some(name) => Level::from_name(name).ok_or_else(|| misuse("there is no such set of instructions"))?.min(best),
    };
    let scoring = Scoring { native, level };
    let key = format!("{digest} {native} {}", level.name());
    // Detached while waiting: the thread that loads needs the interpreter for `fetch`.
    let model = py.detach(|| CACHE.get_or_load(&key, room, || open(&fetch, &start, scoring)))?;
    let keys = Keys::new(py, model.contract());
    Ok(Model { digest: digest.to_owned(), needs_as_of: model.contract().needs_as_of(), keys, inner: model })
}

fn open(fetch: &Py<PyAny>, start: &Py<PyAny>, scoring: Scoring) -> PyResult<prisml_core::Model> {
    let (manifest, onnx) = Python::attach(|py| {
        let pair = fetch.bind(py).call0()?.cast_into::<PyTuple>()?;
        let onnx = pair.get_item(1)?.cast::<PyBytes>()?.as_bytes().to_vec();
        PyResult::Ok((pair.get_item(0)?.extract::<String>()?, onnx))
    })?;
    let mut loaded = prisml_core::Model::new(&manifest, &onnx, scoring);
    if matches!(loaded, Err(Error::RuntimeNeeded)) {
        Python::attach(|py| start.bind(py).call0().map(drop))?;
        loaded = prisml_core::Model::new(&manifest, &onnx, scoring);
    }
    loaded.map_err(|error| Python::attach(|py| raise(py, &error, None, None)))
}

/// A loaded version. Safe to share between threads.
#[pyclass(frozen, module = "prisml._core")]
pub(crate) struct Model {
    digest: String,
    pub(crate) keys: Keys,
    needs_as_of: bool,
    pub(crate) inner: Arc<prisml_core::Model>,
}

#[pymethods]
impl Model {
    /// SHA-256 of the version's manifest.
    #[getter]
    fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether rows are scored natively, what the plan consists of or why there is none, the bytes it holds, and its instructions.
    #[getter]
    fn scorer(&self) -> (bool, String, usize, Option<&'static str>) {
        let (native, reason) = self.inner.scorer();
        (native, reason.to_owned(), self.inner.bytes(), self.inner.instructions().map(Level::name))
    }

    /// Whether answers for the golden rows were wrong: a native plan's, which was put aside, or ONNX Runtime's.
    #[getter]
    fn doubtful(&self) -> bool {
        self.inner.is_doubtful()
    }

    /// Answers once for nobody, so that what a first answer makes is there.
    fn warm(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.inner.warm()).map_err(|error| raise(py, &error, Some(self.inner.name()), None))
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
        let computed = Computed::new(self.inner.contract(), computed, 1, true)?;
        Ok(self.one(py, row, as_of, &computed)?.object(py))
    }

    /// Predictions for many rows: (n,) or for multiclass (n, classes), errors by row, unseen categories by feature.
    ///
    /// With `only`, indices of rows, those alone are predicted, in that order; an error still names the row by its index in `rows`.
    /// `threads` share the scoring; all must be done `within` so many seconds.
    #[pyo3(signature = (rows, *, as_of=None, computed=None, null_errors=false, only=None, threads=1, within=None))]
    #[allow(clippy::type_complexity, reason = "the tuple is what Python unpacks")]
    #[allow(clippy::too_many_arguments, reason = "they have names in Python")]
    fn predict_many<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        as_of: Option<i64>,
        computed: Option<&Bound<'py, PyDict>>,
        null_errors: bool,
        only: Option<Vec<usize>>,
        threads: usize,
        within: Option<f64>,
    ) -> PyResult<(Bound<'py, PyArrayDyn<f64>>, Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        let only = only.as_deref();
        let count = only.map_or(rows.len()?, <[usize]>::len);
        let run = run(threads, within);
        let mut encoded = self.encode_rows(py, rows, &Asked { as_of, computed, null_errors, only, run })?;
        let index_of = |place: usize| only.map_or(place, |rows| rows[place]);
        let scores = if null_errors {
            self.score_or_null(py, &mut encoded, &run, index_of)?
        } else {
            self.score(py, &encoded.matrix, &run, index_of)?
        };
        let (errors, unseen) = self.told(py, &encoded.bad, &encoded.unseen, index_of)?;
        let values = if encoded.bad.is_empty() { scores } else { scatter(&scores, &encoded.good, count, self.inner.outputs()) };
        Ok((self.array(py, values, count)?, errors, unseen))
    }

    /// As `predict_many`, for a `Table`, or a NumPy array with a column of numbers for each input.
    #[pyo3(signature = (columns, *, as_of=None, null_errors=false, only=None, threads=1, within=None))]
    #[allow(clippy::type_complexity, reason = "the tuple is what Python unpacks")]
    #[allow(clippy::too_many_arguments, reason = "they have names in Python")]
    fn predict_columns<'py>(
        &self,
        py: Python<'py>,
        columns: &Bound<'py, PyAny>,
        as_of: Option<i64>,
        null_errors: bool,
        only: Option<Vec<usize>>,
        threads: usize,
        within: Option<f64>,
    ) -> PyResult<(Bound<'py, PyArrayDyn<f64>>, Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        let only = only.as_deref();
        let asked = AskedColumns { as_of: self.moment(as_of), null_errors, only, run: run(threads, within) };
        let answered = columns::predict(columns, &self.inner, asked)?;
        let (errors, unseen) = self.told(py, &answered.bad, &answered.unseen, |place| only.map_or(place, |rows| rows[place]))?;
        let rows = answered.values.len() / self.inner.outputs();
        Ok((self.array(py, answered.values, rows)?, errors, unseen))
    }

    /// The encoded matrix of columns, float32 (n, inputs).
    #[pyo3(signature = (columns, *, as_of=None))]
    fn encode_columns<'py>(
        &self,
        py: Python<'py>,
        columns: &Bound<'py, PyAny>,
        as_of: Option<i64>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let asked = AskedColumns { as_of: self.moment(as_of), null_errors: false, only: None, run: Run::default() };
        let matrix = columns::encode(columns, &self.inner, asked)?.matrix;
        let shape = vec![matrix.len() / self.inner.contract().width(), self.inner.contract().width()];
        matrix.into_pyarray(py).reshape(shape)
    }

    /// Predictions for an already encoded matrix of float32, by `threads` and `within` so many seconds.
    #[pyo3(signature = (matrix, *, threads=1, within=None))]
    fn predict_encoded<'py>(
        &self,
        py: Python<'py>,
        matrix: &Bound<'py, PyArray2<f32>>,
        threads: usize,
        within: Option<f64>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let scores = columns::predict_encoded(py, matrix, &self.inner, &run(threads, within))?;
        self.array(py, scores, matrix.shape()[0])
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
        let encoded =
            self.encode_rows(py, rows, &Asked { as_of, computed, null_errors: false, only: None, run: Run::default() })?;
        encoded.matrix.into_pyarray(py).reshape(vec![count, self.inner.contract().width()])
    }
}

impl Model {
    fn is_long(&self, rows: usize) -> bool {
        self.inner.expected(rows) > LONG
    }

    /// Runs `work` on `rows` rows, the interpreter released where that is expected to take long.
    pub(crate) fn long<T: Send>(&self, py: Python<'_>, rows: usize, work: impl FnOnce() -> T + Send) -> T {
        if self.is_long(rows) { py.detach(work) } else { work() }
    }

    /// `as_of`, or now where an input depends on it.
    #[inline]
    pub(crate) fn moment(&self, as_of: Option<i64>) -> i64 {
        as_of.unwrap_or_else(|| {
            let now =
                if self.needs_as_of { SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() } else { Duration::ZERO };
            i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
        })
    }

    fn array<'py>(&self, py: Python<'py>, values: Vec<f64>, rows: usize) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let values = PyArray1::from_vec(py, values);
        if self.inner.outputs() == 1 { Ok(values.to_dyn().clone()) } else { values.reshape(vec![rows, self.inner.outputs()]) }
    }
}

/// How a batch is to be scored, from what Python gives.
fn run(threads: usize, within: Option<f64>) -> Run {
    // What cannot be told in seconds is never over.
    let deadline = within.and_then(|seconds| Instant::now().checked_add(Duration::try_from_secs_f64(seconds.max(0.0)).ok()?));
    Run { threads, deadline }
}
