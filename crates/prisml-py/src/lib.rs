//! The module `prisml._core`: converts, releases the interpreter, forwards to `prisml_core`.

#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands over what it extracted")]

mod columns;
mod convert;
mod encoder;
mod errors;
mod keys;
mod many;
mod model;
mod one;
mod prediction;
mod routing;
mod rows;
mod turns;

use std::path::PathBuf;

use numpy::{PyArray2, PyArrayMethods};
use pyo3::prelude::*;

/// Loads ONNX Runtime from an absolute path, once in a process; what it says of its build.
#[pyfunction]
fn load_runtime(py: Python<'_>, path: PathBuf) -> PyResult<&'static str> {
    prisml_core::runtime::load(&path).map_err(|error| errors::raise(py, &error, None, None))
}

#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::columns::Table;
    #[pymodule_export]
    use super::encoder::Encoder;
    #[pymodule_export]
    use super::load_runtime;
    #[pymodule_export]
    use super::model::{Model, load_model};
    #[pymodule_export]
    use super::one::Predictor;
    #[pymodule_export]
    use super::prediction::Prediction;
    #[pymodule_export]
    use super::routing::{Routing, bucket, key_text, largest_remainder, reallocate};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::make_what_is_made_once(module.py())
    }
}

/// Makes at import what would otherwise be made on first use, with the interpreter released in between: a child forked at that
/// moment would wait for ever for a thread that it does not have.
fn make_what_is_made_once(py: Python<'_>) -> PyResult<()> {
    let _ = PyArray2::<f32>::zeros(py, [0, 0], false).try_readwrite()?;
    convert::make_what_is_made_once(py)?;
    rows::make_what_is_made_once(py)?;
    prediction::make_what_is_made_once(py)?;
    keys::make_what_is_made_once(py)?;
    routing::make_what_is_made_once(py)?;
    turns::make_what_is_made_once(py)?;
    Ok(())
}
