//! `Model`, asked for rows of Python's objects: they are encoded one by one and scored together.

use prisml_core::{Error, Run};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::errors::{build, interruption, raise};
use crate::model::Model;
use crate::rows::{Batch, Computed};
use crate::turns::{Ended, Turns};

/// How rows are to be encoded: as of when, with which values computed in Python, and which of them.
pub(crate) struct Asked<'a, 'py> {
    pub(crate) as_of: Option<i64>,
    pub(crate) computed: Option<&'a Bound<'py, PyDict>>,
    pub(crate) null_errors: bool,
    pub(crate) only: Option<&'a [usize]>,
    pub(crate) run: Run,
}

/// Rows encoded so far, by their places in the batch: those that could be, and what was wrong with the others.
pub(crate) struct Encoded {
    pub(crate) matrix: Vec<f32>,
    pub(crate) good: Vec<usize>,
    pub(crate) bad: Vec<(usize, Error)>,
    pub(crate) unseen: Vec<u64>,
}

impl Model {
    pub(crate) fn encode_rows<'py>(&self, py: Python<'py>, rows: &Bound<'py, PyAny>, asked: &Asked<'_, 'py>) -> PyResult<Encoded> {
        let contract = self.inner.contract();
        let rows = as_list(rows)?;
        let computed = Computed::new(contract, asked.computed, rows.len(), false)?;
        let batch = Batch::new(&self.keys, &computed);
        let width = contract.width();
        let count = asked.only.map_or(rows.len(), <[usize]>::len);
        let as_of = self.moment(asked.as_of);
        let mut encoded = Encoded { matrix: vec![0.0; count * width], good: Vec::new(), bad: Vec::new(), unseen: vec![0; width] };
        let mut counts = vec![0; width];
        let mut filled = 0;
        let mut turns = Turns::new(&asked.run);
        for place in 0..count {
            turns.at(py, place).map_err(|ended| self.ended(py, ended))?;
            let index = asked.only.map_or(place, |rows| rows[place]);
            // Reading a row may run code that makes the list shorter: then there is no such row any more.
            let row = rows.get_item(index)?;
            let cells = encoded.matrix.get_mut(filled..filled + width).unwrap_or_default();
            match contract.encode_row(&batch.row(&row, index), as_of, cells, Some(&mut counts)) {
                Ok(()) => {
                    filled += width;
                    encoded.good.push(place);
                    encoded.unseen.iter_mut().zip(&mut counts).for_each(|(sum, count)| *sum += std::mem::take(count));
                }
                Err(error) if asked.null_errors => {
                    if let Some(interrupted) = interruption() {
                        return Err(interrupted);
                    }
                    counts.fill(0);
                    encoded.bad.push((place, error));
                }
                Err(error) => return Err(raise(py, &error, Some(self.inner.name()), Some(index))),
            }
        }
        encoded.matrix.truncate(filled);
        Ok(encoded)
    }

    fn ended(&self, py: Python<'_>, ended: Ended) -> PyErr {
        match ended {
            Ended::Late(error) => raise(py, &error, Some(self.inner.name()), None),
            Ended::Interrupted(interrupted) => interrupted,
        }
    }

    /// Scores the rows of `matrix`; `index_of` says which row of the caller's a place in it is.
    pub(crate) fn score(&self, py: Python<'_>, matrix: &[f32], run: &Run, index_of: impl Fn(usize) -> usize) -> PyResult<Vec<f64>> {
        let rows = matrix.len() / self.inner.contract().width();
        let answer = self.long(py, rows, || self.inner.score(matrix, run));
        answer.map_err(|error| {
            let error = if let Error::NotFinite { row } = error { Error::NotFinite { row: index_of(row) } } else { error };
            raise(py, &error, Some(self.inner.name()), None)
        })
    }

    /// Scores the good rows; those without a finite answer become bad ones.
    pub(crate) fn score_or_null(
        &self,
        py: Python<'_>,
        encoded: &mut Encoded,
        run: &Run,
        index_of: impl Fn(usize) -> usize,
    ) -> PyResult<Vec<f64>> {
        let answer = self.long(py, encoded.good.len(), || self.inner.score_unchecked(&encoded.matrix, run));
        let mut scores = answer.map_err(|error| raise(py, &error, Some(self.inner.name()), None))?;
        for (place, scored) in encoded.good.iter().zip(scores.chunks_exact_mut(self.inner.outputs())) {
            if !scored.iter().all(|number| number.is_finite()) {
                scored.fill(f64::NAN);
                encoded.bad.push((*place, Error::NotFinite { row: index_of(*place) }));
            }
        }
        Ok(scores)
    }

    /// Errors of rows by their index, and unseen categories by feature.
    pub(crate) fn told<'py>(
        &self,
        py: Python<'py>,
        bad: &[(usize, Error)],
        unseen: &[u64],
        index_of: impl Fn(usize) -> usize,
    ) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        let errors = PyDict::new(py);
        for (place, error) in bad {
            let row = index_of(*place);
            errors.set_item(row, build(py, error, Some(self.inner.name()), Some(row))?)?;
        }
        let times_unseen = PyDict::new(py);
        for (input, times) in self.inner.contract().inputs().iter().zip(unseen).filter(|(_, times)| **times > 0) {
            times_unseen.set_item(&input.name, times)?;
        }
        Ok((errors, times_unseen))
    }
}

fn as_list<'py>(rows: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    match rows.cast::<PyList>() {
        Ok(list) => Ok(list.clone()),
        Err(_) => Ok(rows.py().get_type::<PyList>().call1((rows,))?.cast_into()?),
    }
}

pub(crate) fn scatter(scores: &[f64], good: &[usize], count: usize, outputs: usize) -> Vec<f64> {
    let mut values = vec![f64::NAN; count * outputs];
    for (row, scored) in good.iter().zip(scores.chunks_exact(outputs)) {
        values[row * outputs..(row + 1) * outputs].copy_from_slice(scored);
    }
    values
}
