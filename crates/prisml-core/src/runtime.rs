//! ONNX Runtime's library, loaded once in a process from one absolute path.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

static LOADED: AtomicBool = AtomicBool::new(false);
static LOADING: Mutex<()> = Mutex::new(());

/// Loads the library at `path` unless one is loaded already; what the library says of its build.
///
/// Telemetry must be switched off through `ORT_DISABLE_TELEMETRY=1` in the environment before this is called.
pub fn load(path: &Path) -> Result<&'static str> {
    if !path.is_absolute() {
        return Err(Error::Runtime("its path is not absolute".to_owned()));
    }
    let _alone = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_loaded() {
        let environment = ort::init_from(path).map_err(|error| Error::Runtime(error.to_string()))?;
        environment.with_name("prisml").with_telemetry(false).commit();
        LOADED.store(true, Ordering::Release);
    }
    Ok(ort::info())
}

/// Whether [`load`] has succeeded; `ort` panics when it is touched before.
#[must_use]
pub fn is_loaded() -> bool {
    LOADED.load(Ordering::Acquire)
}
