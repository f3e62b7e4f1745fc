use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::categories::Growing;
use crate::contract::InputContract;
use crate::encode::Row;
use crate::error::{Error, Result as Encoding};
use crate::scorer::Run;

/// Every type, kind and transform there is; some read one column together, some are found by their own name alone.
const INPUTS: &str = r#"[
    {"name": "float", "kind": "number", "dtype": "float", "missing": "nan", "sources": [{"path": ["f"], "dtype": "float"}]},
    {"name": "strict", "kind": "number", "dtype": "float", "missing": "error", "sources": [{"path": ["f"], "dtype": "float"}]},
    {"name": "int", "kind": "number", "dtype": "int", "missing": "nan", "sources": [{"path": ["i"], "dtype": "int"}]},
    {"name": "decimal", "kind": "number", "dtype": "decimal", "missing": "nan", "sources": [{"path": ["d"], "dtype": "decimal"}]},
    {"name": "bool", "kind": "number", "dtype": "bool", "missing": "nan", "sources": [{"path": ["b"], "dtype": "bool"}]},
    {"name": "text", "kind": "category", "dtype": "str", "missing": "code", "missing_code": 2, "other_code": 3,
     "categories": ["a", "b"], "sources": [{"path": ["s"], "dtype": "str"}]},
    {"name": "seen", "kind": "category", "dtype": "str", "missing": "error", "categories": ["a", "a long text"],
     "sources": [{"path": ["s"], "dtype": "str"}]},
    {"name": "enum", "kind": "category", "dtype": "enum", "missing": "code", "missing_code": 1, "other_code": 2, "categories": ["A"],
     "members": ["A", "B"], "sources": [{"path": ["e"], "dtype": "enum"}]},
    {"name": "number", "kind": "category", "dtype": "int", "missing": "code", "missing_code": 2, "other_code": 3, "categories": [7, -1],
     "sources": [{"path": ["i"], "dtype": "int"}]},
    {"name": "days", "kind": "number", "dtype": "float", "missing": "nan", "transform": "days_since",
     "sources": [{"path": ["t"], "dtype": "date"}]},
    {"name": "hour", "kind": "number", "dtype": "float", "missing": "nan", "transform": "hour_of",
     "sources": [{"path": ["u"], "dtype": "datetime"}]},
    {"name": "there", "kind": "number", "dtype": "float", "missing": "nan", "transform": "hour_of", "zone": "Asia/Kathmandu",
     "sources": [{"path": ["u"], "dtype": "datetime"}]},
    {"name": "lead", "kind": "number", "dtype": "float", "missing": "nan", "transform": "hours_since",
     "sources": [{"path": ["t"], "dtype": "date"}, {"path": ["u"], "dtype": "datetime"}]},
    {"name": "length", "kind": "number", "dtype": "float", "missing": "nan", "transform": "length",
     "sources": [{"path": ["s"], "dtype": "str"}]},
    {"name": "gone", "kind": "number", "dtype": "float", "missing": "nan", "transform": "is_missing",
     "sources": [{"path": ["f"], "dtype": "float"}]},
    {"name": "ratio", "kind": "number", "dtype": "float", "missing": "nan", "transform": "ratio",
     "sources": [{"path": ["f"], "dtype": "float"}, {"path": ["i"], "dtype": "int"}]},
    {"name": "uuid", "kind": "category", "dtype": "uuid", "missing": "code", "missing_code": 1, "other_code": 2,
     "categories": ["00000000-0000-0000-0000-00000000000a"], "sources": [{"path": ["k"], "dtype": "uuid"}]},
    {"name": "named", "kind": "number", "dtype": "float", "missing": "nan"}
]"#;

static CONTRACT: LazyLock<InputContract> = LazyLock::new(|| InputContract::from_json(INPUTS).unwrap());

