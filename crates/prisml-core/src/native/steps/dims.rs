//! Operators that give columns other dimensions, or ask for them.

use super::build::{ATTRIBUTES, Builder, Refusal, known};
use super::column::{Column, Kind, Past, Shape, Value};
use super::shape::{places, without};
use crate::onnx::{Attribute, Node};

/// Dimensions of which one is the rows: what lies before and after them must stay.
pub(super) fn reshape(builder: &Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = builder.input(node, 0)?;
    let wanted = match builder.optional(node, 1)? {
        Some(dims) => dims.ints().ok_or(ATTRIBUTES)?,
        None => node.ints("shape").ok_or(ATTRIBUTES)?.to_vec(),
    };
    if node.int("allowzero", 0) != Some(0) {
        return Err(ATTRIBUTES);
    }
    let Some(rows) = value.shape.rows else { return reshaped(value, &wanted, None) };
    let copied = wanted.get(rows) == Some(&0);
    let open = if copied { Some(rows) } else { wanted.iter().position(|size| *size == -1) };
    reshaped(value, &wanted, Some(open.ok_or("mixes rows")?))
}

fn reshaped(value: Value, wanted: &[i64], rows: Option<usize>) -> Result<Value, Refusal> {
    let mut dims = Vec::new();
    for (place, size) in wanted.iter().enumerate() {
        dims.push(match (*size, value.shape.dims.get(place)) {
            _ if Some(place) == rows => 1,
            (0, Some(size)) if Some(place) != value.shape.rows => *size,
            (-1, _) => 0,
            (size, _) => usize::try_from(size).ok().filter(|size| *size > 0).ok_or(ATTRIBUTES)?,
        });
    }
    if let Some(open) = dims.iter().position(|size| *size == 0) {
        let others = dims.iter().filter(|size| **size > 0).try_fold(1_usize, |all, size| all.checked_mul(*size));
        dims[open] = value.columns.len() / others.ok_or(ATTRIBUTES)?;
    }
    let shape = Shape { dims, rows };
    let before = |shape: &Shape| shape.rows.map(|rows| shape.dims[..rows].iter().product::<usize>());
    if shape.columns() != Some(value.columns.len()) || before(&shape) != before(&value.shape) {
        return Err("mixes rows");
    }
    Ok(Value { shape, ..value })
}

/// Rows stay the first dimension.
pub(super) fn flatten(builder: &Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = builder.input(node, 0)?;
    if node.int("axis", 1) != Some(1) || value.shape.rows != Some(0) {
        return Err("mixes rows");
    }
    Ok(Value { shape: Shape::matrix(value.columns.len()), ..value })
}

pub(super) fn squeeze(builder: &Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let mut value = builder.input(node, 0)?;
    let axes = match builder.optional(node, 1)? {
        Some(axes) => axes.ints().ok_or(ATTRIBUTES)?,
        None => node.ints("axes").ok_or(ATTRIBUTES)?.to_vec(),
    };
    let adds = node.op == "Unsqueeze";
    let rank = if adds { value.shape.dims.len() + axes.len() } else { value.shape.dims.len() };
    let mut axes = places(&axes, rank).ok_or(ATTRIBUTES)?;
    axes.sort_unstable();
    axes.dedup();
    if axes.is_empty() {
        return Err(ATTRIBUTES);
    }
    if adds {
        for axis in axes {
            value.shape.dims.insert(axis, 1);
            value.shape.rows = value.shape.rows.map(|rows| if rows >= axis { rows + 1 } else { rows });
        }
        return Ok(value);
    }
    for axis in axes.into_iter().rev() {
        if value.shape.dims[axis] != 1 || value.shape.rows == Some(axis) {
            return Err("mixes rows");
        }
        value.shape = without(&value.shape, axis);
    }
    Ok(value)
}

pub(super) fn transpose(builder: &Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = builder.input(node, 0)?;
    let rank = value.shape.dims.len();
    let given = node.ints("perm").ok_or(ATTRIBUTES)?;
    let order = if given.is_empty() { (0..rank).rev().collect() } else { places(given, rank).ok_or(ATTRIBUTES)? };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    // With at most one dimension beside the rows, columns keep their order.
    if sorted != (0..rank).collect::<Vec<_>>() || value.shape.dims.iter().filter(|size| **size > 1).count() > 1 {
        return Err(ATTRIBUTES);
    }
    let dims = order.iter().map(|axis| value.shape.dims[*axis]).collect();
    let rows = value.shape.rows.and_then(|rows| order.iter().position(|axis| *axis == rows));
    Ok(Value { shape: Shape { dims, rows }, ..value })
}

/// Only to make a tensor of the same dimensions: the rows are written as 0, which no dimension else is.
pub(super) fn shape_of(builder: &Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = builder.input(node, 0)?;
    if !node.attributes.is_empty() || value.shape.dims.contains(&0) {
        return Err(ATTRIBUTES);
    }
    let size = |(place, size): (usize, &usize)| Column::Number(if Some(place) == value.shape.rows { ROWS } else { *size as f64 });
    let columns: Vec<_> = value.shape.dims.iter().enumerate().map(size).collect();
    Ok(Value { kind: Kind::Shape, shape: Shape { dims: vec![columns.len()], rows: None }, columns, past: Past::Plain })
}

/// Stands for the number of rows in a shape.
const ROWS: f64 = f64::NEG_INFINITY;

pub(super) fn constant_of_shape(builder: &Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let shape = builder.input(node, 0)?;
    let (kind, number) = match node.attributes.get("value") {
        None => (Kind::Float, Column::Number(0.0)),
        Some(Attribute::Tensor(tensor)) => {
            let value = known(tensor)?;
            (value.kind, *value.columns.first().ok_or(ATTRIBUTES)?)
        }
        Some(_) => return Err(ATTRIBUTES),
    };
    let sizes = shape.numbers().filter(|_| shape.kind == Kind::Shape && shape.shape.dims.len() == 1).ok_or(ATTRIBUTES)?;
    if sizes.iter().filter(|size| **size == ROWS).count() > 1 {
        return Err("mixes rows");
    }
    let rows = sizes.iter().position(|size| *size == ROWS);
    let dims: Vec<_> = sizes.iter().map(|size| if *size == ROWS { 1 } else { *size as usize }).collect();
    let shape = Shape { dims, rows };
    let count = shape.columns().filter(|count| *count <= 1 << 16).ok_or(ATTRIBUTES)?;
    Ok(Value { kind, shape, columns: vec![number; count], past: Past::Plain })
}
