//! Models that are linear in numbers and in tables of categories: a few products for a row, and a softmax or none.

mod fold;
mod form;
mod kernel;

use super::exp::{logistic, softmax};
use super::level::Level;
use super::{Unsupported, Wanted};
use crate::onnx::Graph;
use kernel::Sums;

/// Scores are finished this many rows at a time, while they are in the first cache.
const BLOCK: usize = 256;

/// What becomes of a row's scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finish {
    None,
    Logistic,
    Softmax,
}

/// A linear model.
#[derive(Debug)]
pub(super) struct Linear {
    sums: Sums,
    finish: Finish,
    level: Level,
}

impl Linear {
    /// The graph as a linear model, where it is one.
    pub(super) fn compile(graph: &Graph, wanted: &Wanted<'_>, level: Level) -> Result<Self, Unsupported> {
        let (forms, finish) = fold::forms_of(graph, wanted)?;
        Ok(Self { sums: Sums::new(&forms, wanted.width)?, finish, level })
    }

    /// Writes the numbers of each row of `matrix`, row by row. A code that no table has makes its row NaN, which no prediction is made of.
    pub(super) fn score(&self, matrix: &[f32], out: &mut [f64]) {
        let (width, outputs) = (self.sums.width(), self.sums.outputs());
        for (rows, scores) in matrix.chunks(BLOCK * width).zip(out.chunks_mut(BLOCK * outputs)) {
            self.sums.of(rows, scores, self.level);
            match self.finish {
                Finish::None => scores.iter_mut().for_each(|score| *score = within_float32(*score)),
                Finish::Logistic => logistic(scores, self.level),
                Finish::Softmax => softmax(scores, outputs, self.level),
            }
        }
    }

    /// About how much memory it holds.
    pub(super) fn bytes(&self) -> usize {
        self.sums.bytes()
    }

    /// What it consists of, for people.
    pub(super) fn describe(&self) -> String {
        let tables = match self.sums.tables() {
            0 => String::new(),
            1 => ", one category".to_owned(),
            count => format!(", {count} categories"),
        };
        format!("linear model, {} columns{tables}", self.sums.width())
    }
}

/// The graph's output is float32: what that cannot hold is infinite, as it is there. Digits are kept.
#[inline]
fn within_float32(number: f64) -> f64 {
    let rounded = f64::from(number as f32);
    if rounded.is_infinite() { rounded } else { number }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::form::{Cell, Form, Table};
    use super::*;

    fn levels() -> impl Iterator<Item = Level> {
        [Level::Plain, Level::Avx2, Level::Avx512].into_iter().filter(|level| *level <= Level::best())
    }

    fn linear(forms: &[Form], width: usize, finish: Finish, level: Level) -> Linear {
        Linear { sums: Sums::new(forms, width).expect("forms that fit"), finish, level }
    }

    fn scored(linear: &Linear, matrix: &[f32]) -> Vec<f64> {
        let mut out = vec![0.0; matrix.len() / linear.sums.width() * linear.sums.outputs()];
        linear.score(matrix, &mut out);
        out
    }

    #[test]
    fn a_code_that_no_table_has_adds_nothing_or_makes_the_row_nan() {
        for (strict, outside) in [(false, 1.0), (true, f64::NAN)] {
            let table = Table { by_code: [(2, 0.5), (4, 0.25)].into(), strict };
            let mut form = Form::constant(1.0);
            form.add(&Form::table(Cell::new(0), table), 2.0);
            let cells = [2.0, 4.9, 3.0, 1.0, 5.0, -1.0, f32::NAN, f32::MAX, f32::MIN];
            let answers = scored(&linear(&[form], 1, Finish::None, Level::Plain), &cells);
            assert_eq!(answers[..2], [2.0, 1.5]);
            assert!(answers[2..].iter().all(|answer| answer.to_bits() == f64::to_bits(outside)), "{answers:?}");
        }
    }

    #[test]
    fn a_column_whose_nan_stands_for_two_numbers_is_refused() {
        let mut form = Form::cell(Cell::new(0).filled(1.0));
        form.add(&Form::cell(Cell::new(0)), 1.0);
        assert!(Sums::new(&[form], 1).is_err());
    }

    proptest! {
        #[test]
        fn every_level_and_a_row_alone_give_the_same_bits_and_the_sum_of_the_products(
            width in 1_usize..40,
            cells in prop::collection::vec(-9.0_f32..9.0, 400),
            weights in prop::collection::vec(-3.0..3.0_f64, 80),
            fills in any::<bool>(),
        ) {
            let cell = |column: usize| if fills { Cell::new(column).filled(0.5) } else { Cell::new(column) };
            let forms: Vec<_> = weights.chunks(width).take(2).filter(|row| row.len() == width).map(|row| {
                let mut form = Form::constant(0.1);
                row.iter().enumerate().for_each(|(column, weight)| form.add(&Form::cell(cell(column)), *weight));
                form
            }).collect();
            let mut matrix = cells[..cells.len() / width * width].to_vec();
            if fills {
                matrix[0] = f32::NAN;
            }
            let plain = scored(&linear(&forms, width, Finish::Softmax, Level::Plain), &matrix);
            for level in levels() {
                let linear = linear(&forms, width, Finish::Softmax, level);
                let alone: Vec<_> = matrix.chunks(width).flat_map(|row| scored(&linear, row)).collect();
                prop_assert_eq!(&scored(&linear, &matrix), &plain);
                prop_assert_eq!(&alone, &plain);
            }
            let sums = scored(&linear(&forms, width, Finish::None, Level::best()), &matrix);
            for (row, sums) in matrix.chunks(width).zip(sums.chunks(forms.len())) {
                for (sum, weights) in sums.iter().zip(weights.chunks(width)) {
                    let expected: f64 = row.iter().zip(weights).map(|(x, w)| if x.is_nan() { 0.5 * w } else { f64::from(*x) * w }).sum();
                    prop_assert!((sum - expected - 0.1).abs() <= 1e-12);
                }
            }
        }
    }
}
