//! ONNX Runtime behind one shape: a matrix in, its output's numbers row by row out.

use super::run::CHUNK;
use super::{Score, Take};
use crate::error::Result;
use crate::session::SessionPool;
use crate::signature::Signature;

/// Any graph that ONNX Runtime can run.
pub(crate) struct OnnxScorer {
    pool: SessionPool,
    width: usize,
    take: Take,
    bytes: usize,
}

impl OnnxScorer {
    pub(crate) fn new(onnx: &[u8], signature: Signature, take: Take) -> Result<Self> {
        Ok(Self { width: signature.width, take, bytes: onnx.len(), pool: SessionPool::new(onnx, signature)? })
    }

    /// Of the graph's numbers those that predictions have.
    fn take(&self, raw: &[f32], answers: &mut [f64]) {
        match self.take {
            Take::All => answers.iter_mut().zip(raw).for_each(|(answer, number)| *answer = f64::from(*number)),
            Take::Second => answers.iter_mut().zip(raw.chunks_exact(2)).for_each(|(answer, both)| *answer = f64::from(both[1])),
        }
    }
}

impl Score for OnnxScorer {
    fn score(&self, matrix: &[f32], out: &mut [f64]) -> Result<()> {
        let rows = matrix.len() / self.width;
        if rows == 0 {
            return Ok(());
        }
        let outputs = out.len() / rows;
        if rows == 1 {
            return self.pool.run_alone(matrix, |answer| self.take(answer, out));
        }
        let mut raw = Vec::new();
        for (chunk, answers) in matrix.chunks(CHUNK * self.width).zip(out.chunks_mut(CHUNK * outputs)) {
            raw.clear();
            self.pool.run(chunk, chunk.len() / self.width, &mut raw)?;
            self.take(&raw, answers);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        // A session keeps the graph's numbers in a form of its own, beside the bytes that new sessions are made from.
        self.bytes * 3
    }
}