/// Values of one column; with `places`, a dictionary of them that the rows point into.
#[derive(Debug, Clone)]
struct Cells {
    values: Vec<Value<'static>>,
    places: Option<Vec<Option<usize>>>,
}

impl Column for Cells {
    fn value(&self, row: usize, _dtype: Dtype) -> Result<Value<'_>, CellError> {
        Ok(match &self.places {
            None => self.values[row],
            Some(places) => places[row].map_or(Value::Missing, |place| self.values[place]),
        })
    }

    fn bytes(&self, row: usize) -> Option<&[u8]> {
        match self.value(row, Dtype::Str) {
            Ok(Value::Str(text)) => Some(text.as_bytes()),
            _ => None,
        }
    }

    fn type_name(&self) -> String {
        "cells".to_owned()
    }

    fn entries(&self) -> Option<usize> {
        self.places.as_ref().map(|_| self.values.len())
    }

    fn entry(&self, row: usize) -> Option<usize> {
        self.places.as_ref().and_then(|places| places[row])
    }
}

#[derive(Debug, Clone)]
struct Sheet {
    rows: usize,
    slots: Vec<Option<Cells>>,
    names: Vec<Option<Cells>>,
}

impl Columns for Sheet {
    fn rows(&self) -> usize {
        self.rows
    }

    fn source<V: Visit>(&self, slot: usize, visit: V) -> Option<V::Out> {
        self.slots[slot].as_ref().map(|cells| visit.visit(cells))
    }

    fn named<V: Visit>(&self, input: usize, visit: V) -> Option<V::Out> {
        self.names[input].as_ref().map(|cells| visit.visit(cells))
    }
}

/// The same values as a row, which knows nothing of columns but, where it tells them, their type.
struct Line<'a>(&'a Sheet, usize, bool);

impl Line<'_> {
    fn read<R>(
        &self,
        cells: Option<&Cells>,
        dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> Result<R, CellError>,
    ) -> Result<R, CellError> {
        let value = cells.map(|cells| cells.value(self.1, dtype)).transpose()?;
        read(value).map_err(|cell| match cell {
            CellError::WrongType { expected, .. } if self.2 => CellError::WrongType { expected, got: "cells".to_owned() },
            cell => cell,
        })
    }
}

impl Row for Line<'_> {
    fn source<R>(
        &self,
        slot: usize,
        dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> Result<R, CellError>,
    ) -> Result<R, CellError> {
        self.read(self.0.slots[slot].as_ref(), dtype, read)
    }

    fn named<R>(
        &self,
        input: usize,
        dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> Result<R, CellError>,
    ) -> Result<R, CellError> {
        self.read(self.0.names[input].as_ref(), dtype, read)
    }
}

fn lines(sheets: &[Sheet], told: bool) -> Vec<Line<'_>> {
    sheets.iter().flat_map(|sheet| (0..sheet.rows).map(move |row| Line(sheet, row, told))).collect()
}

/// What each row alone gives: its numbers as bits and its unseen categories, or its error.
fn one_by_one(sheets: &[Sheet], only: &[usize]) -> Vec<Encoding<(Vec<u32>, Vec<u64>)>> {
    let lines = lines(sheets, true);
    only.iter()
        .map(|row| {
            let (mut out, mut unseen) = (vec![0.0; CONTRACT.width()], vec![0; CONTRACT.width()]);
            let done = CONTRACT.encode_row(&lines[*row], 1_000_000, &mut out, Some(&mut unseen));
            done.map(|()| (bits(&out), unseen)).map_err(|error| in_row(error, *row))
        })
        .collect()
}

