//! State that a forked child must not inherit.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

struct Owned<T> {
    pid: u32,
    state: T,
}

/// A `T` for each process: a child made by fork starts with a fresh one.
///
/// What the parent had is forgotten, never dropped: its locks may be held by threads that do not exist in the child, and ONNX Runtime
/// crashes when a child destroys what the parent made.
pub(crate) struct PerProcess<T> {
    owned: AtomicPtr<Owned<T>>,
    // Shared between threads only where a `T` may be.
    _owns: PhantomData<T>,
}

impl<T: Default> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { owned: AtomicPtr::new(ptr::null_mut()), _owns: PhantomData }
    }

    pub(crate) fn get(&self) -> &T {
        let pid = std::process::id();
        let current = self.owned.load(Ordering::Acquire);
        // SAFETY: a pointer that was stored is freed in `drop` alone, which takes `&mut self`.
        match unsafe { current.as_ref() } {
            Some(owned) if owned.pid == pid => &owned.state,
            _ => self.replace(current, pid),
        }
    }

    fn replace(&self, current: *mut Owned<T>, pid: u32) -> &T {
        let fresh = Box::into_raw(Box::new(Owned { pid, state: T::default() }));
        match self.owned.compare_exchange(current, fresh, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: `fresh` was just stored; it is freed in `drop` alone.
            Ok(_) => unsafe { &(*fresh).state },
            Err(theirs) => {
                // SAFETY: `fresh` was never shared; `theirs` was stored by another thread of this process.
                unsafe {
                    drop(Box::from_raw(fresh));
                    &(*theirs).state
                }
            }
        }
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        let owned = *self.owned.get_mut();
        // SAFETY: `&mut self` proves that no reference given out by `get` is alive.
        if unsafe { owned.as_ref() }.is_some_and(|owned| owned.pid == std::process::id()) {
            // SAFETY: this process made it with `Box::into_raw`, and nobody else frees it.
            drop(unsafe { Box::from_raw(owned) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::thread;

    use super::*;

    #[test]
    fn threads_that_ask_at_once_get_the_same_state() {
        let state = PerProcess::<AtomicUsize>::new();
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| state.get().fetch_add(1, Ordering::Relaxed));
            }
        });
        assert_eq!(state.get().load(Ordering::Relaxed), 8);
    }
}
