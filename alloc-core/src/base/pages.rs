//! Sets of an arena's 64 pages, a bit each in a `u64`, and the runs in them.

use crate::config::{ARENA_PAGES, FIRST_USABLE_PAGE, USABLE_PAGES};

/// Every page but the header page and guards.
pub(crate) const ALL_PAGES: u64 = run(FIRST_USABLE_PAGE, USABLE_PAGES);

/// The ones of `pages` that stand in runs of at least `length`, a power of two.
pub(crate) const fn long_runs(pages: u64, length: usize) -> u64 {
    let (mut bits, mut shift) = (pages, 1);
    // First those that start so many ones, then all of these.
    while shift < length {
        bits &= bits >> shift;
        shift *= 2;
    }
    while shift > 1 {
        shift /= 2;
        bits |= bits << shift;
    }
    bits
}

/// `pages` ones from bit `page` on.
pub(crate) const fn run(page: usize, pages: usize) -> u64 {
    (u64::MAX >> (ARENA_PAGES - pages)) << page
}

/// The lowest bit that starts a run of `pages` ones in `free`.
///
/// Each step halves what is missing: a one in `starts` means that `known` ones
/// follow from there.
pub(crate) fn first_run(free: u64, pages: usize) -> Option<usize> {
    let mut starts = free;
    let mut known = 1;
    while known < pages {
        let step = known.min(pages - known);
        starts &= starts >> step;
        known += step;
    }
    (starts != 0).then(|| starts.trailing_zeros() as usize)
}

/// The most ones of `free` in a row; of all 64, one is left out, the headers' page.
///
/// The length is found bit by bit, the highest first: a one in `starts` means that `known`
/// ones follow from there.
pub(crate) fn longest_run(free: u64) -> usize {
    // A one in step n means that 2ⁿ ones follow from there.
    let mut runs = [free; 6];
    for step in 1..runs.len() {
        runs[step] = runs[step - 1] & runs[step - 1] >> (1 << (step - 1));
    }
    let (mut starts, mut known) = (u64::MAX, 0);
    for step in (0..runs.len()).rev() {
        let longer = starts & runs[step] >> known;
        if longer != 0 {
            starts = longer;
            known += 1 << step;
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_run_agrees_with_a_search_bit_by_bit() {
        let oracle = |free: u64, pages: usize| {
            (0..=ARENA_PAGES - pages).find(|&at| (at..at + pages).all(|bit| free >> bit & 1 == 1))
        };
        let mut free = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..2000 {
            free ^= free << 13;
            free ^= free >> 7;
            free ^= free << 17;
            for sparse in [free, free | free >> 1 | free >> 5, ALL_PAGES, 0] {
                for pages in 1..=USABLE_PAGES {
                    assert_eq!(
                        first_run(sparse, pages),
                        oracle(sparse, pages),
                        "{sparse:x} {pages}"
                    );
                }
            }
        }
        assert_eq!(run(1, ARENA_PAGES - 1), !1);
    }

    #[test]
    fn the_longest_run_is_the_last_that_is_found() {
        let mut free = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..2000 {
            free ^= free << 13;
            free ^= free >> 7;
            free ^= free << 17;
            for sparse in [free, free | free >> 1 | free >> 5, u64::MAX, 1, 1 << 63, 0] {
                let sparse = sparse & ALL_PAGES;
                let found =
                    (1..=ARENA_PAGES).take_while(|&pages| first_run(sparse, pages).is_some());
                assert_eq!(longest_run(sparse), found.count(), "{sparse:x}");
            }
        }
    }

    #[test]
    fn long_runs_agree_with_a_search_bit_by_bit() {
        let oracle = |pages: u64, length: usize| {
            let runs = (0..=ARENA_PAGES - length).map(|at| run(at, length));
            runs.filter(|run| pages & run == *run).fold(0, |all, run| all | run)
        };
        for length in [1, 2, 4, 8] {
            let agree = |pages| assert_eq!(long_runs(pages, length), oracle(pages, length));
            for from in 0..ARENA_PAGES {
                for pages in 1..=ARENA_PAGES - from {
                    agree(run(from, pages));
                    agree(!run(from, pages));
                }
            }
            let mut pages = 0x9E37_79B9_7F4A_7C15_u64;
            for _ in 0..2000 {
                pages ^= pages << 13;
                pages ^= pages >> 7;
                pages ^= pages << 17;
                agree(pages);
                agree(pages | pages >> 1 | pages >> 3);
            }
        }
    }
}
