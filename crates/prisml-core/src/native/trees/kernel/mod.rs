//! Sums the leaves of an ensemble, with the widest vectors allowed.

mod add;
mod block;
mod columns;
mod cost;
mod crown;
mod lanes;
mod layout;
mod leaves;
mod lines;
mod program;
mod ranks;
mod rows;
mod walk;
mod weights;

#[cfg(test)]
mod tests;

use block::{Parts, Scratch, block};
use columns::Columns;
use cost::few;
use crown::Crown;
use layout::{Narrow, Node, Nodes, Start, Wide};
use leaves::Leaves;
use lines::{Lines, TILE};
use program::Program;
use rows::{Order, row};
use weights::Tables;

use super::ensemble::Ensemble;
use crate::native::Level;

/// How many exits the top of a tree has at most.
const EXITS: usize = 64;

/// How many columns a row may have whose keys lie on the stack.
const STACK: usize = 64;

/// An ensemble, ready to be evaluated.
///
/// A row's sums have the same bits alone, in any batch and with any instructions: they begin at 0 and the trees are added in their
/// order, in float64.
pub(crate) struct Kernel {
    width: usize,
    targets: usize,
    level: Level,
    columns: Columns,
    lines: Lines,
    program: Program,
    leaves: Leaves,
    order: Order,
    nodes: Kind,
    /// From how many rows on a block is faster than one row after the other.
    few: usize,
}

enum Kind {
    Narrow(Nodes<Narrow>),
    Wide(Nodes<Wide>),
}

impl Kind {
    fn starts(&self) -> &[Start] {
        match self {
            Self::Narrow(nodes) => &nodes.starts,
            Self::Wide(nodes) => &nodes.starts,
        }
    }
}

impl Kernel {
    /// The kernel of `ensemble` for rows of `width` cells, in which `fills` replaces NaN column by column (unless it is NaN itself).
    ///
    /// Thresholds are numbers, not NaN; each branch and each leaf is reached once.
    pub(crate) fn new(ensemble: &Ensemble, width: usize, fills: Option<&[f32]>, level: Level) -> Self {
        let mut columns = Columns::default();
        let mut leaves = Leaves::new(ensemble);
        let nodes = Nodes::new(ensemble, &leaves, &mut columns, fills).map(Kind::Narrow).unwrap_or_else(|| {
            columns = Columns::default();
            Kind::Wide(Nodes::new(ensemble, &leaves, &mut columns, fills).unwrap_or_default())
        });
        let crowns: Vec<_> = ensemble.trees.iter().map(|tree| Crown::new(tree, EXITS, &mut columns, fills)).collect();
        let lines = Lines::new(&mut columns, width);
        let (mut program, order) = match &nodes {
            Kind::Narrow(nodes) => (Program::new(&crowns, &columns, nodes), Order::new(&nodes.starts)),
            Kind::Wide(nodes) => (Program::new(&crowns, &columns, nodes), Order::new(&nodes.starts)),
        };
        program.tables = Tables::new(ensemble, &program, &leaves);
        leaves.settle();
        let nodes = match nodes {
            Kind::Narrow(nodes) => Kind::Narrow(nodes.settled()),
            Kind::Wide(nodes) => Kind::Wide(nodes.settled()),
        };
        let level = level.min(Level::best());
        let few = few(&program, nodes.starts().iter().map(|start| start.height), level);
        Self { width, targets: ensemble.targets, level, columns, lines, program, leaves, order, nodes, few }
    }

    /// Sets the sums of each row of `matrix`: one for each target, row by row.
    pub(crate) fn sum(&self, matrix: &[f32], sums: &mut [f64]) {
        match &self.nodes {
            Kind::Narrow(nodes) => self.sum_with(nodes, matrix, sums),
            Kind::Wide(nodes) => self.sum_with(nodes, matrix, sums),
        }
    }

