//! A batch in chunks: between two of them the clock is looked at, and several threads may share them.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::error::{Error, Result};

/// How many rows are scored at most between two looks at the clock. ONNX Runtime's memory grows with the batch, not with use: it is
/// given no more than this at once.
pub(crate) const CHUNK: usize = 4_096;

/// How a batch is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How many threads share the work at most, the caller's among them; 0 for as many as the process may use cores.
    pub threads: usize,
    /// When it must be done: where that has passed, nothing more is begun, and the answer is [`Error::Deadline`].
    pub deadline: Option<Instant>,
}

impl Default for Run {
    /// One thread and no deadline.
    fn default() -> Self {
        Self { threads: 1, deadline: None }
    }
}

impl Run {
    /// [`Error::Deadline`] where the deadline has passed.
    pub fn check(&self) -> Result<()> {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) { Err(Error::Deadline) } else { Ok(()) }
    }

    /// Has `score` write the numbers of every row of `matrix`, `width` cells each, into `out`, `outputs` numbers each.
    ///
    /// Chunks have at least `least` rows; where a row's bits depend on what it is scored with, that is [`CHUNK`], so that they are the
    /// same however many threads there are. The threads end before this returns; with one thread, or one chunk, none is begun.
    pub(crate) fn over(
        &self,
        matrix: &[f32],
        width: usize,
        out: &mut [f64],
        outputs: usize,
        least: usize,
        score: impl Fn(&[f32], &mut [f64]) -> Result<()> + Sync,
    ) -> Result<()> {
        self.check()?;
        let rows = matrix.len() / width;
        let threads = if rows > least { self.most_threads() } else { 1 };
        let size = self.chunk_of(rows, least, threads);
        if rows <= size {
            return score(matrix, out);
        }
        let chunks = Mutex::new(matrix.chunks(size * width).zip(out.chunks_mut(size * outputs)));
        // Whoever fails takes the chunks that are left, so that the others end too.
        let end = |error| {
            chunks.lock().unwrap_or_else(PoisonError::into_inner).by_ref().for_each(drop);
            Err(error)
        };
        let work = || {
            loop {
                let next = chunks.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((cells, places)) = next else { return Ok(()) };
                if let Err(error) = self.check().and_then(|()| score(cells, places)) {
                    return end(error);
                }
            }
        };
        let helpers = threads.min(rows.div_ceil(size)).saturating_sub(1);
        if helpers == 0 {
            return work();
        }
        thread::scope(|scope| {
            // Where the system has no thread to give, those that there are do the work.
            let begun: Vec<_> = (0..helpers).map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
            let mine = work();
            begun.into_iter().fold(mine, |sum, helper| match helper.join() {
                Ok(theirs) => sum.and(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
    }

    fn most_threads(&self) -> usize {
        if self.threads > 0 { self.threads } else { thread::available_parallelism().map_or(1, NonZero::get) }
    }

    /// Rows in a chunk: few enough that every thread gets several.
    fn chunk_of(&self, rows: usize, least: usize, threads: usize) -> usize {
        match (threads, self.deadline) {
            (1, None) => rows,
            (1, Some(_)) => CHUNK,
            (threads, _) => rows.div_ceil(threads * 4).next_multiple_of(64).clamp(least.min(CHUNK), CHUNK),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "the shape that a scorer has")]
    fn double(cells: &[f32], out: &mut [f64]) -> Result<()> {
        cells.iter().zip(out).for_each(|(cell, place)| *place = f64::from(*cell) * 2.0);
        Ok(())
    }

    fn numbers(count: u16) -> Vec<f32> {
        (0..count).map(f32::from).collect()
    }

    #[test]
    fn every_row_is_scored_once_however_many_threads_share_them() {
        let matrix = numbers(10_001);
        let wanted: Vec<f64> = matrix.iter().map(|cell| f64::from(*cell) * 2.0).collect();
        for threads in [0, 1, 2, 3, 64] {
            for deadline in [None, Some(Instant::now() + Duration::from_secs(3_600))] {
                let mut out = vec![f64::NAN; matrix.len()];
                Run { threads, deadline }.over(&matrix, 1, &mut out, 1, 64, double).unwrap();
                assert_eq!(out, wanted);
            }
        }
    }

    #[test]
    fn one_thread_does_all_the_work_where_one_is_asked_for() {
        let seen = Mutex::new(HashSet::new());
        let matrix = numbers(20_000);
        let mut out = vec![0.0; matrix.len()];
        let note = |cells: &[f32], places: &mut [f64]| {
            seen.lock().unwrap().insert(thread::current().id());
            double(cells, places)
        };
        let deadline = Some(Instant::now() + Duration::from_secs(3_600));
        Run { threads: 1, deadline }.over(&matrix, 1, &mut out, 1, 64, note).unwrap();
        assert_eq!(seen.into_inner().unwrap(), HashSet::from([thread::current().id()]));
    }

    #[test]
    fn nothing_is_begun_after_the_deadline() {
        let calls = AtomicUsize::new(0);
        let matrix = numbers(20_000);
        let mut out = vec![0.0; matrix.len()];
        let until = Instant::now() + Duration::from_millis(5);
        let slow = |_: &[f32], _: &mut [f64]| {
            calls.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(10));
            Ok(())
        };
        for threads in [1, 2] {
            let run = Run { threads, deadline: Some(until) };
            assert_eq!(run.over(&matrix, 1, &mut out, 1, 64, slow), Err(Error::Deadline));
        }
        assert_eq!(calls.into_inner(), 1);
    }

    #[test]
    fn the_first_failure_ends_the_batch() {
        let calls = AtomicUsize::new(0);
        let matrix = numbers(60_000);
        let mut out = vec![0.0; matrix.len()];
        let fail = |_: &[f32], _: &mut [f64]| {
            calls.fetch_add(1, Ordering::Relaxed);
            Err(Error::Run("as asked".to_owned()))
        };
        let run = Run { threads: 2, deadline: None };
        assert_eq!(run.over(&matrix, 1, &mut out, 1, CHUNK, fail), Err(Error::Run("as asked".to_owned())));
        assert!(calls.into_inner() <= 2);
    }
}
