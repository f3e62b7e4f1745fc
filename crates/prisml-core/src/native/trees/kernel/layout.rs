//! All trees as one array of nodes, to be walked from the root to a leaf.

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use super::super::ensemble::{Child, Ensemble, Tree};
use super::columns::{Columns, key};
use super::leaves::Leaves;

/// A decision or a leaf.
///
/// From a decision a row goes on to the node `step` further, or to the one after that where its key is above the node's. A leaf
/// stays where it is: its step is 0, and the column is one whose key is 0, so that its own `key` is free for what
/// the leaf adds ([`Leaves::payload`]).
pub(super) trait Node: Copy + Send + Sync + 'static {
    /// The node, or nothing where a number is too large for it.
    fn new(key: u32, column: u32, step: u32) -> Option<Self>;
    fn key(self) -> u32;
    /// Key, column and step of the node at a place.
    ///
    /// # Safety
    /// There is a node.
    unsafe fn read(place: *const Self) -> (u32, usize, usize);
}

/// A node of eight bytes, enough for nearly every ensemble.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Narrow {
    key: u32,
    column: u16,
    step: u16,
}

/// A node for any ensemble.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(super) struct Wide {
    key: u32,
    column: u32,
    step: u32,
}

impl Node for Narrow {
    fn new(key: u32, column: u32, step: u32) -> Option<Self> {
        Some(Self { key, column: u16::try_from(column).ok()?, step: u16::try_from(step).ok()? })
    }

    #[inline(always)]
    fn key(self) -> u32 {
        self.key
    }

    #[inline(always)]
    unsafe fn read(place: *const Self) -> (u32, usize, usize) {
        // SAFETY: the caller promises a node. The column is read on its own, which the compiler would not do unless told: that is
        // one instruction instead of two to take it out of the whole node.
        unsafe {
            let column = (&raw const (*place).column).read_volatile();
            ((*place).key, usize::from(column), usize::from((*place).step))
        }
    }
}

impl Node for Wide {
    fn new(key: u32, column: u32, step: u32) -> Option<Self> {
        Some(Self { key, column, step })
    }

    #[inline(always)]
    fn key(self) -> u32 {
        self.key
    }

    #[inline(always)]
    unsafe fn read(place: *const Self) -> (u32, usize, usize) {
        // SAFETY: the caller promises a node.
        unsafe { ((*place).key, (*place).column as usize, (*place).step as usize) }
    }
}

/// Where a tree begins, and how many decisions its longest way has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) node: u32,
    pub(super) height: u32,
}

/// Where the branches and the leaves of a tree lie.
#[derive(Debug)]
struct Places {
    branches: Vec<u32>,
    leaves: Vec<u32>,
}

/// The nodes of all trees. Column 0 is the one whose key is 0; column `n` of the ensemble is `n + 1` here.
#[derive(Debug, Default)]
pub(super) struct Nodes<N> {
    pub(super) all: Vec<N>,
    pub(super) starts: Vec<Start>,
    /// The node of each branch and of each leaf, tree by tree.
    places: Vec<Places>,
}

impl<N: Node> Nodes<N> {
    /// The nodes of `ensemble`, or nothing where a number is too large for this kind.
    ///
    pub(super) fn new(ensemble: &Ensemble, leaves: &Leaves, columns: &mut Columns, fills: Option<&[f32]>) -> Option<Self> {
        let mut all = Self { all: Vec::new(), starts: Vec::new(), places: Vec::new() };
        let mut first = 0;
        for tree in &ensemble.trees {
            all.push(tree, first, leaves, columns, fills)?;
            first += tree.leaves.len() as u32;
        }
        Some(all)
    }

    fn push(&mut self, tree: &Tree, first: u32, leaves: &Leaves, columns: &mut Columns, fills: Option<&[f32]>) -> Option<()> {
        let heights = heights(tree);
        let mut places = Places { branches: vec![0; tree.branches.len()], leaves: vec![0; tree.leaves.len()] };
        let root = self.all.len();
        let mut queue = vec![tree.root];
        let mut next = 0;
        while next < queue.len() {
            let node = match queue[next] {
                Child::Leaf(leaf) => {
                    places.leaves[leaf as usize] = (root + next) as u32;
                    N::new(leaves.payload(first + leaf), 0, 0)?
                }
                Child::Branch(number) => {
                    let branch = &tree.branches[number as usize];
                    places.branches[number as usize] = (root + next) as u32;
                    let step = (queue.len() - next) as u32;
                    queue.extend([branch.left, branch.right]);
                    N::new(key(branch.threshold), columns.number(branch, fills) + 1, step)?
                }
            };
            self.all.push(node);
            next += 1;
        }
        let height = height(tree.root, &heights);
        self.starts.push(Start { node: root as u32, height });
        self.places.push(places);
        Some(())
    }

    /// The node of `child` of a tree; or, where `node` is false, what that leaf adds ([`Leaves::payload`]).
    pub(super) fn place(&self, tree: usize, child: Child, node: bool) -> u32 {
        let places = &self.places[tree];
        match child {
            Child::Branch(branch) => places.branches[branch as usize],
            Child::Leaf(leaf) if node => places.leaves[leaf as usize],
            Child::Leaf(leaf) => self.all[places.leaves[leaf as usize] as usize].key(),
        }
    }

    /// Forgets what only [`Nodes::place`] needs.
    pub(super) fn settled(self) -> Self {
        Self { places: Vec::new(), ..self }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.all.as_slice()) + size_of_val(self.starts.as_slice())
    }
}

/// How many decisions the longest way from `child` has, given those of the branches.
pub(super) fn height(child: Child, heights: &[u32]) -> u32 {
    match child {
        Child::Leaf(_) => 0,
        Child::Branch(number) => heights[number as usize],
    }
}

/// For each branch, how many decisions the longest way from it to a leaf has, its own included.
pub(super) fn heights(tree: &Tree) -> Vec<u32> {
    let mut order = Vec::with_capacity(tree.branches.len());
    if let Child::Branch(root) = tree.root {
        order.push(root);
    }
    let mut next = 0;
    while next < order.len() {
        let branch = &tree.branches[order[next] as usize];
        order.extend([branch.left, branch.right].iter().filter_map(|child| match child {
            Child::Branch(number) => Some(*number),
            Child::Leaf(_) => None,
        }));
        next += 1;
    }
    let mut heights = vec![0; tree.branches.len()];
    for &number in order.iter().rev() {
        let branch = &tree.branches[number as usize];
        heights[number as usize] = 1 + height(branch.left, &heights).max(height(branch.right, &heights));
    }
    heights
}
