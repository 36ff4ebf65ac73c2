//! A region beside a naive picture of each of its granules.

use super::*;
use crate::config::{ARENA_BYTES, REGION_BYTES};

/// Huge pages that only blocks that cover them ask for: the first ones.
const LEAN_PAGES: usize = 12;

/// A region of its own, and beside it the naive picture of each granule.
struct Model {
    region: NonNull<Region>,
    free: Vec<bool>,
    dirty: Vec<bool>,
    spans: Vec<Span>,
}

impl Model {
    fn new() -> Self {
        let base = os::map_aligned(REGION_BYTES, HUGE_PAGE_BYTES).unwrap();
        // SAFETY: fresh, aligned, and this test's alone.
        let region = unsafe { Region::init(base, REGION_BYTES, 0, None) };
        // SAFETY: made above.
        let header = unsafe { region.as_ref() };
        // Whether or not the system has huge pages.
        header.may_be_huge.set(u32::MAX << LEAN_PAGES);
        header.may_be_huge_covered.set(u32::MAX);
        let mut free = vec![true; REGION_GRANULES];
        free[0] = false;
        free[REGION_GRANULES - (OWN_GRANULES - 1)..].fill(false);
        Self { region, free, dirty: vec![false; REGION_GRANULES], spans: Vec::new() }
    }

    fn header(&self) -> &Region {
        // SAFETY: the region lives as long as the model.
        unsafe { self.region.as_ref() }
    }

    fn find(&self, granules: usize, align: usize, choice: Choice) -> Option<usize> {
        let fits = |&first: &usize| {
            first + granules <= REGION_GRANULES
                && (first..first + granules)
                    .all(|at| self.free[at] && (choice == Choice::Any || self.dirty[at]))
        };
        (0..REGION_GRANULES).step_by(align).find(fits)
    }

    fn claim(&self, run: Run, touch: Touch) -> Claim {
        let end = run.first + run.granules;
        let dirty = (run.first..end).filter(|&at| self.dirty[at]).count();
        let is_fresh = |&page: &usize| {
            let mut granules = page * HUGE_PAGE_GRANULES..(page + 1) * HUGE_PAGE_GRANULES;
            let mut in_run = granules.clone().map(|at| (run.first..end).contains(&at));
            let may_ask = if page >= LEAN_PAGES {
                in_run.any(|inside| inside)
            } else {
                touch == Touch::Soon && in_run.all(|inside| inside)
            };
            may_ask && granules.all(|at| self.free[at] && !self.dirty[at])
        };
        let pages = (0..REGION_GRANULES / HUGE_PAGE_GRANULES).filter(is_fresh);
        Claim { run, dirty, fresh_pages: pages.fold(0, |bits, page| bits | 1 << page) }
    }

    fn set(&mut self, run: Run, free: bool, dirty: Option<bool>) {
        for at in run.first..run.first + run.granules {
            self.free[at] = free;
            self.dirty[at] = dirty.unwrap_or(self.dirty[at]);
        }
    }

    fn take(&mut self, granules: usize, align: usize, choice: Choice, span: (Use, Touch)) {
        let (used_as, touch) = span;
        let found = self.find(granules, align, choice);
        assert_eq!(self.header().find(granules, align, choice), found);
        let Some(first) = found else { return };
        let run = Run { first, granules };
        let expected = self.claim(run, touch);
        assert_eq!(self.header().take(run, used_as, touch), expected);
        self.set(run, false, None);
        self.spans.push(Span { run, used_as });
    }

    fn give(&mut self, index: usize) {
        let span = self.spans.swap_remove(index);
        self.header().give(span);
        self.set(span.run, true, Some(true));
    }

