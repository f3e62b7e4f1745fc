//! AVX-512.

#![allow(clippy::many_single_char_names, reason = "the vectors of one table")]

#[allow(clippy::wildcard_imports, reason = "as for any set of instructions")]
use std::arch::x86_64::*;
use std::ops::Range;

use super::super::lines::TILE;
use super::super::ranks::Ranking;
use super::super::weights::Tables;
use super::{Lanes, avx2};

/// AVX-512. Bytes are in vectors of 256 bits: comparisons into masks take as long for twice as many.
pub(in super::super) struct Avx512;

impl Lanes for Avx512 {
    type Bytes = __m256i;
    const LANES: usize = 32;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> __m256i {
        // SAFETY: the caller promises the instructions and a whole vector.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(bytes: __m256i, to: *mut u8) {
        // SAFETY: the caller promises the instructions and a whole vector.
        unsafe { _mm256_storeu_si256(to.cast(), bytes) }
    }

    #[inline(always)]
    unsafe fn splat(word: u32) -> __m256i {
        // SAFETY: the caller promises the instructions.
        unsafe { _mm256_set1_epi32(word.cast_signed()) }
    }

    #[inline(always)]
    unsafe fn clear(alive: __m256i, ranks: __m256i, rank: __m256i, bits: __m256i) -> __m256i {
        // SAFETY: the caller promises the instructions; 0x70 is the truth table of `alive & !(above & bits)`.
        unsafe { _mm256_ternarylogic_epi64::<0x70>(alive, _mm256_cmpgt_epi8(ranks, rank), bits) }
    }

    #[inline(always)]
    unsafe fn choose(alive: __m256i, this: __m256i, otherwise: __m256i) -> __m256i {
        // SAFETY: the caller promises the instructions.
        unsafe { _mm256_mask_mov_epi8(otherwise, _mm256_test_epi8_mask(alive, alive), this) }
    }

    #[inline(always)]
    unsafe fn lowest(bits: __m256i, base: __m256i) -> __m256i {
        // SAFETY: the caller promises the instructions.
        unsafe { avx2::lowest(bits, base) }
    }

    #[inline(always)]
    unsafe fn rank(ranking: &Ranking, cells: &[f32; TILE], out: &mut [u8; TILE]) {
        // SAFETY: the caller promises the instructions.
        unsafe {
            if ranking.nan_left {
                rank::<_CMP_GT_OQ>(ranking, cells, out);
            } else {
                rank::<_CMP_NLE_UQ>(ranking, cells, out);
            }
        }
    }

    #[inline(always)]
    unsafe fn add(tables: &Tables, trees: Range<usize>, size: usize, exits: &[u8], sums: &mut [f64]) {
        // SAFETY: the caller promises the instructions and whole tiles.
        unsafe { add(tables, trees, size, exits, sums) };
    }
}

/// Ranks by tables in registers.
#[inline(always)]
unsafe fn rank<const ABOVE: i32>(ranking: &Ranking, cells: &[f32; TILE], out: &mut [u8; TILE]) {
    // SAFETY: the caller promises the instructions; the table has 16 entries and 2^levels.
    unsafe {
        let one = _mm512_set1_epi32(1);
        let fill = _mm512_set1_ps(ranking.fill);
        let mut at = [one; 4];
        let x: [__m512; 4] = std::array::from_fn(|part| {
            let cell = _mm512_loadu_ps(cells.as_ptr().add(part * 16));
            _mm512_mask_mov_ps(cell, _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(cell, cell), fill)
        });
        let table = |vector: usize| _mm512_loadu_ps(ranking.table.as_ptr().add(vector * 16));
        let step = |at: __m512i, x: __m512, threshold: __m512| {
            let above = _mm512_cmp_ps_mask::<ABOVE>(x, threshold);
            let twice = _mm512_add_epi32(at, at);
            _mm512_mask_add_epi32(twice, above, twice, one)
        };
        let first = table(0);
        for _ in 0..ranking.levels.min(4) {
            for part in 0..4 {
                at[part] = step(at[part], x[part], _mm512_permutexvar_ps(at[part], first));
            }
        }
        if ranking.levels > 4 {
            let second = table(1);
            for part in 0..4 {
                at[part] = step(at[part], x[part], _mm512_permutexvar_ps(at[part], second));
            }
        }
        if ranking.levels > 5 {
            let (a, b) = (table(2), table(3));
            for part in 0..4 {
                at[part] = step(at[part], x[part], _mm512_permutex2var_ps(a, at[part], b));
            }
        }
        if ranking.levels > 6 {
            let (a, b, c, d) = (table(4), table(5), table(6), table(7));
            for part in 0..4 {
                let low = _mm512_permutex2var_ps(a, at[part], b);
                let high = _mm512_permutex2var_ps(c, at[part], d);
                let threshold = _mm512_mask_mov_ps(low, _mm512_test_epi32_mask(at[part], _mm512_set1_epi32(32)), high);
                at[part] = step(at[part], x[part], threshold);
            }
        }
        if ranking.levels > 7 {
            let tables: [__m512; 8] = std::array::from_fn(|number| table(8 + number));
            for part in 0..4 {
                let picked: [__m512; 4] =
                    std::array::from_fn(|pair| _mm512_permutex2var_ps(tables[2 * pair], at[part], tables[2 * pair + 1]));
                let odd = _mm512_test_epi32_mask(at[part], _mm512_set1_epi32(32));
                let low = _mm512_mask_mov_ps(picked[0], odd, picked[1]);
                let high = _mm512_mask_mov_ps(picked[2], odd, picked[3]);
                let threshold = _mm512_mask_mov_ps(low, _mm512_test_epi32_mask(at[part], _mm512_set1_epi32(64)), high);
                at[part] = step(at[part], x[part], threshold);
            }
        }
        let sign = _mm_set1_epi8(i8::MIN);
        for (part, at) in at.into_iter().enumerate() {
            let bytes = _mm_xor_si128(_mm512_cvtepi32_epi8(at), sign);
            _mm_storeu_si128(out.as_mut_ptr().add(part * 16).cast(), bytes);
        }
    }
}

