//! What of a graph one output needs.

use rustc_hash::FxHashSet;

use super::Unsupported;
use crate::onnx::{Attribute, Graph, Node, Tensor};

/// The nodes that `output` needs, in the graph's order: labels and whatever else nobody reads are left out.
pub(super) fn nodes_for<'a>(graph: &'a Graph, output: &str) -> Vec<&'a Node> {
    let mut wanted: FxHashSet<&str> = FxHashSet::from_iter([output]);
    let mut needed = Vec::new();
    for node in graph.nodes.iter().rev() {
        if node.outputs.iter().any(|name| wanted.contains(name.as_str())) {
            wanted.extend(node.inputs.iter().map(String::as_str));
            needed.push(node);
        }
    }
    needed.reverse();
    needed
}

/// The tensor that a `Constant` gives; None for another node, or for another kind of constant.
pub(super) fn constant_of(node: &Node) -> Option<&Tensor> {
    match (node.op.as_str(), node.attributes.get("value")) {
        ("Constant", Some(Attribute::Tensor(tensor))) => Some(tensor),
        _ => None,
    }
}

/// A reason that is about `node`.
pub(super) fn refuse(node: &Node, why: &str) -> Unsupported {
    Unsupported(format!("operator {} {why}", node.op))
}
