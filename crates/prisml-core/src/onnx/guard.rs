//! Which graphs may be given to ONNX Runtime: those whose run ends, whose answers repeat, whose tensors stand in the file, and whose
//! size follows from their input.
//!
//! A file of 97 bytes can ask for 4 GB, and one with a loop can run for ever. A version's folder may be somebody else's file, so this
//! is looked at each time that one is loaded, before ONNX Runtime sees it.

use std::collections::BTreeSet;

use super::node::{Attribute, Node};
use super::wire::{Damaged, Fields};
use super::{Graph, plain_domain};

/// Operators of ONNX's own domain that answer from their inputs alone, in bounded time. Those that make more of less are in `GROWING`.
const KNOWN: &str = " Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Cast CastLike Ceil Celu Clip \
    Compress Concat Constant Conv Cos Cosh CumSum DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Flatten \
    Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GroupNormalization Hardmax \
    HardSigmoid HardSwish Identity If InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log \
    LogSoftmax LpNormalization MatMul MatMulInteger Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg NonZero Not Or PRelu \
    Pow QLinearMatMul QuantizeLinear RNN Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin \
    ReduceProd ReduceSum ReduceSumSquare Relu Reshape ReverseSequence Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin \
    Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign Split Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu TopK Transpose \
    Trilu Unique Unsqueeze Where Xor EyeLike ";

/// Operators of ONNX's own domain whose result is as large as one of their inputs says, and which input that is.
const GROWING: [(&str, &[usize]); 6] =
    [("ConstantOfShape", &[0]), ("Expand", &[1]), ("OneHot", &[1]), ("Pad", &[1]), ("Range", &[0, 1, 2]), ("Tile", &[1])];

const KNOWN_ML: &str = " ArrayFeatureExtractor Binarizer CategoryMapper FeatureVectorizer Imputer LabelEncoder LinearClassifier \
    LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ";

/// The largest product of sizes that stand in a file.
const LARGEST: u64 = 1 << 24;
const DEEPEST: usize = 32;
/// How many names are followed for the sizes of one graph: of names that are read twice there may be any number of ways.
const FOLLOWED: u32 = 4_096;

/// Why the graph in the bytes of `file` is not to be run, as words that follow "the graph"; None where it may be.
pub(crate) fn refusal(file: &[u8]) -> Option<String> {
    let mut found = Found::default();
    if found.walk_model(file).is_err() {
        return Some("is no ONNX file".to_owned());
    }
    if found.is_external {
        return Some("keeps tensors in another file".to_owned());
    }
    found.operators.iter().find_map(|(domain, op)| unknown(domain, op)).or_else(|| found.grows.then(|| too_large(file)).flatten())
}

fn unknown(domain: &str, op: &str) -> Option<String> {
    let is_listed = |known: &str| !op.contains(' ') && known.contains(&format!(" {op} "));
    match domain {
        "" if is_listed(KNOWN) || GROWING.iter().any(|(growing, _)| *growing == op) => None,
        "ai.onnx.ml" if is_listed(KNOWN_ML) => None,
        "" if ["Loop", "Scan"].contains(&op) => Some(format!("has the operator {op}, which may run for ever")),
        "" if op.starts_with("Random") || ["Bernoulli", "Multinomial"].contains(&op) => {
            Some(format!("has the operator {op}, whose answers differ each time"))
        }
        "" | "ai.onnx.ml" => Some(format!("has the operator {op}, which is not on the list of those that may be run")),
        _ => Some(format!("has the operator {op} of the domain {domain}, which is not ONNX's own")),
    }
}

/// What is in a file, inside branches and functions too.
#[derive(Default)]
struct Found {
    operators: BTreeSet<(String, String)>,
    is_external: bool,
    grows: bool,
}

impl Found {
    fn walk_model(&mut self, file: &[u8]) -> Result<(), Damaged> {
        let mut graphs = 0;
        let mut fields = Fields::new(file);
        while let Some((number, held)) = fields.next()? {
            match number {
                7 => {
                    graphs += 1;
                    self.walk_graph(held.bytes()?, 0)?;
                }
                25 => self.walk_function(held.bytes()?)?,
                _ => {}
            }
        }
        if graphs == 1 { Ok(()) } else { Err(Damaged) }
    }

