//! Sums of products in float64, in one order for every instruction set and every number of rows.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use std::collections::BTreeSet;

use super::form::{Cell, Form};
use crate::native::Unsupported;
use crate::native::at_level::{Work, at_level};
use crate::native::level::Level;

/// Columns are summed in this many partial sums: column `c` in sum `c % LANES`.
const LANES: usize = 8;
/// A table longer than this, or with more gaps than codes and this, is none.
const GAPS: usize = 4_096;
/// Beyond this, what was moved out of numbers into the bias costs digits that the graph's own order keeps.
const MOVED: f64 = 1e7;

/// A bias, a weight for each column and a table for each category, for each output.
#[derive(Debug)]
pub(super) struct Sums {
    width: usize,
    bias: Vec<f64>,
    /// By output: a weight for each column, zeros up to a multiple of the lanes.
    weights: Vec<Vec<[f64; LANES]>>,
    /// What stands for NaN in each column; empty where NaN stands for itself.
    fills: Vec<[f32; LANES]>,
    tables: Vec<Lookup>,
}

/// What each code of one column adds to each output.
#[derive(Debug)]
struct Lookup {
    column: usize,
    fill: Option<f32>,
    first: i64,
    /// A row for each code from the first on.
    values: Vec<f64>,
    /// What any other code adds.
    outside: f64,
}

impl Sums {
    pub(super) fn new(forms: &[Form], width: usize) -> Result<Self, Unsupported> {
        if forms.iter().any(|form| form.moved > MOVED) {
            return Err(Unsupported("offsets too large to be folded".to_owned()));
        }
        let cells: BTreeSet<Cell> = forms.iter().flat_map(|form| form.weights.keys().copied()).collect();
        let tables: BTreeSet<(Cell, bool)> = forms.iter().flat_map(|form| form.tables.keys().copied()).collect();
        let sums = Self {
            width,
            bias: forms.iter().map(|form| form.bias).collect(),
            weights: forms.iter().map(|form| weights_of(form, width)).collect(),
            fills: fills_of(&cells, width)?,
            tables: tables.into_iter().map(|key| Lookup::new(forms, key)).collect::<Result<_, _>>()?,
        };
        if sums.is_finite() { Ok(sums) } else { Err(Unsupported("weights that are no numbers".to_owned())) }
    }

    fn is_finite(&self) -> bool {
        self.bias.iter().chain(self.weights.iter().flatten().flatten()).all(|value| value.is_finite())
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    pub(super) fn tables(&self) -> usize {
        self.tables.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let numbers = self.weights.iter().map(Vec::len).sum::<usize>() * LANES + self.fills.len() * LANES + self.bias.len();
        (numbers + self.tables.iter().map(|table| table.values.len()).sum::<usize>()) * size_of::<f64>()
    }

    /// Writes the sums of each row of `matrix`, row by row.
    pub(super) fn of(&self, matrix: &[f32], out: &mut [f64], level: Level) {
        if self.fills.is_empty() {
            at_level(level, Rows::<false> { sums: self, matrix, out });
        } else {
            at_level(level, Rows::<true> { sums: self, matrix, out });
        }
    }
}

fn weights_of(form: &Form, width: usize) -> Vec<[f64; LANES]> {
    let mut weights = vec![[0.0; LANES]; width.div_ceil(LANES)];
    for (cell, weight) in &form.weights {
        weights[cell.column / LANES][cell.column % LANES] += weight;
    }
    weights
}

/// Columns that are no numbers have weight zero: there NaN counts as zero, too.
fn fills_of(cells: &BTreeSet<Cell>, width: usize) -> Result<Vec<[f32; LANES]>, Unsupported> {
    let read: BTreeSet<usize> = cells.iter().map(|cell| cell.column).collect();
    if read.len() != cells.len() {
        return Err(Unsupported("a column whose NaN stands for several numbers".to_owned()));
    }
    if read.len() == width && cells.iter().all(|cell| cell.fill().is_none()) {
        return Ok(Vec::new());
    }
    let mut fills = vec![[0.0; LANES]; width.div_ceil(LANES)];
    for cell in cells {
        fills[cell.column / LANES][cell.column % LANES] = cell.fill().unwrap_or(f32::NAN);
    }
    Ok(fills)
}

impl Lookup {
    fn new(forms: &[Form], key: (Cell, bool)) -> Result<Self, Unsupported> {
        let (cell, strict) = key;
        let tables: Vec<_> = forms.iter().map(|form| form.tables.get(&key)).collect();
        let codes: BTreeSet<i64> = tables.iter().flatten().flat_map(|table| table.by_code.keys().copied()).collect();
        let (first, last) = (codes.first().copied().unwrap_or(0), codes.last().copied().unwrap_or(0));
        let span = last.checked_sub(first).and_then(|span| usize::try_from(span).ok()).unwrap_or(usize::MAX);
        if span / 4 > codes.len() + GAPS {
            return Err(Unsupported("categories whose codes are far apart".to_owned()));
        }
        let outside = if strict { f64::NAN } else { 0.0 };
        let mut values = vec![outside; (span + 1) * forms.len()];
        for (row, code) in values.chunks_exact_mut(forms.len()).zip(first..) {
            for (value, table) in row.iter_mut().zip(&tables) {
                *value = table.map_or(0.0, |table| table.by_code.get(&code).copied().unwrap_or(outside));
            }
        }
        Ok(Self { column: cell.column, fill: cell.fill(), first, values, outside })
    }

