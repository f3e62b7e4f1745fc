//! Follows a graph from its input to its output, as long as everything is linear.

mod arithmetic;
mod effort;
mod learned;
mod values;

use effort::Effort;
use rustc_hash::FxHashMap;
use values::{Value, cast, pick};

use super::Finish;
use super::form::{Cell, Form, Table};
use crate::native::demand::{constant_of, nodes_for, refuse};
use crate::native::{Unsupported, Wanted};
use crate::onnx::{Graph, Node, Tensor};
use crate::scorer::Take;

struct Fold<'a> {
    graph: &'a Graph,
    values: FxHashMap<&'a str, Value<'a>>,
    effort: Effort,
}

/// The scores of a row as forms, and what becomes of them.
pub(super) fn forms_of(graph: &Graph, wanted: &Wanted<'_>) -> Result<(Vec<Form>, Finish), Unsupported> {
    let mut fold = Fold { graph, values: FxHashMap::default(), effort: Effort::new() };
    for port in &graph.inputs {
        fold.values.insert(&port.name, Value::Cells((0..wanted.width).map(Cell::new).collect()));
    }
    for node in nodes_for(graph, wanted.output) {
        fold.node(node)?;
    }
    let (forms, finish) = match fold.values.remove(wanted.output) {
        Some(Value::Finished(forms, finish)) => (forms, finish),
        Some(Value::Cells(cells)) => (cells.into_iter().map(Form::cell).collect(), Finish::None),
        Some(Value::Forms { forms, middle: false }) => (forms, Finish::None),
        _ => return Err(Unsupported("an output of another kind".to_owned())),
    };
    if forms.len() != wanted.outputs {
        return Err(Unsupported("an output of another width".to_owned()));
    }
    taken(forms, finish, wanted.take)
}

/// Of two classes the second alone, where its share is a function of one score.
fn taken(mut forms: Vec<Form>, finish: Finish, take: Take) -> Result<(Vec<Form>, Finish), Unsupported> {
    if take == Take::All {
        return Ok((forms, finish));
    }
    let (Some(mut second), Some(first)) = (forms.pop(), forms.pop()) else {
        return Err(Unsupported("an output of another width".to_owned()));
    };
    match finish {
        Finish::None | Finish::Logistic => Ok((vec![second], finish)),
        Finish::Softmax => {
            second.add(&first, -1.0);
            Ok((vec![second], Finish::Logistic))
        }
    }
}

impl<'a> Fold<'a> {
    fn node(&mut self, node: &'a Node) -> Result<(), Unsupported> {
        let outputs = match (node.domain.as_str(), node.op.as_str()) {
            ("", "Split") => self.split(node),
            ("", op) => self.standard(node, op).map(|value| vec![value]),
            ("ai.onnx.ml", op) => self.learned(node, op),
            _ => None,
        };
        let outputs = outputs.ok_or_else(|| refuse(node, "is not linear"))?;
        for (name, value) in node.outputs.iter().zip(outputs) {
            self.values.insert(name, value);
        }
        Ok(())
    }

    fn standard(&self, node: &'a Node, op: &str) -> Option<Value<'a>> {
        match op {
            "Constant" => constant_of(node).map(Value::Constant),
            "Identity" => self.read(node, 0),
            "Cast" => cast(self.read(node, 0)?, node.int("to", 0)?),
            "Gather" => self.gather(node),
            "Concat" => self.concat(node),
            "Sum" => self.sum(node, &(0..node.inputs.len()).map(|place| (place, 1.0)).collect::<Vec<_>>()),
            "Add" => self.sum(node, &[(0, 1.0), (1, 1.0)]),
            "Sub" => self.sum(node, &[(0, 1.0), (1, -1.0)]),
            "Mul" => self.multiply(node),
            "Squeeze" => self.squeeze(node),
            "Reshape" => self.reshape(node),
            "Gemm" | "MatMul" => self.product(node, op == "Gemm"),
            "Softmax" => self.finished(node, Finish::Softmax),
            "Sigmoid" => self.finished(node, Finish::Logistic),
            _ => None,
        }
    }

    fn learned(&self, node: &'a Node, op: &str) -> Option<Vec<Value<'a>>> {
        match op {
            "Imputer" => self.impute(node).map(|value| vec![value]),
            "Scaler" => self.scale(node).map(|value| vec![value]),
            "ArrayFeatureExtractor" => self.extract(node).map(|value| vec![value]),
            "OneHotEncoder" => self.one_hot(node).map(|value| vec![value]),
            "Normalizer" => self.normalise(node).map(|value| vec![value]),
            "LinearRegressor" => self.regressor(node).map(|value| vec![value]),
            // The label comes first, and nobody reads it.
            "LinearClassifier" => self.classifier(node).map(|value| vec![Value::Cells(Vec::new()), value]),
            _ => None,
        }
    }

    fn read(&self, node: &Node, place: usize) -> Option<Value<'a>> {
        let name = node.inputs.get(place)?;
        let Some(value) = self.values.get(name.as_str()) else {
            let tensor = self.graph.tensors.get(name)?;
            self.effort.spend(tensor.dims.iter().product())?;
            return Some(Value::Constant(tensor));
        };
        self.effort.spend(value.size())?;
        Some(value.clone())
    }

    fn tensor(&self, node: &Node, place: usize) -> Option<&'a Tensor> {
        if let Value::Constant(tensor) = self.read(node, place)? { Some(tensor) } else { None }
    }

