//! The hot paths that criterion times and callgrind counts: the same work, on the reference artifacts of `tests/reference`.

use std::path::Path;

use prisml_core::{CellError, Dtype, Level, Model, Row, Run, Scoring, Value};
use serde_json::Value as Json;

/// Rows of a block: larger than a cache-sized chunk is, smaller than takes long under callgrind.
const BLOCK: usize = 2_000;

/// Some work, and how many rows it does each time.
pub struct HotPath {
    pub name: &'static str,
    pub rows: usize,
    pub run: Box<dyn FnMut() -> f64>,
}

struct Account {
    age: Option<f64>,
    joined_at: i64,
    country: Option<String>,
}

impl Row for Account {
    fn source<R>(
        &self,
        slot: usize,
        _dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> Result<R, CellError>,
    ) -> Result<R, CellError> {
        read(Some(match slot {
            0 => self.age.map_or(Value::Missing, Value::Float),
            1 => Value::Timestamp(self.joined_at),
            _ => self.country.as_deref().map_or(Value::Missing, Value::Str),
        }))
    }

    fn named<R>(
        &self,
        _input: usize,
        _dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> Result<R, CellError>,
    ) -> Result<R, CellError> {
        read(None)
    }
}

/// Every path, with scoring that may use the instructions of `level`; those of a model that is not scored natively are left out.
pub fn hot_paths(level: Level) -> Vec<HotPath> {
    let mut paths = vec![encoding(level), loading(level)];
    for (reference, one, block) in [
        ("multiclass", "linear, one row", "linear, a block"),
        ("regression", "boosted trees, one row", "boosted trees, a block"),
        ("binary", "boosted histograms, one row", "boosted histograms, a block"),
    ] {
        paths.extend(scoring(reference, one, level, 1));
        paths.extend(scoring(reference, block, level, BLOCK));
    }
    paths
}

fn encoding(level: Level) -> HotPath {
    let (reference, model) = (Reference::read("multiclass"), Reference::read("multiclass").model(level));
    let model = model.expect("a linear model is scored natively");
    let rows: Vec<Account> = reference.json["rows"].as_array().expect("rows").iter().map(account).collect();
    let as_of = reference.json["as_of"].as_i64().expect("a moment");
    let mut matrix = vec![0.0; rows.len() * model.contract().width()];
    let count = rows.len();
    let run = move || {
        for (row, place) in rows.iter().zip(matrix.chunks_exact_mut(model.contract().width())) {
            model.contract().encode_row(row, as_of, place, None).expect("the row fits");
        }
        f64::from(matrix[1])
    };
    HotPath { name: "encoding", rows: count, run: Box::new(run) }
}

fn account(row: &Json) -> Account {
    Account {
        age: row["age"].as_f64(),
        joined_at: row["joined_at"].as_i64().expect("a moment"),
        country: row["account"]["country"].as_str().map(str::to_owned),
    }
}

fn loading(level: Level) -> HotPath {
    let reference = Reference::read("multiclass");
    let run = move || reference.model(level).map_or(0.0, |model| model.bytes() as f64);
    HotPath { name: "loading a linear model", rows: 1, run: Box::new(run) }
}

fn scoring(reference: &str, name: &'static str, level: Level, rows: usize) -> Option<HotPath> {
    let reference = Reference::read(reference);
    let model = reference.model(level)?;
    let width = model.contract().width();
    let known = reference.json["matrix"].as_array().expect("a matrix").iter().flat_map(|row| row.as_array().expect("a row"));
    let cells: Vec<f32> = known.map(|cell| cell.as_f64().unwrap_or(f64::NAN) as f32).collect();
    let matrix: Vec<f32> = cells.iter().copied().cycle().take(cells.len().max(rows * width)).collect();
    // Single rows one after another, so that not one way through the trees is taken for all.
    let asked = (matrix.len() / width).min(BLOCK);
    let run = move || {
        matrix[..asked * width]
            .chunks(rows * width)
            .map(|part| model.score(part, &Run::default()).map_or(0.0, |scores| scores[0]))
            .sum()
    };
    Some(HotPath { name, rows: asked, run: Box::new(run) })
}

struct Reference {
    json: Json,
    manifest: String,
    onnx: Vec<u8>,
}

impl Reference {
    fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference");
        let read = |ending: &str| std::fs::read(folder.join(format!("{name}.{ending}"))).expect("the reference is there");
        let json: Json = serde_json::from_slice(&read("json")).expect("the reference is JSON");
        Self { manifest: json["manifest"].to_string(), json, onnx: read("onnx") }
    }

    /// None where the graph would need ONNX Runtime.
    fn model(&self, level: Level) -> Option<Model> {
        Model::new(&self.manifest, &self.onnx, Scoring { native: true, level }).ok()
    }
}
