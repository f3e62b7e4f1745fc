//! Graphs of single steps: every operator as what it does to columns of a block of rows.

mod arithmetic;
mod build;
mod column;
mod dims;
mod learned;
mod linear;
mod products;
mod reduce;
mod shape;
mod step;

use super::at_level::{Work, at_level};
use super::level::Level;
use super::{Unsupported, Wanted};
use crate::onnx::Graph;
use crate::scorer::Take;
use build::Builder;
use column::Column;
use step::{BLOCK, Step};

/// The columns of a block of rows hold at most about this many numbers.
const NUMBERS: usize = 1 << 15;

/// A graph as steps. The first slots are the columns of the input.
pub(super) struct Steps {
    made: Vec<Step>,
    slots: usize,
    width: usize,
    outputs: Vec<Column>,
    level: Level,
}

impl Steps {
    /// The graph as steps, where every operator that its output needs is known.
    pub(super) fn compile(graph: &Graph, wanted: &Wanted<'_>, level: Level) -> Result<Self, Unsupported> {
        let (made, slots, mut outputs) = Builder::build(graph, wanted, level)?;
        if wanted.take == Take::Second {
            outputs.drain(..1);
        }
        Ok(Self { made, slots, width: wanted.width, outputs, level })
    }

    /// Writes the numbers of each row of `matrix`, row by row.
    pub(super) fn score(&self, matrix: &[f32], out: &mut [f64]) {
        let rows = (NUMBERS / self.slots).clamp(1, BLOCK);
        let mut slots = vec![0.0; self.slots * rows.min(matrix.len() / self.width)];
        for (matrix, out) in matrix.chunks(rows * self.width).zip(out.chunks_mut(rows * self.outputs.len())) {
            at_level(self.level, Rows { steps: self, matrix, out, slots: &mut slots });
        }
    }

    /// About how much memory it holds.
    pub(super) fn bytes(&self) -> usize {
        self.made.iter().map(Step::bytes).sum::<usize>() + self.outputs.len() * size_of::<Column>()
    }

    /// What it consists of, for people.
    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.made.len(), if self.made.len() == 1 { "step" } else { "steps" })
    }
}

/// One block.
struct Rows<'a> {
    steps: &'a Steps,
    matrix: &'a [f32],
    out: &'a mut [f64],
    slots: &'a mut [f64],
}

impl Work for Rows<'_> {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]
    fn run(self) {
        let Self { steps, matrix, out, slots } = self;
        let rows = matrix.len() / steps.width;
        for (row, cells) in matrix.chunks_exact(steps.width).enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                slots[column * rows + row] = f64::from(*cell);
            }
        }
        let mut filled = steps.width * rows;
        for step in &steps.made {
            let (known, rest) = slots.split_at_mut(filled);
            let new = &mut rest[..step.columns() * rows];
            filled += new.len();
            step.run(known, rows, new, steps.level);
        }
        for (place, column) in steps.outputs.iter().enumerate() {
            for (row, numbers) in out.chunks_exact_mut(steps.outputs.len()).enumerate() {
                numbers[place] = match column {
                    Column::Slot(slot) => slots[slot * rows + row],
                    Column::Number(number) => *number,
                };
            }
        }
    }
}
