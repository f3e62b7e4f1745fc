//! UUIDs as categories: one text for each, however it was written.

/// Where the hyphens stand in the text.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const LENGTH: usize = 36;

/// The text of a UUID: 32 digits in lower case, with hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UuidText([u8; LENGTH]);

impl UuidText {
    /// The text of the UUID that is `number`.
    #[must_use]
    pub fn new(number: u128) -> Self {
        let digit = |place: usize| b"0123456789abcdef"[(number >> (124 - 4 * place)) as usize & 15];
        let mut letters = [b'-'; LENGTH];
        let places = (0..LENGTH).filter(|place| !HYPHENS.contains(place));
        places.enumerate().for_each(|(place, letter)| letters[letter] = digit(place));
        Self(letters)
    }

    /// The text of the UUID that `text` writes as Python reads it: 32 hexadecimal digits of either case, with hyphens anywhere or
    /// none, in braces or not, after `urn:uuid:` or not. None where it writes none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("urn:").unwrap_or(text);
        let digits = digits.strip_prefix("uuid:").unwrap_or(digits).trim_matches(['{', '}']);
        let (mut number, mut count) = (0_u128, 0);
        for letter in digits.chars().filter(|letter| *letter != '-') {
            number = number << 4 | u128::from(letter.to_digit(16)?);
            count += 1;
        }
        (count == 32).then(|| Self::new(number))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_way_to_write_it_is_read_as_the_same(number in any::<u128>(), hyphens in prop::collection::vec(0..32_usize, 0..9)) {
            let text = UuidText::new(number);
            prop_assert_eq!(u128::from_str_radix(&text.as_str().replace('-', ""), 16), Ok(number));
            let mut letters = format!("{number:032x}");
            for place in hyphens {
                letters.insert(place, '-');
            }
            for written in [text.as_str().to_owned(), letters.clone(), letters.to_uppercase(), format!("{{{letters}}}"), format!("urn:uuid:{letters}")] {
                prop_assert_eq!(UuidText::read(&written), Some(text), "{}", written);
            }
        }

        #[test]
        fn other_numbers_of_digits_are_none(digits in "[0-9a-f]{0,31}|[0-9a-f]{33,40}") {
            prop_assert_eq!(UuidText::read(&digits), None);
        }
    }

    #[test]
    fn the_text_is_that_of_rfc_9562() {
        let text = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
        assert_eq!(UuidText::new(0xf81d_4fae_7dec_11d0_a765_00a0_c91e_6bf6).as_str(), text);
        for strange in
            [&text[1..], &format!("{text}0"), &text.replace('f', "g"), &text.replace('f', "\u{ff46}"), &text.replace('f', "+"), ""]
        {
            assert_eq!(UuidText::read(strange), None, "{strange}");
        }
    }
}
