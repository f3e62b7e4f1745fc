//! What each kind of step does.

use super::cells::{Block, Cells, both, each, each_of};
use super::{BLOCK, Binary, Many, Unary};
use crate::native::exp;
use crate::native::level::Level;
use crate::native::steps::column::Column;
use crate::native::trees::Trees;

/// Equal numbers have one key: both zeros, and every NaN.
pub(in super::super) fn key(number: f64) -> u64 {
    if number.is_nan() { f64::NAN.to_bits() } else { (number + 0.0).to_bits() }
}

pub(super) fn at(numbers: &[f64], place: f64) -> f64 {
    let from_start = if place < 0.0 { place + numbers.len() as f64 } else { place };
    // NaN and what is still negative would become zero.
    if from_start >= 0.0 { numbers.get(from_start as usize).copied().unwrap_or(f64::NAN) } else { f64::NAN }
}

#[inline(always)]
pub(super) fn unary(op: Unary, cells: Cells<'_>, out: &mut [f64], level: Level) {
    let truth = |truth: bool| f64::from(u8::from(truth));
    match op {
        Unary::Same => each_of(out, cells, |cell| cell),
        Unary::Negative => each_of(out, cells, |cell| -cell),
        Unary::Absolute => each_of(out, cells, f64::abs),
        Unary::Root => each_of(out, cells, f64::sqrt),
        Unary::Log => each_of(out, cells, f64::ln),
        Unary::Tanh => each_of(out, cells, f64::tanh),
        Unary::Floor => each_of(out, cells, f64::floor),
        Unary::Ceil => each_of(out, cells, f64::ceil),
        Unary::Whole => each_of(out, cells, f64::trunc),
        Unary::NotZero => each_of(out, cells, |cell| truth(cell != 0.0)),
        Unary::IsZero => each_of(out, cells, |cell| truth(cell == 0.0)),
        Unary::IsNan => each_of(out, cells, |cell| truth(cell.is_nan())),
        Unary::Exp => {
            each_of(out, cells, |cell| cell);
            exp::exp(out, level);
        }
        Unary::Logistic => {
            each_of(out, cells, |cell| cell);
            exp::logistic(out, level);
        }
    }
}

#[inline(always)]
pub(super) fn binary(op: Binary, left: Cells<'_>, right: Cells<'_>, out: &mut [f64]) {
    let truth = |truth: bool| f64::from(u8::from(truth));
    match op {
        Binary::Add => both(out, left, right, |a, b| a + b),
        Binary::Subtract => both(out, left, right, |a, b| a - b),
        Binary::Multiply => both(out, left, right, |a, b| a * b),
        Binary::Divide => both(out, left, right, |a, b| a / b),
        Binary::Share => both(out, left, right, |a, b| if b == 0.0 { a } else { a / b }),
        Binary::Power => both(out, left, right, f64::powf),
        Binary::Least => both(out, left, right, least),
        Binary::Most => both(out, left, right, most),
        Binary::Less => both(out, left, right, |a, b| truth(a < b)),
        Binary::LessOrEqual => both(out, left, right, |a, b| truth(a <= b)),
        Binary::Equal => both(out, left, right, |a, b| truth(a == b)),
        Binary::And => both(out, left, right, |a, b| truth(a != 0.0 && b != 0.0)),
        Binary::Or => both(out, left, right, |a, b| truth(a != 0.0 || b != 0.0)),
        Binary::Xor => both(out, left, right, |a, b| truth((a != 0.0) != (b != 0.0))),
    }
}

/// NaN where either is.
fn least(a: f64, b: f64) -> f64 {
    if a < b || a.is_nan() { a } else { b }
}

/// NaN where either is.
fn most(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

#[inline(always)]
pub(super) fn many(op: Many, block: &Block<'_>, columns: &[Column], out: &mut [f64]) {
    let mut fold = |start: f64, make: fn(f64, f64) -> f64| {
        out.fill(start);
        for column in columns {
            each(out, block.of(*column), make);
        }
    };
    match op {
        Many::Sum => fold(0.0, |sum, cell| sum + cell),
        Many::Mean => {
            fold(0.0, |sum, cell| sum + cell);
            for sum in out.iter_mut() {
                *sum /= columns.len() as f64;
            }
        }
        Many::Product => fold(1.0, |product, cell| product * cell),
        Many::Least => fold(f64::INFINITY, least),
        Many::Most => fold(f64::NEG_INFINITY, most),
        Many::MostKnown => fold(f64::NEG_INFINITY, |most, cell| if cell > most { cell } else { most }),
        Many::SumOfSizes => fold(0.0, |sum, cell| sum + cell.abs()),
        Many::SumOfSquares => fold(0.0, |sum, cell| sum + cell * cell),
        Many::PlaceOfMost => place_of(block, columns, out, |cell, best| cell > best),
        Many::PlaceOfLeast => place_of(block, columns, out, |cell, best| cell < best),
    }
}

#[inline(always)]
fn place_of(block: &Block<'_>, columns: &[Column], out: &mut [f64], better: impl Fn(f64, f64) -> bool) {
    for (row, place) in out.iter_mut().enumerate() {
        let cell = |column: &Column| match block.of(*column) {
            Cells::Slice(cells) => cells[row],
            Cells::Number(number) => number,
        };
        let mut best = 0;
        for (candidate, column) in columns.iter().enumerate().skip(1) {
            if better(cell(column), cell(&columns[best])) {
                best = candidate;
            }
        }
        *place = best as f64;
    }
}

#[inline(always)]
pub(super) fn softmax(block: &Block<'_>, columns: &[Column], out: &mut [f64], level: Level) {
    let rows = block.rows;
    let (mut most, mut sum) = ([f64::NEG_INFINITY; BLOCK], [0.0; BLOCK]);
    let (most, sum) = (&mut most[..rows], &mut sum[..rows]);
    for column in columns {
        each(most, block.of(*column), |most, cell| if cell > most { cell } else { most });
    }
    for (part, column) in out.chunks_exact_mut(rows).zip(columns) {
        both(part, block.of(*column), Cells::Slice(most), |cell, most| cell - most);
    }
    exp::exp(out, level);
    for part in out.chunks_exact(rows) {
        each(sum, Cells::Slice(part), |sum, share| sum + share);
    }
    for part in out.chunks_exact_mut(rows) {
        each(part, Cells::Slice(sum), |share, sum| share / sum);
    }
}

/// Trees take rows of float32, and give rows.
pub(super) fn ask(block: &Block<'_>, columns: &[Column], trees: &Trees, out: &mut [f64]) {
    let mut matrix = vec![0.0_f32; block.rows * columns.len()];
    for (place, column) in columns.iter().enumerate() {
        let cells = matrix[place..].iter_mut().step_by(columns.len());
        match block.of(*column) {
            Cells::Slice(from) => cells.zip(from).for_each(|(cell, number)| *cell = *number as f32),
            Cells::Number(number) => cells.for_each(|cell| *cell = number as f32),
        }
    }
    let mut answers = vec![0.0; out.len()];
    trees.score(&matrix, &mut answers);
    for (place, column) in out.chunks_exact_mut(block.rows).enumerate() {
        column.iter_mut().zip(answers[place..].iter().step_by(trees.outputs())).for_each(|(number, answer)| *number = *answer);
    }
}
