//! `TreeEnsemble` of `ai.onnx.ml` 5: nodes and leaves by their places.

use super::ensemble::Leaf;
use super::finish::{Aggregate, Head, Transform};
use super::grow::{Found, grow, place_of};
use super::modes::{Forest, Mode};
use super::read::{Fields, Said};
use crate::native::Unsupported;

const KNOWN: [&str; 16] = [
    "aggregate_function",
    "leaf_targetids",
    "leaf_weights",
    "membership_values",
    "n_targets",
    "nodes_falseleafs",
    "nodes_falsenodeids",
    "nodes_featureids",
    "nodes_hitrates",
    "nodes_missing_value_tracks_true",
    "nodes_modes",
    "nodes_splits",
    "nodes_trueleafs",
    "nodes_truenodeids",
    "post_transform",
    "tree_roots",
];

/// Where a child stands.
#[derive(Clone, Copy)]
enum Place {
    Node(usize),
    Leaf(usize),
}

struct Tables<'a> {
    fields: &'a Fields<'a>,
    features: &'a [i64],
    modes: Vec<Mode>,
    splits: Vec<f64>,
    missing: Vec<bool>,
    /// For the true and the false side of each node: its place, and whether it is a leaf.
    sides: [(&'a [i64], &'a [i64]); 2],
    leaves: usize,
}

pub(super) fn read(fields: &Fields<'_>) -> Result<Said, Unsupported> {
    fields.know(&KNOWN)?;
    let (ids, weights) = (fields.ints("leaf_targetids")?, fields.tensor("leaf_weights")?);
    fields.same_length(ids.len(), &[weights.len()])?;
    let targets = fields.targets(fields.int("n_targets", 0)?, weights.len())?;
    let mut forest = Forest { targets, ..Forest::default() };
    for (target, weight) in ids.iter().zip(weights) {
        forest.weights.push((place_of(fields.place(*target, targets)?)?, weight));
    }
    let (tables, members) = Tables::new(fields, forest.weights.len())?;
    forest.members = members;
    let mut seen = vec![false; tables.modes.len()];
    for root in fields.ints("tree_roots")? {
        let root = tables.root(fields.place(*root, tables.modes.len())?)?;
        forest.trees.push(grow(root, |place| tables.look(place, &mut seen))?);
    }
    fields.check_chains(&forest)?;
    let aggregate = match fields.int("aggregate_function", 1)? {
        0 => Aggregate::Average,
        1 => Aggregate::Sum,
        2 => Aggregate::Min,
        3 => Aggregate::Max,
        _ => return Err(fields.refuse("its aggregate_function is unknown")),
    };
    let transform = transform(fields, targets)?;
    Ok(Said { forest, base: Vec::new(), head: Head::Targets, aggregate, transform })
}

/// ONNX numbers softmax 1 and logistic 2; ONNX Runtime reads them the other way round. Of one target neither changes anything.
fn transform(fields: &Fields<'_>, targets: usize) -> Result<Transform, Unsupported> {
    Ok(match fields.int("post_transform", 0)? {
        0 => Transform::None,
        1 | 2 if targets == 1 => Transform::None,
        1 | 2 => return Err(fields.refuse("its post_transform is one that ONNX and ONNX Runtime read differently")),
        3 => Transform::SoftmaxZero,
        4 => Transform::Probit,
        _ => return Err(fields.refuse("its post_transform is unknown")),
    })
}

impl<'a> Tables<'a> {
    /// The tables, and the members of every set one after another.
    fn new(fields: &'a Fields<'a>, leaves: usize) -> Result<(Self, Vec<f64>), Unsupported> {
        let features = fields.ints("nodes_featureids")?;
        let count = features.len();
        let splits = fields.tensor("nodes_splits")?;
        let sides = [("nodes_truenodeids", "nodes_trueleafs"), ("nodes_falsenodeids", "nodes_falseleafs")];
        let [when_true, when_false] = sides.map(|(ids, leafs)| Ok::<_, Unsupported>((fields.ints(ids)?, fields.ints(leafs)?)));
        let sides = [when_true?, when_false?];
        let codes = fields.bytes("nodes_modes")?;
        let [(true_ids, true_leafs), (false_ids, false_leafs)] = sides;
        fields.same_length(
            count,
            &[splits.len(), codes.len(), true_ids.len(), true_leafs.len(), false_ids.len(), false_leafs.len()],
        )?;
        let (modes, members) = modes(fields, codes)?;
        Ok((Self { fields, features, modes, splits, missing: fields.missing(count)?, sides, leaves }, members))
    }