fn in_row(error: Error, row: usize) -> Error {
    match error {
        Error::Encoding { feature, cell, .. } => Error::Encoding { feature, row, cell },
        error => error,
    }
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// Mostly values that fit, so that whole blocks do.
fn value(dtype: Dtype, strange: bool) -> BoxedStrategy<Value<'static>> {
    let fitting: Vec<Value<'static>> = match dtype {
        Dtype::Float | Dtype::Decimal => vec![Value::Float(0.5), Value::Float(-0.0), Value::Int(3), Value::Float(1e30)],
        Dtype::Int => vec![Value::Int(7), Value::Int(-1), Value::Int(12), Value::Float(7.0), Value::Int(1 << 24)],
        Dtype::Bool => vec![Value::Bool(true), Value::Int(0)],
        Dtype::Str => vec!["a", "b", "", "other", "a long text", "\u{e9}\u{1f600}"].into_iter().map(Value::Str).collect(),
        Dtype::Enum => vec![Value::Str("A"), Value::Str("B")],
        Dtype::Uuid => vec![Value::Uuid(10), Value::Uuid(11), Value::Str("0000000000000000000000000000000A")],
        Dtype::Date | Dtype::Datetime => vec![Value::Timestamp(0), Value::Timestamp(-1), Value::Timestamp(1_383_283_800_000_000)],
    };
    let missing = vec![Value::Missing, Value::Float(f64::NAN)];
    let odd = vec![
        Value::Float(f64::INFINITY),
        Value::Float(1e300),
        Value::Float(1e-60),
        Value::Float(0.25),
        Value::Int((1 << 24) + 1),
        Value::Bool(false),
        Value::Str("C"),
        Value::Timestamp(5),
        Value::Int(2),
        Value::Float(1e17),
    ];
    let odds = u32::from(strange);
    prop_oneof![20 => select(fitting), 2 => select(missing), odds => select(odd)].boxed()
}

fn cells(dtype: Dtype, rows: usize) -> impl Strategy<Value = Option<Cells>> {
    let plain = |strange| vec(value(dtype, strange), rows).prop_map(|values| Cells { values, places: None });
    let pointing = (1..6_usize).prop_flat_map(move |count| {
        (vec(value(dtype, true), count), vec(option::weighted(0.9, 0..count), rows))
            .prop_map(|(values, places)| Cells { values, places: Some(places) })
    });
    option::weighted(0.97, prop_oneof![4 => plain(false), 1 => plain(true), 2 => pointing])
}

fn sheet(rows: usize) -> impl Strategy<Value = Sheet> {
    let slots: Vec<_> = CONTRACT.sources().iter().map(|source| cells(source.dtype, rows)).collect();
    let names: Vec<_> = CONTRACT.inputs().iter().map(|input| cells(input.dtype, rows)).collect();
    (slots, names).prop_map(move |(slots, names)| Sheet { rows, slots, names })
}

proptest! {
    #[test]
    fn columns_become_what_their_rows_become(
        sheets in vec((0..12_usize).prop_flat_map(sheet), 0..4),
        picks in option::of(vec(any::<prop::sample::Index>(), 0..20)),
    ) {
        let rows: usize = sheets.iter().map(|sheet| sheet.rows).sum();
        let only: Option<Vec<usize>> = picks.filter(|_| rows > 0).map(|picks| picks.iter().map(|pick| pick.index(rows)).collect());
        let expected = one_by_one(&sheets, &only.clone().unwrap_or_else(|| (0..rows).collect()));
        let asked = Asked { as_of: 1_000_000, null_errors: true, only: only.as_deref(), run: Run::default() };

        let found = encode_columns(&CONTRACT, &sheets, asked).unwrap();
        let good: Vec<_> = expected.iter().filter_map(|row| row.as_ref().ok()).collect();
        prop_assert_eq!(bits(&found.matrix), good.iter().flat_map(|(bits, _)| bits.clone()).collect::<Vec<_>>());
        let bad = expected.iter().enumerate().filter_map(|(place, row)| row.as_ref().err().map(|error| (place, error.clone())));
        prop_assert_eq!(&found.bad, &bad.collect::<Vec<_>>());
        let unseen = good.iter().fold(vec![0; CONTRACT.width()], |sum: Vec<u64>, (_, one)| sum.iter().zip(one).map(|(a, b)| a + b).collect());
        prop_assert_eq!(found.unseen, unseen);

        let strict = encode_columns(&CONTRACT, &sheets, Asked { null_errors: false, ..asked });
        match found.bad.first() {
            Some((_, error)) => prop_assert_eq!(&strict.unwrap_err(), error),
            None => prop_assert!(strict.is_ok()),
        }
    }
}

