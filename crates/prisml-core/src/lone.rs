//! A lone row through ONNX Runtime: bound once to memory that is kept, without what `Session::run` makes and drops every time.

use std::ptr::{self, NonNull};
use std::slice;

use ort::AsPointer;
use ort::session::{IoBinding, Session};
use ort::value::Tensor;

use crate::signature::Signature;

/// A batch of one takes other kernels, whose last bits differ: the row is sent twice and answered once.
const TIMES: usize = 2;
/// A NaN that no graph computes: where it is still there after a run, ONNX Runtime put its answer elsewhere.
const UNTOUCHED: u32 = 0x7fd5_1a9e;

/// What a row goes in by and its answer comes out by, bound to one session.
pub(crate) struct Lone {
    binding: IoBinding,
    input: Numbers,
    output: Numbers,
    width: usize,
    outputs: usize,
}

/// The numbers of a tensor that a binding holds.
struct Numbers {
    start: NonNull<f32>,
    count: usize,
}

// SAFETY: the memory belongs to the binding beside it, which may be sent, and is reached through `&mut Lone` alone.
unsafe impl Send for Numbers {}

impl Lone {
    /// Memory bound to `session`; None where it cannot be had.
    pub(crate) fn new(session: &Session, signature: &Signature) -> Option<Self> {
        let tensor = |columns: usize| Tensor::from_array(([TIMES, columns], vec![0.0_f32; TIMES * columns])).ok();
        let (mut input, mut output) = (tensor(signature.width)?, tensor(signature.outputs)?);
        let places = (Numbers::of(&mut input)?, Numbers::of(&mut output)?);
        let mut binding = session.create_binding().ok()?;
        binding.bind_input("features", &input).ok()?;
        binding.bind_output(signature.output, output).ok()?;
        Some(Self { binding, input: places.0, output: places.1, width: signature.width, outputs: signature.outputs })
    }

    /// The output's numbers for `row`; None where the graph cannot be run this way. `session` is the one that this was made for.
    pub(crate) fn run(&mut self, session: &mut Session, row: &[f32]) -> Option<&[f32]> {
        self.input.get().chunks_exact_mut(self.width).for_each(|place| place.copy_from_slice(row));
        self.output.get().fill(f32::from_bits(UNTOUCHED));
        if !run(session, &mut self.binding) {
            return None;
        }
        let answer = self.output.get().get(..self.outputs)?;
        answer.iter().all(|number| number.to_bits() != UNTOUCHED).then_some(answer)
    }
}

impl Numbers {
    fn of(tensor: &mut Tensor<f32>) -> Option<Self> {
        let (_, numbers) = tensor.try_extract_tensor_mut::<f32>().ok()?;
        Some(Self { count: numbers.len(), start: NonNull::new(numbers.as_mut_ptr())? })
    }

    fn get(&mut self) -> &mut [f32] {
        // SAFETY: the binding keeps the tensor, which does not move its numbers; `&mut` proves that nobody else reads or writes
        // them, ONNX Runtime included, which does so during a run alone.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.count) }
    }
}

/// Whether the graph was run on what is bound.
fn run(session: &mut Session, binding: &mut IoBinding) -> bool {
    let api = ort::api();
    // SAFETY: both live until the call returns, the binding is of this session, and `&mut` proves that no other thread uses them.
    let status = unsafe { (api.RunWithBinding)(session.ptr().cast_mut(), ptr::null(), binding.ptr()) };
    if status.0.is_null() {
        return true;
    }
    // SAFETY: the status is ours to release, once.
    unsafe { (api.ReleaseStatus)(status.0) };
    false
}
