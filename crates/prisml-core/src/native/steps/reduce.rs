//! Operators that make one column, or the shares of one sum, of the columns along a dimension.

use super::arithmetic::floating;
use super::build::{ATTRIBUTES, Builder, Refusal, TYPE};
use super::column::{Column, Kind, Shape, Value};
use super::step::{Binary, Many, Unary, What};
use crate::onnx::Node;

/// What `node` gives; None where it is no operator of this kind.
pub(super) fn node(builder: &mut Builder<'_>, node: &Node) -> Option<Result<Value, Refusal>> {
    Some(match node.op.as_str() {
        "ReduceSum" => reduce(builder, node, Many::Sum, 13),
        "ReduceMean" => reduce(builder, node, Many::Mean, 18),
        "ReduceMax" => reduce(builder, node, Many::Most, 18),
        "ReduceMin" => reduce(builder, node, Many::Least, 18),
        "ReduceProd" => reduce(builder, node, Many::Product, 18),
        "ReduceL1" => reduce(builder, node, Many::SumOfSizes, 18),
        "ReduceSumSquare" => reduce(builder, node, Many::SumOfSquares, 18),
        "ReduceLogSumExp" => reduce_log_sum_exp(builder, node),
        "ArgMax" => place(builder, node, Many::PlaceOfMost),
        "ArgMin" => place(builder, node, Many::PlaceOfLeast),
        "Softmax" => softmax(builder, node),
        "LpNormalization" => lp(builder, node),
        _ => return None,
    })
}

/// The columns along `axis`, for each of the others.
pub(super) fn groups(value: &Value, axis: usize) -> Vec<Vec<Column>> {
    let (before, along, after) = value.shape.around(axis);
    let group =
        |outer: usize, inner: usize| (0..along).map(|place| value.columns[(outer * along + place) * after + inner]).collect();
    (0..before).flat_map(|outer| (0..after).map(move |inner| (outer, inner))).map(|(outer, inner)| group(outer, inner)).collect()
}

/// The groups' results, put back where the groups came from.
fn ungrouped(value: &Value, axis: usize, groups: &[Vec<Column>]) -> Vec<Column> {
    let (before, along, after) = value.shape.around(axis);
    let column = |outer: usize, place: usize, inner: usize| groups[outer * after + inner][place];
    let all = (0..before).flat_map(|outer| (0..along).flat_map(move |place| (0..after).map(move |inner| (outer, place, inner))));
    all.map(|(outer, place, inner)| column(outer, place, inner)).collect()
}

/// `shape` with one place along `axis`, or without it.
fn reduced(shape: &Shape, axis: usize, node: &Node) -> Result<Shape, Refusal> {
    let mut shape = shape.clone();
    match node.int("keepdims", 1) {
        Some(1) => shape.dims[axis] = 1,
        Some(0) => {
            shape.dims.remove(axis);
            shape.rows = shape.rows.map(|rows| if rows > axis { rows - 1 } else { rows });
        }
        _ => return Err(ATTRIBUTES),
    }
    Ok(shape)
}

/// The one axis, which is an attribute before `since`, and an input from then on.
fn axis_of(builder: &Builder<'_>, node: &Node, value: &Value, since: i64) -> Result<usize, Refusal> {
    let given = if builder.opset >= since {
        builder.optional(node, 1)?.and_then(|axes| axes.ints()).ok_or("mixes rows")?
    } else {
        node.ints("axes").ok_or(ATTRIBUTES)?.to_vec()
    };
    match given.as_slice() {
        [axis] => value.shape.inner(*axis).ok_or("mixes rows"),
        _ => Err("mixes rows"),
    }
}

