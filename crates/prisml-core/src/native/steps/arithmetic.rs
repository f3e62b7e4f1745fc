//! Operators that work element by element.

use super::build::{ATTRIBUTES, Builder, Refusal, TYPE};
use super::column::{Column, Kind, Past, Shape, Value};
use super::step::{Binary, Unary};
use crate::onnx::Node;

/// What `node` gives; None where it is no operator of this kind.
pub(super) fn node(builder: &mut Builder<'_>, node: &Node) -> Option<Result<Value, Refusal>> {
    Some(match node.op.as_str() {
        "Cast" => cast(builder, node),
        "Clip" => clip(builder, node),
        "Where" => choose(builder, node),
        "Relu" => relu(builder, node),
        "Reciprocal" => reciprocal(builder, node),
        "IsNaN" => floating(builder, node).map(|value| unary(builder, Unary::IsNan, &value, Kind::Bool)),
        "Not" => truths(builder, node).and_then(|mut values| {
            let value = values.pop().ok_or(ATTRIBUTES)?;
            Ok(unary(builder, Unary::IsZero, &value, Kind::Bool))
        }),
        op => {
            if let Some(op) = unary_of(op) {
                floating(builder, node).map(|value| unary(builder, op, &value, value.kind))
            } else if let Some((op, takes)) = binary_of(op) {
                pairs(builder, node, op, takes)
            } else {
                return None;
            }
        }
    })
}

fn unary_of(op: &str) -> Option<Unary> {
    Some(match op {
        "Neg" => Unary::Negative,
        "Abs" => Unary::Absolute,
        "Sqrt" => Unary::Root,
        "Exp" => Unary::Exp,
        "Log" => Unary::Log,
        "Sigmoid" => Unary::Logistic,
        "Tanh" => Unary::Tanh,
        "Floor" => Unary::Floor,
        "Ceil" => Unary::Ceil,
        _ => return None,
    })
}

/// What an operator takes, and gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Floats, and gives floats.
    Floats,
    /// As many as there are.
    AnyFloats,
    /// Anything, and gives truths.
    Compared,
    /// Floats the other way around, and gives truths.
    Turned,
    Truths,
}

fn binary_of(op: &str) -> Option<(Binary, Takes)> {
    Some(match op {
        "Add" => (Binary::Add, Takes::Floats),
        "Sub" => (Binary::Subtract, Takes::Floats),
        "Mul" => (Binary::Multiply, Takes::Floats),
        "Div" => (Binary::Divide, Takes::Floats),
        "Pow" => (Binary::Power, Takes::Floats),
        "Sum" => (Binary::Add, Takes::AnyFloats),
        "Min" => (Binary::Least, Takes::AnyFloats),
        "Max" => (Binary::Most, Takes::AnyFloats),
        "Less" => (Binary::Less, Takes::Compared),
        "LessOrEqual" => (Binary::LessOrEqual, Takes::Compared),
        "Greater" => (Binary::Less, Takes::Turned),
        "GreaterOrEqual" => (Binary::LessOrEqual, Takes::Turned),
        "Equal" => (Binary::Equal, Takes::Compared),
        "And" => (Binary::And, Takes::Truths),
        "Or" => (Binary::Or, Takes::Truths),
        "Xor" => (Binary::Xor, Takes::Truths),
        _ => return None,
    })
}

/// The one input, of floats.
pub(super) fn floating(builder: &Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = builder.input(node, 0)?;
    if matches!(value.kind, Kind::Float | Kind::Double) { Ok(value) } else { Err(TYPE) }
}

fn truths(builder: &Builder<'_>, node: &Node) -> Result<Vec<Value>, Refusal> {
    let values = builder.inputs(node)?;
    if values.iter().all(|value| value.kind == Kind::Bool) { Ok(values) } else { Err(TYPE) }
}

/// Each column by itself.
pub(super) fn unary(builder: &mut Builder<'_>, op: Unary, value: &Value, kind: Kind) -> Value {
    let columns = value.columns.iter().map(|column| builder.unary(op, *column, kind)).collect();
    let bends = !matches!(op, Unary::Same | Unary::Negative);
    Value { kind, columns, shape: value.shape.clone(), past: if bends { value.past.bent() } else { value.past } }
}

fn pairs(builder: &mut Builder<'_>, node: &Node, op: Binary, takes: Takes) -> Result<Value, Refusal> {
    let mut values = builder.inputs(node)?;
    let kind = values.first().ok_or(ATTRIBUTES)?.kind;
    let fits = match takes {
        Takes::Floats | Takes::AnyFloats => matches!(kind, Kind::Float | Kind::Double),
        Takes::Compared | Takes::Turned => kind != Kind::Shape,
        Takes::Truths => kind == Kind::Bool,
    };
    // A power may have an exponent of another type.
    let same = op == Binary::Power || values.iter().all(|value| value.kind == kind);
    if !fits || !same {
        return Err(TYPE);
    }
    if takes != Takes::AnyFloats && values.len() != 2 {
        return Err(ATTRIBUTES);
    }
    if takes == Takes::Turned {
        values.reverse();
    }
    let gives = if matches!(takes, Takes::Floats | Takes::AnyFloats) { kind } else { Kind::Bool };
    let (mut first, rest) = (values.remove(0), values);
    for value in rest {
        first = pair(builder, op, &first, &value, gives)?;
    }
    Ok(first)
}

