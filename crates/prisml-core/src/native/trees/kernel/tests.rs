//! The sums of a kernel have the bits of a walk that could not be simpler, on every path.

use proptest::prelude::*;

use super::super::ensemble::{Branch, Child, Ensemble, Leaf, Tree};
use super::Kernel;
use crate::native::Level;

const LEVELS: [Level; 3] = [Level::Plain, Level::Avx2, Level::Avx512];

/// Random numbers, the same for the same seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn cell(&mut self) -> f32 {
        let cell = match self.below(12) {
            0 => f32::NAN,
            1 => 0.0,
            2 => -0.0,
            3 => f32::INFINITY,
            4 => f32::NEG_INFINITY,
            _ => self.below(400) as f32 / 8.0 - 25.0,
        };
        match self.below(6) {
            0 => cell.next_up(),
            1 => cell.next_down(),
            _ => cell,
        }
    }

    fn threshold(&mut self) -> f32 {
        let cell = self.cell();
        if cell.is_nan() { 1.5 } else { cell }
    }
}

/// What a random ensemble may be.
#[derive(Debug, Clone, Copy)]
struct Shape {
    trees: usize,
    leaves: usize,
    features: usize,
    targets: usize,
    many: bool,
    exact: bool,
}

fn tree(dice: &mut Dice, shape: Shape, weights: &mut Vec<(u32, f64)>) -> Tree {
    let leaves = 1 + dice.below(shape.leaves as u64) as usize;
    let skew = dice.below(4);
    let mut branches: Vec<Branch> = Vec::new();
    // Ends of the tree so far, as the branch and the side they hang from.
    let mut ends = vec![None];
    while ends.len() < leaves {
        let place = if skew == 0 { ends.len() - 1 } else { dice.below(ends.len() as u64) as usize };
        let end = ends.swap_remove(place);
        let number = branches.len() as u32;
        branches.push(Branch {
            feature: dice.below(shape.features as u64) as u32,
            threshold: dice.threshold(),
            nan_left: dice.below(2) == 0,
            left: Child::Leaf(0),
            right: Child::Leaf(0),
        });
        hang(&mut branches, end, Child::Branch(number));
        ends.push(Some((number, false)));
        ends.push(Some((number, true)));
    }
    let target = dice.below(shape.targets as u64) as u32;
    let leaves = ends.into_iter().zip(0..).map(|(end, number)| {
        hang(&mut branches, end, Child::Leaf(number));
        let count = if shape.many { dice.below(shape.targets as u64 + 1) as u32 } else { u32::from(dice.below(9) > 0) };
        let first = weights.len() as u32;
        for of in 0..count {
            let weight = dice.below(2_000_000) as f64 / 1e6 - 1.0;
            let weight = if shape.exact { f64::from(weight as f32) } else { weight };
            weights.push((if shape.many { of } else { target }, weight));
        }
        Leaf { first, count }
    });
    let leaves = leaves.collect();
    let root = if branches.is_empty() { Child::Leaf(0) } else { Child::Branch(0) };
    Tree { root, branches, leaves }
}

fn hang(branches: &mut [Branch], end: Option<(u32, bool)>, child: Child) {
    match end {
        Some((branch, true)) => branches[branch as usize].right = child,
        Some((branch, false)) => branches[branch as usize].left = child,
        None => {}
    }
}

fn ensemble(dice: &mut Dice, shape: Shape) -> Ensemble {
    let mut weights = Vec::new();
    let trees = (0..shape.trees).map(|_| tree(dice, shape, &mut weights)).collect();
    Ensemble { trees, weights, targets: shape.targets }
}

fn simplest(ensemble: &Ensemble, row: &[f32], fills: Option<&[f32]>) -> Vec<f64> {
    let mut sums = vec![0.0; ensemble.targets];
    for tree in &ensemble.trees {
        let mut at = tree.root;
        let leaf = loop {
            match at {
                Child::Leaf(leaf) => break &tree.leaves[leaf as usize],
                Child::Branch(number) => {
                    let branch = &tree.branches[number as usize];
                    let feature = branch.feature as usize;
                    let mut cell = row[feature];
                    if cell.is_nan() {
                        cell = fills.map_or(f32::NAN, |fills| fills[feature]);
                    }
                    let left = if cell.is_nan() { branch.nan_left } else { cell <= branch.threshold };
                    at = if left { branch.left } else { branch.right };
                }
            }
        };
        for (target, weight) in &ensemble.weights[leaf.first as usize..][..leaf.count as usize] {
            sums[*target as usize] += weight;
        }
    }
    sums
}