    fn forms(&self, node: &Node, place: usize) -> Option<Vec<Form>> {
        match self.read(node, place)? {
            Value::Cells(cells) => Some(cells.into_iter().map(Form::cell).collect()),
            Value::Forms { forms, middle: false } => Some(forms),
            _ => None,
        }
    }

    fn gather(&self, node: &'a Node) -> Option<Value<'a>> {
        let axis = node.int("axis", 0)?;
        match (self.read(node, 0)?, self.read(node, 1)?) {
            (Value::Constant(table), Value::Codes(cells)) => {
                let ([_, outputs], [cell], 0) = (table.dims.as_slice(), cells.as_slice(), axis) else { return None };
                let values = table.doubles().filter(|values| !values.is_empty())?;
                let column = |output| (0..).zip(values[output..].iter().step_by(*outputs).copied()).collect();
                let forms =
                    (0..*outputs).map(|output| Form::table(*cell, Table { by_code: column(output), strict: true })).collect();
                Some(Value::Forms { forms, middle: true })
            }
            (value, Value::Constant(places)) if axis == 1 && places.dims.len() == 1 => self.pick(value, &places.ints()?),
            _ => None,
        }
    }

    /// Into single columns.
    fn split(&self, node: &'a Node) -> Option<Vec<Value<'a>>> {
        let value = self.read(node, 0)?;
        let count = match &value {
            Value::Cells(cells) | Value::Codes(cells) => cells.len(),
            _ => return None,
        };
        let even = match node.inputs.get(1).filter(|name| !name.is_empty()) {
            None => true,
            Some(_) => self.tensor(node, 1)?.ints()?.iter().all(|size| *size == 1),
        };
        if node.int("axis", 0)? != 1 || node.outputs.len() != count || !even || node.attributes.contains_key("split") {
            return None;
        }
        self.effort.spend(count.checked_mul(count)?)?;
        (0..).take(count).map(|place| pick(value.clone(), &[place])).collect()
    }

    fn concat(&self, node: &'a Node) -> Option<Value<'a>> {
        if !matches!(node.int("axis", 0)?, 1 | -1) {
            return None;
        }
        let parts: Option<Vec<_>> = (0..node.inputs.len()).map(|place| self.forms(node, place)).collect();
        Some(Value::Forms { forms: parts?.concat(), middle: false })
    }

    fn squeeze(&self, node: &'a Node) -> Option<Value<'a>> {
        match self.read(node, 0)? {
            Value::Forms { forms, middle: true } if self.tensor(node, 1)?.ints()? == [1] => {
                Some(Value::Forms { forms, middle: false })
            }
            _ => None,
        }
    }

    /// Into rows of as many columns as before.
    fn reshape(&self, node: &'a Node) -> Option<Value<'a>> {
        let (forms, dims) = (self.forms(node, 0)?, self.tensor(node, 1)?.ints()?);
        let keeps = matches!(dims.as_slice(), [-1, columns] if usize::try_from(*columns) == Ok(forms.len()));
        (keeps && node.int("allowzero", 0)? == 0).then_some(Value::Forms { forms, middle: false })
    }

    fn finished(&self, node: &'a Node, finish: Finish) -> Option<Value<'a>> {
        let newer = self.graph.opsets.get("").is_some_and(|version| *version >= 13);
        let across =
            finish != Finish::Softmax || matches!((node.int("axis", if newer { -1 } else { 1 })?, newer), (1, _) | (-1, true));
        across.then_some(Value::Finished(self.forms(node, 0)?, finish))
    }
}