    /// Adds what the row's code adds. The code is the whole part of its cell, and NaN is none.
    #[inline(always)]
    fn add(&self, row: &[f32], out: &mut [f64]) {
        let cell = row[self.column];
        let cell = if cell.is_nan() { self.fill.unwrap_or(cell) } else { cell };
        let place = (cell as i64).checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let found = place
            .filter(|_| !cell.is_nan())
            .and_then(|place| place.checked_mul(out.len()))
            .and_then(|start| self.values.get(start..)?.get(..out.len()));
        match found {
            Some(values) => out.iter_mut().zip(values).for_each(|(sum, value)| *sum += value),
            None => out.iter_mut().for_each(|sum| *sum += self.outside),
        }
    }
}

struct Rows<'a, const FILL: bool> {
    sums: &'a Sums,
    matrix: &'a [f32],
    out: &'a mut [f64],
}

impl<const FILL: bool> Work for Rows<'_, FILL> {
    #[inline(always)]
    fn run(self) {
        let Self { sums, matrix, out } = self;
        let outputs = sums.outputs();
        for (row, scores) in matrix.chunks_exact(sums.width).zip(out.chunks_exact_mut(outputs)) {
            for ((score, weights), bias) in scores.iter_mut().zip(&sums.weights).zip(&sums.bias) {
                *score = bias + product::<FILL>(row, weights, &sums.fills);
            }
            for table in &sums.tables {
                table.add(row, scores);
            }
        }
    }
}

/// The sum of the cells times their weights.
#[inline(always)]
fn product<const FILL: bool>(row: &[f32], weights: &[[f64; LANES]], fills: &[[f32; LANES]]) -> f64 {
    let mut sums = [0.0; LANES];
    let (whole, rest) = row.as_chunks::<LANES>();
    for (place, (cells, weights)) in whole.iter().zip(weights).enumerate() {
        let fills = if FILL { &fills[place] } else { &[0.0; LANES] };
        add::<FILL, LANES>(&mut sums, cells, weights, fills);
    }
    if let (false, Some(weights)) = (rest.is_empty(), weights.get(whole.len())) {
        let fills = if FILL { &fills[whole.len()] } else { &[0.0; LANES] };
        let (four, ones) = rest.as_chunks::<4>();
        if let [cells] = four {
            add::<FILL, 4>(&mut sums, cells, weights, fills);
        }
        let start = rest.len() - ones.len();
        for (place, cell) in (start..).zip(ones) {
            sums[place % LANES] += filled::<FILL>(*cell, fills[place % LANES]) * weights[place % LANES];
        }
    }
    let half = |first: usize| (sums[first] + sums[first + 4]) + (sums[first + 2] + sums[first + 6]);
    half(0) + half(1)
}

#[inline(always)]
fn add<const FILL: bool, const N: usize>(sums: &mut [f64; LANES], cells: &[f32; N], weights: &[f64; LANES], fills: &[f32; LANES]) {
    for lane in 0..N {
        sums[lane] += filled::<FILL>(cells[lane], fills[lane]) * weights[lane];
    }
}

#[inline(always)]
fn filled<const FILL: bool>(cell: f32, fill: f32) -> f64 {
    f64::from(if FILL && cell.is_nan() { fill } else { cell })
}
