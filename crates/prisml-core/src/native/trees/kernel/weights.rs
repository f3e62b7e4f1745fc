//! The weights of trees of few leaves as tables that fit into registers.

use super::super::ensemble::Ensemble;
use super::leaves::Leaves;
use super::program::Program;

/// The weights of each exit of each tree, in float32 where that says them exactly.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) tables: Vec<Table>,
    /// Whole numbers of vectors of 16.
    pub(super) weights: Vec<f32>,
}

/// Where the weights of one tree begin and to which target they are added.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub(super) first: u32,
    /// How many, a multiple of 16.
    pub(super) count: u32,
    pub(super) target: u32,
}

impl Tables {
    /// The tables of the trees, if each has one target and float32 has all weights.
    pub(super) fn new(ensemble: &Ensemble, program: &Program, leaves: &Leaves) -> Option<Self> {
        let Leaves::Exact { targets, .. } = leaves else { return None };
        let mut all = Self { tables: Vec::new(), weights: Vec::new() };
        for ((top, tree), target) in program.tops.iter().zip(&ensemble.trees).zip(targets) {
            let first = all.weights.len();
            if top.rest == 0 {
                let exits = &program.exits[top.first as usize..][..tree.leaves.len()];
                all.weights.extend(exits.iter().map(|exit| f32::from_bits(*exit)));
                let whole = exits.len().next_power_of_two().max(16);
                all.weights.resize(first + whole, 0.0);
            }
            all.tables.push(Table { first: first as u32, count: (all.weights.len() - first) as u32, target: *target });
        }
        Some(all)
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.weights.as_slice()) + size_of_val(self.tables.as_slice())
    }
}
