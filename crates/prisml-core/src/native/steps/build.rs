//! Turns nodes into steps, one after the other.

use rustc_hash::FxHashMap;

use super::column::{Column, Kind, Past, Shape, Value};
use super::step::{Binary, Many, Step, Unary, What};
use super::{arithmetic, learned, products, reduce, shape};
use crate::native::demand::{nodes_for, refuse};
use crate::native::{Level, Unsupported, Wanted, trees};
use crate::onnx::{Graph, Node, Numbers, Tensor};
use crate::scorer::Take;

/// More columns than this would be slow here, and hold much memory.
pub(super) const COLUMNS: usize = 1 << 16;
/// A few bytes could ask for any number of columns, or of tables: no more than this are read and made while a graph is compiled.
const HANDLED: usize = 1 << 24;
/// The numbers of one step's tables for all columns at most.
const TABLES: usize = 1 << 22;
/// Whole numbers up to here are exact in float64.
const EXACT: u64 = 1 << 53;

/// Why a node cannot be turned into steps, without the node.
pub(super) type Refusal = &'static str;

pub(super) const ATTRIBUTES: Refusal = "has attributes or dimensions that are not known here";
pub(super) const LARGE: Refusal = "makes too many columns";
pub(super) const TYPE: Refusal = "works on a type that is not known here";

/// What was built so far.
pub(super) struct Builder<'a> {
    pub(super) graph: &'a Graph,
    pub(super) steps: Vec<Step>,
    pub(super) slots: usize,
    pub(super) opset: i64,
    values: FxHashMap<&'a str, Value>,
}

impl<'a> Builder<'a> {
    /// The steps of `graph`, and the columns of its output.
    pub(super) fn build(
        graph: &'a Graph,
        wanted: &Wanted<'_>,
        level: Level,
    ) -> Result<(Vec<Step>, usize, Vec<Column>), Unsupported> {
        let opset = graph.opsets.get("").copied().unwrap_or(0);
        let mut builder = Self { graph, steps: Vec::new(), slots: wanted.width, opset, values: FxHashMap::default() };
        for port in &graph.inputs {
            let columns = (0..wanted.width).map(Column::Slot).collect();
            let value = Value { kind: Kind::Float, shape: Shape::matrix(wanted.width), columns, past: Past::Plain };
            builder.values.insert(&port.name, value);
        }
        let mut handled = 0_usize;
        for node in nodes_for(graph, wanted.output) {
            handled = handled.saturating_add(builder.reads(node));
            if handled > HANDLED {
                return Err(refuse(node, LARGE));
            }
            let made = if trees::is_trees(node) {
                builder.trees(node, level)?
            } else {
                builder.node(node).map_err(|why| refuse(node, why))?
            };
            if made.iter().any(|value| value.columns.is_empty() || value.shape.columns() != Some(value.columns.len())) {
                return Err(refuse(node, ATTRIBUTES));
            }
            let columns = made.iter().map(|value| value.columns.len());
            handled = handled.saturating_add(columns.clone().sum());
            let is_large = builder.slots > COLUMNS || columns.max() > Some(COLUMNS);
            if is_large {
                return Err(refuse(node, LARGE));
            }
            for (name, value) in node.outputs.iter().zip(made) {
                builder.values.insert(name, value);
            }
        }
        let output = builder.values.remove(wanted.output).filter(|value| value.shape == Shape::matrix(wanted.outputs));
        let output = output.ok_or_else(|| Unsupported("an output of another kind".to_owned()))?;
        Ok((builder.steps, builder.slots, output.columns))
    }

    /// How many columns the node reads.
    fn reads(&self, node: &Node) -> usize {
        let columns = |name: &String| match (self.values.get(name.as_str()), self.graph.tensors.get(name)) {
            (Some(value), _) => value.columns.len(),
            (None, tensor) => tensor.map_or(0, |tensor| tensor.dims.iter().product()),
        };
        node.inputs.iter().map(columns).fold(node.inputs.len(), usize::saturating_add)
    }

    /// A classifier gives its label first, which nobody reads.
    fn trees(&mut self, node: &'a Node, level: Level) -> Result<Vec<Value>, Unsupported> {
        let value = self.input(node, 0).map_err(|why| refuse(node, why))?;
        if value.kind != Kind::Float || value.shape != Shape::matrix(value.columns.len()) {
            return Err(refuse(node, TYPE));
        }
        let trees = trees::compile(node, value.columns.len(), None, Take::All, level)?;
        let columns = self.push(What::Trees(value.columns, Box::new(trees)), Kind::Float);
        let scores = Value { kind: Kind::Float, shape: Shape::matrix(columns.len()), columns, past: value.past.bent() };
        let label = Value { kind: Kind::Shape, ..scores.clone() };
        Ok(if node.op == "TreeEnsembleClassifier" { vec![label, scores] } else { vec![scores] })
    }

