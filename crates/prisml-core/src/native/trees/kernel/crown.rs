//! The top of a tree as sets of bits: which of up to 256 exits a row takes, found without a branch.
//!
//! Every exit has a bit; a decision that sends a row right clears the bits of the exits on its left, whatever its parents decided.
//! The first bit left is the row's exit (Lucchese et al., `QuickScorer`, SIGIR 2015). Bits are kept in planes of eight, so that a
//! vector of bytes holds one plane of as many rows (Ye et al., `RapidScorer`, KDD 2018).

use super::super::ensemble::{Child, Tree};
use super::columns::Columns;
use super::layout::{height, heights};

/// A comparison that clears `bits` of one plane where a row's cell is above `threshold`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clearing {
    pub(super) column: u32,
    pub(super) threshold: f32,
    pub(super) bits: u8,
}

/// The top of one tree.
#[derive(Debug)]
pub(super) struct Crown {
    pub(super) planes: Vec<Vec<Clearing>>,
    /// Where each exit leads, from left to right.
    pub(super) exits: Vec<Child>,
    /// How many decisions the longest way from an exit has.
    pub(super) rest: u32,
}

impl Crown {
    /// The top of `tree` with at most `most` exits; the tallest subtrees are opened first.
    pub(super) fn new(tree: &Tree, most: usize, columns: &mut Columns, fills: Option<&[f32]>) -> Self {
        let heights = heights(tree);
        let opened = opened(tree, most, &heights);
        let mut crown = Self { planes: Vec::new(), exits: Vec::new(), rest: 0 };
        // Each opened branch with the exits before it; its right side is visited after its left.
        let mut stack = vec![Visit::Enter(tree.root)];
        while let Some(visit) = stack.pop() {
            match visit {
                Visit::Enter(Child::Branch(number)) if opened[number as usize] => {
                    let branch = &tree.branches[number as usize];
                    stack.push(Visit::Enter(branch.right));
                    stack.push(Visit::Between(number, crown.exits.len()));
                    stack.push(Visit::Enter(branch.left));
                }
                Visit::Enter(exit) => {
                    crown.rest = crown.rest.max(height(exit, &heights));
                    crown.exits.push(exit);
                }
                Visit::Between(number, first) => {
                    let branch = &tree.branches[number as usize];
                    crown.clear(columns.number(branch, fills), branch.threshold, first, crown.exits.len());
                }
            }
        }
        crown.planes.resize_with(crown.exits.len().div_ceil(8), Vec::new);
        crown
    }

    fn clear(&mut self, column: u32, threshold: f32, first: usize, end: usize) {
        for plane in first / 8..end.div_ceil(8) {
            let from = first.max(plane * 8) - plane * 8;
            let to = end.min(plane * 8 + 8) - plane * 8;
            let bits = ((1_u32 << to) - (1_u32 << from)) as u8;
            if self.planes.len() <= plane {
                self.planes.resize_with(plane + 1, Vec::new);
            }
            self.planes[plane].push(Clearing { column, threshold, bits });
        }
    }
}

enum Visit {
    Enter(Child),
    /// The left side of this branch is done; its first exit had this number.
    Between(u32, usize),
}

/// Which branches belong to the top.
fn opened(tree: &Tree, most: usize, heights: &[u32]) -> Vec<bool> {
    let mut opened = vec![false; tree.branches.len()];
    let mut heap = std::collections::BinaryHeap::new();
    let mut exits = 1;
    let offer = |heap: &mut std::collections::BinaryHeap<(u32, std::cmp::Reverse<u32>)>, child| {
        if let Child::Branch(number) = child {
            heap.push((heights[number as usize], std::cmp::Reverse(number)));
        }
    };
    offer(&mut heap, tree.root);
    while exits < most
        && let Some((_, std::cmp::Reverse(number))) = heap.pop()
    {
        opened[number as usize] = true;
        exits += 1;
        offer(&mut heap, tree.branches[number as usize].left);
        offer(&mut heap, tree.branches[number as usize].right);
    }
    opened
}
