//! `TreeEnsembleClassifier` and `TreeEnsembleRegressor`: nodes by tree and number, leaves among them.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::ensemble::Leaf;
use super::finish::{Aggregate, Head};
use super::grow::{Found, grow, place_of};
use super::modes::{Forest, Mode};
use super::read::{Fields, Said};
use crate::native::Unsupported;

const NODES: [&str; 11] = [
    "nodes_treeids",
    "nodes_nodeids",
    "nodes_featureids",
    "nodes_modes",
    "nodes_values",
    "nodes_values_as_tensor",
    "nodes_truenodeids",
    "nodes_falsenodeids",
    "nodes_missing_value_tracks_true",
    "nodes_hitrates",
    "nodes_hitrates_as_tensor",
];
const ENDS: [&str; 3] = ["post_transform", "base_values", "base_values_as_tensor"];
const CLASSES: [&str; 7] = [
    "class_ids",
    "class_nodeids",
    "class_treeids",
    "class_weights",
    "class_weights_as_tensor",
    "classlabels_int64s",
    "classlabels_strings",
];
const TARGETS: [&str; 7] = [
    "target_ids",
    "target_nodeids",
    "target_treeids",
    "target_weights",
    "target_weights_as_tensor",
    "n_targets",
    "aggregate_function",
];

/// The nodes of a file and where each is to be found.
struct Nodes<'a> {
    fields: &'a Fields<'a>,
    trees: &'a [i64],
    ids: &'a [i64],
    features: &'a [i64],
    modes: Vec<Option<Mode>>,
    values: Vec<f64>,
    whens: [&'a [i64]; 2],
    missing: Vec<bool>,
    /// Where the nodes of each tree stand, the root first, in the order of the file.
    runs: Vec<Range<usize>>,
    /// The place among `runs` of each tree.
    places: FxHashMap<i64, usize>,
    /// Nodes by run and number, unless each tree counts its own in order.
    index: Option<FxHashMap<(usize, i64), usize>>,
}

pub(super) fn read(fields: &Fields<'_>, is_classifier: bool) -> Result<Said, Unsupported> {
    let own = if is_classifier { &CLASSES } else { &TARGETS };
    fields.know(&[NODES.as_slice(), &ENDS, own].concat())?;
    let nodes = Nodes::new(fields)?;
    let prefix = if is_classifier { "class" } else { "target" };
    let ids = fields.ints(&format!("{prefix}_ids"))?;
    let weights = fields.floats(&format!("{prefix}_weights"))?;
    let targets = if is_classifier {
        let names = fields.texts("classlabels_strings")?.len();
        if names == 0 { fields.ints("classlabels_int64s")?.len() } else { names }
    } else {
        fields.targets(fields.int("n_targets", 0)?, weights.len())?
    };
    let owners = [fields.ints(&format!("{prefix}_treeids"))?, fields.ints(&format!("{prefix}_nodeids"))?];
    fields.same_length(ids.len(), &[weights.len(), owners[0].len(), owners[1].len()])?;
    let all_positive = weights.iter().all(|weight| *weight >= 0.0);
    let (leaves, weights) = nodes.leaves(owners, ids, &weights, targets)?;
    let mut forest = Forest { weights, targets, ..Forest::default() };
    let mut seen = vec![false; nodes.ids.len()];
    for (run, places) in nodes.runs.iter().enumerate() {
        let tree = grow(places.start, |place| nodes.look(run, place, &leaves, &mut seen, &mut forest.members))?;
        forest.trees.push(tree);
    }
    fields.check_chains(&forest)?;
    let base = fields.floats("base_values")?;
    let fits = base.is_empty() || base.len() == targets || (is_classifier && targets == 2 && base.len() == 1);
    if !fits {
        return Err(fields.refuse("its base values do not fit its targets"));
    }
    let aggregate = match fields.text("aggregate_function", "SUM")? {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        _ => return Err(fields.refuse("its aggregate_function is unknown")),
    };
    let head = if is_classifier { Head::Classes { all_positive } } else { Head::Targets };
    Ok(Said { forest, base, head, aggregate, transform: fields.transform(fields.text("post_transform", "NONE")?)? })
}

