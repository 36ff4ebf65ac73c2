//! The heap under test and its oracle, which all threads share.
//!
//! A block that a thread works on is out of the oracle meanwhile, so that no other one
//! takes it. What is in the oracle is therefore in use at every moment, and must be apart
//! from what is inserted, also while other threads allocate and free.

use std::sync::{Mutex, MutexGuard, PoisonError};

use alloc_core::PoolAlloc;

use crate::{Live, Operation, Oracle, rest};

/// Bytes in use at most; an operation that would exceed them is left out.
const LIVE_MAX_BYTES: usize = 80 << 20;
/// Bytes that one operation allocates at most, unless it is a single block.
const STEP_MAX_BYTES: usize = 1 << 20;
/// Blocks in use at most.
const LIVE_MAX_BLOCKS: usize = 4096;

/// The heap under test, and what must be in it.
pub(crate) struct Model {
    pool: PoolAlloc,
    oracle: Mutex<Oracle>,
}

impl Model {
    /// An empty heap.
    pub(crate) fn new(pool: PoolAlloc) -> Self {
        Self { pool, oracle: Mutex::default() }
    }

    fn oracle(&self) -> MutexGuard<'_, Oracle> {
        // What a panic has left behind is of no use, and the panic is known already.
        self.oracle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs an operation on the calling thread.
    pub(crate) fn run(&self, operation: &Operation) {
        match *operation {
            Operation::Alloc { layout, zeroed, count } => {
                for _ in 0..self.room(layout.size(), count) {
                    let seed = self.oracle().len().to_le_bytes()[0];
                    let live = if zeroed {
                        Live::alloc_zeroed(&self.pool, layout, seed)
                    } else {
                        Live::alloc(&self.pool, layout, seed)
                    };
                    self.oracle().insert(live);
                }
            }
            Operation::Free { pick, count, stride, at } => {
                let taken = { self.oracle().take_some(pick, count, stride) };
                for live in taken {
                    self.free(live, at);
                }
            }
            Operation::Realloc { pick, size } => self.resize(pick, size, |live| {
                // What has no layout any more has its address.
                if live.is_by_address() {
                    live.resize_at(&self.pool, size);
                } else {
                    live.realloc(&self.pool, size);
                }
            }),
            Operation::Resize { pick, layout, zeroed } => {
                self.resize(pick, layout.size(), |live| {
                    if live.is_by_address() {
                        live.resize_at(&self.pool, layout.size());
                    } else {
                        live.resize(&self.pool, layout, zeroed);
                    }
                });
            }
            Operation::ResizeAt { pick, size } => {
                self.resize(pick, size, |live| live.resize_at(&self.pool, size));
            }
            Operation::Collect => alloc_core::collect(),
            // The crew's to do.
            Operation::EndThread => {}
        }
    }

    /// How many of `count` blocks of `size` bytes there is room for.
    fn room(&self, size: usize, count: usize) -> usize {
        let oracle = self.oracle();
        let bytes = LIVE_MAX_BYTES.saturating_sub(oracle.bytes());
        let blocks = LIVE_MAX_BLOCKS.saturating_sub(oracle.len());
        count.min((STEP_MAX_BYTES / size).max(1)).min(bytes / size).min(blocks)
    }

    fn resize(&self, pick: usize, size: usize, resize: impl FnOnce(&mut Live)) {
        if self.room(size, 1) == 0 {
            return;
        }
        let taken = { self.oracle().take(pick) };
        if let Some(mut live) = taken {
            resize(&mut live);
            self.oracle().insert(live);
        }
    }

    fn free(&self, live: Live, at: bool) {
        if at || live.is_by_address() {
            live.free_at(&self.pool);
        } else {
            live.free(&self.pool);
        }
    }

    /// Checks the whole heap while all threads rest.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn check_at_rest(&self) -> Result<(), String> {
        rest::check(&self.oracle())
    }

    /// Frees what is left, and gives back what is kept: once the crew has ended.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn finish(&self) -> Result<(), String> {
        let left = std::mem::take(&mut *self.oracle());
        for live in left.into_live() {
            self.free(live, false);
        }
        self.check_at_rest()?;
        alloc_core::collect();
        self.check_at_rest()?;
        rest::check_empty()
    }
}
