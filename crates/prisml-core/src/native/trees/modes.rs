//! Decisions as a file has them, and how those that compare by order are brought into the normal form.

use super::ensemble::{Branch, Child, Ensemble, Leaf, Tree};

/// How a cell is compared with a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mode {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    Unequal,
    /// Whether it is one of `count` members from `first` on; with `whole` what stands after its point is dropped first.
    Member {
        first: u32,
        count: u32,
        whole: bool,
    },
}

/// A decision in any mode. NaN takes the true side where `missing` says so, and otherwise as the comparison has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Decision {
    pub(super) feature: u32,
    pub(super) mode: Mode,
    pub(super) threshold: f64,
    pub(super) missing: bool,
    pub(super) when_true: Child,
    pub(super) when_false: Child,
}

/// One tree; every decision and every leaf is reached from the root once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    pub(super) root: Child,
    pub(super) decisions: Vec<Decision>,
    pub(super) leaves: Vec<Leaf>,
}

/// Trees in any mode, with what their leaves weigh; a leaf weighs on a target once.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Forest {
    pub(super) trees: Vec<Kept>,
    pub(super) weights: Vec<(u32, f64)>,
    pub(super) members: Vec<f64>,
    pub(super) targets: usize,
}

/// How surely a row gives a target a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    Never,
    Sometimes,
    Always,
}

impl Forest {
    /// The same trees in the normal form; the forest itself where a decision does not fit it.
    pub(super) fn into_normal(self) -> Result<Ensemble, Self> {
        let branches = |tree: &Kept| tree.decisions.iter().map(normal_branch).collect::<Option<Vec<_>>>();
        let Some(branches) = self.trees.iter().map(branches).collect::<Option<Vec<_>>>() else { return Err(self) };
        let pairs = self.trees.into_iter().zip(branches);
        let trees = pairs.map(|(tree, branches)| Tree { root: tree.root, branches, leaves: tree.leaves }).collect();
        Ok(Ensemble { trees, weights: self.weights, targets: self.targets })
    }

    pub(super) fn weights_of(&self, leaf: Leaf) -> &[(u32, f64)] {
        &self.weights[leaf.first as usize..][..leaf.count as usize]
    }

    /// For each target, whether rows reach it.
    pub(super) fn reached(&self) -> Vec<Reached> {
        let mut reached = vec![Reached::Never; self.targets];
        let mut counts = vec![0_usize; self.targets];
        for tree in &self.trees {
            for leaf in &tree.leaves {
                for (target, _) in self.weights_of(*leaf) {
                    counts[*target as usize] += 1;
                }
            }
            for leaf in &tree.leaves {
                for (target, _) in self.weights_of(*leaf) {
                    let (count, found) = (&mut counts[*target as usize], &mut reached[*target as usize]);
                    if *count == tree.leaves.len() {
                        *found = Reached::Always;
                    } else if *count > 0 && *found == Reached::Never {
                        *found = Reached::Sometimes;
                    }
                    *count = 0;
                }
            }
        }
        reached
    }

    /// Only the targets of `kept`, in that order.
    pub(super) fn narrowed(mut self, kept: &[u32]) -> Self {
        let mut places = vec![None; self.targets];
        for (place, target) in (0_u32..).zip(kept) {
            places[*target as usize] = Some(place);
        }
        let mut weights = Vec::with_capacity(self.weights.len());
        for tree in &mut self.trees {
            for leaf in &mut tree.leaves {
                let first = weights.len() as u32;
                let old = &self.weights[leaf.first as usize..][..leaf.count as usize];
                weights.extend(old.iter().filter_map(|(target, weight)| places[*target as usize].map(|place| (place, *weight))));
                *leaf = Leaf { first, count: weights.len() as u32 - first };
            }
        }
        Self { weights, targets: kept.len(), ..self }
    }

    /// The leaves of the tree that has most.
    pub(super) fn most_leaves(&self) -> usize {
        self.trees.iter().map(|tree| tree.leaves.len()).max().unwrap_or(0)
    }

    pub(super) fn bytes(&self) -> usize {
        let trees: usize = self.trees.iter().map(|tree| size_of_val(&*tree.decisions) + size_of_val(&*tree.leaves)).sum();
        trees + size_of_val(&*self.trees) + size_of_val(&*self.weights) + size_of_val(&*self.members)
    }
}

