//! Keys -> variants: a bucket by hash, a variant by stored ranges, and the keys that are given theirs by name.

mod hash;
mod ranges;
#[cfg(test)]
mod ranges_tests;
mod text;

use rustc_hash::FxHashMap;

pub use hash::{BUCKETS, Salt, bucket};
pub use ranges::{Range, largest_remainder, reallocate};
pub use text::{MOST_DIGITS, push_date, push_decimal, push_moment, push_part};

use crate::error::{Error, Result};

/// Which variant each key of an experiment gets. It has no state: the same key gets the same variant everywhere and always.
///
/// ```
/// use prisml_core::{Routing, largest_remainder, reallocate};
///
/// let ranges = reallocate(&[vec![(0, 10_000)]], &largest_remainder(&[0.9, 0.1])?)?;
/// assert_eq!(ranges, [[(0, 9_000)], [(9_000, 10_000)]]);
/// let routing = Routing::new("seed", &ranges, [("boss".to_owned(), 1)])?;
/// assert_eq!(routing.assign("a"), 0); // of bucket 505
/// assert_eq!(routing.assign("boss"), 1);
/// # Ok::<(), prisml_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Routing {
    salt: Salt,
    variants: Vec<u16>,
    forced: FxHashMap<String, u16>,
}

impl Routing {
    /// `ranges` are those of each variant, and cover every bucket once; `forced` are texts of keys and the variant of each.
    pub fn new(salt: &str, ranges: &[Vec<Range>], forced: impl IntoIterator<Item = (String, u16)>) -> Result<Self> {
        let forced: FxHashMap<String, u16> = forced.into_iter().collect();
        if forced.values().any(|variant| usize::from(*variant) >= ranges.len()) {
            return Err(Error::Ranges("a key is given a variant that does not exist".to_owned()));
        }
        Ok(Self { salt: Salt::new(salt), variants: ranges::owners(ranges)?, forced })
    }

    /// The index of the variant for the key with text `key`.
    #[must_use]
    #[inline]
    pub fn assign(&self, key: &str) -> u16 {
        if !self.forced.is_empty()
            && let Some(variant) = self.forced.get(key)
        {
            return *variant;
        }
        self.variants[usize::from(self.salt.bucket(key))]
    }
}
