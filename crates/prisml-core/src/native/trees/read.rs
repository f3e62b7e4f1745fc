//! A node of trees as plain values, checked: `TreeEnsembleClassifier`, `TreeEnsembleRegressor` and `TreeEnsemble`.

use super::ensemble::Child;
use super::finish::{Aggregate, Head, Transform};
use super::modes::{Forest, Mode};
use super::{lists, tables};
use crate::native::Unsupported;
use crate::onnx::{Attribute, Node, Numbers};

/// What a node says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) forest: Forest,
    pub(super) base: Vec<f64>,
    pub(super) head: Head,
    pub(super) aggregate: Aggregate,
    pub(super) transform: Transform,
}

/// Whether the node is one of trees.
pub(super) fn is_trees(node: &Node) -> bool {
    node.domain == "ai.onnx.ml" && ["TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble"].contains(&&*node.op)
}

/// What `node` says about rows of `width` cells.
pub(super) fn read(node: &Node, width: usize) -> Result<Said, Unsupported> {
    let fields = Fields { node, width };
    let said = match node.op.as_str() {
        "TreeEnsembleClassifier" => lists::read(&fields, true),
        "TreeEnsembleRegressor" => lists::read(&fields, false),
        "TreeEnsemble" => tables::read(&fields),
        _ => Err(refuse(format!("{} is no operator of trees", node.op))),
    }?;
    if said.forest.trees.is_empty() {
        return Err(fields.refuse("it has no tree"));
    }
    Ok(said)
}

/// A refusal in words.
pub(super) fn refuse(why: impl Into<String>) -> Unsupported {
    Unsupported(why.into())
}

/// The attributes of a node, each of the type that it must have.
pub(super) struct Fields<'a> {
    pub(super) node: &'a Node,
    pub(super) width: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn refuse(&self, why: &str) -> Unsupported {
        refuse(format!("{}: {why}", self.node.op))
    }

    fn wrong(&self, name: &str) -> Unsupported {
        self.refuse(&format!("its {name} is of another type than expected"))
    }

    /// Refuses attributes other than `known`: they might change what the others mean.
    pub(super) fn know(&self, known: &[&str]) -> Result<(), Unsupported> {
        match self.node.attributes.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(self.refuse(&format!("it has an unknown attribute {name}"))),
            None => Ok(()),
        }
    }

    pub(super) fn int(&self, name: &str, default: i64) -> Result<i64, Unsupported> {
        self.node.int(name, default).ok_or_else(|| self.wrong(name))
    }

    pub(super) fn ints(&self, name: &str) -> Result<&'a [i64], Unsupported> {
        self.node.ints(name).ok_or_else(|| self.wrong(name))
    }

    pub(super) fn text(&self, name: &str, default: &'a str) -> Result<&'a str, Unsupported> {
        self.node.text(name, default).ok_or_else(|| self.wrong(name))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'a str>, Unsupported> {
        self.node.texts(name).ok_or_else(|| self.wrong(name))
    }

    /// The floats `name`, or those of the tensor `name_as_tensor`.
    pub(super) fn floats(&self, name: &str) -> Result<Vec<f64>, Unsupported> {
        let own = self.node.floats(name).ok_or_else(|| self.wrong(name))?;
        let other = self.tensor(&format!("{name}_as_tensor"))?;
        if own.is_empty() {
            Ok(other)
        } else if other.is_empty() {
            Ok(own.iter().map(|value| f64::from(*value)).collect())
        } else {
            Err(self.refuse(&format!("it has {name} twice")))
        }
    }

    /// The numbers of the tensor `name`, float32 or float64.
    pub(super) fn tensor(&self, name: &str) -> Result<Vec<f64>, Unsupported> {
        match self.node.attributes.get(name) {
            None => Ok(Vec::new()),
            Some(Attribute::Tensor(tensor)) if matches!(tensor.numbers, Numbers::Float(_) | Numbers::Double(_)) => {
                tensor.doubles().ok_or_else(|| self.wrong(name))
            }
            Some(_) => Err(self.wrong(name)),
        }
    }

    pub(super) fn bytes(&self, name: &str) -> Result<&'a [u8], Unsupported> {
        match self.node.attributes.get(name) {
            None => Ok(&[]),
            Some(Attribute::Tensor(tensor)) => match &tensor.numbers {
                Numbers::Bytes(values) => Ok(values),
                _ => Err(self.wrong(name)),
            },
            Some(_) => Err(self.wrong(name)),
        }
    }

    /// Refuses lists that are not all of the length `count`.
    pub(super) fn same_length(&self, count: usize, lengths: &[usize]) -> Result<(), Unsupported> {
        if lengths.iter().all(|length| *length == count) { Ok(()) } else { Err(self.refuse("its lists differ in length")) }
    }

    /// Whether NaN takes the true side of each of `count` nodes.
    pub(super) fn missing(&self, count: usize) -> Result<Vec<bool>, Unsupported> {
        let mut tracks: Vec<bool> = self.ints("nodes_missing_value_tracks_true")?.iter().map(|track| *track == 1).collect();
        if tracks.len() > count {
            return Err(self.refuse("its lists differ in length"));
        }
        tracks.resize(count, false);
        Ok(tracks)
    }

    pub(super) fn feature(&self, feature: i64) -> Result<u32, Unsupported> {
        let found = usize::try_from(feature).ok().filter(|feature| *feature < self.width);
        found.and_then(|feature| u32::try_from(feature).ok()).ok_or_else(|| self.refuse("it reads a column that the input lacks"))
    }

    /// `place` where it is below `count`.
    pub(super) fn place(&self, place: i64, count: usize) -> Result<usize, Unsupported> {
        let found = usize::try_from(place).ok().filter(|place| *place < count);
        found.ok_or_else(|| self.refuse("it names a node, a leaf or a target that is not there"))
    }

    /// `count` targets, where the weights of the file are enough for them: nothing that is made may outgrow the file.
    pub(super) fn targets(&self, count: i64, weights: usize) -> Result<usize, Unsupported> {
        let found = usize::try_from(count).ok().filter(|count| (1..=weights).contains(count));
        found.ok_or_else(|| self.refuse("its number of targets does not fit its weights"))
    }

    pub(super) fn transform(&self, name: &str) -> Result<Transform, Unsupported> {
        Ok(match name {
            "NONE" => Transform::None,
            "LOGISTIC" => Transform::Logistic,
            "SOFTMAX" => Transform::Softmax,
            "SOFTMAX_ZERO" => Transform::SoftmaxZero,
            "PROBIT" => Transform::Probit,
            _ => return Err(self.refuse("its post_transform is unknown")),
        })
    }

    /// Refuses what ONNX Runtime reads in a way of its own: where it joins a chain of equalities into one, the first one's NaN counts.
    pub(super) fn check_chains(&self, forest: &Forest) -> Result<(), Unsupported> {
        let is_equality = |mode| matches!(mode, Mode::Equal | Mode::Member { .. });
        for tree in &forest.trees {
            for first in tree.decisions.iter().filter(|decision| is_equality(decision.mode) && !decision.missing) {
                if let Child::Branch(next) = first.when_false {
                    let next = &tree.decisions[next as usize];
                    if is_equality(next.mode) && next.feature == first.feature && next.missing {
                        return Err(self.refuse("its equalities of one column treat NaN in two ways"));
                    }
                }
            }
        }
        Ok(())
    }
}
