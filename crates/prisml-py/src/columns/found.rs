//! Where a table has what a contract reads.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, FieldRef};
use prisml_core::{CellError, Columns, InputContract, Visit};

use crate::columns::arrays::{visit, visit_refused};
use crate::columns::table::fields;

/// The way to a column: its place among the columns, then among those of the struct, and so on.
#[derive(Debug, PartialEq)]
enum Way {
    Found(Vec<usize>),
    /// Two columns have the name.
    Twice(String),
}

/// The columns that a contract reads, in a table of certain types.
pub(super) struct Ways {
    slots: Vec<Option<Way>>,
    names: Vec<Option<Way>>,
    /// Whether a column under a feature's own name goes before those that the feature is made of.
    computed: bool,
}

impl Ways {
    pub(super) fn new(contract: &InputContract, data_type: &DataType) -> Self {
        let columns = fields(data_type);
        Self {
            slots: contract
                .sources()
                .iter()
                .map(|source| if source.is_computed() { None } else { way_to(&source.path, columns) })
                .collect(),
            names: contract.inputs().iter().map(|input| way_to(std::slice::from_ref(&input.name), columns)).collect(),
            computed: false,
        }
    }

    /// The columns of a table by their places, that of a slot being its number, that of a computed feature the one in `computed`;
    /// names of columns count for nothing.
    pub(super) fn in_order(contract: &InputContract, data_type: &DataType, computed: &HashMap<String, usize>) -> Self {
        let columns = fields(data_type).len();
        let way = |place: usize| (place < columns).then(|| Way::Found(vec![place]));
        Self {
            slots: (0..contract.sources().len()).map(way).collect(),
            names: contract.inputs().iter().map(|input| computed.get(&input.name).copied().and_then(way)).collect(),
            computed: true,
        }
    }

    /// The columns of one batch.
    pub(super) fn of<'a>(&'a self, batch: &'a StructArray) -> Batch<'a> {
        let reach = |way: &'a Option<Way>| way.as_ref().map(|way| Found::new(way, batch));
        Batch {
            rows: batch.len(),
            data_type: batch.data_type(),
            slots: self.slots.iter().map(reach).collect(),
            names: self.names.iter().map(reach).collect(),
            computed: self.computed,
        }
    }
}

/// A path is a struct's columns, step by step, or a column with a dotted name: `a`, then `b`, or else `a.b`.
fn way_to(path: &[String], columns: &[FieldRef]) -> Option<Way> {
    (1..=path.len()).find_map(|steps| {
        let (name, rest) = (path[..steps].join("."), &path[steps..]);
        let mut named = columns.iter().enumerate().filter(|(_, field)| *field.name() == name);
        let (place, field) = named.next()?;
        if named.next().is_some() {
            return Some(Way::Twice(name));
        }
        if rest.is_empty() || field.data_type() == &DataType::Null {
            return Some(Way::Found(vec![place]));
        }
        match way_to(rest, fields(field.data_type()))? {
            Way::Found(further) => Some(Way::Found([vec![place], further].concat())),
            twice @ Way::Twice(_) => Some(twice),
        }
    })
}

enum Found<'a> {
    /// A column, and its own nulls with those of the structs that it is in.
    Column(&'a ArrayRef, Option<NullBuffer>),
    Twice(&'a str),
}

impl<'a> Found<'a> {
    fn new(way: &'a Way, batch: &'a StructArray) -> Self {
        let places = match way {
            Way::Twice(name) => return Self::Twice(name),
            Way::Found(places) => places,
        };
        let (mut inside, mut nulls) = (batch, None);
        for (step, place) in places.iter().enumerate() {
            let column = inside.column(*place);
            nulls = NullBuffer::union(nulls.as_ref(), column.nulls());
            if step + 1 == places.len() {
                return Self::Column(column, nulls);
            }
            inside = column.as_struct();
        }
        // A way has at least one step.
        Self::Twice("")
    }

    fn visit<V: Visit>(&self, data_type: &DataType, visitor: V) -> V::Out {
        match self {
            Self::Column(array, nulls) => visit(array.as_ref(), nulls.as_ref(), visitor),
            Self::Twice(name) => visit_refused(data_type, CellError::TwoColumns { key: (*name).to_owned() }, visitor),
        }
    }
}

/// The columns of one batch that a contract reads.
pub(super) struct Batch<'a> {
    rows: usize,
    data_type: &'a DataType,
    slots: Vec<Option<Found<'a>>>,
    names: Vec<Option<Found<'a>>>,
    computed: bool,
}

impl Columns for Batch<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn source<V: Visit>(&self, slot: usize, visit: V) -> Option<V::Out> {
        Some(self.slots[slot].as_ref()?.visit(self.data_type, visit))
    }

    fn named<V: Visit>(&self, input: usize, visit: V) -> Option<V::Out> {
        Some(self.names[input].as_ref()?.visit(self.data_type, visit))
    }

    fn is_computed(&self, input: usize) -> bool {
        self.computed && self.names[input].is_some()
    }
}
