//! Scores an encoded matrix of any length: natively where the graph allows, else with ONNX Runtime.

mod onnx;
mod run;

use onnx::OnnxScorer;
pub use run::Run;

use crate::error::{Error, Result};
use crate::golden::Golden;
use crate::native::{self, Level, Plan, Wanted};
use crate::onnx::{Graph, Node, guard};
use crate::signature::Signature;

/// Fewer rows than this are not worth another thread.
const LEAST_SHARED: usize = 256;

/// Which numbers of the graph's output a prediction has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// Every column.
    All,
    /// The second of two: P(positive).
    Second,
}

/// What answers for a matrix.
pub(crate) trait Score: Send + Sync {
    /// Writes the numbers of each row of `matrix`, row by row; `out` has as many places as the prediction of all rows.
    ///
    /// A row gives the same bits alone and in any batch.
    fn score(&self, matrix: &[f32], out: &mut [f64]) -> Result<()>;

    /// About how much memory it holds.
    fn bytes(&self) -> usize;
}

/// How a graph is to be scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scoring {
    /// Whether a native plan may be used; otherwise ONNX Runtime answers.
    pub native: bool,
    /// The instructions that a native plan may use.
    pub level: Level,
}

impl Default for Scoring {
    fn default() -> Self {
        Self { native: true, level: Level::best() }
    }
}

/// One of the two ways, and why it is that one.
pub(crate) struct Scorer {
    way: Way,
    reason: String,
    is_doubtful: bool,
}

enum Way {
    Native(Box<Plan>, Level),
    Onnx(OnnxScorer),
}

impl Scorer {
    /// The scorer for the graph in `onnx`; `golden` are rows whose answers are known.
    pub(crate) fn new(onnx: &[u8], signature: Signature, take: Take, golden: &Golden, scoring: Scoring) -> Result<Self> {
        let refused = match native_plan(onnx, &signature, take, golden, scoring) {
            Ok(plan) => {
                let reason = plan.describe();
                return Ok(Self { way: Way::Native(Box::new(plan), scoring.level), reason, is_doubtful: false });
            }
            Err(refused) => refused,
        };
        if let Some(what) = guard::refusal(onnx) {
            return Err(Error::Refused(what));
        }
        let scorer = OnnxScorer::new(onnx, signature, take)?;
        let mut answers = vec![0.0; golden.expected.len()];
        scorer.score(&golden.matrix, &mut answers)?;
        let is_wrong = !golden.agrees(&answers, 0);
        let reason =
            if is_wrong { format!("{refused}; ONNX Runtime's answers for the golden rows are wrong") } else { refused.to_string() };
        Ok(Self { way: Way::Onnx(scorer), is_doubtful: is_wrong || matches!(refused, Refused::Disagrees), reason })
    }

    pub(crate) fn score(&self, matrix: &[f32], out: &mut [f64]) -> Result<()> {
        match &self.way {
            Way::Native(plan, _) => {
                plan.score(matrix, out);
                Ok(())
            }
            Way::Onnx(scorer) => scorer.score(matrix, out),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match &self.way {
            Way::Native(plan, _) => plan.bytes(),
            Way::Onnx(scorer) => scorer.bytes(),
        }
    }

    pub(crate) fn is_native(&self) -> bool {
        matches!(self.way, Way::Native(..))
    }

    /// The instructions that the plan uses; None for ONNX Runtime, which chooses its own.
    pub(crate) fn level(&self) -> Option<Level> {
        if let Way::Native(_, level) = self.way { Some(level) } else { None }
    }

    /// How many rows are scored at least by one thread, so that a row's bits are the same however many threads there are.
    pub(crate) fn least(&self) -> usize {
        if self.is_native() { LEAST_SHARED } else { run::CHUNK }
    }

    /// What the plan consists of, or why there is none.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether somebody should be told: answers for the golden rows were wrong.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }
}

/// Why a graph is not scored natively.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("it was asked for")]
    Asked,
    #[error("the file cannot be read natively")]
    Unreadable,
    #[error("{0}")]
    Unsupported(native::Unsupported),
    #[error("the native answers for the golden rows differ from those in the manifest")]
    Disagrees,
}

fn native_plan(
    onnx: &[u8],
    signature: &Signature,
    take: Take,
    golden: &Golden,
    scoring: Scoring,
) -> std::result::Result<Plan, Refused> {
    if !scoring.native {
        return Err(Refused::Asked);
    }
    let graph = Graph::read(onnx).map_err(|_| Refused::Unreadable)?;
    let wanted = Wanted { width: signature.width, output: signature.output, outputs: signature.outputs, take };
    let plan = native::compile(&graph, &wanted, scoring.level).map_err(Refused::Unsupported)?;
    let mut answers = vec![0.0; golden.expected.len()];
    plan.score(&golden.matrix, &mut answers);
    if golden.agrees(&answers, trees(&graph)) { Ok(plan) } else { Err(Refused::Disagrees) }
}

/// How many trees the largest ensemble of the graph adds up.
fn trees(graph: &Graph) -> u32 {
    let of_node = |node: &Node| match node.op.as_str() {
        // The newer form lists the roots of its trees, the older ones give the tree of each node, by any number.
        "TreeEnsemble" => node.ints("tree_roots").map_or(0, <[i64]>::len),
        _ => node.ints("nodes_treeids").map_or(0, |trees| trees.chunk_by(|tree, next| tree == next).count()),
    };
    graph.nodes.iter().map(of_node).max().map_or(0, |most| u32::try_from(most).unwrap_or(u32::MAX))
}