/// `x >= t` is "not `x < t`", and so on: the sides are swapped, and with them NaN's.
fn normal_branch(decision: &Decision) -> Option<Branch> {
    let Decision { feature, threshold, missing, when_true, when_false, .. } = *decision;
    let straight = |threshold| Branch { feature, threshold, nan_left: missing, left: when_true, right: when_false };
    let swapped = |threshold| Branch { feature, threshold, nan_left: !missing, left: when_false, right: when_true };
    match decision.mode {
        Mode::AtMost => at_most(threshold).map(straight),
        Mode::Below => below(threshold).map(straight),
        Mode::AtLeast => below(threshold).map(swapped),
        Mode::Above => at_most(threshold).map(swapped),
        Mode::Equal | Mode::Unequal | Mode::Member { .. } => None,
    }
}

/// The largest float32 that is not above `threshold`.
fn at_most(threshold: f64) -> Option<f32> {
    let nearest = threshold as f32;
    if threshold.is_nan() {
        None
    } else if f64::from(nearest) > threshold {
        Some(nearest.next_down())
    } else {
        Some(nearest)
    }
}

/// The largest float32 below `threshold`.
fn below(threshold: f64) -> Option<f32> {
    let highest = at_most(threshold)?;
    if f64::from(highest) < threshold {
        Some(highest)
    } else if highest == f32::NEG_INFINITY {
        None
    } else {
        Some(highest.next_down())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::native::trees::general::holds;

    const MODES: [Mode; 4] = [Mode::AtMost, Mode::Below, Mode::AtLeast, Mode::Above];

    /// Numbers at which comparisons go wrong, and any others.
    fn cell() -> impl Strategy<Value = f32> {
        let edges = [0.0, -0.0, 1.0, f32::NAN, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE];
        prop_oneof![prop::sample::select(edges.to_vec()), prop::num::f32::ANY, (0_u32..4).prop_map(f32::from_bits)]
    }

    proptest! {
        #[test]
        fn the_normal_form_decides_as_the_mode_for_every_cell(
            near in cell(), steps in -2_i32..3, offset in -1.0..1.0_f64, mode in 0_usize..4, missing: bool, other in cell(),
        ) {
            for threshold in [f64::from(near), f64::from(near) * (1.0 + offset * 1e-9), f64::from(near) + offset * 1e-46] {
                let decision = Decision {
                    feature: 0, mode: MODES[mode], threshold, missing, when_true: Child::Leaf(1), when_false: Child::Leaf(0),
                };
                let Some(branch) = normal_branch(&decision) else {
                    prop_assert!(threshold.is_nan() || threshold == f64::NEG_INFINITY);
                    continue;
                };
                let stepped = (0..steps.abs()).fold(near, |x, _| if steps < 0 { x.next_down() } else { x.next_up() });
                for x in [near, stepped, other, f32::NAN] {
                    let left = x <= branch.threshold || (x.is_nan() && branch.nan_left);
                    let side = if left { branch.left } else { branch.right };
                    let expected = if holds(&decision, x, &[]) { decision.when_true } else { decision.when_false };
                    prop_assert_eq!(side, expected, "{} in {:?}", x, decision);
                }
            }
        }
    }

    #[test]
    fn a_target_is_reached_always_where_one_tree_has_it_in_every_leaf() {
        let leaf = |first, count| Leaf { first, count };
        let tree = |leaves| Kept { root: Child::Leaf(0), decisions: Vec::new(), leaves };
        let forest = Forest {
            trees: vec![tree(vec![leaf(0, 2), leaf(2, 1)]), tree(vec![leaf(3, 1)])],
            weights: vec![(0, 1.0), (1, 2.0), (0, 3.0), (2, 4.0)],
            members: Vec::new(),
            targets: 4,
        };
        assert_eq!(forest.reached(), [Reached::Always, Reached::Sometimes, Reached::Always, Reached::Never]);
        let narrowed = forest.narrowed(&[2, 1]);
        assert_eq!(narrowed.weights, [(1, 2.0), (0, 4.0)]);
        assert_eq!(narrowed.trees[0].leaves, [leaf(0, 1), leaf(1, 0)]);
        assert_eq!(narrowed.reached(), [Reached::Always, Reached::Sometimes]);
    }
}
