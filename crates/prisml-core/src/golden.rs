//! Rows whose answers are known, as the manifest carries them.

use serde::Deserialize;
use serde_json::Value as Json;

use crate::contract::{Dtype, InputContract};
use crate::encode::Row;
use crate::error::{CellError, Error, Result};
use crate::value::Value;

/// The encoded golden rows, and the numbers that a prediction must give for them, both row by row.
#[derive(Debug, Default)]
pub(crate) struct Golden {
    pub(crate) matrix: Vec<f32>,
    pub(crate) expected: Vec<f64>,
    /// How far an answer may be from what is expected.
    pub(crate) tolerance: f64,
}

/// How far a native answer may be from ONNX Runtime's; of a regression, beside the largest.
const AGREEMENT: f64 = 1e-6;

/// So many trees are added up in float32 within [`AGREEMENT`].
const PRECISE_TREES: f64 = 100.0;

#[derive(Deserialize)]
pub(crate) struct RawGolden {
    features: serde_json::Map<String, Json>,
    expected: Vec<f64>,
}

impl Golden {
    /// Encodes `rows`, each of which gives every feature under its own name, and `outputs` numbers; `tolerance` where more is allowed.
    pub(crate) fn new(contract: &InputContract, rows: &[RawGolden], outputs: usize, tolerance: f64) -> Result<Self> {
        let mut golden = Self { matrix: vec![0.0; rows.len() * contract.width()], ..Self::default() };
        for (row, cells) in rows.iter().zip(golden.matrix.chunks_exact_mut(contract.width())) {
            contract.encode_row(&Given { contract, features: &row.features }, 0, cells, None)?;
            if row.expected.len() != outputs {
                return Err(Error::Contract("a golden row expects another number of outputs".to_owned()));
            }
            golden.expected.extend(&row.expected);
        }
        let largest = golden.expected.iter().fold(1.0_f64, |most, value| most.max(value.abs()));
        golden.tolerance = tolerance.max(AGREEMENT * largest);
        Ok(golden)
    }

    /// Whether `answers`, row by row, are those that are expected; NaN never is.
    ///
    /// What is expected was computed by ONNX Runtime, which adds up trees in float32: for more than 100 `trees`, more is allowed.
    pub(crate) fn agrees(&self, answers: &[f64], trees: u32) -> bool {
        let tolerance = self.tolerance * (f64::from(trees) / PRECISE_TREES).max(1.0);
        answers.iter().zip(&self.expected).all(|(answer, expected)| (answer - expected).abs() <= tolerance)
    }
}

/// A row of JSON by the names of features.
struct Given<'a> {
    contract: &'a InputContract,
    features: &'a serde_json::Map<String, Json>,
}

impl Row for Given<'_> {
    fn is_computed(&self, _input: usize) -> bool {
        true
    }

    fn source<R>(
        &self,
        _slot: usize,
        _dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> std::result::Result<R, CellError>,
    ) -> std::result::Result<R, CellError> {
        read(None)
    }

    fn named<R>(
        &self,
        input: usize,
        _dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> std::result::Result<R, CellError>,
    ) -> std::result::Result<R, CellError> {
        read(self.features.get(&self.contract.inputs()[input].name).and_then(value))
    }
}

fn value(json: &Json) -> Option<Value<'_>> {
    match json {
        Json::Null => Some(Value::Missing),
        Json::Bool(truth) => Some(Value::Bool(*truth)),
        Json::String(text) => Some(Value::Str(text)),
        Json::Number(number) => number.as_i64().map(Value::Int).or_else(|| number.as_f64().map(Value::Float)),
        _ => None,
    }
}