impl<'a> Nodes<'a> {
    fn new(fields: &'a Fields<'a>) -> Result<Self, Unsupported> {
        let trees = fields.ints("nodes_treeids")?;
        let count = trees.len();
        let modes = fields.texts("nodes_modes")?;
        let modes = modes.into_iter().map(|name| mode(fields, name)).collect::<Result<Vec<_>, _>>()?;
        let nodes = Self {
            fields,
            trees,
            ids: fields.ints("nodes_nodeids")?,
            features: fields.ints("nodes_featureids")?,
            modes,
            values: fields.floats("nodes_values")?,
            whens: [fields.ints("nodes_truenodeids")?, fields.ints("nodes_falsenodeids")?],
            missing: fields.missing(count)?,
            runs: Vec::new(),
            places: FxHashMap::default(),
            index: None,
        };
        let [when_true, when_false] = nodes.whens;
        let lengths =
            [nodes.ids.len(), nodes.features.len(), nodes.modes.len(), nodes.values.len(), when_true.len(), when_false.len()];
        fields.same_length(count, &lengths)?;
        nodes.indexed()
    }

    /// With each node's place by its tree and number. A tree's nodes stand together, the root first: so ONNX Runtime reads them.
    fn indexed(mut self) -> Result<Self, Unsupported> {
        let mut start = 0;
        for run in self.trees.chunk_by(|tree, next| tree == next) {
            if run[0] < 0 || self.places.insert(run[0], self.runs.len()).is_some() {
                return Err(self.fields.refuse("the nodes of a tree do not stand together"));
            }
            self.runs.push(start..start + run.len());
            start += run.len();
        }
        let in_order = |run: &Range<usize>| self.ids[run.clone()].iter().zip(0_i64..).all(|(id, place)| *id == place);
        if !self.runs.iter().all(in_order) {
            let mut index = FxHashMap::default();
            for (run, places) in self.runs.iter().enumerate() {
                for place in places.clone() {
                    if index.insert((run, self.ids[place]), place).is_some() {
                        return Err(self.fields.refuse("a node is there twice"));
                    }
                }
            }
            self.index = Some(index);
        }
        Ok(self)
    }

    fn find(&self, run: usize, id: i64) -> Result<usize, Unsupported> {
        let places = &self.runs[run];
        let found = match &self.index {
            Some(index) => index.get(&(run, id)).copied(),
            None => usize::try_from(id).ok().filter(|id| *id < places.len()).map(|id| places.start + id),
        };
        found.ok_or_else(|| self.fields.refuse("it names a node that is not there"))
    }

    /// The weights of each node, leaf by leaf. Those of a node that is no leaf count for nothing, as old converters wrote them.
    #[allow(clippy::type_complexity, reason = "a leaf for each node, and the weights that they name")]
    fn leaves(
        &self,
        [trees, ids]: [&[i64]; 2],
        targets: &[i64],
        weights: &[f64],
        count: usize,
    ) -> Result<(Vec<Leaf>, Vec<(u32, f64)>), Unsupported> {
        let mut leaves = vec![Leaf { first: 0, count: 0 }; self.ids.len()];
        let mut owners = Vec::with_capacity(ids.len());
        for (tree, id) in trees.iter().zip(ids) {
            let run = *self.places.get(tree).ok_or_else(|| self.fields.refuse("it names a tree that is not there"))?;
            let owner = self.find(run, *id)?;
            leaves[owner].count += u32::from(self.modes[owner].is_none());
            owners.push(owner);
        }
        let mut next = 0;
        for leaf in &mut leaves {
            leaf.first = next;
            next += std::mem::take(&mut leaf.count);
        }
        place_of(owners.len())?;
        let mut sorted = vec![(0, 0.0); next as usize];
        for ((owner, target), weight) in owners.iter().zip(targets).zip(weights) {
            let target = place_of(self.fields.place(*target, count)?)?;
            if self.modes[*owner].is_some() {
                continue;
            }
            let leaf = &mut leaves[*owner];
            sorted[(leaf.first + leaf.count) as usize] = (target, *weight);
            leaf.count += 1;
        }
        self.check_repetition(&leaves, &sorted, count)?;
        Ok((leaves, sorted))
    }

