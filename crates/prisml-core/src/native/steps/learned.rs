//! Operators of `ai.onnx.ml`, as ONNX Runtime computes them.

use rustc_hash::FxHashMap;

use super::arithmetic::unary;
use super::build::{ATTRIBUTES, Builder, COLUMNS, LARGE, Refusal, TYPE, check_tables};
use super::column::{Column, Kind, Shape, Value};
use super::linear::{classifier, regressor};
use super::reduce::{Norm, normalised};
use super::shape::{places, take_any};
use super::step::{Binary, Unary, What, key};
use crate::onnx::Node;

/// What `node` gives.
pub(super) fn node(builder: &mut Builder<'_>, node: &Node) -> Result<Vec<Value>, Refusal> {
    let value = match node.op.as_str() {
        "Scaler" => scaler(builder, node)?,
        "Imputer" => imputer(builder, node)?,
        "OneHotEncoder" => one_hot(builder, node)?,
        "Normalizer" => normalizer(builder, node)?,
        "Binarizer" => binarizer(builder, node)?,
        "ArrayFeatureExtractor" => extractor(builder, node)?,
        "LabelEncoder" => encoder(builder, node)?,
        "FeatureVectorizer" => vectorizer(builder, node)?,
        "LinearRegressor" => regressor(builder, node)?,
        "LinearClassifier" => {
            let value = classifier(builder, node)?;
            // The label comes first, and what nobody reads is not made.
            let label = Value { kind: Kind::Shape, ..value.clone() };
            return Ok(vec![label, value]);
        }
        _ => return Err("is not known here"),
    };
    Ok(vec![value])
}

/// Rows of float32.
pub(super) fn floats(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = builder.input(node, 0)?;
    let is_rows = value.shape.rows == Some(0) && value.shape.dims.len() == 2;
    match value.kind {
        _ if !is_rows => Err(ATTRIBUTES),
        Kind::Float => Ok(value),
        Kind::Double | Kind::Int => Ok(unary(builder, Unary::Same, &value, Kind::Float)),
        Kind::Bool | Kind::Shape => Err(TYPE),
    }
}

/// An attribute that is one number for every column, or one for each.
fn per_column(node: &Node, name: &str, columns: usize) -> Result<Vec<f64>, Refusal> {
    let given = node.floats(name).ok_or(ATTRIBUTES)?;
    spread(given.iter().map(|value| f64::from(*value)).collect(), columns)
}

fn spread(given: Vec<f64>, columns: usize) -> Result<Vec<f64>, Refusal> {
    match given.as_slice() {
        [one] => Ok(vec![*one; columns]),
        all if all.len() == columns => Ok(given),
        _ => Err(ATTRIBUTES),
    }
}

fn scaler(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let mut value = floats(builder, node)?;
    let (offset, scale) = (per_column(node, "offset", value.columns.len())?, per_column(node, "scale", value.columns.len())?);
    for (column, (offset, scale)) in value.columns.iter_mut().zip(offset.into_iter().zip(scale)) {
        let moved = builder.binary(Binary::Subtract, *column, Column::Number(offset), Kind::Float);
        *column = builder.binary(Binary::Multiply, moved, Column::Number(scale), Kind::Float);
    }
    Ok(value)
}

fn imputer(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let mut value = builder.input(node, 0)?;
    let count = value.columns.len();
    let (replaced, fills) = match value.kind {
        Kind::Float => {
            let replaced = node.float("replaced_value_float", 0.0).ok_or(ATTRIBUTES)?;
            (f64::from(replaced), per_column(node, "imputed_value_floats", count)?)
        }
        Kind::Int => {
            let fills = node.ints("imputed_value_int64s").ok_or(ATTRIBUTES)?;
            let replaced = node.int("replaced_value_int64", 0).ok_or(ATTRIBUTES)?;
            (replaced as f64, spread(fills.iter().map(|value| *value as f64).collect(), count)?)
        }
        _ => return Err(TYPE),
    };
    if value.shape.rows != Some(0) || value.shape.dims.len() != 2 {
        return Err(ATTRIBUTES);
    }
    for (column, fill) in value.columns.iter_mut().zip(fills) {
        let test = if replaced.is_nan() {
            builder.unary(Unary::IsNan, *column, Kind::Bool)
        } else {
            builder.binary(Binary::Equal, *column, Column::Number(replaced), Kind::Bool)
        };
        *column = builder.choose(test, Column::Number(fill), *column, value.kind);
    }
    Ok(value)
}

/// For each category a column that is 1 where the cell's whole part is the category.
fn one_hot(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = builder.input(node, 0)?;
    let codes = node.ints("cats_int64s").ok_or(ATTRIBUTES)?;
    let distinct = codes.iter().collect::<std::collections::BTreeSet<_>>().len() == codes.len();
    if node.int("zeros", 1) != Some(1) || !distinct || codes.is_empty() {
        return Err(ATTRIBUTES);
    }
    if codes.len().saturating_mul(value.columns.len()) > COLUMNS {
        return Err(LARGE);
    }
    let whole = match value.kind {
        Kind::Int => value.clone(),
        Kind::Float | Kind::Double => unary(builder, Unary::Whole, &value, Kind::Int),
        Kind::Bool | Kind::Shape => return Err(TYPE),
    };
    let mut columns = Vec::new();
    for column in whole.columns {
        columns.extend(codes.iter().map(|code| builder.binary(Binary::Equal, column, Column::Number(*code as f64), Kind::Float)));
    }
    let mut shape = value.shape;
    shape.dims.push(codes.len());
    Ok(Value { kind: Kind::Float, shape, columns, past: value.past.bent() })
}