    fn walk_function(&mut self, message: &[u8]) -> Result<(), Damaged> {
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            if number == 7 {
                self.walk_node(held.bytes()?, 1)?;
            }
        }
        Ok(())
    }

    fn walk_graph(&mut self, message: &[u8], depth: usize) -> Result<(), Damaged> {
        if depth > DEEPEST {
            return Err(Damaged);
        }
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            match number {
                1 => self.walk_node(held.bytes()?, depth)?,
                5 => self.look_at_tensor(held.bytes()?)?,
                15 => self.look_at_sparse(held.bytes()?)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn walk_node(&mut self, message: &[u8], depth: usize) -> Result<(), Damaged> {
        let (mut op, mut domain) = (String::new(), "");
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            match number {
                4 => held.text()?.clone_into(&mut op),
                5 => self.walk_attribute(held.bytes()?, depth)?,
                7 => domain = plain_domain(held.text()?),
                _ => {}
            }
        }
        if domain.is_empty() && GROWING.iter().any(|(growing, _)| *growing == op) {
            self.grows = true;
            if depth > 0 {
                // What a branch reads from outside is not followed.
                op.push_str(" in a branch");
            }
        }
        self.operators.insert((domain.to_owned(), op));
        Ok(())
    }

    fn walk_attribute(&mut self, message: &[u8], depth: usize) -> Result<(), Damaged> {
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            match number {
                5 | 10 => self.look_at_tensor(held.bytes()?)?,
                22 | 23 => self.look_at_sparse(held.bytes()?)?,
                6 | 11 => self.walk_graph(held.bytes()?, depth + 1)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn look_at_sparse(&mut self, message: &[u8]) -> Result<(), Damaged> {
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            if number == 1 || number == 2 {
                self.look_at_tensor(held.bytes()?)?;
            }
        }
        Ok(())
    }

    fn look_at_tensor(&mut self, message: &[u8]) -> Result<(), Damaged> {
        let mut fields = Fields::new(message);
        while let Some((number, held)) = fields.next()? {
            self.is_external |= number == 13 || (number == 14 && held.int()? != 0);
        }
        Ok(())
    }
}

/// Why one of the graph's own growing operators is refused: a size that is neither small nor taken from the input's shape.
fn too_large(file: &[u8]) -> Option<String> {
    let Ok(graph) = Graph::read(file) else { return Some("has tensors that cannot be read".to_owned()) };
    let mut left = FOLLOWED;
    graph.nodes.iter().filter(|node| node.domain.is_empty()).find_map(|node| {
        let (_, places) = GROWING.iter().find(|(growing, _)| *growing == node.op)?;
        let mut product = 1;
        let is_bounded = places
            .iter()
            .filter_map(|place| node.inputs.get(*place))
            .all(|name| multiply(&graph, name, &mut product, (0, &mut left)).is_some());
        let is_small = is_bounded && product <= LARGEST;
        (!is_small).then(|| format!("has the operator {}, which may ask for any amount of memory", node.op))
    })
}

/// Multiplies `product` by every number that `name` may hold and that is not a dimension of another tensor; None where that is not known.
fn multiply(graph: &Graph, name: &str, product: &mut u64, (depth, left): (usize, &mut u32)) -> Option<()> {
    *left = left.checked_sub(1)?;
    if let Some(tensor) = graph.tensors.get(name) {
        return tensor.ints()?.iter().try_for_each(|size| take(product, *size));
    }
    let node = graph.nodes.iter().find(|node| node.outputs.iter().any(|output| output == name))?;
    let followed = match node.op.as_str() {
        "Shape" | "Size" => 0,
        "Constant" => return constant(node)?.iter().try_for_each(|size| take(product, *size)),
        "Gather" | "Slice" | "Squeeze" | "Unsqueeze" | "Cast" | "Identity" | "Reshape" => 1,
        "Concat" => node.inputs.len(),
        _ => return None,
    };
    if depth > DEEPEST || !node.domain.is_empty() {
        return None;
    }
    node.inputs.iter().take(followed).try_for_each(|input| multiply(graph, input, product, (depth + 1, left)))
}

fn take(product: &mut u64, size: i64) -> Option<()> {
    *product = product.checked_mul(size.unsigned_abs().max(1))?;
    Some(())
}

fn constant(node: &Node) -> Option<Vec<i64>> {
    match node.attributes.values().next()? {
        Attribute::Tensor(tensor) => Some(tensor.ints()?),
        Attribute::Int(value) => Some(vec![*value]),
        Attribute::Ints(values) => Some(values.clone()),
        _ => None,
    }
}
