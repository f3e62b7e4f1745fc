//! Python keys -> the text that is hashed.

use std::fmt::Write;

use prisml_core::{CellError, UuidText, push_date, push_decimal, push_moment, push_part};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use pyo3::{PyTypeInfo, intern};

use crate::convert::{DATE, DATETIME, DECIMAL, ENUM, UUID, days, is_instance, is_missing_marker, moment, type_name, uuid};
use crate::errors::unreadable;

type Written = Result<(), CellError>;

/// Calls `read` with the text of `key`, made in `text` where it is not there already; None for no key.
pub(crate) fn with_key<R>(key: &Bound<'_, PyAny>, text: &mut String, read: impl FnOnce(&str) -> R) -> Result<Option<R>, CellError> {
    if PyString::is_exact_type_of(key)
        && let Ok(key) = key.cast::<PyString>()
    {
        return key.to_str().map(|key| Some(read(key))).map_err(|_| CellError::InvalidText);
    }
    if key.is_none() {
        return Ok(None);
    }
    text.clear();
    write_key(key, text)?;
    Ok(Some(read(text)))
}

fn write_key(key: &Bound<'_, PyAny>, text: &mut String) -> Written {
    if let Ok(parts) = key.cast::<PyTuple>()
        && !is_instance(key, &ENUM, "enum", "Enum")?
    {
        return write_parts(parts.iter(), parts.len(), key, text);
    }
    if let Ok(parts) = key.cast::<PyList>() {
        return write_parts(parts.iter(), parts.len(), key, text);
    }
    write_one(key, text, "")
}

fn write_parts<'py>(
    mut parts: impl Iterator<Item = Bound<'py, PyAny>>,
    count: usize,
    key: &Bound<'py, PyAny>,
    text: &mut String,
) -> Written {
    const INSIDE: &str = " inside a composite key";
    if count == 0 {
        return Err(wrong(key, " without parts"));
    }
    if count == 1
        && let Some(only) = parts.next()
    {
        return write_one(&only, text, INSIDE);
    }
    let mut one = String::new();
    for (place, part) in parts.enumerate() {
        one.clear();
        write_one(&part, &mut one, INSIDE)?;
        push_part(text, &one, place == 0);
    }
    Ok(())
}

static INTEGER: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Appends what is no composite; `place` is where it stands.
fn write_one(key: &Bound<'_, PyAny>, text: &mut String, place: &'static str) -> Written {
    if PyInt::is_exact_type_of(key) {
        return write_integer(key, text);
    }
    let class = UUID.import(key.py(), "uuid", "UUID").map_err(|error| unreadable(key.py(), &error))?;
    if key.get_type().is(class) {
        return write_uuid(key, text);
    }
    // Members first: they may be strings or numbers too.
    if is_instance(key, &ENUM, "enum", "Enum")? {
        let name = key.getattr(intern!(key.py(), "name")).map_err(|error| unreadable(key.py(), &error))?;
        return match name.cast::<PyString>() {
            Ok(name) => write_text(name, text),
            Err(_) => Err(wrong(key, " without a name")),
        };
    }
    if let Ok(letters) = key.cast::<PyString>() {
        return write_text(letters, text);
    }
    if key.is_instance_of::<PyBool>() || key.is_instance_of::<PyFloat>() || key.is_none() || is_missing_marker(key) {
        return Err(wrong(key, place));
    }
    if key.is_instance_of::<PyInt>() {
        return write_integer(key, text);
    }
    write_rarer(key, text, place)
}

