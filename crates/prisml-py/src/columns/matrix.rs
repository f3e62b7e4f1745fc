//! NumPy's arrays of numbers, one column for each input, read where they are.

use std::marker::PhantomData;
use std::ops::Range;
use std::ptr;

use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use prisml_core::{CellError, Column, Columns, Dtype, Value, Visit};
use pyo3::prelude::*;

use crate::columns::values::Number;
use crate::errors::misuse;

/// A truth value as NumPy keeps it: a byte, whatever stands in it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Truth(u8);

impl Number for Truth {
    fn value(self, _dtype: Dtype) -> Result<Value<'static>, CellError> {
        Ok(Value::Bool(self.0 != 0))
    }
}

/// A two-dimensional array of numbers. Each is read once, and checked after that: another thread may write to the array meanwhile.
pub(super) struct Matrix<'a, N> {
    /// The address of the first number.
    start: usize,
    rows: usize,
    columns: usize,
    /// In bytes, from row to row and from column to column.
    strides: [isize; 2],
    /// Whether the numbers are float32.
    float32: bool,
    /// Whether the rows stand one after the other without a gap.
    gapless: bool,
    array: PhantomData<&'a PyUntypedArray>,
    number: PhantomData<N>,
}

// SAFETY: it is addresses and lengths; what they point to is alive as long as the array, which 'a keeps from being let go.
unsafe impl<N> Sync for Matrix<'_, N> {}
// SAFETY: as for `Sync`.
unsafe impl<N> Send for Matrix<'_, N> {}

impl<'a, N: Number> Matrix<'a, N> {
    /// `array` has two dimensions, and its elements are `N` in this machine's byte order.
    pub(super) fn new(array: &'a Bound<'_, PyUntypedArray>) -> PyResult<Self> {
        let (&[rows, columns], &[down, right]) = (array.shape(), array.strides()) else {
            return Err(misuse("an array of numbers has not two dimensions"));
        };
        if array.dtype().itemsize() != size_of::<N>() {
            return Err(misuse("an array of numbers is of another type than it was taken for"));
        }
        // SAFETY: the pointer is that of a live array object.
        let start = unsafe { (*array.as_array_ptr()).fields.data } as usize;
        let float32 = array.dtype().kind() == b'f' && size_of::<N>() == size_of::<f32>();
        Ok(Self {
            start,
            rows,
            columns,
            strides: [down, right],
            float32,
            gapless: array.is_c_contiguous(),
            array: PhantomData,
            number: PhantomData,
        })
    }
}

impl<N: Number> Columns for Matrix<'_, N> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn source<V: Visit>(&self, _slot: usize, _visit: V) -> Option<V::Out> {
        None
    }

    fn named<V: Visit>(&self, input: usize, visit: V) -> Option<V::Out> {
        let first = self.start.wrapping_add_signed(self.strides[1] * input.cast_signed());
        (input < self.columns)
            .then(|| visit.visit(&Strided::<N> { first, down: self.strides[0], rows: self.rows, number: PhantomData }))
    }

    fn is_computed(&self, _input: usize) -> bool {
        true
    }

    fn copy(&self, rows: Range<usize>, out: &mut [f32]) -> bool {
        if !self.float32 || rows.end > self.rows || out.len() != rows.len() * self.columns {
            return false;
        }
        if self.gapless {
            let from = self.start + rows.start * self.columns * size_of::<f32>();
            // SAFETY: the rows lie in the array, which has no gaps; any bits are a float32. `out` is nobody else's.
            unsafe { ptr::copy_nonoverlapping(from as *const u8, out.as_mut_ptr().cast(), size_of_val(out)) };
            return true;
        }
        for column in 0..self.columns {
            let first = self.start.wrapping_add_signed(self.strides[1] * column.cast_signed());
            for (row, place) in rows.clone().zip(out[column..].iter_mut().step_by(self.columns)) {
                let from = first.wrapping_add_signed(self.strides[0] * row.cast_signed());
                // SAFETY: the place is that of an element of the array, and any bits are a float32.
                *place = unsafe { ptr::read_unaligned(from as *const f32) };
            }
        }
        true
    }
}

struct Strided<N> {
    first: usize,
    down: isize,
    rows: usize,
    number: PhantomData<N>,
}

impl<N: Number> Column for Strided<N> {
    #[inline]
    fn value(&self, row: usize, dtype: Dtype) -> Result<Value<'_>, CellError> {
        assert!(row < self.rows, "a row of the array");
        let place = self.first.wrapping_add_signed(self.down * row.cast_signed());
        // SAFETY: the place is that of an element of the array, and any bits are such a number.
        let number = unsafe { ptr::read_unaligned(place as *const N) };
        match number.value(dtype)? {
            // An array has one type for all its columns: 0.0 and 1.0 are what a truth value is among floats.
            Value::Float(truth) if dtype == Dtype::Bool && truth.fract() == 0.0 => Ok(Value::Int(truth as i64)),
            value => Ok(value),
        }
    }

    fn type_name(&self) -> String {
        let name = std::any::type_name::<N>().rsplit("::").next().unwrap_or_default();
        match name.split_at_checked(1) {
            Some(("f", bits)) => format!("float{bits}"),
            Some(("i", bits)) => format!("int{bits}"),
            Some(("u", bits)) => format!("uint{bits}"),
            _ => "bool".to_owned(),
        }
    }
}
