//! Compiles one piece of work for each set of instructions.

use super::level::Level;

/// Work over slices. `run` is `#[inline(always)]` in every implementation, so that it is compiled into each set's own function.
pub(crate) trait Work {
    fn run(self);
}

/// Does the work with the instructions of `level`.
#[inline]
pub(crate) fn at_level(level: Level, work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn narrow(work: impl Work) {
            work.run();
        }

        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
        fn wide(work: impl Work) {
            work.run();
        }

        match level {
            Level::Plain => {}
            // SAFETY: a level is never above what the processor has.
            Level::Avx2 => return unsafe { narrow(work) },
            // SAFETY: as above.
            Level::Avx512 => return unsafe { wide(work) },
        }
    }
    let _ = level;
    work.run();
}
