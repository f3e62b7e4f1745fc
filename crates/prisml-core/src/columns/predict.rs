//! Batches of columns -> predictions.

use crate::columns::Columns;
use crate::columns::codes::Fitted;
use crate::columns::pieces::{Asked, Pieces};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::scorer::Run;

/// What is encoded and scored at once is to stay in the second cache: about so many numbers.
const CHUNK: usize = 1 << 17;
/// As many rows as ONNX Runtime is given at once.
const ROWS: usize = 4_096;

/// What a model answers for columns.
#[derive(Debug, Default)]
pub struct Answered {
    /// [`Model::outputs`] numbers for each row that was asked for; NaN where it failed.
    pub values: Vec<f64>,
    /// What was wrong with a row, by its place among those asked for.
    pub bad: Vec<(usize, Error)>,
    /// How many categories were not seen by training, by input.
    pub unseen: Vec<u64>,
}

impl Model {
    /// Predicts the rows of `batches`, which are counted through all of them; errors name a row by that index.
    pub fn predict_columns<T: Columns>(&self, batches: &[T], asked: Asked<'_>) -> Result<Answered> {
        let width = self.contract().width();
        let mut pieces = Pieces::new(self.contract(), asked, Fitted::new(width));
        let mut answer = Answered::default();
        pieces.each(batches, |pieces| {
            if pieces.encoded.matrix.len() / width < chunk(width) { Ok(()) } else { self.take(pieces, asked, &mut answer) }
        })?;
        self.take(&mut pieces, asked, &mut answer)?;
        answer.unseen = pieces.codes.unseen;
        Ok(answer)
    }

    /// Predicts rows of the encoded matrix that somebody else made, and that [`Columns::copy`] gives: every cell is checked first.
    pub fn predict_encoded<T: Columns>(&self, matrix: &T, run: &Run) -> Result<Vec<f64>> {
        let width = self.contract().width();
        let mut part = Vec::new();
        let mut values = Vec::with_capacity(matrix.rows() * self.outputs());
        for start in (0..matrix.rows()).step_by(chunk(width)) {
            let rows = start..matrix.rows().min(start + chunk(width));
            part.resize(rows.len() * width, 0.0);
            if !matrix.copy(rows, &mut part) {
                return Err(Error::Contract("the encoded matrix is none of float32".to_owned()));
            }
            values.extend(self.score_encoded(&part, width, run).map_err(|error| later(error, start))?);
        }
        Ok(values)
    }

    /// Scores what was encoded since the last time; its errors and answers go to their places.
    fn take(&self, pieces: &mut Pieces<'_, Fitted>, asked: Asked<'_>, answer: &mut Answered) -> Result<()> {
        let matrix = &mut pieces.encoded.matrix;
        let scores = if matrix.is_empty() { Vec::new() } else { self.score_unchecked(matrix, &asked.run)? };
        matrix.clear();
        if pieces.encoded.bad.is_empty() && scores.iter().all(|number| number.is_finite()) {
            answer.values.extend_from_slice(&scores);
            return Ok(());
        }
        let mut scores = scores.chunks_exact(self.outputs());
        let mut failed = std::mem::take(&mut pieces.encoded.bad).into_iter().peekable();
        for place in answer.values.len() / self.outputs()..pieces.place {
            if let Some(bad) = failed.next_if(|(bad, _)| *bad == place) {
                answer.bad.push(bad);
            } else if let Some(scored) = scores.next() {
                if scored.iter().all(|number| number.is_finite()) {
                    answer.values.extend_from_slice(scored);
                    continue;
                }
                let error = Error::NotFinite { row: asked.only.map_or(place, |only| only[place]) };
                if !asked.null_errors {
                    return Err(error);
                }
                answer.bad.push((place, error));
            }
            answer.values.resize(answer.values.len() + self.outputs(), f64::NAN);
        }
        Ok(())
    }
}

/// How many rows are scored at once.
fn chunk(width: usize) -> usize {
    (CHUNK / width / ROWS).max(1) * ROWS
}

/// The error, its row counted from another place.
fn later(error: Error, rows: usize) -> Error {
    match error {
        Error::Encoding { feature, row, cell } => Error::Encoding { feature, row: row + rows, cell },
        Error::NotFinite { row } => Error::NotFinite { row: row + rows },
        error => error,
    }
}
