//! The short way: what the commonest values become, asked by their type. The answer is the encoder's, or none.

use crate::contract::{Dtype, Input, InputContract, Kind, Read};

/// float32 counts every integer up to here.
const EXACT: i64 = 1 << 24;

/// What an input takes by the short way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plain {
    takes: Takes,
    /// What a missing value becomes; None where it is refused.
    missing: Option<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Float,
    Int,
    Bool,
    Texts,
    Ints,
    Nothing,
}

impl Plain {
    pub(crate) fn new(dtype: Dtype, kind: &Kind) -> Self {
        let takes = match (kind, dtype) {
            (Kind::Number { .. }, Dtype::Float | Dtype::Decimal) => Takes::Float,
            (Kind::Number { .. }, Dtype::Int) => Takes::Int,
            (Kind::Number { .. }, Dtype::Bool) => Takes::Bool,
            (Kind::Category { .. }, Dtype::Str | Dtype::Enum | Dtype::Uuid) => Takes::Texts,
            (Kind::Category { .. }, Dtype::Int) => Takes::Ints,
            _ => Takes::Nothing,
        };
        let missing = match kind {
            Kind::Number { refuse_missing } => (!refuse_missing).then_some(f32::NAN),
            Kind::Category { missing, .. } => missing.map(|code| code as f32),
        };
        Self { takes, missing }
    }
}

impl Input {
    /// Whether a row may give the feature under its own name instead of its columns.
    #[inline]
    #[must_use]
    pub fn by_name(&self) -> bool {
        self.by_name
    }

    /// What a missing value becomes.
    #[inline]
    #[must_use]
    pub fn plain_missing(&self) -> Option<f32> {
        self.plain.missing
    }

    /// What `number` becomes.
    #[inline]
    #[must_use]
    pub fn plain_float(&self, number: f64) -> Option<f32> {
        match self.plain.takes {
            Takes::Float => {
                let rounded = number as f32;
                // Neither an infinity nor an overflow, nor what underflows to zero.
                if rounded.is_finite() && (rounded != 0.0 || number == 0.0) {
                    return Some(rounded);
                }
            }
            Takes::Int if number.fract() == 0.0 && number.abs() <= EXACT as f64 => return Some(number as i64 as f32),
            _ => {}
        }
        if number.is_nan() { self.plain.missing } else { None }
    }

    /// What `number` becomes.
    #[inline]
    #[must_use]
    pub fn plain_int(&self, number: i64) -> Option<f32> {
        match self.plain.takes {
            Takes::Int | Takes::Float if number.unsigned_abs() <= EXACT as u64 => Some(number as f32),
            Takes::Float => Some(number as f64 as f32),
            Takes::Bool if number & 1 == number => Some(number as f32),
            Takes::Ints => self.code_of_int(number),
            _ => None,
        }
    }

    /// What `truth` becomes.
    #[inline]
    #[must_use]
    pub fn plain_bool(&self, truth: bool) -> Option<f32> {
        (self.plain.takes == Takes::Bool).then(|| f32::from(u8::from(truth)))
    }

    /// What `text` becomes; None where training did not see it.
    #[inline]
    #[must_use]
    pub fn plain_text(&self, text: &str) -> Option<f32> {
        match (&self.kind, self.plain.takes) {
            (Kind::Category { texts, .. }, Takes::Texts) => texts.get(text).map(|code| code as f32),
            _ => None,
        }
    }

    fn code_of_int(&self, number: i64) -> Option<f32> {
        match &self.kind {
            Kind::Category { ints, .. } => ints.get(&number).map(|code| *code as f32),
            Kind::Number { .. } => None,
        }
    }
}

impl InputContract {
    /// The names that lead from a row to the value of `input` by the short way; none where it is a transform's, or was computed.
    #[must_use]
    pub fn plain_path<'a>(&'a self, input: &'a Input) -> &'a [String] {
        match &input.read {
            Read::Column(slot) => {
                let source = &self.sources()[*slot];
                if source.dtype == input.dtype && !source.is_computed() { &source.path } else { &[] }
            }
            Read::Named => std::slice::from_ref(&input.name),
            Read::Transform(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::error::CellError;
    use crate::{Dtype, InputContract, Row, Value};

    type Read<R> = Result<R, CellError>;

    /// A row with one value under every slot and name, read by the long way alone.
    struct One<'a>(Value<'a>);

    impl Row for One<'_> {
        fn source<R>(&self, _slot: usize, _dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
            read(Some(self.0))
        }

        fn named<R>(&self, _input: usize, _dtype: Dtype, read: impl FnOnce(Option<Value<'_>>) -> Read<R>) -> Read<R> {
            read(Some(self.0))
        }
    }

    const NUMBER: [&str; 2] = [r#""kind": "number", "missing": "nan""#, r#""kind": "number", "missing": "error""#];
    const TEXTS: &str = r#""kind": "category", "missing": "code", "missing_code": 2, "other_code": 3, "categories": ["a", "b"]"#;
    const UUIDS: &str = r#""kind": "category", "missing": "code", "missing_code": 1, "other_code": 2,
        "categories": ["00000000-0000-0000-0000-00000000000a"]"#;
    const INTS: &str = r#""kind": "category", "missing": "error", "other_code": 3, "categories": [-1, 7]"#;

    fn contracts() -> Vec<InputContract> {
        let numbers = ["float", "decimal", "int", "bool"].into_iter().flat_map(|dtype| NUMBER.map(|kind| (dtype, kind)));
        let all = numbers.chain([("str", TEXTS), ("enum", TEXTS), ("uuid", UUIDS), ("int", INTS)]);
        let contract = |(dtype, kind)| {
            let inputs =
                format!(r#"[{{"name": "x", "dtype": "{dtype}", {kind}, "sources": [{{"path": ["x"], "dtype": "{dtype}"}}]}}]"#);
            InputContract::from_json(&inputs).unwrap()
        };
        all.map(contract).collect()
    }

    fn numbers() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            any::<f32>().prop_map(f64::from),
            (-20_000_000_i64..20_000_000).prop_map(|number| number as f64),
            prop::sample::select(vec![0.0, -0.0, f64::NAN, f64::INFINITY, 1e-46, 3.5e38]),
        ]
    }

    fn long(contract: &InputContract, value: Value<'_>) -> Option<u32> {
        let mut out = [0.0];
        contract.encode_row(&One(value), 0, &mut out, None).ok().map(|()| out[0].to_bits())
    }

    proptest! {
        #[test]
        fn where_the_short_way_answers_it_gives_the_bits_of_the_long_one(
            float in numbers(),
            int in prop_oneof![any::<i64>(), -20_000_000_i64..20_000_000, -8_i64..8],
            truth in any::<bool>(),
            text in "[abc]{0,2}|(0{8}-0{4}-0{4}-0{4}-)?0{11}[aA]|0{31}a",
        ) {
            for contract in contracts() {
                let input = &contract.inputs()[0];
                for (short, value) in [
                    (input.plain_missing(), Value::Missing),
                    (input.plain_float(float), Value::Float(float)),
                    (input.plain_int(int), Value::Int(int)),
                    (input.plain_bool(truth), Value::Bool(truth)),
                    (input.plain_text(&text), Value::Str(&text)),
                ] {
                    let short = short.map(f32::to_bits);
                    prop_assert!(short.is_none() || short == long(&contract, value), "{:?} {:?}", input.dtype, value);
                }
            }
        }
    }
}
