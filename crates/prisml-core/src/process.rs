//! State that a forked child must not inherit.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// How many forks lie between the first process and this one. To ask for the process's number costs a call of the system.
static GENERATION: AtomicU32 = AtomicU32::new(0);

struct Owned<T> {
    generation: u32,
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
        let generation = GENERATION.load(Ordering::Relaxed);
        let current = self.owned.load(Ordering::Acquire);
        // SAFETY: a pointer that was stored is freed in `drop` alone, which takes `&mut self`.
        match unsafe { current.as_ref() } {
            Some(owned) if owned.generation == generation => &owned.state,
            _ => self.replace(current, generation),
        }
    }

    #[cold]
    fn replace(&self, current: *mut Owned<T>, generation: u32) -> &T {
        watch_forks();
        let fresh = Box::into_raw(Box::new(Owned { generation, state: T::default() }));
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
        if unsafe { owned.as_ref() }.is_some_and(|owned| owned.generation == GENERATION.load(Ordering::Relaxed)) {
            // SAFETY: this process made it with `Box::into_raw`, and nobody else frees it.
            drop(unsafe { Box::from_raw(owned) });
        }
    }
}

/// Has every child count itself, from before the first state is made; twice where two threads come here at once, which does no harm.
#[cfg(unix)]
fn watch_forks() {
    static WATCHED: AtomicBool = AtomicBool::new(false);

    extern "C" fn count() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }

    if !WATCHED.load(Ordering::Acquire) {
        // SAFETY: `count` may run at any moment in a child: it adds to an atomic and nothing else. This code is never unloaded.
        let failed = unsafe { libc::pthread_atfork(None, None, Some(count)) };
        WATCHED.store(failed == 0, Ordering::Release);
    }
}

#[cfg(not(unix))]
fn watch_forks() {}

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

    #[cfg(unix)]
    #[test]
    fn a_forked_child_starts_with_a_state_of_its_own() {
        let state = PerProcess::<AtomicUsize>::new();
        state.get().store(7, Ordering::Relaxed);
        // SAFETY: the child calls nothing that another thread of the test could have locked: the state it makes is small and its exit
        // is immediate.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let seen = state.get().load(Ordering::Relaxed);
            // SAFETY: it ends the child, without the parent's handlers.
            unsafe { libc::_exit(i32::from(seen != 0)) };
        }
        let mut status = -1;
        // SAFETY: `status` outlives the call.
        let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!((ended, status), (child, 0));
        assert_eq!(state.get().load(Ordering::Relaxed), 7);
    }
}
