//! Models by digest, loaded once however many threads ask at the same time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Model;
use crate::process::PerProcess;

type Slot = Arc<Mutex<Option<Arc<Model>>>>;

/// What is kept at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// How many models.
    pub models: usize,
    /// How many bytes they hold together.
    pub bytes: usize,
}

/// Keeps the models used last; what is in use stays alive however many follow.
pub struct ModelCache {
    entries: PerProcess<Mutex<VecDeque<Entry>>>,
}

struct Entry {
    digest: String,
    slot: Slot,
    /// Zero until the model is loaded.
    bytes: usize,
}

impl ModelCache {
    /// An empty cache.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: PerProcess::new() }
    }

    /// The model with `digest`; made by `load` where it is not here, while others who ask for it wait.
    ///
    /// Nothing is kept when `load` fails: the next who asks tries again. Of what was used longest ago as much is let go as `room` asks
    /// for; a model that is larger than the room alone is kept until another one is loaded.
    pub fn get_or_load<E>(&self, digest: &str, room: Room, load: impl FnOnce() -> Result<Model, E>) -> Result<Arc<Model>, E> {
        let slot = self.slot(digest);
        let mut model = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = model.as_ref() {
            return Ok(Arc::clone(model));
        }
        let loaded = Arc::new(load().inspect_err(|_| self.forget(digest))?);
        *model = Some(Arc::clone(&loaded));
        self.settle(digest, loaded.bytes().max(1), room);
        Ok(loaded)
    }

    fn slot(&self, digest: &str) -> Slot {
        let mut entries = self.entries.get().lock().unwrap_or_else(PoisonError::into_inner);
        let found = entries.iter().position(|entry| entry.digest == digest).and_then(|place| entries.remove(place));
        let entry = found.unwrap_or_else(|| Entry { digest: digest.to_owned(), slot: Slot::default(), bytes: 0 });
        let slot = Arc::clone(&entry.slot);
        entries.push_back(entry);
        slot
    }

    /// Note what the model holds, and let go of what there is no room for.
    fn settle(&self, digest: &str, bytes: usize, room: Room) {
        let mut entries = self.entries.get().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.iter_mut().find(|entry| entry.digest == digest) {
            entry.bytes = bytes;
        }
        let mut held = entries.iter().fold(0_usize, |sum, entry| sum.saturating_add(entry.bytes));
        while entries.len() > 1 && (entries.len() > room.models || held > room.bytes) {
            held -= entries.pop_front().map_or(0, |entry| entry.bytes);
        }
    }

    fn forget(&self, digest: &str) {
        self.entries.get().lock().unwrap_or_else(PoisonError::into_inner).retain(|entry| entry.digest != digest || entry.bytes > 0);
    }

    /// How many models are kept, and the bytes that they hold together.
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        let entries = self.entries.get().lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = entries.iter().filter(|entry| entry.bytes > 0);
        loaded.fold((0, 0), |(models, bytes), entry| (models + 1, bytes + entry.bytes))
    }
}

impl Default for ModelCache {
    fn default() -> Self {
        Self::new()
    }
}
