//! Vectors of bytes, one row in each.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod plain;

use std::ops::Range;

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Avx512;
pub(super) use plain::Plain;

use super::lines::TILE;
use super::ranks::Ranking;
use super::weights::Tables;

/// The vectors of one set of instructions.
///
/// # Safety
/// Every function needs the instructions of its level; those that take a place in memory need a whole vector there.
pub(super) trait Lanes {
    type Bytes: Copy;
    /// How many rows a vector has.
    const LANES: usize;

    unsafe fn load(from: *const u8) -> Self::Bytes;
    unsafe fn store(bytes: Self::Bytes, to: *mut u8);
    /// The four bytes of `word`, again and again.
    unsafe fn splat(word: u32) -> Self::Bytes;
    /// `alive` without `bits` where `ranks` is above `rank`, as signed numbers.
    unsafe fn clear(alive: Self::Bytes, ranks: Self::Bytes, rank: Self::Bytes, bits: Self::Bytes) -> Self::Bytes;
    /// Where `alive` is 0: `otherwise`, else `this`.
    unsafe fn choose(alive: Self::Bytes, this: Self::Bytes, otherwise: Self::Bytes) -> Self::Bytes;
    /// `base` and the number of the lowest bit set in `bits`.
    unsafe fn lowest(bits: Self::Bytes, base: Self::Bytes) -> Self::Bytes;

    /// Writes the bytes of the ranks of `cells`.
    #[inline(always)]
    unsafe fn rank(ranking: &Ranking, cells: &[f32; TILE], out: &mut [u8; TILE]) {
        ranking.rank(cells, out);
    }

    /// Adds the weights of the `exits` of `trees`, `size` for each tree, to the sums of their targets, `size` for each target.
    #[inline(always)]
    unsafe fn add(tables: &Tables, trees: Range<usize>, size: usize, exits: &[u8], sums: &mut [f64]) {
        for (table, exits) in tables.tables[trees].iter().zip(exits.chunks_exact(size)) {
            let weights = &tables.weights[table.first as usize..][..table.count as usize];
            let sums = &mut sums[table.target as usize * size..][..size];
            for (sum, exit) in sums.iter_mut().zip(exits) {
                *sum += f64::from(weights[usize::from(*exit)]);
            }
        }
    }
}
