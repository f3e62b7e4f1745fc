//! What the names of a graph stand for.

use super::{Finish, Form};
use crate::native::linear::form::Cell;
use crate::onnx::Tensor;

/// ONNX's numbers for types.
const FLOAT: i64 = 1;
const INT64: i64 = 7;
const DOUBLE: i64 = 11;

/// What a name stands for.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// Columns of the input as they are.
    Cells(Vec<Cell>),
    /// The same as whole numbers.
    Codes(Vec<Cell>),
    /// One number for each form; with `middle` in a tensor of three dimensions, whose second is 1.
    Forms {
        forms: Vec<Form>,
        middle: bool,
    },
    Finished(Vec<Form>, Finish),
    Constant(&'a Tensor),
}

impl Value<'_> {
    /// How much there is to copy.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Cells(cells) | Self::Codes(cells) => cells.len(),
            Self::Forms { forms, .. } | Self::Finished(forms, _) => forms.iter().map(Form::size).sum(),
            Self::Constant(tensor) => tensor.dims.iter().product(),
        }
    }
}

/// Shares and scores are only told apart by their type where the graph rounds; here nothing is rounded.
pub(super) fn cast(value: Value<'_>, to: i64) -> Option<Value<'_>> {
    match (value, to) {
        (Value::Cells(cells), INT64) => Some(Value::Codes(cells)),
        (Value::Codes(_), _) => None,
        (value, FLOAT | DOUBLE) => Some(value),
        _ => None,
    }
}

/// The columns at `places`, counted from the end where they are negative.
pub(super) fn pick<'a>(value: Value<'a>, places: &[i64]) -> Option<Value<'a>> {
    fn at<T: Clone>(all: &[T], places: &[i64]) -> Option<Vec<T>> {
        let count = i64::try_from(all.len()).ok()?;
        let index = |place: i64| usize::try_from(if place < 0 { place.checked_add(count)? } else { place }).ok();
        places.iter().map(|place| all.get(index(*place)?).cloned()).collect()
    }
    match value {
        Value::Cells(cells) => at(&cells, places).map(Value::Cells),
        Value::Codes(cells) => at(&cells, places).map(Value::Codes),
        Value::Forms { forms, middle: false } => at(&forms, places).map(|forms| Value::Forms { forms, middle: false }),
        _ => None,
    }
}

pub(super) fn columns(value: &Value<'_>) -> Option<usize> {
    match value {
        Value::Cells(cells) => Some(cells.len()),
        Value::Forms { forms, .. } => Some(forms.len()),
        Value::Constant(tensor) => row_of(tensor).map(|row| row.len()),
        _ => None,
    }
}

/// The numbers of a tensor that is the same for every row.
pub(super) fn row_of(tensor: &Tensor) -> Option<Vec<f64>> {
    let row = match tensor.dims.as_slice() {
        [] | [_] | [1, _] => tensor.doubles(),
        _ => None,
    };
    row.filter(|row| !row.is_empty())
}

/// For each of `outer` outputs the sum of all forms by `weight(from, to)`.
pub(super) fn weighed(forms: &[Form], outer: usize, weight: impl Fn(usize, usize) -> f64) -> Vec<Form> {
    let mut sums = vec![Form::default(); outer];
    for (to, sum) in sums.iter_mut().enumerate() {
        for (from, form) in forms.iter().enumerate() {
            sum.add(form, weight(from, to));
        }
    }
    sums
}
