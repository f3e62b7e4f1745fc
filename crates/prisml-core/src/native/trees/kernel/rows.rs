//! One row through all trees, several trees at once.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use super::block::Parts;
use super::layout::{Node, Start};
use super::walk::{ABREAST, walk};

/// How many trees are walked before their leaves are added.
const BATCH: usize = 256;

/// Trees that are walked together.
#[derive(Debug)]
pub(super) struct Group {
    at: [u32; ABREAST],
    /// Which trees of the batch these are.
    trees: [u8; ABREAST],
    steps: u32,
}

/// The trees in batches of successive ones. Within a batch those of like height are walked together.
#[derive(Debug)]
pub(super) struct Order {
    batches: Vec<Vec<Group>>,
}

impl Order {
    /// The order for the trees that begin there.
    pub(super) fn new(starts: &[Start]) -> Self {
        let batch = |starts: &[Start]| {
            let mut trees: Vec<usize> = (0..starts.len()).collect();
            trees.sort_by_key(|tree| starts[*tree].height);
            let group = |trees: &[usize]| {
                // A group that is not full walks its last tree more than once.
                let tree = |way: usize| trees[way.min(trees.len() - 1)];
                Group {
                    at: std::array::from_fn(|way| starts[tree(way)].node),
                    trees: std::array::from_fn(|way| tree(way) as u8),
                    steps: trees.iter().map(|tree| starts[*tree].height).max().unwrap_or(0),
                }
            };
            trees.chunks(ABREAST).map(group).collect()
        };
        Self { batches: starts.chunks(BATCH).map(batch).collect() }
    }
}

/// Sets the sums of one row.
///
/// `keys` has a place for each column and one more, the first, which is 0.
#[inline(always)]
pub(super) fn row<N: Node>(parts: &Parts<'_, N>, row: &[f32], keys: &mut [u32], sums: &mut [f64]) {
    for (number, column) in parts.columns.list.iter().enumerate() {
        keys[number + 1] = column.key(row[column.feature as usize]);
    }
    sums.fill(0.0);
    let mut leaves = [0; BATCH];
    let mut first = 0;
    for batch in &parts.order.batches {
        for group in batch {
            // SAFETY: trees begin at nodes, and there is a key for each column of them.
            let reached = unsafe { walk::<N, ABREAST, 1, 0>(&parts.nodes.all, keys, group.at, group.steps) };
            for (tree, leaf) in group.trees.iter().zip(reached) {
                leaves[usize::from(*tree)] = leaf;
            }
        }
        let trees = (parts.nodes.starts.len() - first).min(BATCH);
        parts.leaves.add_all(first, &leaves[..trees], sums);
        first += trees;
    }
}
