//! Any trees, one row after another: what the kernels are measured against, and what answers where their form does not fit.

use super::ensemble::{Child, Leaf};
use super::finish::Aggregate;
use super::modes::{Decision, Forest, Kept, Mode};

/// Trees in any mode and with any aggregate.
pub(super) struct General {
    forest: Forest,
    aggregate: Aggregate,
    /// What stands for NaN, column by column; NaN where it stays.
    fills: Option<Vec<f32>>,
    width: usize,
    /// Added to the targets that a row reached, once they are averaged; the others stay 0.
    base: Option<Vec<f64>>,
}

impl General {
    pub(super) fn new(forest: Forest, aggregate: Aggregate, width: usize, fills: Option<&[f32]>, base: Option<Vec<f64>>) -> Self {
        Self { forest, aggregate, fills: fills.map(<[f32]>::to_vec), width, base }
    }

    /// Sets the targets of each row of `matrix`, row by row; averages are still sums unless a base was given.
    pub(super) fn sum(&self, matrix: &[f32], sums: &mut [f64]) {
        let mut reached = vec![false; self.forest.targets];
        let mut filled = vec![0.0; self.width];
        for (row, scores) in matrix.chunks_exact(self.width).zip(sums.chunks_exact_mut(self.forest.targets)) {
            filled.copy_from_slice(row);
            for (cell, fill) in filled.iter_mut().zip(self.fills.iter().flatten()) {
                if cell.is_nan() {
                    *cell = *fill;
                }
            }
            self.sum_row(&filled, scores, &mut reached);
        }
    }

    fn sum_row(&self, row: &[f32], scores: &mut [f64], reached: &mut [bool]) {
        scores.fill(0.0);
        reached.fill(false);
        for tree in &self.forest.trees {
            for (target, weight) in self.forest.weights_of(leaf_of(tree, row, &self.forest.members)) {
                let (score, seen) = (&mut scores[*target as usize], &mut reached[*target as usize]);
                *score = match self.aggregate {
                    Aggregate::Sum | Aggregate::Average => *score + weight,
                    Aggregate::Min if *seen && *weight >= *score => *score,
                    Aggregate::Max if *seen && *weight <= *score => *score,
                    Aggregate::Min | Aggregate::Max => *weight,
                };
                *seen = true;
            }
        }
        if let Some(base) = &self.base {
            let trees = if self.aggregate == Aggregate::Average { self.forest.trees.len() as f64 } else { 1.0 };
            for ((score, seen), base) in scores.iter_mut().zip(reached).zip(base) {
                *score = if *seen { *score / trees + base } else { 0.0 };
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.forest.bytes() + self.width * size_of::<f32>()
    }
}

fn leaf_of(tree: &Kept, row: &[f32], members: &[f64]) -> Leaf {
    let mut at = tree.root;
    loop {
        match at {
            Child::Leaf(leaf) => return tree.leaves[leaf as usize],
            Child::Branch(place) => {
                let decision = &tree.decisions[place as usize];
                let cell = row[decision.feature as usize];
                at = if holds(decision, cell, members) { decision.when_true } else { decision.when_false };
            }
        }
    }
}

/// Whether `cell` takes the true side. NaN is unequal to everything, as in ONNX Runtime.
#[allow(clippy::float_cmp, reason = "equality is what the mode asks for")]
pub(super) fn holds(decision: &Decision, cell: f32, members: &[f64]) -> bool {
    let (x, threshold) = (f64::from(cell), decision.threshold);
    let holds = match decision.mode {
        Mode::AtMost => x <= threshold,
        Mode::Below => x < threshold,
        Mode::AtLeast => x >= threshold,
        Mode::Above => x > threshold,
        Mode::Equal => x == threshold,
        Mode::Unequal => x != threshold,
        Mode::Member { first, count, whole } => {
            let x = if whole { x.trunc() } else { x };
            members[first as usize..][..count as usize].contains(&x)
        }
    };
    holds || (decision.missing && x.is_nan())
}
