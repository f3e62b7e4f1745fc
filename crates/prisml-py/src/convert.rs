//! Python values -> `Value`.

use prisml_core::{CellError, Dtype, Value};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString, PyType};
use pyo3::{PyTypeInfo, intern};

use crate::errors::unreadable;

const DAY: i64 = 86_400_000_000;
/// `date(1970, 1, 1).toordinal()`.
const EPOCH: i64 = 719_163;

type Read<R> = Result<R, CellError>;

/// Calls `read` with the value of `object`, borrowed from it; `dtype` is what the input takes.
pub(crate) fn with_value<R>(object: &Bound<'_, PyAny>, dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
    if object.is_none() {
        return read(Some(Value::Missing));
    }
    if dtype == Dtype::Enum && !PyString::is_exact_type_of(object) {
        return with_member(object, read);
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        return read(Some(Value::Float(number.value())));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return read(Some(Value::Str(text.to_str().map_err(|_| CellError::InvalidText)?)));
    }
    if let Ok(truth) = object.cast::<PyBool>() {
        return read(Some(Value::Bool(truth.is_true())));
    }
    if let Ok(number) = object.cast::<PyInt>() {
        return read(Some(integer(number, dtype)?));
    }
    read(Some(rarer(object, dtype, true)?))
}

fn integer(number: &Bound<'_, PyInt>, dtype: Dtype) -> Read<Value<'static>> {
    match (number.extract::<i64>(), dtype) {
        (Ok(number), _) => Ok(Value::Int(number)),
        (Err(_), Dtype::Float | Dtype::Decimal) => number.extract::<f64>().map(Value::Float).map_err(|_| CellError::Overflow),
        (Err(_), _) => Err(CellError::Inexact),
    }
}

/// A member of an enumeration stands for its name, as SQLAlchemy stores it.
fn with_member<R>(object: &Bound<'_, PyAny>, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
    let py = object.py();
    if !is_instance(object, &ENUM, "enum", "Enum")? {
        if is_missing_marker(object) {
            return read(Some(Value::Missing));
        }
        if object.cast::<PyFloat>().is_ok_and(|number| number.value().is_nan()) {
            return read(Some(Value::Missing));
        }
        return match object.cast::<PyString>() {
            Ok(text) => read(Some(Value::Str(text.to_str().map_err(|_| CellError::InvalidText)?))),
            Err(_) => Err(wrong_type(object, Dtype::Enum)),
        };
    }
    let name = object.getattr(intern!(py, "name")).map_err(|error| unreadable(py, &error))?;
    let name = name.cast::<PyString>().map_err(|_| wrong_type(object, Dtype::Enum))?;
    read(Some(Value::Str(name.to_str().map_err(|_| CellError::InvalidText)?)))
}

pub(crate) static ENUM: PyOnceLock<Py<PyType>> = PyOnceLock::new();
pub(crate) static DATETIME: PyOnceLock<Py<PyType>> = PyOnceLock::new();
pub(crate) static DATE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
pub(crate) static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
pub(crate) static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static UTC: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();

pub(crate) fn is_instance(
    object: &Bound<'_, PyAny>,
    cell: &'static PyOnceLock<Py<PyType>>,
    module: &str,
    name: &str,
) -> Read<bool> {
    let py = object.py();
    cell.import(py, module, name).and_then(|class| object.is_instance(class)).map_err(|error| unreadable(py, &error))
}

/// Dates, decimals, UUIDs, NumPy's scalars and the markers of pandas; `unwrap` allows one step out of a NumPy scalar.
fn rarer(object: &Bound<'_, PyAny>, dtype: Dtype, unwrap: bool) -> Read<Value<'static>> {
    let py = object.py();
    // Asking for a class's name makes a text of it: what a database gives is spared that.
    if !is_plain(object) && is_missing_marker(object) {
        return Ok(Value::Missing);
    }
    if is_instance(object, &DATETIME, "datetime", "datetime")? {
        return moment(object).map(Value::Timestamp).map_err(|error| unreadable(py, &error));
    }
    if is_instance(object, &DATE, "datetime", "date")? {
        return midnight(object).map(Value::Timestamp).map_err(|error| unreadable(py, &error));
    }
    if is_instance(object, &DECIMAL, "decimal", "Decimal")? {
        return decimal(object).map_err(|error| unreadable(py, &error));
    }
    if dtype == Dtype::Uuid && is_instance(object, &UUID, "uuid", "UUID")? {
        return uuid(object).map(Value::Uuid).map_err(|error| unreadable(py, &error));
    }
    let class = object.get_type();
    if unwrap && class.module().is_ok_and(|module| module == "numpy") {
        return from_numpy(object, dtype);
    }
    Err(wrong_type(object, dtype))
}

/// Whether the object is of one of the classes that databases give, and of no class made of it, as the marker of pandas is.
fn is_plain(object: &Bound<'_, PyAny>) -> bool {
    let (py, class) = (object.py(), object.get_type());
    [&DECIMAL, &DATETIME, &DATE, &UUID].iter().any(|cell| cell.get(py).is_some_and(|known| class.is(known)))
}

pub(crate) fn is_missing_marker(object: &Bound<'_, PyAny>) -> bool {
    object.get_type().name().is_ok_and(|name| name == "NAType" || name == "NaTType")
}

fn from_numpy(scalar: &Bound<'_, PyAny>, dtype: Dtype) -> Read<Value<'static>> {
    let py = scalar.py();
    let item = || {
        let micros = scalar.get_type().name().is_ok_and(|name| name == "datetime64");
        let scalar = if micros { scalar.call_method1(intern!(py, "astype"), ("datetime64[us]",))? } else { scalar.clone() };
        scalar.call_method0(intern!(py, "item"))
    };
    let object = item().map_err(|error| unreadable(py, &error))?;
    if object.is_none() {
        Ok(Value::Missing)
    } else if let Ok(number) = object.cast::<PyFloat>() {
        Ok(Value::Float(number.value()))
    } else if let Ok(truth) = object.cast::<PyBool>() {
        Ok(Value::Bool(truth.is_true()))
    } else if let Ok(number) = object.cast::<PyInt>() {
        integer(number, dtype)
    } else {
        rarer(&object, dtype, false)
    }
}

fn decimal(object: &Bound<'_, PyAny>) -> PyResult<Value<'static>> {
    match object.extract::<f64>() {
        Ok(number) if number.is_nan() => Ok(Value::Missing),
        Ok(number) => Ok(Value::Float(number)),
        // A signalling NaN is none of float's.
        Err(_) if object.call_method0(intern!(object.py(), "is_nan"))?.is_truthy()? => Ok(Value::Missing),
        Err(error) => Err(error),
    }
}

/// The number that a UUID is.
pub(crate) fn uuid(object: &Bound<'_, PyAny>) -> PyResult<u128> {
    object.getattr(intern!(object.py(), "int"))?.extract()
}

fn midnight(date: &Bound<'_, PyAny>) -> PyResult<i64> {
    days(date).map(|days| days * DAY)
}

/// Days since 1970.
pub(crate) fn days(date: &Bound<'_, PyAny>) -> PyResult<i64> {
    let ordinal: i64 = date.call_method0(intern!(date.py(), "toordinal"))?.extract()?;
    Ok(ordinal - EPOCH)
}

/// Microseconds since 1970 UTC; a naive datetime is UTC.
pub(crate) fn moment(datetime: &Bound<'_, PyAny>) -> PyResult<i64> {
    let py = datetime.py();
    let part = |name: &Bound<'_, PyString>| datetime.getattr(name)?.extract::<i64>();
    let seconds = part(intern!(py, "hour"))? * 3_600 + part(intern!(py, "minute"))? * 60 + part(intern!(py, "second"))?;
    let local = midnight(datetime)? + seconds * 1_000_000 + part(intern!(py, "microsecond"))?;
    let zone = datetime.getattr(intern!(py, "tzinfo"))?;
    if zone.is_none() || is_utc(&zone)? {
        return Ok(local);
    }
    let offset = datetime.call_method0(intern!(py, "utcoffset"))?;
    if offset.is_none() {
        return Ok(local);
    }
    let part = |name: &Bound<'_, PyString>| offset.getattr(name)?.extract::<i64>();
    let ahead = part(intern!(py, "days"))? * DAY + part(intern!(py, "seconds"))? * 1_000_000 + part(intern!(py, "microseconds"))?;
    Ok(local - ahead)
}

/// Whether the zone is the one object that stands for UTC, of `datetime` or of `zoneinfo`; others may mean it too.
fn is_utc(zone: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = zone.py();
    let known = UTC.get_or_try_init(py, || {
        let plain = py.import("datetime")?.getattr("timezone")?.getattr("utc")?;
        // Without a database of zones there is no such object, and nothing is it.
        let named = py.import("zoneinfo")?.getattr("ZoneInfo")?.call1(("UTC",)).unwrap_or_else(|_| plain.clone());
        Ok::<_, PyErr>([plain.unbind(), named.unbind()])
    })?;
    Ok(known.iter().any(|utc| zone.is(utc)))
}

pub(crate) fn wrong_type(object: &Bound<'_, PyAny>, expected: Dtype) -> CellError {
    CellError::WrongType { expected, got: type_name(object) }
}

pub(crate) fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "unknown".to_owned(), |name| name.to_string())
}

/// Looks once at a value of every kind: the classes and names that this needs are kept from then on.
pub(crate) fn make_what_is_made_once(py: Python<'_>) -> PyResult<()> {
    let datetime = py.import("datetime")?;
    let utc = datetime.getattr("timezone")?.getattr("utc")?;
    let moment = datetime.getattr("datetime")?.call((1970, 1, 1, 0, 0, 0, 0, utc), None)?;
    let numpy = py.import("numpy")?;
    let values = [
        (moment.clone(), Dtype::Datetime),
        (moment.call_method0("date")?, Dtype::Date),
        (py.import("decimal")?.getattr("Decimal")?.call1((1,))?, Dtype::Decimal),
        (numpy.getattr("datetime64")?.call1((0, "us"))?, Dtype::Datetime),
        (numpy.getattr("float32")?.call1((1.0,))?, Dtype::Float),
        (py.import("uuid")?.getattr("NAMESPACE_DNS")?, Dtype::Uuid),
        // Any member of any enumeration.
        (py.import("enum")?.getattr("FlagBoundary")?.getattr("STRICT")?, Dtype::Enum),
    ];
    for (value, dtype) in values {
        let _ = with_value(&value, dtype, |_| Ok(()));
    }
    Ok(())
}
