//! What the encoder promises.

use proptest::prelude::*;

use super::*;
use crate::categories::{Growing, GrownCategories};

/// A row with one value, or none, under every slot and name.
struct One<'a>(Option<Value<'a>>);

impl Row for One<'_> {
    fn source<R>(
        &self,
        _slot: usize,
        _dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> std::result::Result<R, CellError>,
    ) -> std::result::Result<R, CellError> {
        read(self.0)
    }

    fn named<R>(
        &self,
        _input: usize,
        _dtype: Dtype,
        read: impl FnOnce(Option<Value<'_>>) -> std::result::Result<R, CellError>,
    ) -> std::result::Result<R, CellError> {
        read(self.0)
    }
}

fn number(dtype: &str, missing: &str) -> InputContract {
    let inputs = format!(
        r#"[{{"name": "n", "kind": "number", "dtype": "{dtype}", "missing": "{missing}",
              "sources": [{{"path": ["n"], "dtype": "{dtype}"}}]}}]"#
    );
    InputContract::from_json(&inputs).unwrap()
}

fn category(codes: &str) -> InputContract {
    let inputs = format!(
        r#"[{{"name": "c", "kind": "category", "dtype": "str", {codes}, "sources": [{{"path": ["c"], "dtype": "str"}}]}}]"#
    );
    InputContract::from_json(&inputs).unwrap()
}

