//! A version that can be asked: its input contract, its scorer and what the scorer's numbers mean.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::contract::InputContract;
use crate::error::{Error, Result};
use crate::scorer::Scorer;
use crate::signature::Signature;

/// Up to this a run of few rows says nothing of what a row costs.
const SHORT: Duration = Duration::from_micros(200);

/// What a model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// P(positive).
    Binary,
    /// A probability for each class.
    Multiclass,
    /// A number.
    Regression,
}

#[derive(Deserialize)]
struct Head {
    name: String,
    task: Task,
    #[serde(default)]
    classes: Vec<serde_json::Value>,
    inputs: serde_json::Value,
}

/// A loaded version. Safe to share between threads; it keeps a session for each that asks at once.
pub struct Model {
    name: String,
    task: Task,
    classes: usize,
    contract: InputContract,
    scorer: Scorer,
    /// What the last measured run took for a row, in nanoseconds.
    row_cost: AtomicU64,
}

impl Model {
    /// Loads the graph in `onnx` and checks it against `manifest`, the text of `manifest.json`.
    pub fn new(manifest: &str, onnx: &[u8]) -> Result<Self> {
        let head: Head = serde_json::from_str(manifest).map_err(|error| Error::Contract(error.to_string()))?;
        let classes = match (head.task, head.classes.len()) {
            (Task::Binary, 2) => 2,
            (Task::Multiclass, count @ 2..) => count,
            (Task::Regression, 0) => 1,
            _ => return Err(Error::Contract("its classes do not fit its task".to_owned())),
        };
        let contract = InputContract::from_value(head.inputs)?;
        let output = if head.task == Task::Regression { "value" } else { "probabilities" };
        let scorer = Scorer::new(onnx, Signature { width: contract.width(), output, outputs: classes })?;
        Ok(Self { name: head.name, task: head.task, classes, contract, scorer, row_cost: AtomicU64::new(1_000) })
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The inputs, in the order of the matrix's columns.
    #[must_use]
    pub fn contract(&self) -> &InputContract {
        &self.contract
    }

    /// How many numbers a row's prediction has: each class's probability for multiclass, otherwise one.
    #[must_use]
    pub fn outputs(&self) -> usize {
        if self.task == Task::Multiclass { self.classes } else { 1 }
    }

    /// Scores rows of the encoded matrix; [`Model::outputs`] numbers for each.
    ///
    /// Probabilities are clipped to [0, 1], which ONNX Runtime leaves by rounding. NaN and infinity are an error, never an answer.
    pub fn score(&self, matrix: &[f32]) -> Result<Vec<f64>> {
        let numbers = self.score_unchecked(matrix)?;
        match numbers.iter().position(|number| !number.is_finite()) {
            Some(place) => Err(Error::NotFinite { row: place / self.outputs() }),
            None => Ok(numbers),
        }
    }

    /// As [`Model::score`], for a caller that looks itself for numbers that are not finite.
    pub fn score_unchecked(&self, matrix: &[f32]) -> Result<Vec<f64>> {
        let started = Instant::now();
        let raw = self.scorer.score(matrix)?;
        let rows = matrix.len() / self.contract.width();
        self.remember_cost(started.elapsed(), rows);
        Ok(match self.task {
            Task::Binary => raw.chunks_exact(2).map(|both| probability(both[1])).collect(),
            Task::Multiclass => raw.iter().map(|value| probability(*value)).collect(),
            Task::Regression => raw.iter().map(|value| f64::from(*value)).collect(),
        })
    }

    /// As [`Model::score`], for a matrix of `columns` columns that somebody else encoded: every cell is checked first.
    pub fn score_encoded(&self, matrix: &[f32], columns: usize) -> Result<Vec<f64>> {
        if columns != self.contract.width() {
            return Err(Error::Columns { expected: self.contract.width(), got: columns });
        }
        self.contract.check_encoded(matrix)?;
        self.score(matrix)
    }

    /// How long scoring `rows` rows is expected to take, by what earlier runs took.
    #[must_use]
    pub fn expected(&self, rows: usize) -> Duration {
        Duration::from_nanos(self.row_cost.load(Ordering::Relaxed).saturating_mul(rows as u64))
    }

    /// Short runs of few rows are mostly overhead and say nothing of a row's cost.
    fn remember_cost(&self, elapsed: Duration, rows: usize) {
        if rows >= 16 || (rows > 0 && elapsed > SHORT) {
            let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
            self.row_cost.store(nanos / rows as u64, Ordering::Relaxed);
        }
    }
}

fn probability(value: f32) -> f64 {
    f64::from(value.clamp(0.0, 1.0))
}
