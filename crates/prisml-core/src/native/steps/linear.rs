//! `LinearRegressor` and `LinearClassifier` of `ai.onnx.ml`, as ONNX Runtime computes them.

use super::build::{ATTRIBUTES, Builder, Refusal};
use super::column::{Column, Kind, Shape, Value};
use super::learned::floats;
use super::products::weighed;
use super::step::{Binary, Unary, What};
use crate::onnx::Node;

/// What `coefficients` and `intercepts` make of the input, for `outer` outputs.
fn scores(builder: &mut Builder<'_>, node: &Node, outer: usize) -> Result<Value, Refusal> {
    let value = floats(builder, node)?;
    let (weights, bias) = (node.floats("coefficients").ok_or(ATTRIBUTES)?, node.floats("intercepts").ok_or(ATTRIBUTES)?);
    let inner = value.columns.len();
    if inner.checked_mul(outer) != Some(weights.len()) || !bias.is_empty() && bias.len() != outer {
        return Err(ATTRIBUTES);
    }
    let bias = if bias.is_empty() { vec![0.0; outer] } else { bias.iter().map(|bias| f64::from(*bias)).collect() };
    let columns = weighed(builder, &value.columns, &bias, |from, to| f64::from(weights[to * inner + from]), Kind::Float);
    Ok(Value { shape: Shape::matrix(outer), columns, ..value })
}

pub(super) fn regressor(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let outer = node.int("targets", 1).and_then(|targets| usize::try_from(targets).ok()).ok_or(ATTRIBUTES)?;
    if node.text("post_transform", "NONE") == Some("NONE") { scores(builder, node, outer) } else { Err(ATTRIBUTES) }
}

pub(super) fn classifier(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let classes = node.floats("intercepts").ok_or(ATTRIBUTES)?.len();
    let labels =
        node.ints("classlabels_ints").ok_or(ATTRIBUTES)?.len().max(node.texts("classlabels_strings").ok_or(ATTRIBUTES)?.len());
    // Of one score ONNX Runtime makes two, by rules of its own.
    if classes != labels || classes < 2 {
        return Err(ATTRIBUTES);
    }
    let value = scores(builder, node, classes)?;
    match node.text("post_transform", "NONE") {
        Some("NONE") => Ok(value),
        Some("LOGISTIC") => {
            let columns = value.columns.iter().map(|column| logistic(builder, *column)).collect();
            Ok(Value { columns, past: value.past.bent(), ..value })
        }
        Some("SOFTMAX") => {
            let columns = builder.push(What::Softmax(value.columns), Kind::Float);
            Ok(Value { columns, ..value })
        }
        _ => Err(ATTRIBUTES),
    }
}

/// In the very steps of ONNX Runtime: below zero they leave few digits, which show where small shares are divided by their small sum.
fn logistic(builder: &mut Builder<'_>, score: Column) -> Column {
    let one = Column::Number(1.0);
    let size = builder.unary(Unary::Absolute, score, Kind::Float);
    let below = builder.unary(Unary::Negative, size, Kind::Float);
    let power = builder.unary(Unary::Exp, below, Kind::Float);
    let sum = builder.binary(Binary::Add, one, power, Kind::Float);
    let above = builder.binary(Binary::Divide, one, sum, Kind::Float);
    let rest = builder.binary(Binary::Subtract, one, above, Kind::Float);
    let is_below = builder.binary(Binary::Less, score, Column::Number(0.0), Kind::Bool);
    builder.choose(is_below, rest, above, Kind::Float)
}