    fn resize(&mut self, index: usize, granules: usize) {
        let Span { run, used_as } = self.spans[index];
        if used_as == Use::Arena || granules == run.granules {
            return;
        }
        if granules <= run.granules {
            self.header().cut(run, granules);
            let rest = run.granules - granules;
            self.set(Run { first: run.first + granules, granules: rest }, true, Some(true));
        } else {
            let end = run.first + granules;
            let fits =
                end <= REGION_GRANULES && (run.first + run.granules..end).all(|at| self.free[at]);
            let added = Run { first: run.first + run.granules, granules: granules - run.granules };
            let expected = fits.then(|| self.claim(added, Touch::Perhaps));
            assert_eq!(self.header().extend(run, granules), expected);
            if !fits {
                return;
            }
            self.set(added, false, None);
        }
        self.spans[index].run.granules = granules;
    }

    fn purge(&mut self, most: usize, step: usize) {
        let purgeable = |at: usize| self.free[at] && self.dirty[at];
        let found = self.header().highest_dirty(most, step);
        let Some(run) = found else {
            let whole = |first: usize| (first..first + step).all(purgeable);
            assert!(!(0..REGION_GRANULES / step).any(|first| whole(first * step)));
            return;
        };
        let end = run.first + run.granules;
        assert!((run.first..end).all(purgeable));
        assert!(run.granules < most + HUGE_PAGE_GRANULES);
        assert!(run.first.is_multiple_of(step) && end.is_multiple_of(step));
        self.header().hold(run);
        self.header().free_clean(run);
        self.set(run, true, Some(false));
    }

    fn compare(&self) {
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| span.run.first);
        assert!(self.header().spans().eq(spans.iter().copied()));
        let free = self.free.iter().filter(|&&free| free).count();
        let dirty = self.free.iter().zip(&self.dirty).filter(|&(&free, &dirty)| free && dirty);
        assert_eq!(self.header().count_free(), (free, dirty.count()));
        let mut owners = spans.iter().flat_map(|&span| {
            let run = span.run;
            (run.first..run.first + run.granules).map(move |at| (at, span))
        });
        let mut next = owners.next();
        for at in 0..REGION_GRANULES {
            let owner = next.filter(|&(owned, _)| owned == at).map(|(_, span)| span);
            assert_eq!(self.header().span_at(at), owner);
            if owner.is_some() {
                next = owners.next();
            }
        }
    }
}

#[test]
fn a_region_agrees_with_a_naive_picture_of_its_granules() {
    let mut model = Model::new();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize % below
    };
    for round in 0..4000 {
        let choice = if random(2) == 0 { Choice::Dirty } else { Choice::Any };
        let touch = if random(2) == 0 { Touch::Soon } else { Touch::Perhaps };
        match random(8) {
            0 => {
                let granules = granules_for(ARENA_BYTES);
                model.take(granules, granules, choice, (Use::Arena, Touch::Soon));
            }
            1 | 2 => model.take(1 + random(40), 1 << random(4), choice, (Use::Block, touch)),
            3 => model.take(1 + random(600), 1, choice, (Use::Block, touch)),
            4 if round % 7 == 0 => model.purge(1 + random(300), 1 << random(3)),
            5 if !model.spans.is_empty() => {
                let index = random(model.spans.len());
                model.resize(index, 1 + random(80));
            }
            _ if !model.spans.is_empty() => {
                let index = random(model.spans.len());
                model.give(index);
            }
            _ => {}
        }
        if round % 16 == 0 {
            model.compare();
        }
    }
    model.compare();
}

#[test]
fn dirty_stretches_are_those_of_the_run() {
    let model = Model::new();
    let region = model.header();
    for (first, granules) in [(1, 3), (10, 60), (130, 1)] {
        region.take(Run { first, granules }, Use::Block, Touch::Soon);
        region.give(Span { run: Run { first, granules }, used_as: Use::Block });
    }
    let mut seen = Vec::new();
    region.for_each_dirty(Run { first: 2, granules: 129 }, |run| seen.push(run));
    let expected = [(2, 2), (10, 60), (130, 1)];
    assert_eq!(seen, expected.map(|(first, granules)| Run { first, granules }));
}
