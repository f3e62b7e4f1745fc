//! Sessions of one graph, for as many threads as ask at the same time.

use std::sync::{Mutex, PoisonError};

use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use crate::error::{Error, Result};
use crate::lone::Lone;
use crate::process::PerProcess;
use crate::runtime;
use crate::signature::Signature;

/// Idle sessions kept for reuse; one more than this that comes back is closed.
const MOST_IDLE: usize = 16;
/// ONNX Runtime keeps a plan of memory for each number of rows: beyond this, only multiples of it are run, and what is over after them.
const STEP: usize = 64;

/// `Session::run` takes `&mut`: each run borrows a session of its own, made when none is idle.
pub(crate) struct SessionPool {
    onnx: Box<[u8]>,
    signature: Signature,
    idle: PerProcess<Mutex<Vec<Open>>>,
}

/// A session, with what a lone row goes through; None once the graph turned out not to be run that way.
struct Open {
    session: Session,
    lone: Option<Lone>,
}

impl SessionPool {
    /// A pool with one session in it, so that a graph that cannot be loaded fails here.
    pub(crate) fn new(onnx: &[u8], signature: Signature) -> Result<Self> {
        let pool = Self { onnx: onnx.into(), signature, idle: PerProcess::new() };
        let open = pool.open()?;
        pool.signature.check(&open.session)?;
        give_back(pool.idle.get(), open);
        Ok(pool)
    }

    /// Runs the graph on `matrix` of `rows` rows and appends its output to `out`.
    pub(crate) fn run(&self, matrix: &[f32], rows: usize, out: &mut Vec<f32>) -> Result<()> {
        let (whole, rest) = matrix.split_at(if rows > STEP { rows / STEP * STEP * self.signature.width } else { 0 });
        self.with_session(|open| {
            for part in [whole, rest] {
                match part.len() / self.signature.width {
                    0 => {}
                    1 => alone(open, &self.signature, part, |answer| out.extend_from_slice(answer))?,
                    rows => run(&mut open.session, &self.signature, part, rows, out)?,
                }
            }
            Ok(())
        })
    }

    /// Runs the graph on one row and gives `read` its output: the bits that the row has in any batch.
    pub(crate) fn run_alone<R>(&self, row: &[f32], read: impl FnOnce(&[f32]) -> R) -> Result<R> {
        self.with_session(|open| alone(open, &self.signature, row, read))
    }

    fn with_session<R>(&self, work: impl FnOnce(&mut Open) -> Result<R>) -> Result<R> {
        let idle = self.idle.get();
        let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut open = match taken {
            Some(open) => open,
            None => self.open()?,
        };
        let answer = work(&mut open);
        give_back(idle, open);
        answer
    }

    fn open(&self) -> Result<Open> {
        if !runtime::is_loaded() {
            return Err(Error::RuntimeNeeded);
        }
        let session = build(&self.onnx).map_err(|error| Error::Graph(error.to_string()))?;
        let lone = Lone::new(&session, &self.signature);
        Ok(Open { session, lone })
    }
}

fn give_back(idle: &Mutex<Vec<Open>>, open: Open) {
    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.len() < MOST_IDLE {
        idle.push(open);
    }
}

/// One thread and no spinning: callers bring the threads.
fn build(onnx: &[u8]) -> std::result::Result<Session, ort::Error> {
    Session::builder()?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_memory_pattern(true)?
        .with_config_entry("session.intra_op.allow_spinning", "0")?
        .commit_from_memory(onnx)
}

fn alone<R>(open: &mut Open, signature: &Signature, row: &[f32], read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    if let Some(answer) = open.lone.as_mut().and_then(|lone| lone.run(&mut open.session, row)) {
        return Ok(read(answer));
    }
    let mut out = Vec::new();
    run(&mut open.session, signature, &[row, row].concat(), 2, &mut out)?;
    open.lone = None;
    Ok(read(&out[..signature.outputs]))
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
