//! Errors of the core, raised as the classes of `prisml.errors`.

use std::cell::RefCell;

use prisml_core::{CellError, Error};
use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The Python exception for `error`; `row` overrides the row that it names, `model` is named where it is known.
pub(crate) fn raise(py: Python<'_>, error: &Error, model: Option<&str>, row: Option<usize>) -> PyErr {
    if let Some(interrupted) = interruption() {
        return interrupted;
    }
    match build(py, error, model, row) {
        Ok(raised) => PyErr::from_value(raised),
        Err(failure) => failure,
    }
}

/// As [`raise`], as an object that is kept instead of raised.
pub(crate) fn build<'py>(py: Python<'py>, error: &Error, model: Option<&str>, row: Option<usize>) -> PyResult<Bound<'py, PyAny>> {
    let context = PyDict::new(py);
    if let Some(model) = model {
        context.set_item("model", model)?;
    }
    let (class, place, what, suggestion) = describe(error);
    if let Error::Encoding { feature, .. } = error {
        context.set_item("feature", feature)?;
    }
    let row = row.filter(|_| matches!(error, Error::Encoding { .. } | Error::Key(_)));
    if let Some(row) = row {
        context.set_item("row", row)?;
    }
    if let Error::Encoding { cell, .. } | Error::Key(cell) = error
        && let CellError::WrongType { got, .. } | CellError::WrongRow { got } | CellError::WrongKey { got, .. } = cell
    {
        context.set_item("type", got)?;
    }
    let mut places: Vec<String> = Vec::new();
    places.extend(model.map(|name| format!("model '{name}'")));
    places.extend(place);
    places.extend(row.map(|row| format!("row {row}")));
    let message = sentence(&places.join(", "), &what);
    let suggestions: Vec<&str> = Some(suggestion).filter(|text| !text.is_empty()).into_iter().collect();
    py.import("prisml.errors")?.getattr(class)?.call1((message, context, suggestions))
}

type Description<'a> = (&'static str, Option<String>, String, &'a str);

fn describe(error: &Error) -> Description<'_> {
    match error {
        Error::Encoding { feature, cell, .. } => {
            let class = if *cell == CellError::UnseenCategory { "UnseenCategoryError" } else { "EncodingError" };
            (class, Some(format!("feature '{feature}'")), cell.to_string(), cell.suggestion())
        }
        Error::Key(cell) => ("EncodingError", Some("key".to_owned()), cell.to_string(), cell.suggestion()),
        Error::Weights => ("ExperimentError", None, error.to_string(), "Give weights that sum to 1."),
        Error::Ranges(_) => ("ArtifactError", None, error.to_string(), "Restore the registry from its backup."),
        Error::Contract(_) => ("ArtifactError", None, error.to_string(), "Restore the artifact from where it was exported."),
        Error::RuntimeNeeded | Error::Runtime(_) => {
            ("ConfigurationError", None, error.to_string(), "Install onnxruntime, or set PRISML_ORT_DYLIB.")
        }
        Error::Graph(_) => ("ModelLoadError", None, error.to_string(), "Train again, or restore the artifact."),
        Error::Refused(_) => (
            "ModelLoadError",
            None,
            error.to_string(),
            "Export the model with operators that answer from the row alone; the page on predicting lists them.",
        ),
        Error::Deadline => {
            ("DeadlineExceededError", None, error.to_string(), "Give more time with timeout=, or fewer rows at once.")
        }
        Error::Run(_) => ("ModelLoadError", None, error.to_string(), "Train again."),
        Error::NotFinite { .. } => {
            ("EncodingError", None, error.to_string(), "Its values are too large for this model: check them, or train again.")
        }
        Error::Columns { .. } => {
            ("EncodingError", None, error.to_string(), "Give one column for each input of the manifest, in order.")
        }
    }
}

fn sentence(place: &str, what: &str) -> String {
    let text = if place.is_empty() { what.to_owned() } else { format!("{place}: {what}") };
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => text,
    }
}

thread_local! {
    static INTERRUPTED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// What reading a value raised, as the core names it. An interruption, such as Ctrl-C, is kept for [`interruption`].
pub(crate) fn unreadable(py: Python<'_>, error: &PyErr) -> CellError {
    if !error.is_instance_of::<PyException>(py) {
        INTERRUPTED.with_borrow_mut(|kept| *kept = Some(error.clone_ref(py)));
    }
    let name = error.get_type(py).name().map_or_else(|_| "an exception".to_owned(), |name| name.to_string());
    CellError::Unreadable { error: name }
}

/// What interrupted the reading of a row on this thread: it is no fault of the row, and is raised as it came.
pub(crate) fn interruption() -> Option<PyErr> {
    INTERRUPTED.with_borrow_mut(Option::take)
}

/// A misuse of this module by the package itself.
pub(crate) fn misuse(what: &'static str) -> PyErr {
    PyRuntimeError::new_err(what)
}
