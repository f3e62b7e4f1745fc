//! What a name of the graph stands for: columns that are computed or known, and how they lie in the tensor's dimensions.

use super::build::COLUMNS;

/// The type of a tensor's elements. Every column is held as float64; where the graph has float32, each result is rounded to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Float,
    Double,
    Int,
    Bool,
    /// Sizes of dimensions, which only another shape is made of; or what nobody may read.
    Shape,
}

/// One number of each row: computed into a slot, or the same for all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Column {
    Slot(usize),
    Number(f64),
}

/// A tensor's dimensions. One of them may be the rows of the batch, whatever their number: it counts as 1 in `dims`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) dims: Vec<usize>,
    pub(super) rows: Option<usize>,
}

/// A tensor: its columns in the order of its dimensions, the last fastest.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    pub(super) columns: Vec<Column>,
    pub(super) past: Past,
}

/// What a value went through: two matrix products with something between them that is not linear make a neural network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Past {
    #[default]
    Plain,
    Product,
    Activated,
}

impl Past {
    /// After an operator that is not linear.
    pub(super) fn bent(self) -> Self {
        if self == Self::Product { Self::Activated } else { self }
    }
}

impl Shape {
    /// Rows of `columns`.
    pub(super) fn matrix(columns: usize) -> Self {
        Self { dims: vec![1, columns], rows: Some(0) }
    }

    /// How many columns fit; None where they cannot be counted.
    pub(super) fn columns(&self) -> Option<usize> {
        self.dims.iter().try_fold(1_usize, |all, size| all.checked_mul(*size))
    }

    /// The place of a dimension that may be counted from the end.
    pub(super) fn axis(&self, axis: i64) -> Option<usize> {
        let rank = i64::try_from(self.dims.len()).ok()?;
        usize::try_from(if axis < 0 { axis + rank } else { axis }).ok().filter(|axis| *axis < self.dims.len())
    }

    /// As [`Shape::axis`], where that is not the rows.
    pub(super) fn inner(&self, axis: i64) -> Option<usize> {
        self.axis(axis).filter(|axis| Some(*axis) != self.rows)
    }

    /// Columns before `axis`, along it and after it.
    pub(super) fn around(&self, axis: usize) -> (usize, usize, usize) {
        let (before, rest) = self.dims.split_at(axis);
        (before.iter().product(), rest[0], rest[1..].iter().product())
    }

    /// The shape that tensors of these shapes are stretched to; None where ONNX has none, or where it would mix rows.
    pub(super) fn common(shapes: &[&Self]) -> Option<Self> {
        let rank = shapes.iter().map(|shape| shape.dims.len()).max()?;
        let mut common = Self { dims: vec![1; rank], rows: None };
        for shape in shapes {
            let skipped = rank - shape.dims.len();
            for (size, wanted) in shape.dims.iter().zip(&mut common.dims[skipped..]) {
                match (*wanted, *size) {
                    (1, _) => *wanted = *size,
                    (found, size) if found == size || size == 1 => {}
                    _ => return None,
                }
            }
            match (common.rows, shape.rows.map(|rows| rows + skipped)) {
                (Some(known), Some(rows)) if known != rows => return None,
                (None, rows) => common.rows = rows,
                _ => {}
            }
        }
        // A tensor of more than one element along the rows would have to fit the number of rows.
        let fits = common.rows.is_none_or(|rows| common.dims[rows] == 1);
        (fits && (1..=COLUMNS).contains(&common.columns()?)).then_some(common)
    }

    /// For each column of `wider` the place of the column of this shape that is stretched to it.
    pub(super) fn stretched(&self, wider: &Self) -> Option<Vec<usize>> {
        let skipped = wider.dims.len().checked_sub(self.dims.len())?;
        let mut places = vec![0];
        for (place, size) in wider.dims.iter().enumerate() {
            let own = if place < skipped { 1 } else { self.dims[place - skipped] };
            let step = |base: usize, at: usize| if own == 1 { base } else { base * own + at };
            places = places.iter().flat_map(|base| (0..*size).map(move |at| step(*base, at))).collect();
        }
        Some(places)
    }
}

impl Value {
    /// The columns stretched to `shape`.
    pub(super) fn stretched(&self, shape: &Shape) -> Option<Vec<Column>> {
        Some(self.shape.stretched(shape)?.into_iter().map(|place| self.columns[place]).collect())
    }

    /// The numbers of a tensor that is the same for every row.
    pub(super) fn numbers(&self) -> Option<Vec<f64>> {
        self.columns.iter().map(|column| if let Column::Number(number) = column { Some(*number) } else { None }).collect()
    }

    /// As [`Value::numbers`], where they are whole.
    pub(super) fn ints(&self) -> Option<Vec<i64>> {
        let whole = self.kind == Kind::Int && self.shape.rows.is_none();
        self.numbers().filter(|_| whole).map(|numbers| numbers.into_iter().map(|number| number as i64).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dims: &[usize], rows: Option<usize>) -> Shape {
        Shape { dims: dims.to_vec(), rows }
    }

    #[test]
    fn tensors_are_stretched_to_each_other_as_numpy_does_it() {
        let common = Shape::common(&[&shape(&[1, 1, 3], Some(0)), &shape(&[2, 1], None)]);
        assert_eq!(common, Some(shape(&[1, 2, 3], Some(0))));
        assert_eq!(shape(&[2, 1], None).stretched(&shape(&[1, 2, 3], Some(0))), Some(vec![0, 0, 0, 1, 1, 1]));
        assert_eq!(shape(&[1, 1, 3], Some(0)).stretched(&shape(&[1, 2, 3], Some(0))), Some(vec![0, 1, 2, 0, 1, 2]));
        assert_eq!(Shape::common(&[&Shape::matrix(3), &shape(&[2], None)]), None);
    }

    #[test]
    fn what_would_mix_rows_has_no_common_shape() {
        // A list of rows beside a matrix of rows would be stretched along the columns.
        assert_eq!(Shape::common(&[&Shape::matrix(3), &shape(&[1], Some(0))]), None);
        // A number for each of two rows fits a batch of two alone.
        assert_eq!(Shape::common(&[&Shape::matrix(3), &shape(&[2, 1], None)]), None);
    }

    #[test]
    fn the_rows_are_no_inner_dimension() {
        assert_eq!(Shape::matrix(3).inner(0), None);
        assert_eq!(Shape::matrix(3).inner(-2), None);
        assert_eq!((Shape::matrix(3).inner(-1), Shape::matrix(3).inner(1)), (Some(1), Some(1)));
        assert_eq!(Shape::matrix(3).axis(2), None);
    }
}
