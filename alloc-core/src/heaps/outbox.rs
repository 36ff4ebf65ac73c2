//! Foreign blocks that one flush sends out, grouped by owner: one exchange each.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::class::SizeClass;
use crate::config::{FREED_WORD, HARDENED};
use crate::enclosed::Enclosed;
use crate::family::Family;
use crate::free_run::FreeRun;
use crate::heap::ThreadHeap;
use crate::misuse;
use crate::registry;
use crate::remote::Sent;
use crate::run::PoolRun;

/// Owners that a flush can group; one more sends the oldest letter early.
const LETTERS: usize = 8;

/// The runs for one owner: linked, or enclosed in one that is.
#[derive(Clone, Copy)]
struct Letter {
    owner: &'static ThreadHeap,
    first: NonNull<FreeRun>,
    last: NonNull<FreeRun>,
    last_mask: u64,
    /// Runs that the first one encloses.
    enclosed: usize,
    blocks: u32,
}

/// The letters of one flush: blocks of one class, which their pools' headers confirm.
pub(crate) struct Outbox {
    class: SizeClass,
    letters: [Option<Letter>; LETTERS],
    /// Letters ever started.
    opened: usize,
}

impl Outbox {
    pub(crate) fn new(class: SizeClass) -> Self {
        Self { class, letters: [None; LETTERS], opened: 0 }
    }

    /// Adds a run that `owner` owns, which is `members`. They are the outbox's from here.
    pub(crate) fn add(
        &mut self,
        owner: &'static ThreadHeap,
        run: &PoolRun,
        members: &[NonNull<u8>],
    ) {
        debug_assert_eq!(members.len(), run.blocks.count, "the members are the run");
        // What this core has written to, the owner's has back sooner than what it has read only.
        // (Zen 5, a producer and a consumer: 0.86 of the time. In hardened mode it has already.)
        if !HARDENED && self.class.family() == Family::Small {
            for member in members {
                // SAFETY: a block being freed is ours to write, and at least 16 bytes long.
                unsafe { member.cast::<usize>().write_unaligned(FREED_WORD) };
            }
        }
        self.add_marked(owner, run);
    }

    /// Adds a run that `owner` owns, of blocks that have been on their way.
    pub(crate) fn add_marked(&mut self, owner: &'static ThreadHeap, run: &PoolRun) {
        let (node, mask) = (run.first().cast::<FreeRun>(), run.blocks.bits);
        let blocks = run.blocks.count as u32;
        let same = |letter: &&mut Letter| core::ptr::eq(letter.owner, owner);
        let mut letters = self.letters.iter_mut().flatten();
        let next = if let Some(letter) = letters.find(same) {
            letter.blocks += blocks;
            // SAFETY: a block of the letter, so of the outbox's class.
            let list = unsafe { Enclosed::of(letter.first, self.class) };
            if list.push(letter.enclosed, run.first(), mask) {
                letter.enclosed += 1;
                return;
            }
            letter.enclosed = 0;
            core::mem::replace(&mut letter.first, node).as_ptr()
        } else {
            let (first, last) = (node, node);
            self.open(Letter { owner, first, last, last_mask: mask, enclosed: 0, blocks });
            core::ptr::null_mut()
        };
        // SAFETY: a block being freed is ours to write, at least 16 bytes long
        // and 16-aligned.
        unsafe { node.write(FreeRun::new(node, next, mask)) };
        // SAFETY: as above: of the outbox's class.
        unsafe { Enclosed::of(node, self.class) }.end_at(0);
    }

    /// Starts a letter; sends the oldest if there are too many.
    fn open(&mut self, letter: Letter) {
        let place = self.opened % LETTERS;
        self.opened += 1;
        if let Some(before) = self.letters[place].replace(letter) {
            send(before, self.class);
        }
    }

    /// Sends every letter.
    #[inline]
    pub(crate) fn send_all(self) {
        // Most flushes send nothing.
        if self.opened == 0 {
            return;
        }
        for letter in self.letters.into_iter().flatten() {
            send(letter, self.class);
        }
    }
}

fn send(letter: Letter, class: SizeClass) {
    // Counted first: the owner subtracts as soon as it sees the runs.
    letter.owner.add_transit(class, letter.blocks);
    // SAFETY: the runs are linked from first to last and this thread's.
    if unsafe { letter.owner.remote.send(letter.first, letter.last, letter.last_mask) }
        == Sent::ToNobody
    {
        registry::tidy(letter.owner);
    }
}

/// Sends one block straight to its owner: the way for a thread without a heap.
pub(crate) fn send_block(class: SizeClass, block: NonNull<u8>) {
    let (run, _) = PoolRun::gather(&[block], class);
    // SAFETY: the arena of a block being freed is in use.
    let found = unsafe { run.pool.as_ref() }.class();
    if found != class {
        misuse::freed_as(block, found, class);
    }
    // SAFETY: as above.
    if let Some(owner) = unsafe { Arena::of_pool(run.pool).as_ref() }.owner() {
        let mut outbox = Outbox::new(class);
        outbox.add(owner, &run, &[block]);
        outbox.send_all();
    }
}
