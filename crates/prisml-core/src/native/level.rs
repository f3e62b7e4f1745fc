//! Which vector instructions may be used.

/// A set of instructions, from those that every processor of its kind has to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What the target always has.
    Plain,
    /// AVX2, FMA, BMI 1 and 2, LZCNT and POPCNT.
    Avx2,
    /// AVX-512 F, BW, CD, DQ and VL, and what AVX2 stands for.
    Avx512,
}

impl Level {
    /// The widest that this processor has.
    #[must_use]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let narrow = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            let wide = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            match (narrow, wide) {
                (true, true) => return Self::Avx512,
                (true, false) => return Self::Avx2,
                _ => {}
            }
        }
        Self::Plain
    }

    /// The set of that name: `plain`, `avx2` or `avx512`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Plain, Self::Avx2, Self::Avx512].into_iter().find(|level| level.name() == name)
    }

    /// The name, as [`Level::from_name`] reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_found_by_its_name_and_no_other_text_is_one() {
        for level in [Level::Plain, Level::Avx2, Level::Avx512] {
            assert_eq!(Level::from_name(level.name()), Some(level));
        }
        assert_eq!(Level::from_name("sse9"), None);
    }
}
