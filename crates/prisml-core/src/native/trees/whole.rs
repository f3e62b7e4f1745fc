//! Graphs that are one node of trees, with little before and after it.

use rustc_hash::FxHashMap;

use super::{Trees, compile, is_trees};
use crate::native::{Level, Unsupported, Wanted};
use crate::onnx::{Graph, Node, Numbers, Tensor};

/// The trees of a graph that is `Imputer` (or nothing), trees, and perhaps names for their output; None for any other graph.
pub(crate) fn whole(graph: &Graph, wanted: &Wanted<'_>, level: Level) -> Option<Result<Trees, Unsupported>> {
    let [input] = graph.inputs.as_slice() else { return None };
    if graph.has_more {
        return None;
    }
    let producers = Producers::new(graph);
    let node = producers.of(producers.unwrapped(wanted.output))?;
    let given = node.outputs.get(usize::from(node.op == "TreeEnsembleClassifier"))?;
    let [read] = node.inputs.as_slice() else { return None };
    if !is_trees(node) || given != producers.unwrapped(wanted.output) {
        return None;
    }
    let read = producers.unwrapped(read);
    let fills = if *read == input.name {
        None
    } else {
        let imputer = producers.of(read)?;
        if imputer.inputs.len() != 1 || producers.unwrapped(&imputer.inputs[0]) != input.name {
            return None;
        }
        Some(fills(imputer, wanted.width)?)
    };
    let trees = compile(node, wanted.width, fills.as_deref(), wanted.take, level);
    Some(trees.and_then(|trees| fitting(trees, wanted)))
}

fn fitting(trees: Trees, wanted: &Wanted<'_>) -> Result<Trees, Unsupported> {
    let expected = if wanted.take == crate::scorer::Take::Second { 1 } else { wanted.outputs };
    if trees.outputs() == expected { Ok(trees) } else { Err(Unsupported("its trees have another number of outputs".to_owned())) }
}

/// The nodes of a graph by what they give; of two that give one name the first.
struct Producers<'a> {
    graph: &'a Graph,
    nodes: FxHashMap<&'a str, &'a Node>,
}

impl<'a> Producers<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut nodes = FxHashMap::default();
        for node in &graph.nodes {
            for output in &node.outputs {
                nodes.entry(output.as_str()).or_insert(node);
            }
        }
        Self { graph, nodes }
    }

    fn of(&self, name: &str) -> Option<&'a Node> {
        self.nodes.get(name).copied()
    }

    /// The name behind `name` that has the same numbers: nodes that only rename, cast to the float32 that is there already or multiply
    /// by 1 (as onnxmltools writes them) are passed.
    fn unwrapped<'b>(&self, name: &'b str) -> &'b str
    where
        'a: 'b,
    {
        let mut name = name;
        // A damaged graph may rename in a circle.
        for _ in 0..=self.graph.nodes.len() {
            match self.of(name).and_then(|node| renamed(self.graph, node)) {
                Some(read) => name = read,
                None => break,
            }
        }
        name
    }
}

fn renamed<'a>(graph: &Graph, node: &'a Node) -> Option<&'a str> {
    let is_plain = node.domain.is_empty();
    match (node.op.as_str(), node.inputs.as_slice()) {
        ("Identity", [read]) if is_plain => Some(read),
        ("Cast", [read]) if is_plain && node.int("to", 0) == Some(1) => Some(read),
        ("Mul", [read, factor]) if is_plain => is_one(graph.tensors.get(factor)?).then_some(read),
        _ => None,
    }
}

fn is_one(tensor: &Tensor) -> bool {
    let Numbers::Float(values) = &tensor.numbers else { return false };
    tensor.dims.len() <= 2 && matches!(values.as_slice(), [one] if one.to_bits() == 1.0_f32.to_bits())
}

/// What stands for NaN in each of `width` columns; None where the node is no `Imputer` of NaN.
fn fills(node: &Node, width: usize) -> Option<Vec<f32>> {
    let is_of_nan = node.float("replaced_value_float", 0.0)?.is_nan();
    if node.op != "Imputer" || node.domain != "ai.onnx.ml" || !is_of_nan || node.attributes.contains_key("imputed_value_int64s") {
        return None;
    }
    match node.floats("imputed_value_floats")? {
        [one] => Some(vec![*one; width]),
        values if values.len() == width => Some(values.to_vec()),
        _ => None,
    }
}
