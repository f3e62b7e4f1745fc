//! What was encoded before: each entry of a dictionary and each short text is looked up once.

const PLACES: usize = 256;

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Known {
    pub(super) number: f32,
    /// Whether training did not see it, and so it counts.
    pub(super) unseen: bool,
}

#[derive(Debug, Clone, Copy)]
struct Short {
    letters: [u64; 2],
    length: u8,
    known: Known,
}

/// No text is so long.
const NOTHING: Short = Short { letters: [0; 2], length: u8::MAX, known: Known { number: 0.0, unseen: false } };

/// What is known of the values of one input.
#[derive(Debug, Default)]
pub(super) struct Memo {
    entries: Vec<Option<Known>>,
    texts: Vec<Short>,
}

impl Memo {
    /// Forgets the dictionary: that of other columns is another. Texts stay what they are.
    pub(super) fn other_columns(&mut self) {
        self.entries.clear();
    }

    /// What is known of each of `count` entries.
    pub(super) fn entries(&mut self, count: usize) -> &mut [Option<Known>] {
        self.entries.resize(count, None);
        &mut self.entries
    }

    /// What is known of `text`, or else what `look_up` says of it.
    #[inline]
    pub(super) fn text<E>(&mut self, text: &[u8], look_up: impl FnOnce() -> Result<Known, E>) -> Result<Known, E> {
        let Some(letters) = letters(text) else { return look_up() };
        if self.texts.is_empty() {
            self.texts.resize(PLACES, NOTHING);
        }
        // The multiplier of rustc-hash; the upper bits are the best mixed.
        let mixed = (letters[0] ^ letters[1].rotate_left(29)).wrapping_mul(0xf135_7aea_2e62_a9c5);
        let place = (mixed >> 56) as usize % PLACES;
        let length = text.len() as u8;
        match &mut self.texts[place] {
            short if short.letters == letters && short.length == length => Ok(short.known),
            short => {
                let known = look_up()?;
                *short = Short { letters, length, known };
                Ok(known)
            }
        }
    }
}

/// The bytes as numbers, where they are few: the first and the last, which overlap. With their count they are the bytes.
#[inline]
fn letters(bytes: &[u8]) -> Option<[u64; 2]> {
    let count = bytes.len();
    Some(match count {
        0 => [0; 2],
        1..4 => [u64::from(bytes[0]) | u64::from(bytes[count / 2]) << 8 | u64::from(bytes[count - 1]) << 16, 0],
        4..8 => [u32::from_le_bytes(*bytes.first_chunk()?).into(), u32::from_le_bytes(*bytes.last_chunk()?).into()],
        8..=16 => [u64::from_le_bytes(*bytes.first_chunk()?), u64::from_le_bytes(*bytes.last_chunk()?)],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_share_a_place_or_their_letters_are_told_apart() {
        let mut memo = Memo::default();
        let texts: Vec<String> = (0..2_000_u32)
            .map(|number| format!("{number:x}"))
            .chain(["", "\0", "\0\0", "a\0", "a", "a text of 16 byt", "a text of 15 by", "a text of 17 byte"].map(str::to_owned))
            .collect();
        for _ in 0..2 {
            for (index, text) in texts.iter().enumerate() {
                let known = memo.text::<()>(text.as_bytes(), || Ok(Known { number: index as f32, unseen: false }));
                assert_eq!(texts[known.unwrap().number as usize], *text);
            }
        }
    }
}