fn encode(contract: &InputContract, value: Option<Value<'_>>) -> std::result::Result<f32, CellError> {
    let mut out = [0.0];
    match contract.encode_row(&One(value), 0, &mut out, None) {
        Ok(()) => Ok(out[0]),
        Err(Error::Encoding { cell, .. }) => Err(cell),
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #[test]
    fn a_float_becomes_the_nearest_float32_or_an_error(bits in any::<u64>()) {
        let given = f64::from_bits(bits);
        let got = encode(&number("float", "nan"), Some(Value::Float(given)));
        match got {
            Ok(encoded) if given.is_nan() => prop_assert!(encoded.is_nan()),
            Ok(encoded) => {
                prop_assert!(encoded.is_finite());
                let off = (f64::from(encoded) - given).abs();
                for neighbour in [encoded.next_up(), encoded.next_down()] {
                    prop_assert!(off <= (f64::from(neighbour) - given).abs());
                }
                prop_assert!(encoded != 0.0 || given == 0.0);
            }
            Err(CellError::Infinite) => prop_assert!(given.is_infinite()),
            Err(CellError::Overflow) => prop_assert!(given.abs() > f64::from(f32::MAX)),
            Err(CellError::Underflow) => prop_assert!(given != 0.0 && given.abs() < f64::from(f32::from_bits(1))),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn an_integer_is_held_exactly_or_refused(given in prop_oneof![any::<i64>(), -40_000_000_i64..40_000_000]) {
        match encode(&number("int", "nan"), Some(Value::Int(given))) {
            Ok(encoded) => prop_assert_eq!(encoded as i128, i128::from(given)),
            Err(cell) => {
                prop_assert_eq!(cell, CellError::Inexact);
                prop_assert!(given.abs() > 1 << 24);
            }
        }
    }

    #[test]
    fn growing_and_fixed_codes_name_the_same_category(seen in prop::collection::vec("[a-d]{0,2}", 1..40)) {
        let provisional = category(r#""categories": [], "missing": "code", "missing_code": 0, "other_code": 0"#);
        let mut growing = Growing::new(&provisional);
        let mut codes = Vec::new();
        for text in &seen {
            let mut out = [0.0];
            provisional.encode_with(&One(Some(Value::Str(text))), 0, &mut out, &mut growing).unwrap();
            codes.push(out[0]);
        }
        let Some(Some(GrownCategories::Strs(names))) = growing.categories(&provisional).pop() else {
            panic!("the input has categories");
        };
        let list = serde_json::to_string(&names).unwrap();
        let most = names.len();
        let fixed = category(&format!(
            r#""categories": {list}, "missing": "code", "missing_code": {most}, "other_code": {most}"#
        ));
        for (text, code) in seen.iter().zip(codes) {
            prop_assert_eq!(encode(&fixed, Some(Value::Str(text))), Ok(code));
        }
    }
}

#[test]
fn missing_is_nan_or_an_error_and_never_zero() {
    for missing in [Value::Missing, Value::Float(f64::NAN)] {
        assert!(encode(&number("float", "nan"), Some(missing)).unwrap().is_nan());
        assert_eq!(encode(&number("float", "error"), Some(missing)), Err(CellError::Missing));
    }
}

#[test]
fn a_key_that_the_row_lacks_is_an_error_that_names_it() {
    assert_eq!(encode(&number("float", "nan"), None), Err(CellError::MissingKey { keys: vec!["n".to_owned()] }));
}

#[test]
fn a_value_of_another_type_is_refused() {
    for (dtype, value) in [
        ("float", Value::Str("41")),
        ("float", Value::Bool(true)),
        ("int", Value::Str("41")),
        ("int", Value::Bool(true)),
        ("bool", Value::Int(2)),
        ("bool", Value::Float(1.0)),
        ("decimal", Value::Timestamp(0)),
    ] {
        let got = encode(&number(dtype, "nan"), Some(value));
        assert!(matches!(got, Err(CellError::WrongType { .. })), "{dtype} took {value:?}: {got:?}");
    }
    let codes = category(r#""categories": ["x"], "missing": "code", "missing_code": 1, "other_code": 1"#);
    assert!(matches!(encode(&codes, Some(Value::Int(1))), Err(CellError::WrongType { .. })));
}

#[test]
fn an_integer_column_takes_a_float_without_a_fraction_alone() {
    let contract = number("int", "nan");
    assert_eq!(encode(&contract, Some(Value::Float(5.0))), Ok(5.0));
    assert_eq!(encode(&contract, Some(Value::Float(5.5))), Err(CellError::Fraction));
    assert_eq!(encode(&contract, Some(Value::Float(f64::INFINITY))), Err(CellError::Infinite));
}

#[test]
fn missing_unseen_and_empty_text_are_three_things() {
    let codes = category(r#""categories": ["", "x"], "missing": "code", "missing_code": 3, "other_code": 2"#);
    assert_eq!(encode(&codes, Some(Value::Str(""))), Ok(0.0));
    assert_eq!(encode(&codes, Some(Value::Str("y"))), Ok(2.0));
    assert_eq!(encode(&codes, Some(Value::Missing)), Ok(3.0));
    let strict = category(r#""categories": ["x"], "missing": "error""#);
    assert_eq!(encode(&strict, Some(Value::Str("y"))), Err(CellError::UnseenCategory));
    assert_eq!(encode(&strict, Some(Value::Missing)), Err(CellError::Missing));
}

#[test]
fn unseen_categories_are_counted_by_input() {
    let codes = category(r#""categories": ["x"], "missing": "code", "missing_code": 1, "other_code": 1"#);
    let mut unseen = [0];
    for text in ["x", "y", "z"] {
        codes.encode_row(&One(Some(Value::Str(text))), 0, &mut [0.0], Some(&mut unseen)).unwrap();
    }
    assert_eq!(unseen, [2]);
}

#[test]
fn an_encoded_matrix_is_held_to_what_the_encoder_writes() {
    let codes = category(r#""categories": ["x"], "missing": "code", "missing_code": 1, "other_code": 1"#);
    for (value, fits) in [(0.0, true), (1.0, true), (2.0, false), (0.5, false), (-1.0, false), (f32::NAN, false)] {
        assert_eq!(codes.check_encoded(&[value]).is_ok(), fits, "{value}");
    }
    assert!(number("float", "nan").check_encoded(&[f32::INFINITY]).is_err());
    assert!(number("float", "error").check_encoded(&[f32::NAN]).is_err());
}
