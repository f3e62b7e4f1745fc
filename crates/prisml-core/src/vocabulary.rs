//! The texts of a category and their codes. Most are short: those are compared as two numbers, without a call.

use rustc_hash::FxHashMap;

/// Texts up to this many bytes are kept as numbers.
const SHORT: usize = 16;
/// Of no text: there are fewer codes.
const FREE: u32 = u32::MAX;

/// Text -> code.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    /// As many places as a power of two, at most half of them taken; who finds his own taken takes the next free one.
    short: Box<[Entry]>,
    long: FxHashMap<Box<str>, u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Short {
    words: [u64; 2],
    length: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    text: Short,
    code: u32,
}

impl Short {
    /// All of a text of up to 16 bytes: its first and its last bytes, which may be the same ones.
    #[inline]
    fn new(bytes: &[u8]) -> Option<Self> {
        let words = match bytes.len() {
            0 => [0, 0],
            length @ 1..=3 => [u64::from(bytes[0]), u64::from(bytes[length / 2]) << 8 | u64::from(bytes[length - 1])],
            4..=8 => [u64::from(u32::from_le_bytes(*bytes.first_chunk()?)), u64::from(u32::from_le_bytes(*bytes.last_chunk()?))],
            9..=SHORT => [u64::from_le_bytes(*bytes.first_chunk()?), u64::from_le_bytes(*bytes.last_chunk()?)],
            _ => return None,
        };
        Some(Self { words, length: bytes.len() as u32 })
    }

    /// The place to look at first, of `places`, a power of two.
    #[inline]
    fn place(self, places: usize) -> usize {
        let [first, last] = self.words;
        // The multiplications spread each bit over the higher ones, which are taken from the middle.
        let mixed = first.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ last.rotate_left(32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        ((mixed ^ u64::from(self.length)) >> 32 ^ mixed >> 17) as usize & (places - 1)
    }
}

impl Vocabulary {
    /// Each text with its index as its code; None where one stands there twice.
    pub(crate) fn new(texts: &[String]) -> Option<Self> {
        let places = (texts.len() * 2).next_power_of_two().max(2);
        let free = Entry { text: Short { words: [0, 0], length: 0 }, code: FREE };
        let mut made = Self { short: vec![free; places].into(), long: FxHashMap::default() };
        for (text, code) in texts.iter().zip(0_u32..) {
            if made.get(text).is_some() {
                return None;
            }
            match Short::new(text.as_bytes()) {
                Some(short) => {
                    let place = made.find(short);
                    made.short[place] = Entry { text: short, code };
                }
                None => drop(made.long.insert(text.as_str().into(), code)),
            }
        }
        Some(made)
    }

    /// The code of `text`.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<u32> {
        match Short::new(text.as_bytes()) {
            Some(short) => Some(self.short[self.find(short)].code).filter(|code| *code != FREE),
            None => self.long.get(text).copied(),
        }
    }

    /// Where `text` is, or would be: half of the places are free.
    #[inline]
    fn find(&self, text: Short) -> usize {
        let mut place = text.place(self.short.len());
        loop {
            let entry = &self.short[place];
            if entry.code == FREE || entry.text == text {
                return place;
            }
            place = (place + 1) & (self.short.len() - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::collections::HashMap;

    use super::*;

    proptest! {
        #[test]
        fn a_vocabulary_knows_its_texts_as_a_hash_map_does(
            texts in prop::collection::hash_set("[ab\u{e9}\0]{0,20}", 0..60),
            others in prop::collection::vec("[ab\u{e9}\0]{0,20}", 0..60),
        ) {
            let texts: Vec<String> = texts.into_iter().collect();
            let known: HashMap<&str, u32> = texts.iter().map(String::as_str).zip(0..).collect();
            let vocabulary = Vocabulary::new(&texts).unwrap();
            for text in texts.iter().chain(&others) {
                prop_assert_eq!(vocabulary.get(text), known.get(text.as_str()).copied());
            }
        }
    }

    #[test]
    fn a_text_that_stands_there_twice_makes_no_vocabulary() {
        for text in ["", "a", "ab", "abcd", "a text that is longer than others"] {
            assert!(Vocabulary::new(&[text.to_owned(), "x".to_owned(), text.to_owned()]).is_none());
        }
    }
}
