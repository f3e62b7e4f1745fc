//! Key text -> bucket.

/// How many buckets the keys of an experiment fall into.
pub const BUCKETS: u16 = 10_000;

const OFFSET_BASIS: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

/// The salt of an experiment, hashed as far as it goes: each key continues from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(u32);

impl Salt {
    /// The salt `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(fnv1a32(OFFSET_BASIS, text.as_bytes()))
    }

    /// The bucket of a key's text, 0 to 9,999.
    #[must_use]
    #[inline]
    pub fn bucket(self, key: &str) -> u16 {
        let mut digits = [0; 10];
        let hash = fnv1a32(self.0, key.as_bytes());
        (fnv1a32(OFFSET_BASIS, decimal(hash, &mut digits)) % u32::from(BUCKETS)) as u16
    }
}

/// The bucket, 0 to 9,999, of the key with text `key` in an experiment salted with `salt`.
///
/// It is the hash that GrowthBook's kits call version 2: FNV-1a of 32 bits over salt and key, its decimal text hashed again, modulo
/// 10,000. They hash UTF-16 code units or code points, according to their language; here it is the bytes of UTF-8, which for ASCII is
/// the same. See <https://docs.growthbook.io/lib/build-your-own>.
///
/// ```
/// assert_eq!(prisml_core::bucket("seed", "a"), 505);
/// ```
#[must_use]
pub fn bucket(salt: &str, key: &str) -> u16 {
    Salt::new(salt).bucket(key)
}

#[inline]
fn fnv1a32(from: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(from, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(PRIME))
}

/// The decimal digits of `number`, at the end of `digits`.
#[inline]
fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[first..];
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_salt_hashed_ahead_gives_what_salt_and_key_give_in_one(salt in ".*", key in ".*") {
            let hash = fnv1a32(OFFSET_BASIS, format!("{salt}{key}").as_bytes());
            let again = fnv1a32(OFFSET_BASIS, hash.to_string().as_bytes());
            prop_assert_eq!(u32::from(bucket(&salt, &key)), again % 10_000);
        }

        #[test]
        fn digits_are_those_that_the_standard_library_writes(number: u32) {
            let mut digits = [0; 10];
            let wanted = number.to_string();
            prop_assert_eq!(decimal(number, &mut digits), wanted.as_bytes());
        }
    }

    #[test]
    fn the_ends_of_the_range_have_all_their_digits() {
        assert_eq!(decimal(0, &mut [0; 10]), b"0");
        assert_eq!(decimal(u32::MAX, &mut [0; 10]), b"4294967295");
    }
}
