//! Nodes and their attributes.

use rustc_hash::FxHashMap;

use super::tensor::Tensor;
use super::wire::{Damaged, Fields};

/// An attribute's value; what the native scorer never reads is `Other`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Attribute {
    Float(f32),
    Int(i64),
    Text(Vec<u8>),
    Tensor(Tensor),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    Texts(Vec<Vec<u8>>),
    Other,
}

/// An operator with what it reads and gives, by name; an empty name stands for an optional one that is not there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    pub(crate) op: String,
    /// Empty for ONNX's own.
    pub(crate) domain: String,
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
    pub(crate) attributes: FxHashMap<String, Attribute>,
}

impl Node {
    pub(super) fn read(message: &[u8]) -> Result<Self, Damaged> {
        let mut node = Self::default();
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            match number {
                1 => node.inputs.push(held.text()?.to_owned()),
                2 => node.outputs.push(held.text()?.to_owned()),
                4 => held.text()?.clone_into(&mut node.op),
                5 => {
                    let (name, attribute) = Attribute::read(held.bytes()?)?;
                    node.attributes.insert(name, attribute);
                }
                7 => super::plain_domain(held.text()?).clone_into(&mut node.domain),
                _ => {}
            }
        }
        Ok(node)
    }

    /// The integer `name`; `default` where it is not there, None where it is something else.
    pub(crate) fn int(&self, name: &str, default: i64) -> Option<i64> {
        match self.attributes.get(name) {
            None => Some(default),
            Some(Attribute::Int(value)) => Some(*value),
            Some(_) => None,
        }
    }

    /// The float `name`; `default` where it is not there, None where it is something else.
    pub(crate) fn float(&self, name: &str, default: f32) -> Option<f32> {
        match self.attributes.get(name) {
            None => Some(default),
            Some(Attribute::Float(value)) => Some(*value),
            Some(_) => None,
        }
    }

    /// The text `name`; `default` where it is not there, None where it is something else.
    pub(crate) fn text<'a>(&'a self, name: &str, default: &'a str) -> Option<&'a str> {
        match self.attributes.get(name) {
            None => Some(default),
            Some(Attribute::Text(value)) => std::str::from_utf8(value).ok(),
            Some(_) => None,
        }
    }

    /// The integers `name`; empty where they are not there, None where it is something else.
    pub(crate) fn ints(&self, name: &str) -> Option<&[i64]> {
        match self.attributes.get(name) {
            None => Some(&[]),
            Some(Attribute::Ints(values)) => Some(values),
            Some(_) => None,
        }
    }

    /// The floats `name`; empty where they are not there, None where it is something else.
    pub(crate) fn floats(&self, name: &str) -> Option<&[f32]> {
        match self.attributes.get(name) {
            None => Some(&[]),
            Some(Attribute::Floats(values)) => Some(values),
            Some(_) => None,
        }
    }

    /// The texts `name`; empty where they are not there, None where it is something else.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<&str>> {
        match self.attributes.get(name) {
            None => Some(Vec::new()),
            Some(Attribute::Texts(values)) => values.iter().map(|value| std::str::from_utf8(value).ok()).collect(),
            Some(_) => None,
        }
    }
}

impl Attribute {
    fn read(message: &[u8]) -> Result<(String, Self), Damaged> {
        let mut name = String::new();
        let mut value = Parts::default();
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            match number {
                1 => held.text()?.clone_into(&mut name),
                2 => value.float = held.float()?,
                3 => value.int = held.int()?,
                4 => value.text = held.bytes()?.to_vec(),
                5 => value.tensor = Some(Tensor::read(held.bytes()?)?.1),
                7 => {
                    held.extend_floats(&mut value.floats)?;
                    fields.more_floats(7, &mut value.floats);
                }
                8 => {
                    held.extend_ints(&mut value.ints)?;
                    fields.more_ints(8, &mut value.ints)?;
                }
                9 => value.texts.push(held.bytes()?.to_vec()),
                20 => value.kind = held.int()?,
                _ => {}
            }
        }
        Ok((name, value.chosen()))
    }
}

/// Every field that an attribute's value may stand in; `kind` says which one it is.
#[derive(Default)]
struct Parts {
    kind: i64,
    float: f32,
    int: i64,
    text: Vec<u8>,
    tensor: Option<Tensor>,
    floats: Vec<f32>,
    ints: Vec<i64>,
    texts: Vec<Vec<u8>>,
}

impl Parts {
    fn chosen(self) -> Attribute {
        match (self.kind, self.tensor) {
            (1, _) => Attribute::Float(self.float),
            (2, _) => Attribute::Int(self.int),
            (3, _) => Attribute::Text(self.text),
            (4, Some(tensor)) => Attribute::Tensor(tensor),
            (6, _) => Attribute::Floats(self.floats),
            (7, _) => Attribute::Ints(self.ints),
            (8, _) => Attribute::Texts(self.texts),
            _ => Attribute::Other,
        }
    }
}