fn bits(sums: &[f64]) -> Vec<u64> {
    sums.iter().map(|sum| sum.to_bits()).collect()
}

/// Scores random rows of a random ensemble at every level, whole and cut into batches of the sizes given.
fn agrees(seed: u64, shape: Shape, rows: usize, batches: &[usize], filled: bool) {
    let mut dice = Dice(seed);
    let ensemble = ensemble(&mut dice, shape);
    let fills: Vec<f32> = (0..shape.features).map(|_| dice.cell()).collect();
    let fills = filled.then_some(&fills[..]);
    let matrix: Vec<f32> = (0..rows * shape.features).map(|_| dice.cell()).collect();
    let expected: Vec<f64> = matrix.chunks_exact(shape.features).flat_map(|row| simplest(&ensemble, row, fills)).collect();
    for level in LEVELS.into_iter().filter(|level| *level <= Level::best()) {
        let kernel = Kernel::new(&ensemble, shape.features, fills, level);
        for &batch in batches {
            let mut sums = vec![f64::NAN; expected.len()];
            for (matrix, sums) in matrix.chunks(batch * shape.features).zip(sums.chunks_mut(batch * shape.targets)) {
                kernel.sum(matrix, sums);
            }
            assert_eq!(bits(&sums), bits(&expected), "{level:?}, batches of {batch}, {shape:?}, {}", kernel.describe());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn sums_have_the_bits_of_the_simplest_walk(
        seed in any::<u64>(),
        trees in prop_oneof![Just(1_usize), 2..20_usize, 20..60_usize],
        leaves in prop_oneof![Just(1_usize), Just(8_usize), Just(31_usize), Just(64_usize), 2..400_usize],
        features in prop_oneof![Just(1_usize), 2..40_usize, Just(300_usize)],
        targets in prop_oneof![Just(1_usize), Just(3_usize)],
        many in any::<bool>(),
        exact in any::<bool>(),
        filled in any::<bool>(),
        rows in 1..700_usize,
        batch in 1..300_usize,
    ) {
        let shape = Shape { trees, leaves, features, targets, many, exact };
        agrees(seed, shape, rows, &[rows, batch], filled);
    }
}

#[test]
fn batches_of_every_size_give_the_same_bits() {
    let sizes: Vec<usize> = (1..=200).collect();
    for (leaves, many, targets) in [(8, false, 1), (31, false, 3), (64, false, 1), (300, false, 1), (40, true, 3)] {
        let shape = Shape { trees: 9, leaves, features: 7, targets, many, exact: true };
        agrees(7, shape, 200, &sizes, false);
    }
}

#[test]
fn thousands_of_trees_and_thousands_of_features_are_summed_in_order() {
    agrees(1, Shape { trees: 10_000, leaves: 4, features: 5, targets: 1, many: false, exact: false }, 70, &[70, 1], false);
    agrees(2, Shape { trees: 50, leaves: 300, features: 10_000, targets: 1, many: false, exact: true }, 70, &[70, 1], true);
}

#[test]
fn a_column_with_more_thresholds_than_bytes_have_values_is_ranked_in_runs() {
    agrees(3, Shape { trees: 300, leaves: 60, features: 1, targets: 1, many: false, exact: true }, 300, &[300, 7], false);
}

#[test]
fn an_ensemble_of_trees_that_are_single_leaves_adds_them_and_no_rows_are_no_work() {
    agrees(4, Shape { trees: 30, leaves: 1, features: 2, targets: 2, many: false, exact: true }, 90, &[90, 1], false);
    let mut dice = Dice(5);
    let shape = Shape { trees: 3, leaves: 5, features: 2, targets: 1, many: false, exact: true };
    Kernel::new(&ensemble(&mut dice, shape), 2, None, Level::best()).sum(&[], &mut []);
}

#[test]
fn a_tree_too_large_for_narrow_nodes_is_walked_in_wide_ones() {
    agrees(6, Shape { trees: 2, leaves: 400_000, features: 9, targets: 1, many: false, exact: true }, 100, &[100, 1], false);
}
