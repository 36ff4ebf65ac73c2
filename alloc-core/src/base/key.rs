//! A secret of this process, and numbers that who does not know it cannot foretell:
//! what hardened mode's seals, links and orders are made of.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::cell::OwnerU64;
use crate::os;

/// The secret; zero until it is [`make`]d.
static SECRET: AtomicU64 = AtomicU64::new(0);

/// An odd number whose bits are well mixed, to multiply with: the golden ratio's.
/// (Knuth, The Art of Computer Programming, vol. 3, 6.4.)
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Makes the secret, once; before the first block is handed out.
#[cold]
pub(crate) fn make() {
    let secret = os::random() | 1;
    // Whoever is second takes the first one's.
    let _ = SECRET.compare_exchange(0, secret, Ordering::Relaxed, Ordering::Relaxed);
}

/// A word that belongs to `value`, for those who know the secret.
#[inline]
pub(crate) fn mix(value: u64) -> u64 {
    let word = (value ^ SECRET.load(Ordering::Relaxed)).wrapping_mul(GOLDEN);
    word ^ word >> 32
}

/// Numbers by chance: a linear congruential generator's, with Knuth's multiplier (MMIX).
/// Written by its owner only.
pub(crate) struct Random(OwnerU64);

impl Random {
    /// One that starts at zero.
    pub(crate) const fn new() -> Self {
        Self(OwnerU64::zero())
    }

    /// Starts it anew, from a number that nobody can foretell.
    pub(crate) fn start(&self, value: u64) {
        self.0.set(mix(value));
    }

    /// The next number, below a `bound` of at most 2^32, by the state's upper bits, which are
    /// the better ones. (As a product's upper half: D. Lemire, Fast Random Integer Generation
    /// in an Interval, 2019; the bias that it takes care to avoid is of no weight here.)
    #[inline]
    pub(crate) fn below(&self, bound: usize) -> usize {
        let state = self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(GOLDEN);
        self.0.set(state);
        (((state >> 32) * bound as u64) >> 32) as usize
    }
}