fn normalizer(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = floats(builder, node)?;
    let norm = match node.text("norm", "MAX") {
        Some("L1") => Norm::Sizes,
        Some("L2") => Norm::Length,
        Some("MAX") => Norm::Most,
        _ => return Err(ATTRIBUTES),
    };
    Ok(normalised(builder, &value, 1, norm))
}

fn binarizer(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let mut value = floats(builder, node)?;
    let threshold = Column::Number(f64::from(node.float("threshold", 0.0).ok_or(ATTRIBUTES)?));
    for column in &mut value.columns {
        let above = builder.binary(Binary::Less, threshold, *column, Kind::Float);
        // ONNX Runtime refuses NaN.
        let is_nan = builder.unary(Unary::IsNan, *column, Kind::Bool);
        *column = builder.choose(is_nan, *column, above, Kind::Float);
    }
    Ok(Value { past: value.past.bent(), ..value })
}

/// Known places of the last dimension; or of a known list the place that each row says, as one row of as many columns as there are rows.
fn extractor(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let (value, index) = (builder.input(node, 0)?, builder.input(node, 1)?);
    if let Some(numbers) = index.ints() {
        let axis = value.shape.inner(-1).ok_or("mixes rows")?;
        let mut taken = take_any(&value, axis, &places(&numbers, value.shape.dims[axis]).ok_or(ATTRIBUTES)?)?;
        if taken.shape.dims.len() == 1 {
            taken.shape.dims.insert(0, 1);
        }
        return Ok(taken);
    }
    let is_list = value.shape.dims.iter().rev().skip(1).all(|size| *size == 1);
    let (Some(numbers), [place], true, Kind::Int) = (value.numbers(), index.columns.as_slice(), is_list, index.kind) else {
        return Err(ATTRIBUTES);
    };
    let columns = builder.push(What::Place(*place, numbers), value.kind);
    Ok(Value { kind: value.kind, shape: Shape { dims: vec![1, 1], rows: Some(1) }, columns, past: index.past.bent() })
}

/// A number for each key, and another for what is no key.
fn encoder(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = builder.input(node, 0)?;
    let floats = |name: &str| node.floats(name).map(|all| all.iter().map(|number| f64::from(*number)).collect::<Vec<_>>());
    let ints = |name: &str| node.ints(name).map(|all| all.iter().map(|number| *number as f64).collect::<Vec<_>>());
    let keys = match value.kind {
        Kind::Float => floats("keys_floats"),
        Kind::Int => ints("keys_int64s"),
        _ => None,
    };
    let keys = keys.filter(|keys| !keys.is_empty()).ok_or(TYPE)?;
    let (kind, values, other) = if node.attributes.contains_key("values_floats") {
        let other = node.float("default_float", -0.0).ok_or(ATTRIBUTES)?;
        (Kind::Float, floats("values_floats"), f64::from(other))
    } else {
        (Kind::Int, ints("values_int64s"), node.int("default_int64", -1).ok_or(ATTRIBUTES)? as f64)
    };
    let values = values.filter(|values| values.len() == keys.len()).ok_or(TYPE)?;
    check_tables(value.columns.len(), keys.len())?;
    let numbers: FxHashMap<u64, f64> = keys.iter().map(|number| key(*number)).zip(values).collect();
    // Whether ONNX Runtime finds NaN among its keys depends on the keys beside it.
    if numbers.len() != keys.len() || keys.iter().any(|number| number.is_nan()) {
        return Err(ATTRIBUTES);
    }
    let columns = value.columns.iter().map(|column| builder.lookup(*column, numbers.clone(), other, kind)).collect();
    Ok(Value { kind, shape: value.shape, columns, past: value.past.bent() })
}

/// Its inputs' columns as float32, one beside the other.
fn vectorizer(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let sizes = node.ints("inputdimensions").ok_or(ATTRIBUTES)?;
    let values = builder.inputs(node)?;
    let mut columns = Vec::new();
    let mut past = super::column::Past::Plain;
    for (place, value) in values.iter().enumerate() {
        let fits =
            value.shape == Shape::matrix(value.columns.len()) && matches!(value.kind, Kind::Float | Kind::Double | Kind::Int);
        if !fits || sizes.get(place).and_then(|size| usize::try_from(*size).ok()) != Some(value.columns.len()) {
            return Err(ATTRIBUTES);
        }
        columns.extend(unary(builder, Unary::Same, value, Kind::Float).columns);
        past = past.max(value.past);
    }
    Ok(Value { kind: Kind::Float, shape: Shape::matrix(columns.len()), columns, past })
}
