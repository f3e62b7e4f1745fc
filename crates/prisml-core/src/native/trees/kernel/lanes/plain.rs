//! Arrays of bytes.

use super::Lanes;

/// What every processor has: arrays, from which the compiler makes vectors as far as the target has them.
pub(in super::super) struct Plain;

impl Lanes for Plain {
    type Bytes = [u8; 16];
    const LANES: usize = 16;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> [u8; 16] {
        // SAFETY: the caller promises a whole vector.
        unsafe { from.cast::<[u8; 16]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(bytes: [u8; 16], to: *mut u8) {
        // SAFETY: the caller promises a whole vector.
        unsafe { to.cast::<[u8; 16]>().write_unaligned(bytes) }
    }

    #[inline(always)]
    unsafe fn splat(word: u32) -> [u8; 16] {
        let [a, b, c, d] = word.to_ne_bytes();
        [a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d]
    }

    #[inline(always)]
    unsafe fn clear(alive: [u8; 16], ranks: [u8; 16], rank: [u8; 16], bits: [u8; 16]) -> [u8; 16] {
        std::array::from_fn(|lane| {
            let above = if ranks[lane].cast_signed() > rank[lane].cast_signed() { 0xff } else { 0 };
            alive[lane] & !(above & bits[lane])
        })
    }

    #[inline(always)]
    unsafe fn choose(alive: [u8; 16], this: [u8; 16], otherwise: [u8; 16]) -> [u8; 16] {
        std::array::from_fn(|lane| if alive[lane] == 0 { otherwise[lane] } else { this[lane] })
    }

    #[inline(always)]
    unsafe fn lowest(bits: [u8; 16], base: [u8; 16]) -> [u8; 16] {
        std::array::from_fn(|lane| base[lane] + bits[lane].trailing_zeros() as u8)
    }
}
