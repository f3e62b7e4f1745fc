//! Operators that only choose and arrange columns: they are done when a graph is compiled, and cost nothing after.

use super::build::{ATTRIBUTES, Builder, COLUMNS, LARGE, Refusal, TYPE, check_tables, known};
use super::column::{Kind, Shape, Value};
use super::dims::{constant_of_shape, flatten, reshape, shape_of, squeeze, transpose};
use super::step::What;
use crate::native::demand::constant_of;
use crate::onnx::Node;

/// What `node` gives; None where it is no operator of this kind.
pub(super) fn node(builder: &mut Builder<'_>, node: &Node) -> Result<Option<Vec<Value>>, Refusal> {
    let value = match node.op.as_str() {
        "Split" => return split(builder, node).map(Some),
        "Identity" => builder.input(node, 0)?,
        "Constant" => known(constant_of(node).ok_or(TYPE)?)?,
        "ConstantOfShape" => constant_of_shape(builder, node)?,
        "Shape" => shape_of(builder, node)?,
        "Concat" => concat(builder, node)?,
        "Gather" => gather(builder, node)?,
        "Slice" => slice(builder, node)?,
        "Reshape" => reshape(builder, node)?,
        "Flatten" => flatten(builder, node)?,
        "Squeeze" | "Unsqueeze" => squeeze(builder, node)?,
        "Transpose" => transpose(builder, node)?,
        _ => return Ok(None),
    };
    Ok(Some(vec![value]))
}

/// The places along `axis` that are kept, in their order.
pub(super) fn take(value: &Value, axis: usize, places: &[usize]) -> Value {
    let (before, along, after) = value.shape.around(axis);
    let column = |outer: usize, place: usize, inner: usize| value.columns[(outer * along + place) * after + inner];
    let mut columns = Vec::with_capacity(before * places.len() * after);
    for outer in 0..before {
        for place in places {
            columns.extend((0..after).map(|inner| column(outer, *place, inner)));
        }
    }
    let mut shape = value.shape.clone();
    shape.dims[axis] = places.len();
    Value { shape, columns, ..value.clone() }
}

/// As [`take`], for places of which there may be any number.
pub(super) fn take_any(value: &Value, axis: usize, places: &[usize]) -> Result<Value, Refusal> {
    let (before, _, after) = value.shape.around(axis);
    let columns = before.checked_mul(after).and_then(|each| each.checked_mul(places.len()));
    if columns.is_none_or(|columns| columns > COLUMNS) { Err(LARGE) } else { Ok(take(value, axis, places)) }
}

/// Places counted from the end are made to count from the start; None where one does not exist.
pub(super) fn places(numbers: &[i64], size: usize) -> Option<Vec<usize>> {
    let from_start = |place: i64| usize::try_from(if place < 0 { place.checked_add_unsigned(size as u64)? } else { place }).ok();
    numbers.iter().map(|place| from_start(*place).filter(|place| *place < size)).collect()
}

fn concat(builder: &Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let values = builder.inputs(node)?;
    let first = values.first().ok_or(ATTRIBUTES)?;
    let rows = values.iter().find_map(|value| value.shape.rows);
    let axis =
        node.int("axis", 0).and_then(|axis| first.shape.axis(axis)).filter(|axis| Some(*axis) != rows).ok_or("mixes rows")?;
    let alike = |value: &Value| {
        let mut dims = value.shape.dims.clone();
        if let Some(size) = dims.get_mut(axis) {
            *size = first.shape.dims[axis];
        }
        value.kind == first.kind && value.shape.rows == rows && dims == first.shape.dims
    };
    if !values.iter().all(alike) {
        return Err(ATTRIBUTES);
    }
    let (before, _, after) = first.shape.around(axis);
    let mut columns = Vec::new();
    for outer in 0..before {
        for value in &values {
            let width = value.shape.dims[axis] * after;
            columns.extend(&value.columns[outer * width..(outer + 1) * width]);
        }
    }
    let mut shape = first.shape.clone();
    shape.dims[axis] = values.iter().map(|value| value.shape.dims[axis]).sum();
    let past = values.iter().map(|value| value.past).max().unwrap_or_default();
    Ok(Value { kind: first.kind, shape, columns, past })
}

