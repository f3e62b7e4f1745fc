//! A tile of rows turned on its side: a line of cells for each feature.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use super::columns::Columns;

/// How many rows a tile has.
pub(super) const TILE: usize = 64;

/// Which features have lines, in their order.
#[derive(Debug)]
pub(super) enum Lines {
    /// All of them: this many.
    All(usize),
    /// These, of many more.
    Some(Vec<u32>),
}

impl Lines {
    /// Lines for what `columns` read of rows of `width` cells; each column learns its own.
    pub(super) fn new(columns: &mut Columns, width: usize) -> Self {
        let mut features: Vec<u32> = columns.list.iter().map(|column| column.feature).collect();
        features.sort_unstable();
        features.dedup();
        let all = width <= 2 * features.len() + 16;
        for column in &mut columns.list {
            column.line = match features.binary_search(&column.feature) {
                Ok(number) if !all => number as u32,
                _ => column.feature,
            };
        }
        if all { Self::All(width) } else { Self::Some(features) }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::All(count) => *count,
            Self::Some(features) => features.len(),
        }
    }

    /// Writes the cells of at most [`TILE`] `rows` of `width` cells, line by line.
    #[inline(always)]
    pub(super) fn turn(&self, rows: &[f32], width: usize, lines: &mut [[f32; TILE]]) {
        for (number, row) in rows.chunks_exact(width.max(1)).take(TILE).enumerate() {
            match self {
                Self::All(_) => {
                    for (cell, line) in row.iter().zip(&mut *lines) {
                        line[number] = *cell;
                    }
                }
                Self::Some(features) => {
                    for (feature, line) in features.iter().zip(&mut *lines) {
                        line[number] = row[*feature as usize];
                    }
                }
            }
        }
    }
}
