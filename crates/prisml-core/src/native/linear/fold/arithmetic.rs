//! Sums and products with what stands in the file.

use super::values::{Value, columns, row_of};
use super::{Fold, Form};
use crate::onnx::Node;

impl<'a> Fold<'a> {
    /// The sum of inputs, each with its sign; a tensor counts for every row.
    pub(super) fn sum(&self, node: &'a Node, signed: &[(usize, f64)]) -> Option<Value<'a>> {
        let parts: Option<Vec<_>> = signed.iter().map(|(place, sign)| Some((self.read(node, *place)?, *sign))).collect();
        let parts = parts?;
        let middle = parts.iter().any(|(part, _)| matches!(part, Value::Forms { middle: true, .. }));
        let count = parts.iter().map(|(part, _)| columns(part)).try_fold(1, |most, count| Some(count?.max(most)))?;
        let mut forms = vec![Form::default(); count];
        for (part, sign) in parts {
            let addends = match part {
                Value::Cells(cells) if !middle => cells.into_iter().map(Form::cell).collect(),
                Value::Forms { forms, middle: inner } if inner == middle => forms,
                Value::Constant(tensor) => row_of(tensor)?.into_iter().map(Form::constant).collect(),
                _ => return None,
            };
            if addends.len() != count && addends.len() != 1 {
                return None;
            }
            for (form, addend) in forms.iter_mut().zip(addends.iter().cycle()) {
                form.add(addend, sign);
                if !middle {
                    form.moved += addend.bias.abs();
                }
            }
        }
        Some(Value::Forms { forms, middle })
    }

    pub(super) fn multiply(&self, node: &'a Node) -> Option<Value<'a>> {
        let (forms, factors) = match (self.forms(node, 0), self.forms(node, 1)) {
            (Some(forms), None) => (forms, row_of(self.tensor(node, 1)?)?),
            (None, Some(forms)) => (forms, row_of(self.tensor(node, 0)?)?),
            _ => return None,
        };
        let fits = factors.len() == forms.len() || factors.len() == 1;
        let forms = forms.iter().zip(factors.iter().cycle()).map(|(form, factor)| form.scaled(0.0, *factor)).collect();
        fits.then_some(Value::Forms { forms, middle: false })
    }

    #[allow(clippy::float_cmp, reason = "only factors that are exactly 1 change nothing")]
    pub(super) fn product(&self, node: &'a Node, general: bool) -> Option<Value<'a>> {
        let turned = node.int("transB", 0)? == 1;
        let plain = node.float("alpha", 1.0)? == 1.0 && node.float("beta", 1.0)? == 1.0 && node.int("transA", 0)? == 0;
        let (forms, tensor) = (self.forms(node, 0)?, self.tensor(node, 1)?);
        let values = tensor.doubles()?;
        let (inner, outer) = match (tensor.dims.as_slice(), turned) {
            ([inner], false) if !general => (*inner, 1),
            ([inner, outer], false) | ([outer, inner], true) => (*inner, *outer),
            _ => return None,
        };
        if inner != forms.len() || !plain {
            return None;
        }
        let weight = |from: usize, to: usize| if turned { values[to * inner + from] } else { values[from * outer + to] };
        let mut products = self.weighed(&forms, outer, weight)?;
        if general && node.inputs.get(2).is_some_and(|name| !name.is_empty()) {
            let addends = match self.tensor(node, 2) {
                Some(tensor) => row_of(tensor)?.into_iter().map(Form::constant).collect(),
                None => self.forms(node, 2)?,
            };
            if addends.len() != outer && addends.len() != 1 {
                return None;
            }
            products.iter_mut().zip(addends.iter().cycle()).for_each(|(product, addend)| product.add(addend, 1.0));
        }
        Some(Value::Forms { forms: products, middle: false })
    }
}
