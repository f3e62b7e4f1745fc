//! Operators of `ai.onnx.ml` that are linear.

use super::values::Value;
use super::{Finish, Fold, Form};
use crate::native::linear::form::Table;
use crate::onnx::Node;

impl<'a> Fold<'a> {
    pub(super) fn extract(&self, node: &'a Node) -> Option<Value<'a>> {
        self.pick(self.read(node, 0)?, &self.tensor(node, 1)?.ints()?)
    }

    pub(super) fn impute(&self, node: &'a Node) -> Option<Value<'a>> {
        let (Value::Cells(cells), fills) = (self.read(node, 0)?, node.floats("imputed_value_floats")?) else { return None };
        let of_nan = node.float("replaced_value_float", 0.0)?.is_nan();
        if !of_nan || fills.len() != cells.len() && fills.len() != 1 || fills.iter().any(|fill| fill.is_nan()) {
            return None;
        }
        Some(Value::Cells(cells.iter().zip(fills.iter().cycle()).map(|(cell, fill)| cell.filled(*fill)).collect()))
    }

    pub(super) fn scale(&self, node: &'a Node) -> Option<Value<'a>> {
        let (forms, offset, scale) = (self.forms(node, 0)?, node.floats("offset")?, node.floats("scale")?);
        let fits = |values: &[f32]| values.len() == forms.len() || values.len() == 1;
        if !fits(offset) || !fits(scale) {
            return None;
        }
        let pairs = offset.iter().cycle().zip(scale.iter().cycle());
        let scaled = forms.iter().zip(pairs).map(|(form, (offset, scale))| form.scaled(f64::from(*offset), f64::from(*scale)));
        Some(Value::Forms { forms: scaled.collect(), middle: false })
    }

    pub(super) fn one_hot(&self, node: &'a Node) -> Option<Value<'a>> {
        let (Value::Cells(cells) | Value::Codes(cells)) = self.read(node, 0)? else { return None };
        let ([cell], codes, strict) = (cells.as_slice(), node.ints("cats_int64s")?, node.int("zeros", 1)? == 0) else {
            return None;
        };
        let distinct = codes.iter().collect::<std::collections::BTreeSet<_>>().len() == codes.len();
        if strict || codes.is_empty() || !distinct || node.attributes.contains_key("cats_strings") {
            return None;
        }
        let one = |code: &i64| Form::table(*cell, Table { by_code: [(*code, 1.0)].into(), strict: false });
        Some(Value::Forms { forms: codes.iter().map(one).collect(), middle: false })
    }

    pub(super) fn regressor(&self, node: &'a Node) -> Option<Value<'a>> {
        let outer = usize::try_from(node.int("targets", 1)?).ok()?;
        if node.text("post_transform", "NONE")? != "NONE" {
            return None;
        }
        let forms = self.scores(node, outer)?;
        Some(Value::Forms { forms, middle: false })
    }

    pub(super) fn classifier(&self, node: &'a Node) -> Option<Value<'a>> {
        let labels = node.ints("classlabels_ints")?.len().max(node.texts("classlabels_strings")?.len());
        let forms = self.scores(node, node.floats("intercepts")?.len())?;
        if labels != forms.len() {
            return None;
        }
        match node.text("post_transform", "NONE")? {
            "NONE" => Some(Value::Forms { forms, middle: false }),
            "LOGISTIC" => Some(Value::Finished(forms, Finish::Logistic)),
            "SOFTMAX" => Some(Value::Finished(forms, Finish::Softmax)),
            _ => None,
        }
    }

    /// What `coefficients` and `intercepts` make of the input, for `outer` outputs.
    pub(super) fn scores(&self, node: &'a Node, outer: usize) -> Option<Vec<Form>> {
        let (forms, weights, bias) = (self.forms(node, 0)?, node.floats("coefficients")?, node.floats("intercepts")?);
        let inner = forms.len();
        if inner.checked_mul(outer)? != weights.len() || !bias.is_empty() && bias.len() != outer {
            return None;
        }
        let mut scores = self.weighed(&forms, outer, |from, to| f64::from(weights[to * inner + from]))?;
        scores.iter_mut().zip(bias).for_each(|(score, bias)| score.bias += f64::from(*bias));
        Some(scores)
    }

    pub(super) fn normalise(&self, node: &'a Node) -> Option<Value<'a>> {
        match (self.read(node, 0)?, node.text("norm", "MAX")?) {
            (Value::Finished(forms, Finish::Softmax), "L1") => Some(Value::Finished(forms, Finish::Softmax)),
            _ => None,
        }
    }
}
