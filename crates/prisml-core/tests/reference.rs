//! The reference artifacts of `tests/reference`, which pytest reads too: scikit-learn's own predictions.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use prisml_core::{CellError, Dtype, Error, Model, ModelCache, Room, Row, Run, Scoring, Value, runtime};
use serde_json::Value as Json;

const ROOM: Room = Room { models: 1, bytes: usize::MAX };

struct JsonRow<'a> {
    model: &'a Model,
    row: &'a Json,
}

impl Row for JsonRow<'_> {
    fn source<R>(
        &self,
        slot: usize,
        dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> Result<R, CellError>,
    ) -> Result<R, CellError> {
        let path = &self.model.contract().sources()[slot].path;
        let found = path.iter().try_fold(self.row, |object, key| object.get(key));
        read(found.map(|value| match value {
            Json::Null => Value::Missing,
            Json::String(text) => Value::Str(text),
            Json::Number(number) if dtype == Dtype::Datetime => Value::Timestamp(number.as_i64().unwrap()),
            other => Value::Float(other.as_f64().unwrap()),
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

struct Reference {
    manifest: String,
    onnx: Vec<u8>,
    as_of: i64,
    rows: Vec<Json>,
    matrix: Vec<f32>,
    expected: Vec<f64>,
}

fn read(name: &str) -> Reference {
    let path = std::env::var_os("PRISML_ORT_DYLIB").expect("set PRISML_ORT_DYLIB to ONNX Runtime's library; `make test` does");
    runtime::load(&PathBuf::from(path)).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let json: Json = serde_json::from_str(&text).unwrap();
    let binary = json["manifest"]["task"] == "binary";
    let numbers = |value: &Json| value.as_f64().unwrap_or(f64::NAN);
    Reference {
        manifest: json["manifest"].to_string(),
        onnx: std::fs::read(folder.join(format!("{name}.onnx"))).unwrap(),
        as_of: json["as_of"].as_i64().unwrap(),
        rows: json["rows"].as_array().unwrap().clone(),
        matrix: json["matrix"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|row| row.as_array().unwrap())
            .map(|v| numbers(v) as f32)
            .collect(),
        expected: json["expected"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|row| match row {
                Json::Array(pair) if binary => vec![numbers(&pair[1])],
                Json::Array(all) => all.iter().map(numbers).collect(),
                one => vec![numbers(one)],
            })
            .collect(),
    }
}

fn encode(reference: &Reference, model: &Model) -> Vec<f32> {
    let width = model.contract().width();
    let mut matrix = vec![0.0; reference.rows.len() * width];
    for (row, place) in reference.rows.iter().zip(matrix.chunks_exact_mut(width)) {
        model.contract().encode_row(&JsonRow { model, row }, reference.as_of, place, None).unwrap();
    }
    matrix
}

#[test]
fn rows_encode_to_the_matrix_that_scikit_learn_was_given() {
    for name in ["binary", "multiclass", "regression"] {
        let reference = read(name);
        let model = Model::new(&reference.manifest, &reference.onnx, Scoring::default()).unwrap();
        let bits = |matrix: &[f32]| matrix.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&encode(&reference, &model)), bits(&reference.matrix), "{name}");
    }
}

#[test]
fn scores_are_those_of_scikit_learn() {
    for name in ["binary", "multiclass", "regression"] {
        let reference = read(name);
        let model = Model::new(&reference.manifest, &reference.onnx, Scoring::default()).unwrap();
        let scores = model.score(&encode(&reference, &model), &Run::default()).unwrap();
        assert_eq!(scores.len(), reference.expected.len());
        for (score, expected) in scores.iter().zip(&reference.expected) {
            assert!((score - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{name}: {score} instead of {expected}");
        }
    }
}

#[test]
fn a_row_gives_the_same_bits_alone_and_in_every_batch() {
    for name in ["binary", "multiclass", "regression"] {
        let reference = read(name);
        let model = Model::new(&reference.manifest, &reference.onnx, Scoring::default()).unwrap();
        let many: Vec<f32> = reference.matrix.iter().copied().cycle().take(reference.matrix.len() * 110).collect();
        let whole = model.score(&many, &Run::default()).unwrap();
        for size in [1, 2, 3, 7, 33, 4_096, 4_097] {
            let pieces: Vec<f64> = many
                .chunks(size * model.contract().width())
                .flat_map(|piece| model.score(piece, &Run::default()).unwrap())
                .collect();
            assert_eq!(pieces, whole, "{name} by {size}");
        }
    }
}

#[test]
fn a_cache_loads_a_model_once_for_all_threads_that_ask() {
    let reference = read("binary");
    let cache = ModelCache::new();
    let loads = std::sync::atomic::AtomicUsize::new(0);
    let load = || {
        loads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Model::new(&reference.manifest, &reference.onnx, Scoring::default())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| cache.get_or_load("one", ROOM, load).unwrap())).collect();
        let models: Vec<Arc<Model>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(models.iter().all(|model| Arc::ptr_eq(model, &models[0])));
    });
    assert_eq!(loads.into_inner(), 1);
}

#[test]
fn a_load_that_fails_is_tried_again_and_a_full_cache_lets_the_oldest_go() {
    let reference = read("binary");
    let cache = ModelCache::new();
    assert!(cache.get_or_load("one", ROOM, || Model::new("{}", &[], Scoring::default())).is_err());
    let load = || Model::new(&reference.manifest, &reference.onnx, Scoring::default());
    let first = cache.get_or_load("one", ROOM, load).unwrap();
    cache.get_or_load("two", ROOM, load).unwrap();
    let again = cache.get_or_load("one", ROOM, load).unwrap();
    assert!(!Arc::ptr_eq(&first, &again));
}

#[test]
fn a_cache_lets_go_by_bytes_and_by_count_and_keeps_what_was_used_last() {
    let reference = read("binary");
    let load = || Model::new(&reference.manifest, &reference.onnx, Scoring::default());
    let each = load().unwrap().bytes();
    let cache = ModelCache::new();
    let room = Room { models: 16, bytes: each * 2 };
    let first = cache.get_or_load("one", room, load).unwrap();
    cache.get_or_load("two", room, load).unwrap();
    cache.get_or_load("one", room, load).unwrap();
    cache.get_or_load("three", room, load).unwrap();
    assert_eq!(cache.held(), (2, each * 2));
    assert!(Arc::ptr_eq(&first, &cache.get_or_load("one", room, load).unwrap()), "the one used last stays");
    cache.get_or_load("four", Room { models: 16, bytes: 1 }, load).unwrap();
    assert_eq!(cache.held(), (1, each), "one that is too large alone is kept until the next");
    assert_eq!(first.score(&reference.matrix, &Run::default()).unwrap().len(), reference.expected.len());
}

#[test]
fn threads_give_the_bits_that_one_thread_gives() {
    for name in ["binary", "multiclass", "regression"] {
        let reference = read(name);
        for native in [true, false] {
            let model = Model::new(&reference.manifest, &reference.onnx, Scoring { native, ..Scoring::default() }).unwrap();
            let many: Vec<f32> = reference.matrix.iter().copied().cycle().take(reference.matrix.len() * 501 + 3).collect();
            let alone = model.score(&many, &Run::default()).unwrap();
            for threads in [2, 5] {
                let deadline = Some(std::time::Instant::now() + std::time::Duration::from_secs(3_600));
                assert_eq!(model.score(&many, &Run { threads, deadline: None }).unwrap(), alone, "{name}");
                assert_eq!(model.score(&many, &Run { threads, deadline }).unwrap(), alone, "{name}");
            }
        }
    }
}

#[test]
fn a_deadline_that_has_passed_leaves_nothing() {
    let reference = read("binary");
    let model = Model::new(&reference.manifest, &reference.onnx, Scoring::default()).unwrap();
    let run = Run { threads: 1, deadline: Some(std::time::Instant::now()) };
    assert_eq!(model.score(&reference.matrix, &run), Err(Error::Deadline));
}

#[test]
fn a_graph_that_does_not_fit_its_manifest_is_refused_when_it_is_loaded() {
    let (binary, regression) = (read("binary"), read("regression"));
    for (manifest, onnx) in [(&binary.manifest, &regression.onnx), (&regression.manifest, &binary.onnx)] {
        assert!(matches!(Model::new(manifest, onnx, Scoring::default()), Err(Error::Graph(_))));
    }
    for onnx in [&b"not a graph"[..], &binary.onnx[..binary.onnx.len() / 2], &[]] {
        assert_eq!(
            Model::new(&binary.manifest, onnx, Scoring::default()).err(),
            Some(Error::Refused("is no ONNX file".to_owned()))
        );
    }
    let narrower = binary.manifest.replace("\"age\"", "\"years\"").replacen(
        "\"inputs\":[{",
        "\"inputs\":[{\"missing\":\"nan\",\"name\":\"x\",\"kind\":\"number\",\"dtype\":\"float\"},{",
        1,
    );
    assert!(matches!(Model::new(&narrower, &binary.onnx, Scoring::default()), Err(Error::Graph(_))));
}

#[test]
fn a_matrix_of_another_width_is_refused() {
    let reference = read("regression");
    let model = Model::new(&reference.manifest, &reference.onnx, Scoring::default()).unwrap();
    assert_eq!(model.score_encoded(&[1.0, 2.0], 2, &Run::default()), Err(Error::Columns { expected: 3, got: 2 }));
}

#[test]
fn a_missing_number_that_a_graph_cannot_take_is_an_error_and_not_an_answer() {
    let reference = read("multiclass");
    let model = Model::new(&reference.manifest, &reference.onnx, Scoring::default()).unwrap();
    assert_eq!(model.score(&[30.0, 1.0, 0.0, f32::NAN, 1.0, 0.0], &Run::default()), Err(Error::NotFinite { row: 1 }));
}