    /// Refuses a leaf with two weights on one target.
    fn check_repetition(&self, leaves: &[Leaf], weights: &[(u32, f64)], targets: usize) -> Result<(), Unsupported> {
        let mut last = vec![usize::MAX; targets];
        for (place, leaf) in leaves.iter().enumerate() {
            for (target, _) in &weights[leaf.first as usize..][..leaf.count as usize] {
                if std::mem::replace(&mut last[*target as usize], place) == place {
                    return Err(self.fields.refuse("a leaf has two weights on one target"));
                }
            }
        }
        Ok(())
    }

    fn look(
        &self,
        run: usize,
        place: usize,
        leaves: &[Leaf],
        seen: &mut [bool],
        members: &mut Vec<f64>,
    ) -> Result<Found<usize>, Unsupported> {
        self.enter(place, seen)?;
        let Some(mut mode) = self.modes[place] else {
            return match leaves[place] {
                Leaf { count: 0, .. } => Err(self.fields.refuse("a leaf has no weight")),
                leaf => Ok(Found::Leaf(leaf)),
            };
        };
        let [when_true, mut when_false] = self.sides(run, place)?;
        if mode == Mode::Equal {
            let first = members.len();
            members.push(self.values[place]);
            while self.is_next(run, place, when_true, when_false)? {
                self.enter(when_false, seen)?;
                members.push(self.values[when_false]);
                when_false = self.sides(run, when_false)?[1];
            }
            if members.len() == first + 1 {
                members.truncate(first);
            } else {
                mode = Mode::Member { first: place_of(first)?, count: place_of(members.len() - first)?, whole: false };
            }
        }
        let feature = self.fields.feature(self.features[place])?;
        Ok(Found::Decision { feature, mode, threshold: self.values[place], missing: self.missing[place], when_true, when_false })
    }

    fn enter(&self, place: usize, seen: &mut [bool]) -> Result<(), Unsupported> {
        let is_new = !std::mem::replace(&mut seen[place], true);
        if is_new { Ok(()) } else { Err(self.fields.refuse("a node is the child of two, or its own")) }
    }

    /// The children where a decision is true and where it is false.
    fn sides(&self, run: usize, place: usize) -> Result<[usize; 2], Unsupported> {
        let [when_true, when_false] = self.whens.map(|ids| self.find(run, ids[place]));
        Ok([when_true?, when_false?])
    }

    /// Whether `next` only asks for another category of the same set: so onnxmltools writes one, with one node where all are true.
    fn is_next(&self, run: usize, place: usize, when_true: usize, next: usize) -> Result<bool, Unsupported> {
        let alike = self.features[next] == self.features[place] && self.missing[next] == self.missing[place];
        Ok(self.modes[next] == Some(Mode::Equal) && alike && self.sides(run, next)?[0] == when_true)
    }
}

/// None for a leaf.
fn mode(fields: &Fields<'_>, name: &str) -> Result<Option<Mode>, Unsupported> {
    Ok(Some(match name {
        "BRANCH_LEQ" => Mode::AtMost,
        "BRANCH_LT" => Mode::Below,
        "BRANCH_GTE" => Mode::AtLeast,
        "BRANCH_GT" => Mode::Above,
        "BRANCH_EQ" => Mode::Equal,
        "BRANCH_NEQ" => Mode::Unequal,
        "LEAF" => return Ok(None),
        _ => return Err(fields.refuse("it has a mode that is unknown")),
    }))
}