proptest! {
    #[test]
    fn categories_grow_in_columns_as_they_do_in_rows(sheets in vec((0..12_usize).prop_flat_map(sheet), 0..4)) {
        let (width, as_of) = (CONTRACT.width(), 1_000_000);
        let mut growing = [Growing::new(&CONTRACT), Growing::new(&CONTRACT)];
        // Twice, as page after page is read.
        for _ in 0..2 {
            let lines = lines(&sheets, false);
            let [mut one_by_one, mut at_once] = [(); 2].map(|()| vec![0.0; lines.len() * width]);
            let expected = lines.iter().zip(one_by_one.chunks_exact_mut(width)).enumerate().try_for_each(|(row, (line, place))| {
                CONTRACT.encode_with(line, as_of, place, &mut growing[0]).map_err(|error| in_row(error, row))
            });
            let found = encode_growing_columns(&CONTRACT, &sheets, as_of, &mut at_once, &mut growing[1]);
            prop_assert_eq!(&found, &expected);
            prop_assert!(found.is_err() || bits(&at_once) == bits(&one_by_one));
            prop_assert_eq!(growing[0].categories(&CONTRACT), growing[1].categories(&CONTRACT));
        }
    }
}

/// float32 as a matrix: each input under its own name.
struct Ready<'a>(&'a [f32], bool);

struct Part<'a>(&'a [f32], usize);

impl Column for Part<'_> {
    fn value(&self, row: usize, _dtype: Dtype) -> Result<Value<'_>, CellError> {
        Ok(Value::Float(self.0[row * 3 + self.1].into()))
    }

    fn type_name(&self) -> String {
        "float32".to_owned()
    }
}

impl Columns for Ready<'_> {
    fn rows(&self) -> usize {
        self.0.len() / 3
    }

    fn source<V: Visit>(&self, _slot: usize, _visit: V) -> Option<V::Out> {
        None
    }

    fn named<V: Visit>(&self, input: usize, visit: V) -> Option<V::Out> {
        Some(visit.visit(&Part(self.0, input)))
    }

    fn is_computed(&self, _input: usize) -> bool {
        true
    }

    fn copy(&self, rows: Range<usize>, out: &mut [f32]) -> bool {
        out.copy_from_slice(&self.0[rows.start * 3..rows.end * 3]);
        self.1
    }
}

proptest! {
    #[test]
    fn a_matrix_that_is_copied_is_checked_as_its_columns_are(
        places in vec(prop_oneof![30 => (0..9_i16).prop_map(f32::from), 1 => any::<f32>(), 1 => Just(f32::NAN), 1 => Just(f32::INFINITY)], 0..90),
    ) {
        let contract = InputContract::from_json(r#"[
            {"name": "a", "kind": "number", "dtype": "float", "missing": "nan"},
            {"name": "b", "kind": "number", "dtype": "int", "missing": "nan"},
            {"name": "c", "kind": "number", "dtype": "decimal", "missing": "error"}]"#).unwrap();
        let whole = &places[..places.len() / 3 * 3];
        let asked = Asked { as_of: 0, null_errors: true, only: None, run: Run::default() };
        let [copied, read] = [true, false].map(|ready| encode_columns(&contract, &[Ready(whole, ready)], asked).unwrap());
        prop_assert_eq!(copied.bad, read.bad);
        prop_assert!(copied.matrix.iter().zip(&read.matrix).all(|(one, other)| one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()));
        prop_assert_eq!(copied.matrix.len(), read.matrix.len());
    }
}
