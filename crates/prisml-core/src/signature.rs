//! What a graph takes and gives, checked when it is loaded.

use ort::session::Session;
use ort::value::{Outlet, TensorElementType, ValueType};

use crate::error::{Error, Result};

/// The one output that is read, and how many numbers a row has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) width: usize,
    pub(crate) output: &'static str,
    pub(crate) outputs: usize,
}

impl Signature {
    /// Refuses a session that does not take one matrix of `width` columns and give `output`.
    pub(crate) fn check(&self, session: &Session) -> Result<()> {
        let ([input], [output]) = (session.inputs(), session.outputs()) else {
            return Err(Error::Graph(format!(
                "it has {} inputs and {} outputs where one of each is expected",
                session.inputs().len(),
                session.outputs().len()
            )));
        };
        expect(input, "features", self.width)?;
        expect(output, self.output, self.outputs)
    }
}

fn expect(outlet: &Outlet, name: &str, columns: usize) -> Result<()> {
    let fits = match outlet.dtype() {
        ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } => match shape.as_ref() {
            [_, found] => *found < 0 || usize::try_from(*found).is_ok_and(|found| found == columns),
            dims => dims.is_empty() && name != "features",
        },
        _ => false,
    };
    if outlet.name() == name && fits {
        return Ok(());
    }
    Err(Error::Graph(format!(
        "'{}' is {} where '{name}', a float32 matrix of {columns} columns, is expected",
        outlet.name(),
        outlet.dtype()
    )))
}
