//! Evaluates here what exported graphs consist of, without ONNX Runtime.

mod at_level;
mod demand;
mod exp;
mod level;
mod linear;
mod steps;
mod trees;

pub use level::Level;

use crate::onnx::Graph;
use crate::scorer::Take;
use linear::Linear;
use steps::Steps;
use trees::Trees;

/// What a plan must give: for rows of `width` cells the graph's `output`, of `outputs` columns, of which a prediction takes some.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) width: usize,
    pub(crate) output: &'a str,
    pub(crate) outputs: usize,
    pub(crate) take: Take,
}

/// Why a graph cannot be evaluated here, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unsupported(pub(crate) String);

/// A graph, compiled.
pub(crate) struct Plan {
    kind: Kind,
}

/// The ways that there are, fastest first.
enum Kind {
    Linear(Linear),
    Steps(Steps),
    Trees(Trees),
}

/// The plan of `graph`, which may use the instructions of `level`.
pub(crate) fn compile(graph: &Graph, wanted: &Wanted<'_>, level: Level) -> Result<Plan, Unsupported> {
    check(graph, wanted)?;
    if let Some(trees) = trees::whole(graph, wanted, level) {
        return Ok(Plan { kind: Kind::Trees(trees?) });
    }
    let kind = match Linear::compile(graph, wanted, level) {
        Ok(linear) => Kind::Linear(linear),
        Err(_) => Kind::Steps(Steps::compile(graph, wanted, level)?),
    };
    Ok(Plan { kind })
}

/// Refuses what is not one float32 matrix in, one out; [`crate::signature`] words the error.
fn check(graph: &Graph, wanted: &Wanted<'_>) -> Result<(), Unsupported> {
    let fits = |port: &crate::onnx::Port, name: &str, columns: usize| {
        let width = match port.dims.as_deref() {
            Some([_, width]) => width.is_none_or(|found| usize::try_from(found) == Ok(columns)),
            None => name != "features",
            Some(_) => false,
        };
        port.name == name && port.element == Some(1) && width
    };
    if graph.has_more {
        return Err(Unsupported("functions or sparse tensors in the file".to_owned()));
    }
    match (graph.inputs.as_slice(), graph.outputs.as_slice()) {
        ([input], [output]) if fits(input, "features", wanted.width) && fits(output, wanted.output, wanted.outputs) => Ok(()),
        _ => Err(Unsupported("an input or output of another kind".to_owned())),
    }
}

impl Plan {
    /// Writes the numbers of each row of `matrix`, row by row.
    pub(crate) fn score(&self, matrix: &[f32], out: &mut [f64]) {
        match &self.kind {
            Kind::Linear(linear) => linear.score(matrix, out),
            Kind::Steps(steps) => steps.score(matrix, out),
            Kind::Trees(trees) => trees.score(matrix, out),
        }
    }

    /// About how much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        match &self.kind {
            Kind::Linear(linear) => linear.bytes(),
            Kind::Steps(steps) => steps.bytes(),
            Kind::Trees(trees) => trees.bytes(),
        }
    }

    /// What it consists of, for people.
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            Kind::Linear(linear) => linear.describe(),
            Kind::Steps(steps) => steps.describe(),
            Kind::Trees(trees) => trees.describe(),
        }
    }
}
