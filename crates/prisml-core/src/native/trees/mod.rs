//! Tree ensembles: read from their node, brought into one form, evaluated by kernels, finished as ONNX has it.

mod ensemble;
mod finish;
mod general;
mod grow;
mod kernel;
mod lists;
mod modes;
mod read;
mod tables;
mod whole;

#[cfg(test)]
mod tests;

use finish::{Aggregate, Finish, Plan, plan};
use general::General;
use kernel::Kernel;
pub(crate) use whole::whole;

use super::{Level, Unsupported};
use crate::onnx::Node;
use crate::scorer::Take;

/// Rows whose scores are kept apart from the output at once.
const ROOM: usize = 4_096;

/// A node of trees, compiled.
pub(crate) struct Trees {
    sums: Sums,
    finish: Finish,
    width: usize,
    words: String,
}

/// What adds up the trees.
enum Sums {
    /// Decisions by order, leaves that are added.
    Kernel(Box<Kernel>),
    /// Any others.
    General(General),
}

/// Whether [`compile`] can be asked about `node`.
pub(crate) fn is_trees(node: &Node) -> bool {
    read::is_trees(node)
}

/// The trees of `node` for rows of `width` cells, in which `fills` stand for NaN.
pub(crate) fn compile(node: &Node, width: usize, fills: Option<&[f32]>, take: Take, level: Level) -> Result<Trees, Unsupported> {
    if width == 0 {
        return Err(Unsupported("the input has no column".to_owned()));
    }
    let said = read::read(node, width)?;
    let scores = (said.head, said.aggregate, said.transform);
    let Plan { finish, targets, own_base } = plan(&said.forest, scores, &said.base, take, level)?;
    let words = describe(said.forest.trees.len(), said.forest.most_leaves());
    let forest = said.forest.narrowed(&targets);
    let adds = matches!(said.aggregate, Aggregate::Sum | Aggregate::Average) && own_base.is_none();
    let normal = if adds { forest.into_normal() } else { Err(forest) };
    let sums = match normal {
        Ok(ensemble) => Sums::Kernel(Box::new(Kernel::new(&ensemble, width, fills, level))),
        Err(forest) => Sums::General(General::new(forest, said.aggregate, width, fills, own_base)),
    };
    Ok(Trees { sums, finish, width, words })
}

impl Sums {
    /// Sets the targets of each row of `matrix`, row by row.
    fn set(&self, matrix: &[f32], sums: &mut [f64]) {
        match self {
            Self::Kernel(kernel) => kernel.sum(matrix, sums),
            Self::General(general) => general.sum(matrix, sums),
        }
    }
}

fn describe(trees: usize, leaves: usize) -> String {
    let plural = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    format!("{} of at most {}", plural(trees, "tree", "trees"), plural(leaves, "leaf", "leaves"))
}

impl Trees {
    /// How many numbers a row has in the output.
    pub(crate) fn outputs(&self) -> usize {
        self.finish.outputs()
    }

    /// Writes the numbers of each row of `matrix`, row by row; `out` has [`Trees::outputs`] places for each.
    pub(crate) fn score(&self, matrix: &[f32], out: &mut [f64]) {
        let targets = self.finish.targets();
        if self.finish.needs_room() {
            let mut scores = vec![0.0; ROOM.min(matrix.len() / self.width) * targets];
            for (rows, answers) in matrix.chunks(ROOM * self.width).zip(out.chunks_mut(ROOM * self.outputs())) {
                let scores = &mut scores[..rows.len() / self.width * targets];
                self.sums.set(rows, scores);
                self.finish.run_apart(scores, answers);
            }
        } else {
            let rows = matrix.len() / self.width;
            self.sums.set(matrix, &mut out[..rows * targets]);
            self.finish.run(out);
        }
    }

    /// About how much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        match &self.sums {
            Sums::Kernel(kernel) => kernel.bytes(),
            Sums::General(general) => general.bytes(),
        }
    }

    /// What it consists of, for people.
    pub(crate) fn describe(&self) -> String {
        match &self.sums {
            Sums::Kernel(kernel) => format!("{}, {}", self.words, kernel.describe()),
            Sums::General(_) => format!("{}, one row after another", self.words),
        }
    }
}
