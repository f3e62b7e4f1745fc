//! An ONNX file as plain values: what the native scorer compiles from.
//!
//! The numbers of fields are those of `onnx.proto`, <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.

pub(crate) mod guard;
mod node;
mod tensor;
mod wire;

use rustc_hash::FxHashMap;

pub(crate) use node::{Attribute, Node};
pub(crate) use tensor::{Numbers, Tensor};
pub(crate) use wire::Damaged;
use wire::Fields;

/// What a graph takes or gives: a tensor of `element` (ONNX's number for the type), by its dimensions; None where one is free.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) element: Option<i64>,
    pub(crate) dims: Option<Vec<Option<i64>>>,
}

/// The one graph of a file: nodes in an order in which each comes after what it reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) tensors: FxHashMap<String, Tensor>,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    /// Version by domain; ONNX's own domain is the empty text.
    pub(crate) opsets: FxHashMap<String, i64>,
    /// Functions and sparse tensors, which nothing here reads.
    pub(crate) has_more: bool,
}

impl Graph {
    /// The graph in the bytes of an ONNX file.
    pub(crate) fn read(file: &[u8]) -> Result<Self, Damaged> {
        let mut graph = Self::default();
        let mut fields = Fields::new(file);
        let mut found = false;
        while let Some((number, held)) = fields.next()? {
            match number {
                7 => {
                    graph.read_graph(held.bytes()?)?;
                    found = true;
                }
                8 => graph.read_opset(held.bytes()?)?,
                25 => graph.has_more = true,
                _ => {}
            }
        }
        if found { Ok(graph) } else { Err(Damaged) }
    }

    fn read_graph(&mut self, message: &[u8]) -> Result<(), Damaged> {
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            match number {
                1 => self.nodes.push(Node::read(held.bytes()?)?),
                5 => {
                    let (name, tensor) = Tensor::read(held.bytes()?)?;
                    self.tensors.insert(name, tensor);
                }
                11 => self.inputs.push(read_port(held.bytes()?)?),
                12 => self.outputs.push(read_port(held.bytes()?)?),
                15 => self.has_more = true,
                _ => {}
            }
        }
        // Old files list their tensors among the inputs.
        self.inputs.retain(|port| !self.tensors.contains_key(&port.name));
        Ok(())
    }

    fn read_opset(&mut self, message: &[u8]) -> Result<(), Damaged> {
        let (mut domain, mut version) = (String::new(), 0);
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            match number {
                1 => held.text()?.clone_into(&mut domain),
                2 => version = held.int()?,
                _ => {}
            }
        }
        self.opsets.insert(plain_domain(&domain).to_owned(), version);
        Ok(())
    }
}

/// `ai.onnx` is another name for the empty domain.
fn plain_domain(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

fn read_port(message: &[u8]) -> Result<Port, Damaged> {
    let mut port = Port::default();
    let mut fields = Fields::new(message);
    while let Some((number, held)) = fields.next()? {
        match number {
            1 => held.text()?.clone_into(&mut port.name),
            2 => read_type(held.bytes()?, &mut port)?,
            _ => {}
        }
    }
    Ok(port)
}

fn read_type(message: &[u8], port: &mut Port) -> Result<(), Damaged> {
    let mut kinds = Fields::new(message);
    while let Some((number, held)) = kinds.next()? {
        if number != 1 {
            continue;
        }
        let mut fields = Fields::new(held.bytes()?);
        while let Some((number, held)) = fields.next()? {
            match number {
                1 => port.element = Some(held.int()?),
                2 => port.dims = Some(read_shape(held.bytes()?)?),
                _ => {}
            }
        }
    }
    Ok(())
}

fn read_shape(message: &[u8]) -> Result<Vec<Option<i64>>, Damaged> {
    let mut dims = Vec::new();
    let mut fields = Fields::new(message);
    while let Some((number, held)) = fields.next()? {
        if number == 1 {
            let mut size = None;
            let mut dim = Fields::new(held.bytes()?);
            while let Some((number, held)) = dim.next()? {
                if number == 1 {
                    size = Some(held.int()?);
                }
            }
            dims.push(size);
        }
    }
    Ok(dims)
}
