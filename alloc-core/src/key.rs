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

/// Numbers by chance: xorshift64 (Marsaglia, "Xorshift RNGs", 2003). Written by its
/// owner only.
pub(crate) struct Random(OwnerU64);

impl Random {
    /// One that yields zeroes.
    pub(crate) const fn none() -> Self {
        Self(OwnerU64::zero())
    }

    /// Starts it.
    pub(crate) fn start(&self, value: u64) {
        self.0.set(mix(value) | 1);
    }

    /// The next number; never zero once started.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        let mut state = self.0.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.set(state);
        state
    }

    /// The next number below `bound`, which is not zero; about even.
    pub(crate) fn below(&self, bound: usize) -> usize {
        // The high bits of a product: no division. (Lemire 2019.)
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}
