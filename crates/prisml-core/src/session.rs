//! Sessions of one graph, for as many threads as ask at the same time.

use std::sync::{Mutex, PoisonError};

use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use crate::error::{Error, Result};
use crate::process::PerProcess;
use crate::runtime;
use crate::signature::Signature;

/// Idle sessions kept for reuse; one more than this that comes back is closed.
const MOST_IDLE: usize = 16;

/// `Session::run` takes `&mut`: each run borrows a session of its own, made when none is idle.
pub(crate) struct SessionPool {
    onnx: Box<[u8]>,
    signature: Signature,
    idle: PerProcess<Mutex<Vec<Session>>>,
}

impl SessionPool {
    /// A pool with one session in it, so that a graph that cannot be loaded fails here.
    pub(crate) fn new(onnx: &[u8], signature: Signature) -> Result<Self> {
        let pool = Self { onnx: onnx.into(), signature, idle: PerProcess::new() };
        let session = pool.open()?;
        pool.signature.check(&session)?;
        pool.give_back(session);
        Ok(pool)
    }

    /// Runs the graph on `matrix` of `rows` rows and appends its output to `out`.
    pub(crate) fn run(&self, matrix: &[f32], rows: usize, out: &mut Vec<f32>) -> Result<()> {
        let mut session = match self.take() {
            Some(session) => session,
            None => self.open()?,
        };
        let answer = run(&mut session, &self.signature, matrix, rows, out);
        self.give_back(session);
        answer
    }

    fn take(&self) -> Option<Session> {
        self.idle.get().lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, session: Session) {
        let mut idle = self.idle.get().lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(session);
        }
    }

    fn open(&self) -> Result<Session> {
        if !runtime::is_loaded() {
            return Err(Error::Runtime("load was not called".to_owned()));
        }
        build(&self.onnx).map_err(|error| Error::Graph(error.to_string()))
    }
}

/// One thread and no spinning: callers bring the threads. Without the memory pattern, varied batch sizes do not pile up plans.
fn build(onnx: &[u8]) -> std::result::Result<Session, ort::Error> {
    Session::builder()?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_memory_pattern(false)?
        .with_config_entry("session.intra_op.allow_spinning", "0")?
        .commit_from_memory(onnx)
}

fn run(session: &mut Session, signature: &Signature, matrix: &[f32], rows: usize, out: &mut Vec<f32>) -> Result<()> {
    let failed = |error: ort::Error| Error::Run(error.to_string());
    let input = TensorRef::from_array_view(([rows, signature.width], matrix)).map_err(failed)?;
    let outputs = session.run(ort::inputs![input]).map_err(failed)?;
    let (_, values) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
    if values.len() != rows * signature.outputs {
        return Err(Error::Run(format!("it gave {} numbers for {rows} rows of {}", values.len(), signature.outputs)));
    }
    out.extend_from_slice(values);
    Ok(())
}
