//! How much is done at most to follow a graph: a few bytes could ask for any amount.

use std::cell::Cell as Counter;

use super::values::{Value, pick, weighed};
use super::{Fold, Form};

/// So many numbers may be copied or added up.
const WORK: usize = 1 << 23;

/// What is left to do.
pub(super) struct Effort {
    left: Counter<usize>,
}

impl Effort {
    pub(super) fn new() -> Self {
        Self { left: Counter::new(WORK) }
    }

    /// Takes `work` from what is left; None where that is not enough.
    pub(super) fn spend(&self, work: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(work.saturating_add(1))?);
        Some(())
    }
}

impl<'a> Fold<'a> {
    /// For each of `outer` outputs the sum of all forms by `weight(from, to)`.
    pub(super) fn weighed(&self, forms: &[Form], outer: usize, weight: impl Fn(usize, usize) -> f64) -> Option<Vec<Form>> {
        self.effort.spend(forms.iter().map(Form::size).sum::<usize>().max(1).saturating_mul(outer))?;
        Some(weighed(forms, outer, weight))
    }

    /// The columns at `places`, counted from the end where they are negative.
    pub(super) fn pick(&self, value: Value<'a>, places: &[i64]) -> Option<Value<'a>> {
        let largest = if let Value::Forms { forms, .. } = &value { forms.iter().map(Form::size).max().unwrap_or(0) } else { 1 };
        self.effort.spend(largest.saturating_mul(places.len()))?;
        pick(value, places)
    }
}
