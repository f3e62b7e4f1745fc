//! Tables: Arrow's C data interface and NumPy's arrays -> the columns of the core.

mod arrays;
mod found;
mod keys;
mod matrix;
mod predict;
mod table;
mod values;

pub(crate) use predict::{encode, encode_in_order, predict, predict_encoded};
pub(crate) use table::Table;