/// Two tensors, stretched to each other.
pub(super) fn pair(builder: &mut Builder<'_>, op: Binary, left: &Value, right: &Value, kind: Kind) -> Result<Value, Refusal> {
    let (shape, columns) = stretched(&[left, right])?;
    let columns = columns[0].iter().zip(&columns[1]).map(|(a, b)| builder.binary(op, *a, *b, kind)).collect();
    let linear = match op {
        Binary::Add | Binary::Subtract => true,
        Binary::Multiply => left.shape.rows.is_none() || right.shape.rows.is_none(),
        Binary::Divide => right.shape.rows.is_none(),
        _ => false,
    };
    let past = left.past.max(right.past);
    Ok(Value { kind, shape, columns, past: if linear { past } else { past.bent() } })
}

fn stretched(values: &[&Value]) -> Result<(Shape, Vec<Vec<Column>>), Refusal> {
    let shape = Shape::common(&values.iter().map(|value| &value.shape).collect::<Vec<_>>()).ok_or("mixes rows")?;
    let columns = values.iter().map(|value| value.stretched(&shape)).collect::<Option<_>>().ok_or(ATTRIBUTES)?;
    Ok((shape, columns))
}

fn cast(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = builder.input(node, 0)?;
    if value.kind == Kind::Shape {
        return Err(TYPE);
    }
    let floating = matches!(value.kind, Kind::Float | Kind::Double);
    let (kind, op) = match node.int("to", 0) {
        Some(1) => (Kind::Float, Unary::Same),
        Some(11) => (Kind::Double, Unary::Same),
        Some(6 | 7) => (Kind::Int, if floating { Unary::Whole } else { Unary::Same }),
        Some(9) => (Kind::Bool, Unary::NotZero),
        _ => return Err(TYPE),
    };
    let same = kind == value.kind || op == Unary::Same && !(kind == Kind::Float && matches!(value.kind, Kind::Double | Kind::Int));
    if same { Ok(Value { kind, ..value }) } else { Ok(unary(builder, op, &value, kind)) }
}

/// Between bounds that are attributes up to opset 10, and inputs since.
fn clip(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let mut value = floating(builder, node)?;
    let attribute = |name: &str, fallback| -> Result<_, Refusal> {
        let bound = node.float(name, fallback).ok_or(ATTRIBUTES)?;
        Ok(node.attributes.contains_key(name).then(|| Column::Number(f64::from(bound))))
    };
    let (low, high) = if builder.opset < 11 {
        (attribute("min", 0.0)?, attribute("max", 0.0)?)
    } else {
        (scalar(builder, node, 1)?, scalar(builder, node, 2)?)
    };
    for (op, bound) in [(Binary::Most, low), (Binary::Least, high)] {
        if let Some(bound) = bound {
            value.columns = value.columns.iter().map(|column| builder.binary(op, *column, bound, value.kind)).collect();
        }
    }
    Ok(Value { past: value.past.bent(), ..value })
}

fn scalar(builder: &Builder<'_>, node: &Node, place: usize) -> Result<Option<Column>, Refusal> {
    let Some(value) = builder.optional(node, place)? else { return Ok(None) };
    match value.columns.as_slice() {
        [column @ Column::Number(_)] => Ok(Some(*column)),
        _ => Err(ATTRIBUTES),
    }
}

fn relu(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = floating(builder, node)?;
    let columns =
        value.columns.iter().map(|column| builder.binary(Binary::Most, *column, Column::Number(0.0), value.kind)).collect();
    Ok(Value { columns, past: value.past.bent(), ..value })
}

fn reciprocal(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let value = floating(builder, node)?;
    let columns =
        value.columns.iter().map(|column| builder.binary(Binary::Divide, Column::Number(1.0), *column, value.kind)).collect();
    Ok(Value { columns, past: value.past.bent(), ..value })
}

fn choose(builder: &mut Builder<'_>, node: &Node) -> Result<Value, Refusal> {
    let [test, yes, no] = builder.inputs(node)?.try_into().map_err(|_| ATTRIBUTES)?;
    if test.kind != Kind::Bool || yes.kind != no.kind || yes.kind == Kind::Shape {
        return Err(TYPE);
    }
    let (shape, columns) = stretched(&[&test, &yes, &no])?;
    let kind = yes.kind;
    let chosen = (0..columns[0].len()).map(|place| builder.choose(columns[0][place], columns[1][place], columns[2][place], kind));
    let columns = chosen.collect();
    let past: Past = test.past.max(yes.past).max(no.past);
    Ok(Value { kind, shape, columns, past: past.bent() })
}
