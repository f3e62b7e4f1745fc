//! What the leaves add.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use super::super::ensemble::Ensemble;

/// The weights of all leaves, by the number that counts the leaves of all trees.
///
/// Every path adds them to sums that begin at 0, tree by tree in the order of the ensemble, and within a leaf in its order: so the
/// sums of a row have the same bits on all of them.
#[derive(Debug)]
pub(super) enum Leaves {
    /// Each tree adds to one target, and float32 says every weight exactly; a leaf without a weight adds 0.
    Exact { weights: Vec<f32>, targets: Vec<u32> },
    /// Each tree adds to one target.
    One { weights: Vec<f64>, targets: Vec<u32> },
    /// Any leaf adds to any targets: its weights end where those of the next begin.
    Many { ends: Vec<u32>, weights: Vec<(u32, f64)> },
}

impl Leaves {
    /// The leaves of `ensemble`.
    pub(super) fn new(ensemble: &Ensemble) -> Self {
        one(ensemble).unwrap_or_else(|| many(ensemble))
    }

    /// What stands for leaf `number`: the bits of its weight where float32 has it, else the number.
    pub(super) fn payload(&self, number: u32) -> u32 {
        match self {
            Self::Exact { weights, .. } => weights[number as usize].to_bits(),
            _ => number,
        }
    }

    /// Forgets the weights that are in payloads.
    pub(super) fn settle(&mut self) {
        if let Self::Exact { weights, .. } = self {
            *weights = Vec::new();
        }
    }

    /// Adds the leaf of `tree` with this payload to the sums of a row, which has one for each target.
    #[inline(always)]
    pub(super) fn add(&self, tree: usize, payload: u32, sums: &mut [f64]) {
        match self {
            Self::Exact { targets, .. } => sums[targets[tree] as usize] += f64::from(f32::from_bits(payload)),
            Self::One { weights, targets } => sums[targets[tree] as usize] += weights[payload as usize],
            Self::Many { ends, weights } => {
                let range = ends[payload as usize] as usize..ends[payload as usize + 1] as usize;
                for (target, weight) in &weights[range] {
                    sums[*target as usize] += weight;
                }
            }
        }
    }

    /// Adds a leaf of each tree from `first` on, by their payloads.
    #[inline(always)]
    pub(super) fn add_all(&self, first: usize, payloads: &[u32], sums: &mut [f64]) {
        if let (Self::Exact { .. }, [sum]) = (self, &mut *sums) {
            *sum = payloads.iter().fold(*sum, |sum, payload| sum + f64::from(f32::from_bits(*payload)));
            return;
        }
        for (tree, payload) in payloads.iter().enumerate() {
            self.add(first + tree, *payload, sums);
        }
    }

    /// Where the sum of a block of `size` rows lies: by target and row where trees have one target each, else by row and target.
    #[inline(always)]
    pub(super) fn place(&self, row: usize, target: usize, size: usize, targets: usize) -> usize {
        match self {
            Self::Exact { .. } | Self::One { .. } => target * size + row,
            Self::Many { .. } => row * targets + target,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Exact { weights, targets } => size_of_val(weights.as_slice()) + size_of_val(targets.as_slice()),
            Self::One { weights, targets } => size_of_val(weights.as_slice()) + size_of_val(targets.as_slice()),
            Self::Many { ends, weights } => size_of_val(ends.as_slice()) + size_of_val(weights.as_slice()),
        }
    }
}

fn one(ensemble: &Ensemble) -> Option<Leaves> {
    let mut weights = Vec::new();
    let mut targets = Vec::new();
    for tree in &ensemble.trees {
        let mut target = None;
        for leaf in &tree.leaves {
            let weight = match leaf.count {
                0 => 0.0,
                1 => {
                    let (of, weight) = ensemble.weights[leaf.first as usize];
                    if *target.get_or_insert(of) != of {
                        return None;
                    }
                    weight
                }
                _ => return None,
            };
            weights.push(weight);
        }
        targets.push(target.unwrap_or(0));
    }
    let short: Vec<f32> = weights.iter().map(|weight| *weight as f32).collect();
    if short.iter().zip(&weights).all(|(short, weight)| f64::from(*short).to_bits() == weight.to_bits()) {
        return Some(Leaves::Exact { weights: short, targets });
    }
    Some(Leaves::One { weights, targets })
}

fn many(ensemble: &Ensemble) -> Leaves {
    let mut ends = vec![0];
    let mut weights = Vec::new();
    for leaf in ensemble.trees.iter().flat_map(|tree| &tree.leaves) {
        weights.extend_from_slice(&ensemble.weights[leaf.first as usize..][..leaf.count as usize]);
        ends.push(weights.len() as u32);
    }
    Leaves::Many { ends, weights }
}
