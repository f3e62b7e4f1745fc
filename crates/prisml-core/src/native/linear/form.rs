//! Columns of a graph as what they are of the input: a bias, a weight for each number, a table for each category.

use std::collections::BTreeMap;

/// A column of the input, and what stands for NaN in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) column: usize,
    fill: Option<u32>,
}

impl Cell {
    pub(super) fn new(column: usize) -> Self {
        Self { column, fill: None }
    }

    /// What stands for NaN.
    pub(super) fn fill(self) -> Option<f32> {
        self.fill.map(f32::from_bits)
    }

    /// The same, with `value` for a NaN that nothing stands for yet.
    pub(super) fn filled(self, value: f32) -> Self {
        Self { fill: self.fill.or(Some(value.to_bits())), ..self }
    }
}

/// What each code adds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table {
    pub(super) by_code: BTreeMap<i64, f64>,
    /// Any other code is an error, and adds nothing otherwise.
    pub(super) strict: bool,
}

/// A number of a row that is linear in the row's numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Form {
    pub(super) bias: f64,
    pub(super) weights: BTreeMap<Cell, f64>,
    pub(super) tables: BTreeMap<(Cell, bool), Table>,
    /// What was subtracted from numbers and is part of the bias now, without signs: where that is huge, digits are lost.
    pub(super) moved: f64,
}

impl Form {
    pub(super) fn constant(bias: f64) -> Self {
        Self { bias, ..Self::default() }
    }

    pub(super) fn cell(cell: Cell) -> Self {
        Self { weights: BTreeMap::from([(cell, 1.0)]), ..Self::default() }
    }

    pub(super) fn table(cell: Cell, table: Table) -> Self {
        Self { tables: BTreeMap::from([((cell, table.strict), table)]), ..Self::default() }
    }

    /// How many numbers it has, and one more.
    pub(super) fn size(&self) -> usize {
        1 + self.weights.len() + self.tables.values().map(|table| table.by_code.len()).sum::<usize>()
    }

    /// `(self - offset) * scale`.
    pub(super) fn scaled(&self, offset: f64, scale: f64) -> Self {
        let mut result = Self::default();
        result.add(self, scale);
        result.bias -= offset * scale;
        result.moved += (offset * scale).abs();
        result
    }

    /// Adds `weight` times `other`.
    pub(super) fn add(&mut self, other: &Self, weight: f64) {
        self.bias += other.bias * weight;
        self.moved += other.moved * weight.abs();
        for (cell, value) in &other.weights {
            *self.weights.entry(*cell).or_default() += value * weight;
        }
        for (key, table) in &other.tables {
            self.add_table(*key, table, weight);
        }
    }

    fn add_table(&mut self, key: (Cell, bool), table: &Table, weight: f64) {
        let Some(mine) = self.tables.get_mut(&key) else {
            let by_code = table.by_code.iter().map(|(code, value)| (*code, value * weight)).collect();
            self.tables.insert(key, Table { by_code, strict: table.strict });
            return;
        };
        if table.strict {
            mine.by_code.retain(|code, _| table.by_code.contains_key(code));
        }
        for (code, value) in &table.by_code {
            match mine.by_code.get_mut(code) {
                Some(sum) => *sum += value * weight,
                None if table.strict => {}
                None => drop(mine.by_code.insert(*code, value * weight)),
            }
        }
    }
}
