//! The frozen vectors of `tests/reference/routing.json`, which pytest reads too.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::Path;

use prisml_core::{Range, bucket, largest_remainder, push_part, reallocate};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    growthbook: Vec<(String, String, u16)>,
    keys: BTreeMap<String, Key>,
    composites: Vec<Composite>,
    counts: Vec<Counts>,
    allocations: Vec<Allocation>,
}

#[derive(Deserialize)]
struct Key {
    text: String,
    buckets: BTreeMap<String, u16>,
}

#[derive(Deserialize)]
struct Composite {
    parts: Vec<String>,
    text: String,
}

#[derive(Deserialize)]
struct Counts {
    weights: Vec<f64>,
    counts: Vec<u16>,
}

#[derive(Deserialize)]
struct Allocation {
    old: Vec<Vec<Range>>,
    counts: Vec<u16>,
    new: Vec<Vec<Range>>,
}

fn read() -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/routing.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn buckets_are_those_that_growthbook_publishes() {
    for (salt, key, wanted) in read().growthbook {
        assert_eq!(bucket(&salt, &key), wanted, "{salt} {key}");
    }
}

#[test]
fn keys_fall_into_the_buckets_that_they_fell_into_when_they_were_frozen() {
    for (name, key) in read().keys {
        for (salt, wanted) in key.buckets {
            assert_eq!(bucket(&salt, &key.text), wanted, "{name} salted with {salt}");
        }
    }
}

#[test]
fn composite_keys_have_the_text_that_they_had_when_they_were_frozen() {
    for composite in read().composites {
        let mut text = String::new();
        for (place, part) in composite.parts.iter().enumerate() {
            push_part(&mut text, part, place == 0);
        }
        assert_eq!(text, composite.text);
    }
}

#[test]
fn weights_and_changes_of_them_give_the_ranges_that_were_frozen() {
    let reference = read();
    for case in reference.counts {
        assert_eq!(largest_remainder(&case.weights).unwrap(), case.counts, "{:?}", case.weights);
    }
    for case in reference.allocations {
        assert_eq!(reallocate(&case.old, &case.counts).unwrap(), case.new, "{:?}", case.counts);
    }
}