    /// About how much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        let nodes = match &self.nodes {
            Kind::Narrow(nodes) => nodes.bytes(),
            Kind::Wide(nodes) => nodes.bytes(),
        };
        nodes + self.program.bytes() + self.leaves.bytes()
    }

    /// How it is evaluated, for people.
    pub(crate) fn describe(&self) -> String {
        let deep = self.program.tops.iter().any(|top| top.rest > 0);
        let way = if deep { "bit vectors, then traversal" } else { "bit vectors" };
        format!("by {way} ({})", self.level.name())
    }

    fn sum_with<N: Node>(&self, nodes: &Nodes<N>, mut matrix: &[f32], mut sums: &mut [f64]) {
        let parts = Parts {
            width: self.width,
            columns: &self.columns,
            lines: &self.lines,
            program: &self.program,
            nodes,
            leaves: &self.leaves,
            order: &self.order,
            targets: self.targets,
        };
        let Some(rows) = sums.len().checked_div(self.targets) else { return };
        if rows < self.few {
            return one_by_one(&parts, matrix, sums);
        }
        let large = if self.level == Level::Plain { 128 } else { 256 };
        let mut scratch = Scratch::new(&parts, if rows > TILE { large } else { TILE });
        while !sums.is_empty() {
            let left = sums.len() / self.targets;
            if left < self.few {
                return one_by_one(&parts, matrix, sums);
            }
            // A large block that is mostly empty costs more than tiles.
            let taken = if left > large / 4 * 3 { left.min(large) } else { left.min(TILE) };
            let (now, later) = matrix.split_at(taken * self.width);
            let (now_sums, later_sums) = sums.split_at_mut(taken * self.targets);
            blocks(&parts, self.level, taken > TILE, now, now_sums, &mut scratch);
            (matrix, sums) = (later, later_sums);
        }
    }
}

/// Rows one after the other.
fn one_by_one<N: Node>(parts: &Parts<'_, N>, matrix: &[f32], sums: &mut [f64]) {
    let columns = parts.columns.list.len() + 1;
    let mut stack = [0; STACK];
    let mut heap = Vec::new();
    let keys = if columns <= STACK {
        &mut stack[..columns]
    } else {
        heap.resize(columns, 0);
        &mut heap[..]
    };
    for (number, sums) in sums.chunks_exact_mut(parts.targets).enumerate() {
        row(parts, &matrix[number * parts.width..][..parts.width], keys, sums);
    }
}

fn blocks<N: Node>(parts: &Parts<'_, N>, level: Level, large: bool, matrix: &[f32], sums: &mut [f64], scratch: &mut Scratch) {
    // SAFETY: the level is not above what the processor has; there is a row.
    unsafe {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512(parts, large, matrix, sums, scratch),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2(parts, large, matrix, sums, scratch),
            _ => plain(parts, large, matrix, sums, scratch),
        }
    }
}

unsafe fn plain<N: Node>(parts: &Parts<'_, N>, large: bool, matrix: &[f32], sums: &mut [f64], scratch: &mut Scratch) {
    use lanes::Plain;
    // SAFETY: the caller promises a row.
    unsafe {
        if large {
            block::<Plain, 8, N>(parts, matrix, sums, scratch);
        } else {
            block::<Plain, 4, N>(parts, matrix, sums, scratch);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn avx2<N: Node>(parts: &Parts<'_, N>, large: bool, matrix: &[f32], sums: &mut [f64], scratch: &mut Scratch) {
    use lanes::Avx2;
    // SAFETY: the caller promises a row, and the instructions are those of this function.
    unsafe {
        if large {
            block::<Avx2, 8, N>(parts, matrix, sums, scratch);
        } else {
            block::<Avx2, 2, N>(parts, matrix, sums, scratch);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn avx512<N: Node>(parts: &Parts<'_, N>, large: bool, matrix: &[f32], sums: &mut [f64], scratch: &mut Scratch) {
    use lanes::Avx512;
    // SAFETY: the caller promises a row, and the instructions are those of this function.
    unsafe {
        if large {
            block::<Avx512, 8, N>(parts, matrix, sums, scratch);
        } else {
            block::<Avx512, 2, N>(parts, matrix, sums, scratch);
        }
    }
}
