//! Walks several rows or trees at once, so that one waits for memory while the others go on.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use super::layout::Node;
use super::lines::TILE;

/// How many walks are under way at once.
pub(super) const ABREAST: usize = 8;

/// Takes `steps` steps of each walk `at`, and gives the keys of the nodes reached. The key of column `c` for walk `w` is `keys[c * STRIDE + w * APART]`.
///
/// # Safety
/// Every node of `at` and all that can be reached from it lie in `nodes`; the keys of every column of them lie in `keys`.
#[inline(always)]
pub(super) unsafe fn walk<N: Node, const W: usize, const STRIDE: usize, const APART: usize>(
    nodes: &[N],
    keys: &[u32],
    at: [u32; W],
    steps: u32,
) -> [u32; W] {
    let mut at = at.map(|at| at as usize);
    for _ in 0..steps {
        for (way, at) in at.iter_mut().enumerate() {
            // SAFETY: the caller promises that nodes and columns lie inside.
            unsafe {
                let (key, column, step) = N::read(nodes.as_ptr().add(*at));
                let above = *keys.as_ptr().add(column * STRIDE + way * APART) > key;
                *at += step + usize::from(above);
            }
        }
    }
    // SAFETY: the caller promises that nodes lie inside.
    at.map(|at| unsafe { (*nodes.as_ptr().add(at)).key() })
}

/// Walks the first `rows` of a tile on from their `exits`, for what the leaves add.
///
/// It is compiled for every processor alike: given wide vectors, the compiler would gather, which takes longer.
///
/// # Safety
/// As for [`walk`], from every node that an exit leads to; each of `exits` has a place in `leads`.
#[inline(never)]
pub(super) unsafe fn descend<N: Node>(
    nodes: &[N],
    keys: &[[u32; TILE]],
    leads: &[u32],
    exits: &[u8; TILE],
    rows: usize,
    steps: u32,
) -> [u32; TILE] {
    let mut leaves = [0; TILE];
    let groups = leaves.as_chunks_mut::<ABREAST>().0.iter_mut().zip(exits.as_chunks::<ABREAST>().0).take(rows.div_ceil(ABREAST));
    for (number, (leaves, exits)) in groups.enumerate() {
        // SAFETY: the caller promises that exits lead somewhere.
        let at = exits.map(|exit| unsafe { *leads.get_unchecked(usize::from(exit)) });
        // SAFETY: the caller promises what is asked for; the keys of a row are a tile apart.
        *leaves = unsafe { walk::<N, ABREAST, TILE, 1>(nodes, &keys.as_flattened()[number * ABREAST..], at, steps) };
    }
    leaves
}
