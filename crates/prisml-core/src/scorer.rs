//! Scores an encoded matrix of any length.

use crate::error::Result;
use crate::session::SessionPool;
use crate::signature::Signature;

/// ONNX Runtime's memory grows with the batch, not with use: longer matrices are run in chunks of this many rows.
const CHUNK: usize = 4_096;

/// ONNX Runtime behind one shape: a matrix in, its output's numbers row by row out.
pub(crate) struct Scorer {
    pool: SessionPool,
    width: usize,
}

impl Scorer {
    pub(crate) fn new(onnx: &[u8], signature: Signature) -> Result<Self> {
        Ok(Self { width: signature.width, pool: SessionPool::new(onnx, signature)? })
    }

    /// The numbers that the graph gives for `matrix`, row by row.
    ///
    /// A row gives the same bits alone and in any batch.
    pub(crate) fn score(&self, matrix: &[f32]) -> Result<Vec<f32>> {
        let mut out = Vec::new();
        for chunk in matrix.chunks(CHUNK * self.width) {
            if chunk.len() == self.width {
                self.score_alone(chunk, &mut out)?;
            } else {
                self.pool.run(chunk, chunk.len() / self.width, &mut out)?;
            }
        }
        Ok(out)
    }

    /// A batch of one takes other kernels, whose last bits differ: the row is sent twice and answered once.
    fn score_alone(&self, row: &[f32], out: &mut Vec<f32>) -> Result<()> {
        let start = out.len();
        self.pool.run(&[row, row].concat(), 2, out)?;
        out.truncate(start + (out.len() - start) / 2);
        Ok(())
    }
}