    fn node(&mut self, node: &'a Node) -> Result<Vec<Value>, Refusal> {
        match node.domain.as_str() {
            "" => match shape::node(self, node)? {
                Some(values) => Ok(values),
                None => reduce::node(self, node)
                    .or_else(|| products::node(self, node))
                    .or_else(|| arithmetic::node(self, node))
                    .unwrap_or(Err("is not known here"))
                    .map(|value| vec![value]),
            },
            "ai.onnx.ml" => learned::node(self, node),
            _ => Err("is of a foreign domain"),
        }
    }

    /// The node's input at `place`.
    pub(super) fn input(&self, node: &Node, place: usize) -> Result<Value, Refusal> {
        let name = node.inputs.get(place).ok_or(ATTRIBUTES)?;
        match (self.values.get(name.as_str()), self.graph.tensors.get(name)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(tensor)) => known(tensor),
            (None, None) => Err("reads what nothing gives"),
        }
    }

    /// The node's input at `place`; None where the node leaves it out.
    pub(super) fn optional(&self, node: &Node, place: usize) -> Result<Option<Value>, Refusal> {
        match node.inputs.get(place) {
            None => Ok(None),
            Some(name) if name.is_empty() => Ok(None),
            Some(_) => self.input(node, place).map(Some),
        }
    }

    pub(super) fn inputs(&self, node: &Node) -> Result<Vec<Value>, Refusal> {
        (0..node.inputs.len()).map(|place| self.input(node, place)).collect()
    }

    /// Adds a step; what is the same for every row is computed at once.
    pub(super) fn push(&mut self, what: What, kind: Kind) -> Vec<Column> {
        let step = Step { what, rounds: kind == Kind::Float };
        if step.is_known() {
            let mut numbers = vec![0.0; step.columns()];
            step.run(&[], 1, &mut numbers, Level::Plain);
            return numbers.into_iter().map(Column::Number).collect();
        }
        let first = self.slots;
        self.slots += step.columns();
        self.steps.push(step);
        (first..self.slots).map(Column::Slot).collect()
    }

    fn one(&mut self, what: What, kind: Kind) -> Column {
        self.push(what, kind)[0]
    }

    pub(super) fn unary(&mut self, op: Unary, of: Column, kind: Kind) -> Column {
        self.one(What::Unary(op, of), kind)
    }

    pub(super) fn binary(&mut self, op: Binary, left: Column, right: Column, kind: Kind) -> Column {
        self.one(What::Binary(op, left, right), kind)
    }

    pub(super) fn choose(&mut self, test: Column, yes: Column, no: Column, kind: Kind) -> Column {
        self.one(What::Choose(test, yes, no), kind)
    }

    pub(super) fn many(&mut self, op: Many, of: Vec<Column>, kind: Kind) -> Column {
        self.one(What::Many(op, of), kind)
    }

    pub(super) fn weighed(&mut self, bias: f64, of: Vec<(Column, f64)>, kind: Kind) -> Column {
        self.one(What::Weighed(bias, of), kind)
    }

    pub(super) fn lookup(&mut self, of: Column, numbers: FxHashMap<u64, f64>, other: f64, kind: Kind) -> Column {
        self.one(What::Lookup(of, numbers, other), kind)
    }
}

/// A tensor that stands in the file.
pub(super) fn known(tensor: &Tensor) -> Result<Value, Refusal> {
    let kind = match &tensor.numbers {
        Numbers::Float(_) => Kind::Float,
        Numbers::Double(_) => Kind::Double,
        Numbers::Int64(numbers) if numbers.iter().all(|number| number.unsigned_abs() <= EXACT || *number == i64::MAX) => Kind::Int,
        Numbers::Int32(_) => Kind::Int,
        Numbers::Bytes(_) => Kind::Bool,
        _ => return Err(TYPE),
    };
    let columns: Vec<_> = tensor.doubles().ok_or(TYPE)?.into_iter().map(Column::Number).collect();
    match columns.len() {
        // Other dimensions may be of any size beside one that is 0.
        0 if tensor.dims.len() > 1 => Err(TYPE),
        0..=COLUMNS => Ok(of(kind, &tensor.dims, columns)),
        _ => Err("has too large a tensor"),
    }
}

/// Refuses tables of `size` numbers for each of `columns`.
pub(super) fn check_tables(columns: usize, size: usize) -> Result<(), Refusal> {
    if columns.saturating_mul(size) > TABLES { Err("needs too large tables") } else { Ok(()) }
}

fn of(kind: Kind, dims: &[usize], columns: Vec<Column>) -> Value {
    Value { kind, shape: Shape { dims: dims.to_vec(), rows: None }, columns, past: Past::Plain }
}

impl Step {
    /// Whether it reads nothing that differs between rows.
    fn is_known(&self) -> bool {
        let known = |column: &Column| matches!(column, Column::Number(_));
        match &self.what {
            What::Unary(_, of) | What::Place(of, _) | What::Lookup(of, _, _) => known(of),
            What::Binary(_, left, right) => known(left) && known(right),
            What::Choose(test, yes, no) => known(test) && known(yes) && known(no),
            What::Many(_, of) | What::Softmax(of) | What::Trees(of, _) => of.iter().all(known),
            What::Weighed(_, of) => of.iter().all(|(column, _)| known(column)),
        }
    }
}
