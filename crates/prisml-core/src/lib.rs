//! Encodes rows and scores them, natively or with ONNX Runtime.
//!
//! The crate knows no Python. A row is anything that implements [`Row`]; an [`InputContract`] turns rows into a matrix of `f32`; a
//! [`Model`] scores such a matrix.
//!
//! ```
//! use prisml_core::{CellError, Dtype, InputContract, Row, Value};
//!
//! struct Passenger(f64);
//!
//! impl Row for Passenger {
//!     fn source<R>(
//!         &self,
//!         _slot: usize,
//!         _dtype: Dtype,
//!         read: impl FnOnce(Option<Value<'_>>) -> Result<R, CellError>,
//!     ) -> Result<R, CellError> {
//!         read(Some(Value::Float(self.0)))
//!     }
//!
//!     fn named<R>(
//!         &self,
//!         _input: usize,
//!         _dtype: Dtype,
//!         read: impl FnOnce(Option<Value<'_>>) -> Result<R, CellError>,
//!     ) -> Result<R, CellError> {
//!         read(None)
//!     }
//! }
//!
//! let inputs = r#"[{"name": "age", "kind": "number", "dtype": "float", "missing": "nan",
//!                   "sources": [{"path": ["age"], "dtype": "float"}]}]"#;
//! let contract = InputContract::from_json(inputs)?;
//! let mut matrix = [0.0_f32];
//! contract.encode_row(&Passenger(41.5), 0, &mut matrix, None)?;
//! assert_eq!(matrix, [41.5]);
//! # Ok::<(), prisml_core::Error>(())
//! ```

mod cache;
mod categories;
mod check;
mod columns;
mod contract;
mod encode;
mod error;
mod golden;
mod lone;
mod model;
mod native;
mod onnx;
mod plain;
mod process;
mod routing;
pub mod runtime;
mod scorer;
mod session;
mod signature;
mod transform;
mod uuid;
mod value;
mod vocabulary;
mod zone;

pub use cache::{ModelCache, Room};
pub use categories::{Categories, Growing, GrownCategories};
pub use columns::{Answered, Asked, Column, Columns, Encoded, Visit, encode_columns, encode_growing_columns};
pub use contract::{Dtype, Input, InputContract, Source};
pub use encode::Row;
pub use error::{CellError, Error, Result};
pub use model::{Model, Task};
pub use native::Level;
pub use routing::{
    BUCKETS, MOST_DIGITS, Range, Routing, Salt, bucket, largest_remainder, push_date, push_decimal, push_moment, push_part,
    reallocate,
};
pub use scorer::{Run, Scoring};
pub use uuid::UuidText;
pub use value::Value;
