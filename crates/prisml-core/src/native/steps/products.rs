//! Matrix products with weights that stand in the file. Their sums are float64, in the order of the columns.

use super::arithmetic::{floating, pair};
use super::build::{ATTRIBUTES, Builder, Refusal, TYPE};
use super::column::{Column, Kind, Past, Shape, Value};
use super::step::Binary;
use crate::onnx::Node;

/// What `node` gives; None where it is no operator of this kind.
pub(super) fn node(builder: &mut Builder<'_>, node: &Node) -> Option<Result<Value, Refusal>> {
    match node.op.as_str() {
        "MatMul" => Some(product(builder, node, false)),
        "Gemm" => Some(gemm(builder, node)),
        _ => None,
    }
}

fn product(builder: &mut Builder<'_>, node: &Node, turned: bool) -> Result<Value, Refusal> {
    let (value, weights) = (floating(builder, node)?, builder.input(node, 1)?);
    if value.past == Past::Activated {
        return Err("is part of a neural network");
    }
    if weights.kind != value.kind || value.shape.rows != Some(0) || value.shape.dims.len() != 2 || weights.shape.rows.is_some() {
        return Err(TYPE);
    }
    let (inner, outer, flat) = match (weights.shape.dims.as_slice(), turned) {
        ([inner], false) => (*inner, 1, true),
        ([inner, outer], false) | ([outer, inner], true) => (*inner, *outer, false),
        _ => return Err(ATTRIBUTES),
    };
    let numbers = weights.numbers().ok_or(ATTRIBUTES)?;
    if inner != value.columns.len() {
        return Err(ATTRIBUTES);
    }
    let weight = |from: usize, to: usize| if turned { numbers[to * inner + from] } else { numbers[from * outer + to] };
    let columns = weighed(builder, &value.columns, &vec![0.0; outer], weight, value.kind);
    let shape = if flat { Shape { dims: vec![1], rows: Some(0) } } else { Shape::matrix(outer) };
    Ok(Value { kind: value.kind, shape, columns, past: Past::Product })
}

/// For each bias the sum of the columns by `weight(from, to)`.
pub(super) fn weighed(
    builder: &mut Builder<'_>,
    columns: &[Column],
    bias: &[f64],
    weight: impl Fn(usize, usize) -> f64,
    kind: Kind,
) -> Vec<Column> {
    let terms = |to: usize| columns.iter().enumerate().map(|(from, column)| (*column, weight(from, to))).collect();
    bias.iter().enumerate().map(|(to, bias)| builder.weighed(*bias, terms(to), kind)).collect()
}

fn gemm(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let plain = node.float("alpha", 1.0) == Some(1.0) && node.float("beta", 1.0) == Some(1.0) && node.int("transA", 0) == Some(0);
    let turned = node.int("transB", 0).filter(|turned| plain && matches!(turned, 0 | 1)).ok_or(ATTRIBUTES)? == 1;
    let value = product(builder, node, turned)?;
    match builder.optional(node, 2)? {
        None => Ok(value),
        Some(bias) if bias.kind != value.kind => Err(TYPE),
        Some(bias) => {
            let sum = pair(builder, Binary::Add, &value, &bias, value.kind)?;
            if sum.shape == value.shape { Ok(sum) } else { Err(ATTRIBUTES) }
        }
    }
}
