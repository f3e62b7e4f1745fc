//! Keys -> text: what of a key's text does not depend on the language that the key comes from.

use std::fmt::Write;

const DAY: i64 = 86_400_000_000;

/// No number of a key has more digits than this: a `Decimal` can stand for one of 10^18.
pub const MOST_DIGITS: usize = 4_300;

/// Appends one part of a composite key to `text`, after `|` where it is not the first; `|` and `\` inside it are marked with `\`.
pub fn push_part(text: &mut String, part: &str, first: bool) {
    if !first {
        text.push('|');
    }
    for letter in part.chars() {
        if matches!(letter, '|' | '\\') {
            text.push('\\');
        }
        text.push(letter);
    }
}

/// Appends a date, given in days since 1970, as `YYYY-MM-DD`.
pub fn push_date(text: &mut String, days: i64) {
    let (year, month, day) = civil(days);
    let _ = write!(text, "{year:04}-{month:02}-{day:02}");
}

/// Appends a moment, given in microseconds since 1970 UTC, as ISO 8601 without an offset; a fraction only where there is one.
pub fn push_moment(text: &mut String, micros: i64) {
    push_date(text, micros.div_euclid(DAY));
    let of_day = micros.rem_euclid(DAY);
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let _ = write!(text, "T{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        let _ = write!(text, ".{fraction:06}");
    }
}

/// Appends a decimal number without an exponent, zeros that say nothing, or a sign of zero: as an integer where it is one.
///
/// It is `digits` times ten to `exponent`. False, and nothing appended, where that takes more than [`MOST_DIGITS`].
#[must_use]
pub fn push_decimal(text: &mut String, negative: bool, digits: &[u8], exponent: i64) -> bool {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let trailing = digits[zeros..].iter().rev().take_while(|digit| **digit == 0).count();
    let digits = &digits[zeros..digits.len() - trailing];
    if digits.is_empty() {
        text.push('0');
        return true;
    }
    let Some(scale) = i64::try_from(trailing).ok().and_then(|trailing| exponent.checked_add(trailing)) else { return false };
    let Some(length) = usize::try_from(scale.unsigned_abs()).ok().and_then(|scale| scale.checked_add(digits.len())) else {
        return false;
    };
    if length > MOST_DIGITS {
        return false;
    }
    if negative {
        text.push('-');
    }
    push_scaled(text, digits, scale);
    true
}

fn push_scaled(text: &mut String, digits: &[u8], scale: i64) {
    let zeros = usize::try_from(scale.unsigned_abs()).unwrap_or(0);
    let letters = |digits: &[u8]| digits.iter().map(|digit| char::from(b'0' + digit)).collect::<String>();
    if scale >= 0 {
        text.push_str(&letters(digits));
        text.extend(std::iter::repeat_n('0', zeros));
    } else if zeros < digits.len() {
        let (whole, fraction) = digits.split_at(digits.len() - zeros);
        let _ = write!(text, "{}.{}", letters(whole), letters(fraction));
    } else {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', zeros - digits.len()));
        text.push_str(&letters(digits));
    }
}

/// Year, month and day by the algorithm `civil_from_days` of Howard Hinnant,
/// <https://howardhinnant.github.io/date_algorithms.html>.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + shifted.div_euclid(146_097) * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(write: impl FnOnce(&mut String)) -> String {
        let mut text = String::new();
        write(&mut text);
        text
    }

    fn composite(parts: &[String]) -> String {
        made(|text| parts.iter().enumerate().for_each(|(place, part)| push_part(text, part, place == 0)))
    }

    #[test]
    fn moments_are_iso_8601_with_a_fraction_only_where_there_is_one() {
        for (micros, wanted) in [
            (0, "1970-01-01T00:00:00"),
            (-1, "1969-12-31T23:59:59.999999"),
            (951_825_600_000_000, "2000-02-29T12:00:00"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00"),
            (253_402_300_799_000_001, "9999-12-31T23:59:59.000001"),
        ] {
            assert_eq!(made(|text| push_moment(text, micros)), wanted);
        }
    }

    #[test]
    fn decimals_are_plain_and_normalised() {
        for (negative, digits, exponent, wanted) in [
            (false, &[1, 5, 0][..], -2, "1.5"),
            (true, &[7, 0], -1, "-7"),
            (false, &[1], 3, "1000"),
            (false, &[0, 0, 5], -4, "0.0005"),
            (true, &[5], -1, "-0.5"),
            (false, &[1, 2], -2, "0.12"),
            (true, &[0], -9, "0"),
            (false, &[], 0, "0"),
            (false, &[1, 2, 0, 3], -2, "12.03"),
        ] {
            let text = made(|text| assert!(push_decimal(text, negative, digits, exponent)));
            assert_eq!(text, wanted);
        }
    }

    #[test]
    fn a_number_of_too_many_digits_is_refused_and_leaves_nothing() {
        for exponent in [4_300, -4_300, i64::MAX, i64::MIN] {
            assert_eq!(made(|text| assert!(!push_decimal(text, true, &[1], exponent))), "");
        }
        assert_eq!(made(|text| assert!(push_decimal(text, false, &[1], 4_299))).len(), 4_300);
    }

    #[test]
    fn every_day_of_four_hundred_years_is_that_of_the_gregorian_calendar() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..146_097 {
            assert_eq!(civil(days), (year, month, day));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > last {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!((year, month, day), (2370, 1, 1));
    }

    proptest! {
        #[test]
        fn days_are_counted_one_after_another(days in -719_162_i64..2_932_896) {
            let (year, month, day) = civil(days);
            let next = civil(days + 1);
            prop_assert!(next == (year, month, day + 1) || next == (year, month + 1, 1) || next == (year + 1, 1, 1));
            prop_assert!((1..=12).contains(&month) && (1..=31).contains(&day));
        }

        #[test]
        fn different_composites_have_different_texts(
            one in prop::collection::vec(r"[|\\a]{0,3}", 2..4),
            other in prop::collection::vec(r"[|\\a]{0,3}", 2..4),
        ) {
            prop_assert_eq!(one == other, composite(&one) == composite(&other));
        }
    }
}