fn split(builder: &Builder<'_>, node: &Node) -> Result<Vec<Value>, Refusal> {
    let value = builder.input(node, 0)?;
    let axis = node.int("axis", 0).and_then(|axis| value.shape.inner(axis)).ok_or("mixes rows")?;
    let (size, count) = (value.shape.dims[axis], node.outputs.len().max(1));
    let sizes = match builder.optional(node, 1)? {
        Some(sizes) => sizes.ints().ok_or(ATTRIBUTES)?,
        None if node.attributes.contains_key("split") => node.ints("split").ok_or(ATTRIBUTES)?.to_vec(),
        None => {
            let each = size.div_ceil(count);
            (0..count)
                .map(|place| each.min(size.saturating_sub(place * each)).try_into().ok())
                .collect::<Option<_>>()
                .ok_or(ATTRIBUTES)?
        }
    };
    let mut first = 0_usize;
    let mut parts = Vec::new();
    for part in sizes {
        let last =
            usize::try_from(part).ok().and_then(|part| first.checked_add(part)).filter(|last| *last <= size).ok_or(ATTRIBUTES)?;
        parts.push(take(&value, axis, &(first..last).collect::<Vec<_>>()));
        first = last;
    }
    if first == size && parts.len() == node.outputs.len() { Ok(parts) } else { Err(ATTRIBUTES) }
}

/// Known places along an axis; or of a known tensor the place that each row says.
fn gather(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let (value, index) = (builder.input(node, 0)?, builder.input(node, 1)?);
    let axis = node.int("axis", 0).ok_or(ATTRIBUTES)?;
    if let (Some(numbers), [] | [_]) = (index.ints(), index.shape.dims.as_slice()) {
        let axis = value.shape.inner(axis).ok_or("mixes rows")?;
        let mut taken = take_any(&value, axis, &places(&numbers, value.shape.dims[axis]).ok_or(ATTRIBUTES)?)?;
        if index.shape.dims.is_empty() {
            taken.shape = without(&taken.shape, axis);
        }
        return Ok(taken);
    }
    if index.kind != Kind::Int || value.shape.rows.is_some() || value.shape.axis(axis) != Some(0) {
        return Err(ATTRIBUTES);
    }
    let (_, along, after) = value.shape.around(0);
    check_tables(index.columns.len(), value.columns.len())?;
    let numbers = value.numbers().ok_or(ATTRIBUTES)?;
    let mut columns = Vec::new();
    for place in &index.columns {
        for inner in 0..after {
            let table = (0..along).map(|outer| numbers[outer * after + inner]).collect();
            columns.extend(builder.push(What::Place(*place, table), value.kind));
        }
    }
    let dims = index.shape.dims.iter().chain(&value.shape.dims[1..]).copied().collect();
    Ok(Value { kind: value.kind, shape: Shape { dims, rows: index.shape.rows }, columns, past: index.past.bent() })
}

pub(super) fn without(shape: &Shape, axis: usize) -> Shape {
    let mut dims = shape.dims.clone();
    dims.remove(axis);
    Shape { dims, rows: shape.rows.map(|rows| if rows > axis { rows - 1 } else { rows }) }
}

fn slice(builder: &Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let mut value = builder.input(node, 0)?;
    let ints = |place: usize| builder.optional(node, place)?.map(|value| value.ints().ok_or(ATTRIBUTES)).transpose();
    let (Some(starts), Some(ends)) = (ints(1)?, ints(2)?) else { return Err(ATTRIBUTES) };
    let along = ints(3)?.unwrap_or_else(|| (0..).take(starts.len()).collect());
    let steps = ints(4)?.unwrap_or_else(|| vec![1; starts.len()]);
    let fits = [ends.len(), along.len(), steps.len()] == [starts.len(); 3] && starts.len() <= value.shape.dims.len();
    if !fits || steps.iter().any(|step| *step != 1) {
        return Err(ATTRIBUTES);
    }
    for ((start, end), axis) in starts.iter().zip(&ends).zip(&along) {
        let axis = value.shape.inner(*axis).ok_or("mixes rows")?;
        let size = value.shape.dims[axis];
        let bound = |place: i64| {
            let place = if place < 0 { place.saturating_add_unsigned(size as u64) } else { place };
            usize::try_from(place).unwrap_or(0).min(size)
        };
        value = take(&value, axis, &(bound(*start)..bound(*end)).collect::<Vec<_>>());
    }
    Ok(value)
}
