//! What may stand in a matrix that somebody else encoded.

use crate::contract::{Input, InputContract, Kind};
use crate::error::{CellError, Error, Result};

/// What the cells of one column are: above `low` and below `high`, `whole` or not, or NaN where that is allowed.
#[derive(Clone, Copy)]
struct Bounds {
    low: f32,
    high: f32,
    whole: bool,
    nan: bool,
}

impl InputContract {
    /// Refuses what the encoder would not have written into a matrix of `width` columns.
    pub(crate) fn check_encoded(&self, matrix: &[f32]) -> Result<()> {
        if self.fits(matrix) {
            return Ok(());
        }
        for (row, values) in matrix.chunks_exact(self.width()).enumerate() {
            for (input, value) in self.inputs().iter().zip(values) {
                check_cell(input, *value).map_err(|cell| Error::Encoding { feature: input.name.clone(), row, cell })?;
            }
        }
        Ok(())
    }

    /// Whether every cell is what [`check_cell`] lets through, found without a branch for each.
    fn fits(&self, matrix: &[f32]) -> bool {
        let bounds: Vec<Bounds> = self.inputs().iter().map(Bounds::of).collect();
        if bounds.iter().all(|bounds| bounds.nan) {
            return !matrix.iter().fold(false, |bad, cell| bad | cell.is_infinite());
        }
        let is_good = |row: &[f32]| row.iter().zip(&bounds).fold(true, |good, (cell, bounds)| good & bounds.hold(*cell));
        matrix.chunks_exact(self.width()).all(is_good)
    }
}

impl Bounds {
    fn of(input: &Input) -> Self {
        match &input.kind {
            Kind::Number { refuse_missing } => {
                Self { low: f32::NEG_INFINITY, high: f32::INFINITY, whole: false, nan: !refuse_missing }
            }
            Kind::Category { codes, .. } => Self { low: -1.0, high: *codes as f32, whole: true, nan: false },
        }
    }

    #[allow(clippy::float_cmp, reason = "a whole number is equal to itself without its fraction")]
    #[allow(clippy::needless_bitwise_bool, reason = "without branches, several cells are compared at once")]
    fn hold(self, cell: f32) -> bool {
        let whole = (cell as i32) as f32 == cell;
        ((cell > self.low) & (cell < self.high) & (whole | !self.whole)) | (cell.is_nan() & self.nan)
    }
}

fn check_cell(input: &Input, value: f32) -> std::result::Result<(), CellError> {
    match &input.kind {
        Kind::Number { .. } if value.is_infinite() => Err(CellError::Infinite),
        Kind::Number { refuse_missing: true } if value.is_nan() => Err(CellError::Missing),
        Kind::Number { .. } => Ok(()),
        Kind::Category { codes, .. } if value >= 0.0 && value < *codes as f32 && value.fract() == 0.0 => Ok(()),
        Kind::Category { .. } => Err(CellError::NotACode),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INPUTS: &str = r#"[
        {"name": "a", "kind": "number", "dtype": "float", "missing": "nan"},
        {"name": "b", "kind": "number", "dtype": "float", "missing": "error"},
        {"name": "c", "kind": "category", "dtype": "str", "missing": "code", "missing_code": 2, "categories": ["x", "y"]}
    ]"#;

    fn cell() -> impl Strategy<Value = f32> {
        let edges = [0.0, -0.0, 1.0, 2.0, 3.0, -1.0, 0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-45];
        prop_oneof![4 => prop::sample::select(edges.to_vec()), 1 => prop::num::f32::ANY]
    }

    proptest! {
        #[test]
        fn what_is_found_at_once_is_what_each_cell_is_found_to_be(matrix in prop::collection::vec(cell(), 3..12)) {
            let contract = InputContract::from_json(INPUTS).unwrap();
            let rows = &matrix[..matrix.len() / 3 * 3];
            let each = rows.chunks(3).all(|row| contract.inputs().iter().zip(row).all(|(input, cell)| check_cell(input, *cell).is_ok()));
            prop_assert_eq!(contract.fits(rows), each);
            prop_assert_eq!(contract.check_encoded(rows).is_ok(), each);
        }
    }
}