/// Adds the trees to a tile of rows at once, whose sums stay in registers as long as trees have one target.
#[inline(always)]
unsafe fn add(tables: &Tables, trees: Range<usize>, size: usize, exits: &[u8], sums: &mut [f64]) {
    let Some(head) = tables.tables[trees.clone()].first() else { return };
    // SAFETY: the caller promises the instructions; tables have whole vectors of 16, exits and sums whole tiles.
    unsafe {
        for first in (0..size).step_by(TILE) {
            let mut exits = exits.as_ptr().add(first);
            let mut target = head.target;
            let mut place = sums.as_mut_ptr().add(target as usize * size + first);
            let mut sum: [__m512d; 8] = std::array::from_fn(|part| _mm512_loadu_pd(place.add(part * 8)));
            for table in &tables.tables[trees.clone()] {
                if table.target != target {
                    for (part, sum) in sum.into_iter().enumerate() {
                        _mm512_storeu_pd(place.add(part * 8), sum);
                    }
                    target = table.target;
                    place = sums.as_mut_ptr().add(target as usize * size + first);
                    sum = std::array::from_fn(|part| _mm512_loadu_pd(place.add(part * 8)));
                }
                let weights = tables.weights.as_ptr().add(table.first as usize);
                let vector = |number: usize| _mm512_loadu_ps(weights.add(number * 16));
                match table.count {
                    16 => {
                        let only = vector(0);
                        each(exits, &mut sum, |exit| _mm512_permutexvar_ps(exit, only));
                    }
                    32 => {
                        let (a, b) = (vector(0), vector(1));
                        each(exits, &mut sum, |exit| _mm512_permutex2var_ps(a, exit, b));
                    }
                    64 => {
                        let (a, b, c, d) = (vector(0), vector(1), vector(2), vector(3));
                        each(exits, &mut sum, |exit| {
                            let above = _mm512_test_epi32_mask(exit, _mm512_set1_epi32(32));
                            let low = _mm512_permutex2var_ps(a, exit, b);
                            _mm512_mask_mov_ps(low, above, _mm512_permutex2var_ps(c, exit, d))
                        });
                    }
                    _ => each(exits, &mut sum, |exit| _mm512_i32gather_ps::<4>(exit, weights)),
                }
                exits = exits.add(size);
            }
            for (part, sum) in sum.into_iter().enumerate() {
                _mm512_storeu_pd(place.add(part * 8), sum);
            }
        }
    }
}

/// Adds what `pick` gives for the exits of a tile.
#[inline(always)]
unsafe fn each(exits: *const u8, sum: &mut [__m512d; 8], pick: impl Fn(__m512i) -> __m512) {
    // SAFETY: the caller promises the instructions and the exits of a tile.
    unsafe {
        for part in 0..4 {
            let weight = pick(_mm512_cvtepu8_epi32(_mm_loadu_si128(exits.add(part * 16).cast())));
            sum[2 * part] = _mm512_add_pd(sum[2 * part], _mm512_cvtps_pd(_mm512_castps512_ps256(weight)));
            sum[2 * part + 1] = _mm512_add_pd(sum[2 * part + 1], _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(weight)));
        }
    }
}