fn reduce(builder: &mut Builder<'_>, node: &Node, op: Many, since: i64) -> Result<Value, Refusal> {
    let value = floating(builder, node)?;
    let axis = axis_of(builder, node, &value, since)?;
    let columns = groups(&value, axis).into_iter().map(|group| builder.many(op, group, value.kind)).collect();
    let linear = matches!(op, Many::Sum | Many::Mean);
    let past = if linear { value.past } else { value.past.bent() };
    Ok(Value { shape: reduced(&value.shape, axis, node)?, columns, past, ..value })
}

fn reduce_log_sum_exp(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = floating(builder, node)?;
    let axis = axis_of(builder, node, &value, 18)?;
    let mut columns = Vec::new();
    for group in groups(&value, axis) {
        let most = builder.many(Many::Most, group.clone(), Kind::Double);
        let mut powers = Vec::new();
        for column in group {
            let apart = builder.binary(Binary::Subtract, column, most, Kind::Double);
            powers.push(builder.unary(Unary::Exp, apart, Kind::Double));
        }
        let sum = builder.many(Many::Sum, powers, Kind::Double);
        let log = builder.unary(Unary::Log, sum, Kind::Double);
        columns.push(builder.binary(Binary::Add, log, most, value.kind));
    }
    Ok(Value { shape: reduced(&value.shape, axis, node)?, columns, past: value.past.bent(), ..value })
}

fn place(builder: &mut Builder<'_>, node: &Node, op: Many) -> Result<Value, Refusal> {
    let value = floating(builder, node)?;
    let axis = node.int("axis", 0).and_then(|axis| value.shape.inner(axis)).ok_or("mixes rows")?;
    if node.int("select_last_index", 0) != Some(0) {
        return Err(ATTRIBUTES);
    }
    let columns = groups(&value, axis).into_iter().map(|group| builder.many(op, group, Kind::Int)).collect();
    Ok(Value { kind: Kind::Int, shape: reduced(&value.shape, axis, node)?, columns, past: value.past.bent() })
}

/// Up to opset 12 the softmax is over all dimensions from the axis on.
fn softmax(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = floating(builder, node)?;
    let older = builder.opset < 13;
    let axis = node.int("axis", if older { 1 } else { -1 }).and_then(|axis| value.shape.inner(axis)).ok_or("mixes rows")?;
    if older && axis + 1 != value.shape.dims.len() {
        return Err(ATTRIBUTES);
    }
    let shares: Vec<_> = groups(&value, axis).into_iter().map(|group| builder.push(What::Softmax(group), value.kind)).collect();
    Ok(Value { columns: ungrouped(&value, axis, &shares), past: value.past.bent(), ..value })
}

/// Each group by its sizes' sum or by its length. Zeros stay zeros.
pub(super) fn normalised(builder: &mut Builder<'_>, value: &Value, axis: usize, norm: Norm) -> Value {
    let mut shares = Vec::new();
    for group in groups(value, axis) {
        let mut size = match norm {
            Norm::Sizes => builder.many(Many::SumOfSizes, group.clone(), Kind::Double),
            Norm::Length => builder.many(Many::SumOfSquares, group.clone(), Kind::Double),
            Norm::Most => builder.many(Many::MostKnown, group.clone(), Kind::Double),
        };
        if norm == Norm::Length {
            size = builder.unary(Unary::Root, size, Kind::Double);
        }
        let kind = value.kind;
        shares.push(group.into_iter().map(|column| builder.binary(Binary::Share, column, size, kind)).collect());
    }
    Value { columns: ungrouped(value, axis, &shares), past: value.past.bent(), ..value.clone() }
}

/// By what numbers are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Norm {
    Sizes,
    Length,
    Most,
}

fn lp(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = floating(builder, node)?;
    let axis = node.int("axis", -1).and_then(|axis| value.shape.inner(axis)).ok_or("mixes rows")?;
    let norm = match node.int("p", 2) {
        Some(1) => Norm::Sizes,
        Some(2) => Norm::Length,
        _ => return Err(TYPE),
    };
    Ok(normalised(builder, &value, axis, norm))
}
