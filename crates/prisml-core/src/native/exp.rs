//! The exponential of float64 and what models make of it, over slices.
//!
//! Every instruction set computes the same expression in the same order, without fused products: a number gives the same bits alone, in any
//! slice and at any [`Level`].

#![allow(clippy::inline_always, reason = "the work is compiled into each set's own function")]

use super::at_level::{Work, at_level};
use super::level::Level;

/// `exp` of each number, within one unit in the last place; 0 below the smallest float64, infinity above the largest, NaN of NaN.
pub(crate) fn exp(values: &mut [f64], level: Level) {
    at_level(level, Exp { values });
}

/// `1 / (1 + exp(-x))` of each number; NaN of NaN.
pub(crate) fn logistic(values: &mut [f64], level: Level) {
    at_level(level, Logistic { values });
}

/// Each row of `columns` numbers as shares that sum to 1: `exp(x - largest)` by their sum. NaN, or infinity as the largest, makes its row NaN.
pub(crate) fn softmax(values: &mut [f64], columns: usize, level: Level) {
    if columns > 0 {
        at_level(level, Softmax { values, columns });
    }
}

struct Exp<'a> {
    values: &'a mut [f64],
}

impl Work for Exp<'_> {
    #[inline(always)]
    fn run(self) {
        for value in self.values.iter_mut() {
            *value = exp_of(*value);
        }
    }
}

struct Logistic<'a> {
    values: &'a mut [f64],
}

impl Work for Logistic<'_> {
    #[inline(always)]
    fn run(self) {
        for value in self.values.iter_mut() {
            *value = 1.0 / (1.0 + exp_of(-*value));
        }
    }
}

struct Softmax<'a> {
    values: &'a mut [f64],
    columns: usize,
}

impl Work for Softmax<'_> {
    #[inline(always)]
    fn run(self) {
        for row in self.values.chunks_exact_mut(self.columns) {
            let largest = row.iter().fold(f64::NEG_INFINITY, |most, value| if *value > most { *value } else { most });
            for value in row.iter_mut() {
                *value -= largest;
            }
        }
        for value in self.values.iter_mut() {
            *value = exp_of(*value);
        }
        for row in self.values.chunks_exact_mut(self.columns) {
            let sum: f64 = row.iter().sum();
            for value in row.iter_mut() {
                *value /= sum;
            }
        }
    }
}

/// ln 2 in two parts, of which the first has so few digits that its products with whole numbers up to 2^11 are exact (fdlibm, `e_exp.c`).
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Added to a number below 2^51, it leaves the nearest whole number in the last bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// `exp(x)` as 2^k * exp(r), where |r| <= ln(2) / 2, by Taylor's series of degree 13.
#[inline(always)]
fn exp_of(x: f64) -> f64 {
    // Beyond these the result is infinity or 0 anyway; NaN passes both.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + ROUNDER;
    let k = shifted - ROUNDER;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let power = 1.0 + (r + r * r * series(r));
    // In two factors: 2^k alone may be no float64 where the result is one.
    let whole = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_add(2_046);
    let half = whole >> 1;
    power * f64::from_bits(half << 52) * f64::from_bits((whole - half) << 52)
}

/// `(exp(r) - 1 - r) / r^2`, paired so that the products do not wait for each other.
#[inline(always)]
fn series(r: f64) -> f64 {
    const BY_FACTORIAL: [f64; 12] = [
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5_040.0,
        1.0 / 40_320.0,
        1.0 / 362_880.0,
        1.0 / 3_628_800.0,
        1.0 / 39_916_800.0,
        1.0 / 479_001_600.0,
        1.0 / 6_227_020_800.0,
    ];
    let [c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13] = BY_FACTORIAL;
    let (r2, r4) = (r * r, (r * r) * (r * r));
    let low = (c2 + c3 * r) + (c4 + c5 * r) * r2;
    let middle = (c6 + c7 * r) + (c8 + c9 * r) * r2;
    let high = (c10 + c11 * r) + (c12 + c13 * r) * r2;
    low + (middle + high * r4) * r4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn levels() -> Vec<Level> {
        [Level::Plain, Level::Avx2, Level::Avx512].into_iter().filter(|level| *level <= Level::best()).collect()
    }

    fn one(x: f64) -> f64 {
        let mut values = [x];
        exp(&mut values, Level::Plain);
        values[0]
    }

    /// Units in the last place between two numbers of one sign.
    fn steps(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn exp_is_at_most_one_step_from_the_standard_library_over_its_whole_range() {
        let mut worst = 0;
        for place in 0..2_000_000_u32 {
            let x = -746.0 + 1_456.5 * f64::from(place) / 2_000_000.0;
            let near = f64::from(place) / 1_000_000.0 - 1.0;
            worst = worst.max(steps(one(x), x.exp())).max(steps(one(near), near.exp()));
        }
        assert!(worst <= 1, "{worst} steps");
    }

    #[test]
    fn exp_of_what_is_too_large_too_small_or_no_number_is_infinity_zero_or_nan() {
        for (x, expected) in [
            (f64::INFINITY, f64::INFINITY),
            (1e300, f64::INFINITY),
            (709.782_712_893_384_1, f64::INFINITY),
            (709.782_712_893_384, 709.782_712_893_384_f64.exp()),
            (f64::NEG_INFINITY, 0.0),
            (-1e300, 0.0),
            (-745.133_219_101_941_2, 0.0),
            (-745.133_219_101_941_1, f64::from_bits(1)),
            (0.0, 1.0),
            (-0.0, 1.0),
            (f64::from_bits(1), 1.0),
        ] {
            assert!(steps(one(x), expected) <= 1, "exp({x}) is {}", one(x));
        }
        assert!(one(f64::NAN).is_nan() && one(-f64::NAN).is_nan());
    }

    #[test]
    fn a_softmax_of_nan_or_infinity_is_nan_and_of_nothing_is_nothing() {
        let mut rows = [0.0, f64::NAN, f64::INFINITY, 1.0, 1e308, -1e308];
        softmax(&mut rows, 2, Level::best());
        assert!(rows[..4].iter().all(|share| share.is_nan()));
        assert_eq!(rows[4..], [1.0, 0.0]);
        softmax(&mut [], 0, Level::best());
    }

    proptest! {
        #[test]
        fn every_level_and_a_number_alone_give_the_same_bits(values in prop::collection::vec(prop_oneof![prop::num::f64::ANY, -800.0..800.0_f64], 0..40)) {
            for run in [exp, logistic] {
                let mut alone = values.clone();
                alone.chunks_mut(1).for_each(|one| run(one, Level::Plain));
                for level in levels() {
                    let mut together = values.clone();
                    run(&mut together, level);
                    for (a, b) in alone.iter().zip(&together) {
                        prop_assert!(a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan());
                    }
                }
            }
        }

        #[test]
        fn logistic_and_softmax_are_what_the_standard_library_makes_of_their_formulas(scores in prop::collection::vec(-40.0..40.0_f64, 1..9)) {
            let mut shares = scores.clone();
            softmax(&mut shares, scores.len(), Level::best());
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            let mut sides = scores.clone();
            logistic(&mut sides, Level::best());
            for ((score, share), side) in scores.iter().zip(shares).zip(sides) {
                prop_assert!((share - (score - largest).exp() / sum).abs() <= 1e-15);
                prop_assert!((side - 1.0 / (1.0 + (-score).exp())).abs() <= 1e-15);
            }
        }
    }
}
