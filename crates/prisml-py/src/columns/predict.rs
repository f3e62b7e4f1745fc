//! A table or an array, asked: the interpreter is released while it is read.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use half::f16;
use numpy::{PyArray2, PyArrayDescrMethods, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use prisml_core::{
    Answered, Asked, Columns, Encoded, Error, Growing, InputContract, Model, encode_columns, encode_growing_columns,
};
use pyo3::prelude::*;

use crate::columns::found::Ways;
use crate::columns::matrix::{Matrix, Truth};
use crate::columns::table::Table;
use crate::errors::{misuse, raise};

/// Releasing the interpreter for less than this costs more than it gives.
const LONG: Duration = Duration::from_micros(200);
/// About what a number takes to be encoded.
const NANOS: u64 = 3;

/// What is done with columns, whatever keeps them.
trait Run {
    type Out;

    fn run<T: Columns + Sync>(self, py: Python<'_>, batches: &[T]) -> Self::Out;
}

fn with_columns<R: Run>(given: &Bound<'_, PyAny>, contract: &InputContract, run: R) -> PyResult<R::Out> {
    let py = given.py();
    if let Ok(table) = given.cast::<Table>() {
        let table = table.get();
        let ways = Ways::new(contract, table.field.data_type());
        let batches: Vec<_> = table.batches.iter().map(|batch| ways.of(batch)).collect();
        return Ok(run.run(py, &batches));
    }
    let array = given.cast::<PyUntypedArray>()?;
    let dtype = array.dtype();
    if array.shape().get(1) != Some(&contract.width()) || dtype.is_native_byteorder() == Some(false) {
        return Err(misuse("an array of numbers has not one column for each input, or another byte order than this machine"));
    }
    macro_rules! matrix {
        ($native:ty) => {
            run.run(py, &[Matrix::<$native>::new(array)?])
        };
    }
    Ok(match (dtype.kind(), dtype.itemsize()) {
        (b'f', 2) => matrix!(f16),
        (b'f', 4) => matrix!(f32),
        (b'f', 8) => matrix!(f64),
        (b'i', 1) => matrix!(i8),
        (b'i', 2) => matrix!(i16),
        (b'i', 4) => matrix!(i32),
        (b'i', 8) => matrix!(i64),
        (b'u', 1) => matrix!(u8),
        (b'u', 2) => matrix!(u16),
        (b'u', 4) => matrix!(u32),
        (b'u', 8) => matrix!(u64),
        (b'b', 1) => matrix!(Truth),
        _ => return Err(misuse("an array of numbers is of a type that is no number")),
    })
}

/// Runs `work`, the interpreter released where that is expected to take long.
fn maybe_detached<T: Send>(py: Python<'_>, expected: Duration, work: impl FnOnce() -> T + Send) -> T {
    if expected > LONG { py.detach(work) } else { work() }
}

fn reading<T: Columns>(batches: &[T], asked: Asked<'_>, width: usize) -> (usize, Duration) {
    let rows = asked.only.map_or_else(|| batches.iter().map(T::rows).sum(), <[usize]>::len);
    (rows, Duration::from_nanos(NANOS.saturating_mul((rows * width) as u64)))
}

struct Predict<'a> {
    model: &'a Model,
    asked: Asked<'a>,
}

impl Run for Predict<'_> {
    type Out = Result<Answered, Error>;

    fn run<T: Columns + Sync>(self, py: Python<'_>, batches: &[T]) -> Self::Out {
        let (rows, reading) = reading(batches, self.asked, self.model.contract().width());
        maybe_detached(py, reading + self.model.expected(rows), || self.model.predict_columns(batches, self.asked))
    }
}

struct Encode<'a> {
    contract: &'a InputContract,
    asked: Asked<'a>,
}

impl Run for Encode<'_> {
    type Out = Result<Encoded, Error>;

    fn run<T: Columns + Sync>(self, py: Python<'_>, batches: &[T]) -> Self::Out {
        let (_, reading) = reading(batches, self.asked, self.contract.width());
        maybe_detached(py, reading, || encode_columns(self.contract, batches, self.asked))
    }
}

/// What `model` answers for the rows of `given`: a `Table`, or a NumPy array with a column of numbers for each input.
pub(crate) fn predict(given: &Bound<'_, PyAny>, model: &Model, asked: Asked<'_>) -> PyResult<Answered> {
    with_columns(given, model.contract(), Predict { model, asked })?.map_err(|error| told(given.py(), &error, model))
}

/// The encoded matrix of the rows of `given`.
pub(crate) fn encode(given: &Bound<'_, PyAny>, model: &Model, asked: Asked<'_>) -> PyResult<Encoded> {
    let contract = model.contract();
    with_columns(given, contract, Encode { contract, asked })?.map_err(|error| told(given.py(), &error, model))
}

/// Encodes the rows of `table`, whose columns are those of the slots in order, and then others, of which those at the places in
/// `computed` are features, into `out`; None where `growing` is in use already.
pub(crate) fn encode_in_order(
    py: Python<'_>,
    table: &Table,
    contract: &InputContract,
    computed: &HashMap<String, usize>,
    as_of: i64,
    out: &mut [f32],
    growing: &Mutex<Growing>,
) -> Option<Result<(), Error>> {
    let ways = Ways::in_order(contract, table.field.data_type(), computed);
    let batches: Vec<_> = table.batches.iter().map(|batch| ways.of(batch)).collect();
    let expected = Duration::from_nanos(NANOS.saturating_mul(out.len() as u64));
    // The lock is let go before the interpreter is waited for: who holds that may wait for the lock.
    maybe_detached(py, expected, || {
        let mut growing = growing.try_lock().ok()?;
        Some(encode_growing_columns(contract, &batches, as_of, out, &mut growing))
    })
}

/// What `model` answers for `matrix`, whose rows are encoded already.
pub(crate) fn predict_encoded(
    py: Python<'_>,
    matrix: &Bound<'_, PyArray2<f32>>,
    model: &Model,
    run: &prisml_core::Run,
) -> PyResult<Vec<f64>> {
    let (got, expected) = (matrix.shape()[1], model.contract().width());
    if got != expected {
        return Err(told(py, &Error::Columns { expected, got }, model));
    }
    let matrix = Matrix::<f32>::new(matrix.as_untyped())?;
    maybe_detached(py, model.expected(matrix.rows()), || model.predict_encoded(&matrix, run))
        .map_err(|error| told(py, &error, model))
}

fn told(py: Python<'_>, error: &Error, model: &Model) -> PyErr {
    let row = if let Error::Encoding { row, .. } = error { Some(*row) } else { None };
    raise(py, error, Some(model.name()), row)
}
