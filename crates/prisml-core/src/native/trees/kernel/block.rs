//! A block of rows through all trees, tree by tree.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use super::add::{deep, shallow};
use super::columns::Columns;
use super::lanes::Lanes;
use super::layout::{Node, Nodes};
use super::leaves::Leaves;
use super::lines::{Lines, TILE};
use super::program::{Program, Top};
use super::rows::Order;

/// How many trees' exits are kept before their leaves are added.
const PENDING: usize = 16;

/// What a block is scored with.
pub(super) struct Parts<'a, N> {
    pub(super) width: usize,
    pub(super) columns: &'a Columns,
    pub(super) lines: &'a Lines,
    pub(super) program: &'a Program,
    pub(super) nodes: &'a Nodes<N>,
    pub(super) leaves: &'a Leaves,
    pub(super) order: &'a Order,
    pub(super) targets: usize,
}

/// The memory that blocks need, made once a call.
pub(super) struct Scratch {
    lines: Vec<[f32; TILE]>,
    ranks: Vec<[u8; TILE]>,
    /// The keys of each tile: a line for each column, after one of zeros.
    pub(super) keys: Vec<[u32; TILE]>,
    pub(super) exits: Vec<u8>,
    pub(super) sums: Vec<f64>,
}

impl Scratch {
    /// Enough for blocks of at most `rows` rows.
    pub(super) fn new<N: Node>(parts: &Parts<'_, N>, rows: usize) -> Self {
        let rows = rows.next_multiple_of(TILE);
        let tiles = rows / TILE;
        let columns = parts.columns.list.len();
        let deep = parts.program.tops.iter().any(|top| top.rest > 0);
        Self {
            lines: vec![[0.0; TILE]; parts.lines.len() * tiles],
            ranks: vec![[0; TILE]; parts.program.most_rankings() * tiles],
            keys: vec![[0; TILE]; if deep { (columns + 1) * tiles } else { 0 }],
            exits: vec![0; PENDING * rows],
            sums: vec![0.0; parts.targets * rows],
        }
    }
}

/// Adds the leaves of at most `K` vectors of rows to `sums`, which has a place for each target of each row.
///
/// # Safety
/// The instructions of `S` are there; `scratch` is one for `K` vectors of rows; the rows of `matrix` are at least one.
#[inline(always)]
pub(super) unsafe fn block<S: Lanes, const K: usize, N: Node>(
    parts: &Parts<'_, N>,
    matrix: &[f32],
    sums: &mut [f64],
    scratch: &mut Scratch,
) {
    let size = K * S::LANES;
    let rows = sums.len() / parts.targets;
    let columns = parts.columns.list.len() + 1;
    for (tile, rows) in matrix.chunks(TILE * parts.width.max(1)).enumerate() {
        let lines = &mut scratch.lines[tile * parts.lines.len()..][..parts.lines.len()];
        parts.lines.turn(rows, parts.width, lines);
        if !scratch.keys.is_empty() {
            keys(parts.columns, lines, &mut scratch.keys[tile * columns..][..columns]);
        }
    }
    scratch.sums.fill(0.0);
    for run in &parts.program.runs {
        for (ranking, ranks) in run.rankings.iter().zip(scratch.ranks.chunks_exact_mut(size / TILE)) {
            for (tile, ranks) in ranks.iter_mut().enumerate() {
                // SAFETY: the caller promises the instructions.
                unsafe { S::rank(ranking, &scratch.lines[tile * parts.lines.len() + ranking.line as usize], ranks) };
            }
        }
        let mut pending = run.trees.start;
        for tree in run.trees.clone() {
            let top = &parts.program.tops[tree];
            if top.rest > 0 || tree - pending == PENDING {
                // SAFETY: the caller promises the instructions.
                unsafe { shallow::<S, N>(parts, pending..tree, size, scratch) };
                pending = tree;
            }
            let slot = &mut scratch.exits[(tree - pending) * size..][..size];
            // SAFETY: rankings and places of exits have a byte for each row of the block.
            unsafe { exits::<S, K>(parts.program, top, scratch.ranks.as_ptr().cast(), slot) };
            if top.rest > 0 {
                // SAFETY: the keys are those of the rows of the block.
                unsafe { deep(parts, tree, rows, size, scratch) };
                pending = tree + 1;
            }
        }
        // SAFETY: the caller promises the instructions.
        unsafe { shallow::<S, N>(parts, pending..run.trees.end, size, scratch) };
    }
    let targets = parts.targets;
    for (row, sums) in sums.chunks_exact_mut(targets).enumerate() {
        for (target, sum) in sums.iter_mut().enumerate() {
            *sum = scratch.sums[parts.leaves.place(row, target, size, targets)];
        }
    }
}

/// Writes the keys of the columns of a tile, after those of the one that no decision reads.
#[inline(always)]
fn keys(columns: &Columns, lines: &[[f32; TILE]], keys: &mut [[u32; TILE]]) {
    for (column, keys) in columns.list.iter().zip(&mut keys[1..]) {
        for (key, cell) in keys.iter_mut().zip(&lines[column.line as usize]) {
            *key = column.key(*cell);
        }
    }
}

/// Writes the exit of each row from `top`.
///
/// # Safety
/// The instructions of `S` are there; `ranks` has `K` vectors for each ranking of the run, and `out` has `K`.
#[inline(always)]
unsafe fn exits<S: Lanes, const K: usize>(program: &Program, top: &Top, ranks: *const u8, out: &mut [u8]) {
    // SAFETY: the caller promises the instructions and the places.
    unsafe {
        let nothing = S::splat(0);
        let mut chosen = [nothing; K];
        let mut base = [nothing; K];
        for plane in top.planes.clone().rev() {
            let mut alive = [S::splat(u32::MAX); K];
            let entries = program.ends[plane as usize] as usize..program.ends[plane as usize + 1] as usize;
            for entry in &program.entries[entries] {
                let rank = S::splat(entry.rank);
                let bits = S::splat(entry.bits);
                let from = ranks.add(entry.ranking as usize * K * S::LANES);
                for (part, alive) in alive.iter_mut().enumerate() {
                    *alive = S::clear(*alive, S::load(from.add(part * S::LANES)), rank, bits);
                }
            }
            let number = S::splat((plane - top.planes.start) * 0x0808_0808);
            for part in 0..K {
                chosen[part] = S::choose(alive[part], alive[part], chosen[part]);
                base[part] = S::choose(alive[part], number, base[part]);
            }
        }
        for part in 0..K {
            S::store(S::lowest(chosen[part], base[part]), out.as_mut_ptr().add(part * S::LANES));
        }
    }
}
