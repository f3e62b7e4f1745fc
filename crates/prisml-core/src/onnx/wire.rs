//! Protocol buffers, as far as an ONNX file needs them: fields in order, each with its number.
//!
//! <https://protobuf.dev/programming-guides/encoding/>

/// The bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Held<'a> {
    Varint(u64),
    Fixed32([u8; 4]),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
}

/// The fields of one message, one after another.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field; None at the end of the message.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Held<'a>)>, Damaged> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| Damaged)?;
        let held = match tag & 7 {
            0 => Held::Varint(self.varint()?),
            1 => Held::Fixed64(self.array()?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Damaged)?;
                Held::Bytes(self.take(length)?)
            }
            5 => Held::Fixed32(self.array()?),
            _ => return Err(Damaged),
        };
        Ok(Some((number, held)))
    }

    /// Appends the integers that follow at once under `number`, which is below 16, each as a field of its own.
    ///
    /// Large lists stand so in the files of Python's onnx: to ask [`Fields::next`] for each takes most of the time of a load.
    pub(crate) fn more_ints(&mut self, number: u8, all: &mut Vec<i64>) -> Result<(), Damaged> {
        while let Some((tag, rest)) = self.rest.split_first()
            && *tag == number << 3
        {
            self.rest = rest;
            all.push(self.varint()?.cast_signed());
        }
        Ok(())
    }

    /// As [`Fields::more_ints`], for float32.
    pub(crate) fn more_floats(&mut self, number: u8, all: &mut Vec<f32>) {
        while let [tag, a, b, c, d, rest @ ..] = self.rest
            && *tag == number << 3 | 5
        {
            all.push(f32::from_le_bytes([*a, *b, *c, *d]));
            self.rest = rest;
        }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Damaged> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Damaged> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Damaged)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (first, rest) = self.rest.split_first_chunk::<N>().ok_or(Damaged)?;
        self.rest = rest;
        Ok(*first)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (first, rest) = self.rest.split_at_checked(length).ok_or(Damaged)?;
        self.rest = rest;
        Ok(first)
    }
}

impl<'a> Held<'a> {
    pub(crate) fn bytes(self) -> Result<&'a [u8], Damaged> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Damaged) }
    }

    pub(crate) fn text(self) -> Result<&'a str, Damaged> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Damaged)
    }

    pub(crate) fn int(self) -> Result<i64, Damaged> {
        if let Self::Varint(value) = self { Ok(value.cast_signed()) } else { Err(Damaged) }
    }

    pub(crate) fn float(self) -> Result<f32, Damaged> {
        if let Self::Fixed32(bytes) = self { Ok(f32::from_le_bytes(bytes)) } else { Err(Damaged) }
    }

    /// Appends a repeated integer, packed or alone.
    pub(crate) fn extend_ints(self, all: &mut Vec<i64>) -> Result<(), Damaged> {
        if let Self::Bytes(packed) = self {
            let mut fields = Fields::new(packed);
            while !fields.rest.is_empty() {
                all.push(fields.varint()?.cast_signed());
            }
            return Ok(());
        }
        all.push(self.int()?);
        Ok(())
    }

    /// Appends a repeated float, packed or alone.
    pub(crate) fn extend_floats(self, all: &mut Vec<f32>) -> Result<(), Damaged> {
        if let Self::Bytes(packed) = self {
            all.extend(numbers(packed, f32::from_le_bytes)?);
            return Ok(());
        }
        all.push(self.float()?);
        Ok(())
    }

    /// Appends a repeated double, packed or alone.
    pub(crate) fn extend_doubles(self, all: &mut Vec<f64>) -> Result<(), Damaged> {
        match self {
            Self::Bytes(packed) => all.extend(numbers(packed, f64::from_le_bytes)?),
            Self::Fixed64(bytes) => all.push(f64::from_le_bytes(bytes)),
            _ => return Err(Damaged),
        }
        Ok(())
    }
}

/// Little-endian numbers that lie one after another.
pub(crate) fn numbers<T, const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Result<Vec<T>, Damaged> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    if rest.is_empty() { Ok(chunks.iter().map(|chunk| read(*chunk)).collect()) } else { Err(Damaged) }
}
