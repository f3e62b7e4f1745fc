//! From how many rows on a block is worth its price.

use super::lines::TILE;
use super::program::Program;
use crate::native::Level;

/// The least number of rows that a tile scores faster than they are scored one after the other.
///
/// The prices are nanoseconds as they were measured with AVX-512 for ensembles of 100 trees of 8 to 500 leaves; only their ratios
/// matter, and an answer has the same bits either way.
pub(super) fn few(program: &Program, heights: impl Iterator<Item = u32>, level: Level) -> usize {
    let (trees, steps) = heights.fold((0.0, 0.0), |(trees, steps), height| (trees + 1.0, steps + f64::from(height)));
    let row = 0.8 * (steps + trees);
    let vectors = match level {
        Level::Avx512 => 1.0,
        Level::Avx2 => 1.4,
        Level::Plain => 3.0,
    };
    let rankings: usize = program.runs.iter().map(|run| run.rankings.len()).sum();
    let tile = vectors * (1.2 * program.entries.len() as f64 + 15.0 * trees + 20.0 * rankings as f64);
    let rest: f64 = program.tops.iter().filter(|top| top.rest > 0).map(|top| f64::from(top.rest + 1)).sum();
    let saved = row - 0.8 * rest;
    if saved <= 0.0 { TILE } else { ((tile / saved).ceil() as usize).clamp(2, TILE) }
}
