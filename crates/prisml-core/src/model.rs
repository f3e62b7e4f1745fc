//! A version that can be asked: its input contract, its scorer and what the scorer's numbers mean.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::contract::InputContract;
use crate::error::{Error, Result};
use crate::golden::{Golden, RawGolden};
use crate::native::Level;
use crate::scorer::{Run, Scorer, Scoring, Take};
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
    #[serde(default)]
    golden: Vec<RawGolden>,
    #[serde(default)]
    parity: RawParity,
}

/// Golden rows that came with a foreign graph are met within the tolerance that was checked when it was registered.
#[derive(Deserialize, Default)]
struct RawParity {
    #[serde(default)]
    tolerance: f64,
    #[serde(default)]
    source: String,
}

impl RawParity {
    fn supplied(&self) -> f64 {
        if self.source == "supplied" { self.tolerance } else { 0.0 }
    }
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
    ///
    /// [`Error::RuntimeNeeded`] where the graph needs ONNX Runtime and nobody has loaded that yet.
    pub fn new(manifest: &str, onnx: &[u8], scoring: Scoring) -> Result<Self> {
        let head: Head = serde_json::from_str(manifest).map_err(|error| Error::Contract(error.to_string()))?;
        let classes = match (head.task, head.classes.len()) {
            (Task::Binary, 2) => 2,
            (Task::Multiclass, count @ 2..) => count,
            (Task::Regression, 0) => 1,
            _ => return Err(Error::Contract("its classes do not fit its task".to_owned())),
        };
        let contract = InputContract::from_value(head.inputs)?;
        let output = if head.task == Task::Regression { "value" } else { "probabilities" };
        let take = if head.task == Task::Binary { Take::Second } else { Take::All };
        let outputs = if head.task == Task::Binary { 1 } else { classes };
        let golden = Golden::new(&contract, &head.golden, outputs, head.parity.supplied())?;
        let signature = Signature { width: contract.width(), output, outputs: classes };
        let scorer = Scorer::new(onnx, signature, take, &golden, scoring)?;
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

    /// Whether rows are scored natively, and what of or why not, in words.
    #[must_use]
    pub fn scorer(&self) -> (bool, &str) {
        (self.scorer.is_native(), self.scorer.reason())
    }

    /// The instructions that the native plan uses; None where ONNX Runtime answers.
    #[must_use]
    pub fn instructions(&self) -> Option<Level> {
        self.scorer.level()
    }

    /// Whether answers for the golden rows were wrong: a native plan's, which was put aside, or ONNX Runtime's.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.scorer.is_doubtful()
    }

    /// Answers once for nobody, so that what a first answer makes is there: memory and kernels of ONNX Runtime, code and tables in cache.
    pub fn warm(&self) -> Result<()> {
        let (width, outputs) = (self.contract.width(), self.outputs());
        // Zero is a code of every category, and a number.
        for rows in [1, 2] {
            self.scorer.score(&vec![0.0; rows * width], &mut vec![0.0; rows * outputs])?;
        }
        Ok(())
    }

    /// About how much memory the model holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.scorer.bytes()
    }

    /// Scores rows of the encoded matrix; [`Model::outputs`] numbers for each.
    ///
    /// Probabilities are clipped to [0, 1], which ONNX Runtime leaves by rounding. NaN and infinity are an error, never an answer.
    pub fn score(&self, matrix: &[f32], run: &Run) -> Result<Vec<f64>> {
        let numbers = self.score_unchecked(matrix, run)?;
        if numbers.iter().fold(true, |finite, number| finite & number.is_finite()) {
            return Ok(numbers);
        }
        let place = numbers.iter().position(|number| !number.is_finite()).unwrap_or_default();
        Err(Error::NotFinite { row: place / self.outputs() })
    }

    /// As [`Model::score`], for a caller that looks itself for numbers that are not finite.
    pub fn score_unchecked(&self, matrix: &[f32], run: &Run) -> Result<Vec<f64>> {
        let started = Instant::now();
        let (width, outputs) = (self.contract.width(), self.outputs());
        let rows = matrix.len() / width;
        let mut numbers = vec![0.0; rows * outputs];
        run.over(matrix, width, &mut numbers, outputs, self.scorer.least(), |cells, out| self.scorer.score(cells, out))?;
        if self.task != Task::Regression {
            clip(&mut numbers);
        }
        if run.threads == 1 {
            self.remember_cost(started.elapsed(), rows);
        }
        Ok(numbers)
    }

    /// As [`Model::score`], for one row; `out` has [`Model::outputs`] places.
    #[inline]
    pub fn score_row(&self, row: &[f32], out: &mut [f64]) -> Result<()> {
        if self.scorer.is_native() {
            // It takes less than looking at the clock is good for.
            self.scorer.score(row, out)?;
        } else {
            let started = Instant::now();
            self.scorer.score(row, out)?;
            self.remember_cost(started.elapsed(), 1);
        }
        if self.task != Task::Regression {
            clip(out);
        }
        if out.iter().all(|number| number.is_finite()) { Ok(()) } else { Err(Error::NotFinite { row: 0 }) }
    }

    /// As [`Model::score`], for a matrix of `columns` columns that somebody else encoded: every cell is checked first.
    pub fn score_encoded(&self, matrix: &[f32], columns: usize, run: &Run) -> Result<Vec<f64>> {
        if columns != self.contract.width() {
            return Err(Error::Columns { expected: self.contract.width(), got: columns });
        }
        self.contract.check_encoded(matrix)?;
        self.score(matrix, run)
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

/// Rounding leaves [0, 1].
fn clip(probabilities: &mut [f64]) {
    for probability in probabilities {
        *probability = probability.clamp(0.0, 1.0);
    }
}
