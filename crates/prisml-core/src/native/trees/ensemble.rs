//! Tree ensembles in the one form that the kernels take.

/// Where a decision leads: to another decision of the same tree, or to one of its leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Child {
    Branch(u32),
    Leaf(u32),
}

/// A decision. A row goes left where its cell is at most `threshold`, or is NaN and `nan_left`; otherwise right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Branch {
    pub(crate) feature: u32,
    pub(crate) threshold: f32,
    pub(crate) nan_left: bool,
    pub(crate) left: Child,
    pub(crate) right: Child,
}

/// What a leaf adds, as a range of the ensemble's weights: none, one, or one for each of several targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// One tree; every branch and every leaf is reached from the root once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    pub(crate) root: Child,
    pub(crate) branches: Vec<Branch>,
    pub(crate) leaves: Vec<Leaf>,
}

/// Trees whose leaves are added up, target by target, in the order of the trees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ensemble {
    pub(crate) trees: Vec<Tree>,
    /// Targets and what is added to them.
    pub(crate) weights: Vec<(u32, f64)>,
    pub(crate) targets: usize,
}
