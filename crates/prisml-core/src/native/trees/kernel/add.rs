//! From the exits of a block's rows to the sums of their leaves.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use std::ops::Range;

use super::block::{Parts, Scratch};
use super::lanes::Lanes;
use super::layout::Node;
use super::leaves::Leaves;
use super::lines::TILE;
use super::walk::descend;

/// Adds the leaves that are the exits of `trees`, whose tops are all there is of them.
///
/// # Safety
/// The instructions of `S` are there.
#[inline(always)]
pub(super) unsafe fn shallow<S: Lanes, N: Node>(parts: &Parts<'_, N>, trees: Range<usize>, size: usize, scratch: &mut Scratch) {
    if let Some(tables) = &parts.program.tables {
        // SAFETY: the caller promises the instructions; exits and sums have whole tiles.
        return unsafe { S::add(tables, trees, size, &scratch.exits, &mut scratch.sums) };
    }
    for (tree, exits) in trees.zip(scratch.exits.chunks_exact(size)) {
        let leads = &parts.program.exits[parts.program.tops[tree].first as usize..];
        match parts.leaves {
            Leaves::Exact { .. } => {}
            Leaves::One { weights, targets } => {
                let sums = &mut scratch.sums[targets[tree] as usize * size..][..size];
                for (sum, exit) in sums.iter_mut().zip(exits) {
                    *sum += weights[leads[usize::from(*exit)] as usize];
                }
            }
            Leaves::Many { .. } => {
                for (sums, exit) in scratch.sums.chunks_exact_mut(parts.targets).zip(exits) {
                    parts.leaves.add(tree, leads[usize::from(*exit)], sums);
                }
            }
        }
    }
}

/// Walks on from the exits of `tree` and adds the leaves that are reached.
///
/// # Safety
/// The keys in `scratch` are those of the `rows` rows of the block, and the nodes those of the columns.
#[inline(always)]
pub(super) unsafe fn deep<N: Node>(parts: &Parts<'_, N>, tree: usize, rows: usize, size: usize, scratch: &mut Scratch) {
    let top = &parts.program.tops[tree];
    let leads = &parts.program.exits[top.first as usize..];
    let nodes = &parts.nodes.all;
    let columns = parts.columns.list.len() + 1;
    let exits = scratch.exits[..size].as_chunks::<TILE>().0;
    for (tile, exits) in exits.iter().enumerate().take(rows.div_ceil(TILE)) {
        let keys = &scratch.keys[tile * columns..][..columns];
        // SAFETY: the exits lead to nodes of the tree, and the keys are those of its columns.
        let leaves = unsafe { descend(nodes, keys, leads, exits, rows - tile * TILE, top.rest) };
        let first = tile * TILE;
        match parts.leaves {
            Leaves::Exact { targets, .. } => {
                let sums = &mut scratch.sums[targets[tree] as usize * size + first..][..TILE];
                for (sum, leaf) in sums.iter_mut().zip(leaves) {
                    *sum += f64::from(f32::from_bits(leaf));
                }
            }
            Leaves::One { weights, targets } => {
                let sums = &mut scratch.sums[targets[tree] as usize * size + first..][..TILE];
                for (sum, leaf) in sums.iter_mut().zip(leaves) {
                    *sum += weights[leaf as usize];
                }
            }
            Leaves::Many { .. } => {
                let sums = &mut scratch.sums[first * parts.targets..];
                for (sums, leaf) in sums.chunks_exact_mut(parts.targets).zip(leaves) {
                    parts.leaves.add(tree, leaf, sums);
                }
            }
        }
    }
}
