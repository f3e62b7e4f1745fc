//! AVX2: vectors of 32 bytes.

#[allow(clippy::wildcard_imports, reason = "as for any set of instructions")]
use std::arch::x86_64::*;
use std::ops::Range;

use super::super::lines::TILE;
use super::super::ranks::Ranking;
use super::super::weights::Tables;
use super::Lanes;

/// AVX2.
pub(in super::super) struct Avx2;

impl Lanes for Avx2 {
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
        // SAFETY: the caller promises the instructions.
        unsafe { _mm256_andnot_si256(_mm256_and_si256(_mm256_cmpgt_epi8(ranks, rank), bits), alive) }
    }

    #[inline(always)]
    unsafe fn choose(alive: __m256i, this: __m256i, otherwise: __m256i) -> __m256i {
        // SAFETY: the caller promises the instructions.
        unsafe { _mm256_blendv_epi8(this, otherwise, _mm256_cmpeq_epi8(alive, _mm256_setzero_si256())) }
    }

    #[inline(always)]
    unsafe fn lowest(bits: __m256i, base: __m256i) -> __m256i {
        // SAFETY: the caller promises the instructions.
        unsafe { lowest(bits, base) }
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

/// `base` and the number of the lowest bit set in `bits`.
#[inline(always)]
pub(super) unsafe fn lowest(bits: __m256i, base: __m256i) -> __m256i {
    // SAFETY: the caller promises the instructions.
    unsafe {
        let low = _mm256_broadcastsi128_si256(_mm_setr_epi8(15, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0));
        let high = _mm256_add_epi8(low, _mm256_set1_epi8(4));
        let half = _mm256_set1_epi8(15);
        let below = _mm256_shuffle_epi8(low, _mm256_and_si256(bits, half));
        let above = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16::<4>(bits), half));
        _mm256_add_epi8(base, _mm256_min_epu8(below, above))
    }
}

/// Ranks by a table in registers for the first four steps, by gathers after them.
#[inline(always)]
unsafe fn rank<const ABOVE: i32>(ranking: &Ranking, cells: &[f32; TILE], out: &mut [u8; TILE]) {
    // SAFETY: the caller promises the instructions; the table has 16 entries and 2^levels.
    unsafe {
        let table = ranking.table.as_ptr();
        let top = _mm256_loadu_ps(table);
        let fourth = _mm256_loadu_ps(table.add(8));
        let fill = _mm256_set1_ps(ranking.fill);
        for half in 0..2 {
            let mut at = [_mm256_set1_epi32(1); 4];
            let x: [__m256; 4] = std::array::from_fn(|part| {
                let cell = _mm256_loadu_ps(cells.as_ptr().add(half * 32 + part * 8));
                _mm256_blendv_ps(cell, fill, _mm256_cmp_ps::<_CMP_UNORD_Q>(cell, cell))
            });
            for level in 0..ranking.levels {
                for part in 0..4 {
                    let threshold = match level {
                        0..3 => _mm256_permutevar8x32_ps(top, at[part]),
                        3 => _mm256_permutevar8x32_ps(fourth, at[part]),
                        _ => _mm256_i32gather_ps::<4>(table, at[part]),
                    };
                    let above = _mm256_castps_si256(_mm256_cmp_ps::<ABOVE>(x[part], threshold));
                    at[part] = _mm256_sub_epi32(_mm256_add_epi32(at[part], at[part]), above);
                }
            }
            let byte = _mm256_set1_epi32(255);
            for part in &mut at {
                *part = _mm256_and_si256(*part, byte);
            }
            let words = [_mm256_packus_epi32(at[0], at[1]), _mm256_packus_epi32(at[2], at[3])];
            let bytes = _mm256_packus_epi16(words[0], words[1]);
            // Packing took four lanes of each part in turn.
            let bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
            let bytes = _mm256_xor_si256(bytes, _mm256_set1_epi8(i8::MIN));
            _mm256_storeu_si256(out.as_mut_ptr().add(half * 32).cast(), bytes);
        }
    }
}

/// Adds the trees to 32 rows at once, whose sums stay in registers as long as trees have one target.
#[inline(always)]
unsafe fn add(tables: &Tables, trees: Range<usize>, size: usize, exits: &[u8], sums: &mut [f64]) {
    // SAFETY: the caller promises the instructions; tables have whole vectors of 16, exits and sums whole tiles.
    unsafe {
        for first in (0..size).step_by(32) {
            let mut exits = exits.as_ptr().add(first);
            for table in &tables.tables[trees.clone()] {
                let weights = tables.weights.as_ptr().add(table.first as usize);
                let place = sums.as_mut_ptr().add(table.target as usize * size + first);
                if table.count > 32 {
                    for row in 0..32 {
                        *place.add(row) += f64::from(*weights.add(usize::from(*exits.add(row))));
                    }
                } else {
                    for part in 0..4 {
                        let exit = _mm256_cvtepu8_epi32(_mm_loadl_epi64(exits.add(part * 8).cast()));
                        let below = pick(weights, exit);
                        let weight = if table.count == 16 {
                            below
                        } else {
                            let above = pick(weights.add(16), exit);
                            _mm256_blendv_ps(below, above, _mm256_castsi256_ps(_mm256_slli_epi32::<27>(exit)))
                        };
                        let place = place.add(part * 8);
                        let low = _mm256_cvtps_pd(_mm256_castps256_ps128(weight));
                        let high = _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(weight));
                        _mm256_storeu_pd(place, _mm256_add_pd(_mm256_loadu_pd(place), low));
                        _mm256_storeu_pd(place.add(4), _mm256_add_pd(_mm256_loadu_pd(place.add(4)), high));
                    }
                }
                exits = exits.add(size);
            }
        }
    }
}

/// The entries of a table of 16 by the low four bits of `numbers`.
#[inline(always)]
unsafe fn pick(table: *const f32, numbers: __m256i) -> __m256 {
    // SAFETY: the caller promises the instructions and the entries.
    unsafe {
        let below = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), numbers);
        let above = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table.add(8)), numbers);
        _mm256_blendv_ps(below, above, _mm256_castsi256_ps(_mm256_slli_epi32::<28>(numbers)))
    }
}
