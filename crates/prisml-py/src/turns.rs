//! Long loops that hold the interpreter: other threads get their turn, Ctrl-C is heard, and deadlines are kept.

use std::time::{Duration, Instant};

use prisml_core::{Error, Run};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// So many steps are made between two looks at the clock.
const STEPS: usize = 64;

/// Between two turns of other threads.
const TURN: Duration = Duration::from_millis(1);

static NOTHING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Makes what [`Turns`] calls.
pub(crate) fn make_what_is_made_once(py: Python<'_>) -> PyResult<()> {
    let function = py.eval(c"lambda: None", None, None)?.unbind();
    NOTHING.get_or_init(py, || function);
    Ok(())
}

/// When the next turn is, and when everything must be done.
pub(crate) struct Turns<'a> {
    next: Instant,
    run: &'a Run,
}

/// What ended a loop early.
pub(crate) enum Ended {
    /// The deadline has passed.
    Late(Error),
    /// Another thread or the user interrupted it.
    Interrupted(PyErr),
}

impl<'a> Turns<'a> {
    pub(crate) fn new(run: &'a Run) -> Self {
        Self { next: Instant::now() + TURN, run }
    }

    /// To be called at each step of a loop.
    ///
    /// Calling a function of Python's is where the interpreter changes threads and runs the handlers of signals, as between any two of
    /// its own. To release it here instead would wake the threads that wait without giving it to them.
    pub(crate) fn at(&mut self, py: Python<'_>, step: usize) -> Result<(), Ended> {
        if step % STEPS != STEPS - 1 {
            return Ok(());
        }
        let now = Instant::now();
        if now < self.next {
            return Ok(());
        }
        self.run.check().map_err(Ended::Late)?;
        if let Some(nothing) = NOTHING.get(py) {
            nothing.call0(py).map_err(Ended::Interrupted)?;
        }
        self.next = Instant::now() + TURN;
        Ok(())
    }
}
