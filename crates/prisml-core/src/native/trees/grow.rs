//! Trees from nodes that name their children: each part is reached once, whatever the file says.

use super::ensemble::{Child, Leaf};
use super::modes::{Decision, Kept, Mode};
use crate::native::Unsupported;

/// What stands at a place of the file.
pub(super) enum Found<P> {
    Leaf(Leaf),
    Decision { feature: u32, mode: Mode, threshold: f64, missing: bool, when_true: P, when_false: P },
}

/// Where a child is entered once it is known.
#[derive(Clone, Copy)]
enum Slot {
    Root,
    True(u32),
    False(u32),
}

/// The tree below `root`; `look` gives what stands at a place, and refuses one that it gave before.
///
/// Without recursion: a file may hold one chain of a million decisions.
pub(super) fn grow<P>(root: P, mut look: impl FnMut(P) -> Result<Found<P>, Unsupported>) -> Result<Kept, Unsupported> {
    let mut tree = Kept { root: Child::Leaf(0), decisions: Vec::new(), leaves: Vec::new() };
    let mut ahead = vec![(root, Slot::Root)];
    while let Some((place, slot)) = ahead.pop() {
        let child = match look(place)? {
            Found::Leaf(leaf) => {
                tree.leaves.push(leaf);
                Child::Leaf(place_of(tree.leaves.len() - 1)?)
            }
            Found::Decision { feature, mode, threshold, missing, when_true, when_false } => {
                let own = place_of(tree.decisions.len())?;
                let unknown = Child::Leaf(0);
                tree.decisions.push(Decision { feature, mode, threshold, missing, when_true: unknown, when_false: unknown });
                ahead.push((when_false, Slot::False(own)));
                ahead.push((when_true, Slot::True(own)));
                Child::Branch(own)
            }
        };
        match slot {
            Slot::Root => tree.root = child,
            Slot::True(parent) => tree.decisions[parent as usize].when_true = child,
            Slot::False(parent) => tree.decisions[parent as usize].when_false = child,
        }
    }
    Ok(tree)
}

/// A place as the normal form keeps it.
pub(super) fn place_of(place: usize) -> Result<u32, Unsupported> {
    u32::try_from(place).map_err(|_| Unsupported("its trees have more nodes than 32 bits count".to_owned()))
}
