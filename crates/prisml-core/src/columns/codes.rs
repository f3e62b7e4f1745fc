//! Who gives the codes of blocks of rows, and takes back what he did for one that failed.

use crate::categories::{Categories, Fixed, Growing};
use crate::contract::Input;
use crate::error::CellError;
use crate::value::Value;

/// Categories of blocks, one after the other.
pub(super) trait Codes: Categories {
    /// What was done since the last call stays.
    fn keep(&mut self);

    /// What was done since then was not done.
    fn undo(&mut self);
}

/// The codes of a contract.
pub(super) struct Fitted {
    /// What training did not see, by input.
    pub(super) unseen: Vec<u64>,
    counts: Vec<u64>,
}

impl Fitted {
    pub(super) fn new(width: usize) -> Self {
        Self { unseen: vec![0; width], counts: vec![0; width] }
    }
}

impl Categories for Fitted {
    fn code(&mut self, index: usize, input: &Input, value: Value<'_>) -> Result<f32, CellError> {
        Fixed { unseen: Some(&mut self.counts) }.code(index, input, value)
    }

    fn unseen(&mut self, index: usize) -> Option<&mut u64> {
        Some(&mut self.counts[index])
    }

    fn are_fitted(&self) -> bool {
        true
    }
}

impl Codes for Fitted {
    fn keep(&mut self) {
        self.unseen.iter_mut().zip(&mut self.counts).for_each(|(sum, count)| *sum += std::mem::take(count));
    }

    fn undo(&mut self) {
        self.counts.fill(0);
    }
}

/// Codes in the order of appearance.
pub(super) struct Grown<'a> {
    growing: &'a mut Growing,
    kept: Vec<usize>,
}

impl<'a> Grown<'a> {
    pub(super) fn new(growing: &'a mut Growing) -> Self {
        let kept = growing.counts();
        Self { growing, kept }
    }
}

impl Categories for Grown<'_> {
    fn code(&mut self, index: usize, input: &Input, value: Value<'_>) -> Result<f32, CellError> {
        self.growing.code(index, input, value)
    }
}

impl Codes for Grown<'_> {
    fn keep(&mut self) {
        self.kept = self.growing.counts();
    }

    fn undo(&mut self) {
        self.growing.forget_beyond(&self.kept);
    }
}