fn write_rarer(key: &Bound<'_, PyAny>, text: &mut String, place: &'static str) -> Written {
    let py = key.py();
    if let Ok(bytes) = key.cast::<PyBytes>() {
        write_hex(bytes.as_bytes(), text);
    } else if is_instance(key, &UUID, "uuid", "UUID")? {
        return write_uuid(key, text);
    } else if is_instance(key, &DATETIME, "datetime", "datetime")? {
        push_moment(text, moment(key).map_err(|error| unreadable(py, &error))?);
    } else if is_instance(key, &DATE, "datetime", "date")? {
        push_date(text, days(key).map_err(|error| unreadable(py, &error))?);
    } else if is_instance(key, &DECIMAL, "decimal", "Decimal")? {
        return write_decimal(key, text);
    } else if is_instance(key, &INTEGER, "numpy", "integer")? && type_name(key) != "timedelta64" {
        let number = key.call_method0(intern!(py, "item")).map_err(|error| unreadable(py, &error))?;
        return write_integer(&number, text);
    } else {
        return Err(wrong(key, place));
    }
    Ok(())
}

fn write_text(letters: &Bound<'_, PyString>, text: &mut String) -> Written {
    text.push_str(letters.to_str().map_err(|_| CellError::InvalidText)?);
    Ok(())
}

const TOO_LONG: &str = " of more than 4,300 digits";

fn write_integer(key: &Bound<'_, PyAny>, text: &mut String) -> Written {
    let py = key.py();
    if let Ok(number) = key.extract::<i64>() {
        let _ = write!(text, "{number}");
        return Ok(());
    }
    // A subclass may print itself otherwise.
    let digits = py.get_type::<PyInt>().call_method1(intern!(py, "__repr__"), (key,));
    let digits = digits
        .map_err(|error| if error.is_instance_of::<PyValueError>(py) { wrong(key, TOO_LONG) } else { unreadable(py, &error) })?;
    digits.cast::<PyString>().map_err(|_| wrong(key, "")).and_then(|digits| write_text(digits, text))
}

fn write_uuid(key: &Bound<'_, PyAny>, text: &mut String) -> Written {
    let number = uuid(key).map_err(|error| unreadable(key.py(), &error))?;
    text.push_str(UuidText::new(number).as_str());
    Ok(())
}

fn write_hex(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

fn write_decimal(key: &Bound<'_, PyAny>, text: &mut String) -> Written {
    let py = key.py();
    let finite = key.call_method0(intern!(py, "is_finite")).and_then(|finite| finite.is_truthy());
    if !finite.map_err(|error| unreadable(py, &error))? {
        return Err(wrong(key, " that is no finite number"));
    }
    let parts = key.call_method0(intern!(py, "as_tuple")).and_then(|parts| parts.extract::<(u8, Vec<u8>, i64)>());
    let (sign, digits, exponent) = parts.map_err(|error| unreadable(py, &error))?;
    if push_decimal(text, sign == 1, &digits, exponent) { Ok(()) } else { Err(wrong(key, TOO_LONG)) }
}

fn wrong(key: &Bound<'_, PyAny>, what: &'static str) -> CellError {
    CellError::WrongKey { got: type_name(key), what }
}

/// Looks once at a key of every kind: the classes and names that this needs are kept from then on.
pub(crate) fn make_what_is_made_once(py: Python<'_>) -> PyResult<()> {
    let utc = py.import("datetime")?.getattr("timezone")?.getattr("utc")?;
    let moment = py.import("datetime")?.getattr("datetime")?.call((1970, 1, 1, 0, 0, 0, 0, utc), None)?;
    let keys = [
        py.import("uuid")?.getattr("UUID")?.call1(("00000000000000000000000000000000",))?,
        py.import("numpy")?.getattr("int64")?.call1((0,))?,
        py.import("decimal")?.getattr("Decimal")?.call1((0,))?,
        py.import("enum")?.getattr("FlagBoundary")?.getattr("STRICT")?,
        moment.call_method0("date")?,
        moment,
        (1_u128 << 70).into_pyobject(py)?.into_any(),
        PyTuple::new(py, [0, 1])?.into_any(),
    ];
    for key in keys {
        with_key(&key, &mut String::new(), |_| ()).map_err(|_| crate::errors::misuse("a key of a known kind has no text"))?;
    }
    Ok(())
}