    /// A tree of one leaf is written as a node with that leaf on both sides; ONNX Runtime then takes the leaf of the node's own place.
    fn root(&self, root: usize) -> Result<Place, Unsupported> {
        let [(when_true, true_leaf), (when_false, false_leaf)] = self.sides.map(|(ids, leafs)| (ids[root], leafs[root] != 0));
        if !true_leaf || !false_leaf || when_true != when_false {
            return Ok(Place::Node(root));
        }
        if usize::try_from(when_true) == Ok(root) && root < self.leaves {
            return Ok(Place::Leaf(root));
        }
        Err(self.fields.refuse("a tree of one leaf is written in a way that ONNX and ONNX Runtime read differently"))
    }

    fn look(&self, place: Place, seen: &mut [bool]) -> Result<Found<Place>, Unsupported> {
        let node = match place {
            Place::Leaf(leaf) => return Ok(Found::Leaf(Leaf { first: place_of(leaf)?, count: 1 })),
            Place::Node(node) => node,
        };
        if std::mem::replace(&mut seen[node], true) {
            return Err(self.fields.refuse("a node is the child of two, or its own"));
        }
        let side = |(ids, leafs): (&[i64], &[i64])| {
            if leafs[node] == 0 {
                self.fields.place(ids[node], self.modes.len()).map(Place::Node)
            } else {
                self.fields.place(ids[node], self.leaves).map(Place::Leaf)
            }
        };
        let [when_true, when_false] = self.sides.map(side);
        Ok(Found::Decision {
            feature: self.fields.feature(self.features[node])?,
            mode: self.modes[node],
            threshold: self.splits[node],
            missing: self.missing[node],
            when_true: when_true?,
            when_false: when_false?,
        })
    }
}

/// The modes, and the members of every set; in the file NaN stands between two sets.
fn modes(fields: &Fields<'_>, codes: &[u8]) -> Result<(Vec<Mode>, Vec<f64>), Unsupported> {
    let values = fields.tensor("membership_values")?;
    let mut sets = values.split(|value| value.is_nan());
    let mut members = Vec::new();
    let mut modes = Vec::with_capacity(codes.len());
    for code in codes {
        modes.push(match code {
            0 => Mode::AtMost,
            1 => Mode::Below,
            2 => Mode::AtLeast,
            3 => Mode::Above,
            4 => Mode::Equal,
            5 => Mode::Unequal,
            6 => {
                let set = sets.next().filter(|set| !set.is_empty()).ok_or_else(|| fields.refuse("a set has no member"))?;
                let first = place_of(members.len())?;
                members.extend_from_slice(set);
                Mode::Member { first, count: place_of(set.len())?, whole: is_whole(fields, set)? }
            }
            _ => return Err(fields.refuse("it has a mode that is unknown")),
        });
    }
    Ok((modes, members))
}

/// Few members from 0 to 30 are compared one by one; of others ONNX Runtime wants whole numbers, and drops what stands after a cell's point.
fn is_whole(fields: &Fields<'_>, set: &[f64]) -> Result<bool, Unsupported> {
    if set.len() < 31 && set.iter().all(|member| (0.0..=30.0).contains(member)) {
        return Ok(false);
    }
    let fits = set.iter().all(|member| member.fract() == 0.0 && member.abs() <= f64::from(1 << 24));
    if fits { Ok(true) } else { Err(fields.refuse("a set has members that are no whole numbers")) }
}
