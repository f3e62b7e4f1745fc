//! Models by digest, loaded once however many threads ask at the same time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Model;
use crate::process::PerProcess;

type Slot = Arc<Mutex<Option<Arc<Model>>>>;

/// Keeps the models used last; what is in use stays alive however many follow.
pub struct ModelCache {
    most: usize,
    slots: PerProcess<Mutex<VecDeque<(String, Slot)>>>,
}

impl ModelCache {
    /// An empty cache of at most `most` models.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, slots: PerProcess::new() }
    }

    /// The model with `digest`; made by `load` where it is not here, while others who ask for it wait.
    ///
    /// Nothing is kept when `load` fails: the next who asks tries again.
    pub fn get_or_load<E>(&self, digest: &str, load: impl FnOnce() -> Result<Model, E>) -> Result<Arc<Model>, E> {
        let slot = self.slot(digest);
        let mut model = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = model.as_ref() {
            return Ok(Arc::clone(model));
        }
        let loaded = Arc::new(load()?);
        *model = Some(Arc::clone(&loaded));
        Ok(loaded)
    }

    fn slot(&self, digest: &str) -> Slot {
        let mut slots = self.slots.get().lock().unwrap_or_else(PoisonError::into_inner);
        let found = slots.iter().position(|(known, _)| known == digest).and_then(|place| slots.remove(place));
        let entry = found.unwrap_or_else(|| (digest.to_owned(), Slot::default()));
        let slot = Arc::clone(&entry.1);
        slots.push_back(entry);
        if slots.len() > self.most {
            slots.pop_front();
        }
        slot
    }
}
