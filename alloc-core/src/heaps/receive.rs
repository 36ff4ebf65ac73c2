//! Blocks that other threads freed come home: from the heap's `remote` queue into their pools.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::config::HARDENED;
use crate::enclosed::Enclosed;
use crate::heap::Owned;
use crate::outbox::Outbox;
use crate::run::PoolRun;
use crate::spare::FreedBy;
use crate::{cpu, misuse, pagemap};

impl Owned {
    /// Puts the blocks that other threads freed back into their pools.
    #[inline]
    pub(crate) fn collect(self) {
        if !self.heap().remote.is_empty() {
            self.collect_slow();
        }
    }

    #[cold]
    fn collect_slow(self) {
        let mut next = self.heap().remote.take_all();
        while let Some(node) = NonNull::new(next) {
            // It lies where a user's stale pointer may have written.
            let Some(grid) = pagemap::grid_at(node.addr().get()) else {
                misuse::link_smashed(node.cast())
            };
            // SAFETY: a run on the queue is valid and, once taken, the caller's.
            let Ok((behind, mask)) = unsafe { node.read() }.open(node) else {
                misuse::link_smashed(node.cast())
            };
            next = behind;
            cpu::prefetch_to_read(next.cast());
            if HARDENED {
                // SAFETY: as above. Free blocks are zero.
                unsafe { node.write_bytes(0, 1) };
            }
            let run = PoolRun::received(node.cast(), grid, mask);
            // SAFETY: as above: the block is not free before its own run is put back; its sender
            // has ended the list.
            for (block, mask) in unsafe { Enclosed::of(node, run.class) }.runs() {
                let Some(grid) = pagemap::grid_at(block.addr().get()) else {
                    misuse::link_smashed(node.cast())
                };
                self.put_received(&PoolRun::received(block, grid, mask));
            }
            self.put_received(&run);
        }
    }

    fn put_received(self, run: &PoolRun) {
        debug_assert!(self.heap().transit_blocks(run.class) >= run.blocks.count);
        self.heap().subtract_transit(run.class, run.blocks.count as u32);
        if self.owns(run.pool) {
            self.put(run, FreedBy::Others);
        } else {
            forward(run);
        }
    }
}

/// Sends a run on whose arena has passed to another heap (`inherit`) since it was sent.
#[cold]
fn forward(run: &PoolRun) {
    // SAFETY: the arena of blocks that are not yet back in their pool is in use.
    let Some(owner) = unsafe { Arena::of_pool(run.pool).as_ref() }.owner() else {
        misuse::not_a_block(run.first())
    };
    let mut outbox = Outbox::new(run.class);
    outbox.add_marked(owner, run);
    outbox.send_all();
}
