//! A system that fails: each call of a program's work in turn, every n-th call, all
//! calls from the n-th on. Each time null comes back or a good block, `try_reserve`
//! errs, the heaps' invariants hold, nothing leaks, and the program goes on.
//!
//! Each way to fail is a process of its own, and so is each n of the first calls, those
//! with which the allocator sets itself up.

#![allow(
    clippy::cast_possible_truncation,
    reason = "addresses are 64-bit, a call that returns an int does so as a long, seeds wrap"
)]

mod system;
mod workload;

use std::alloc::{GlobalAlloc as _, Layout};
use std::sync::Barrier;

use integration_tests::{fork_and_wait, run_in_child, run_threads};
use system::{Call, Plan};
use workload::{POOL, Work};

/// A sweep fails each of so many calls, or more.
const CALLS_MIN: usize = 2000;
/// Hardened mode writes to so much memory that not every plan is tried over it.
const STEP: usize = if cfg!(feature = "hardened") { 16 } else { 1 };
/// Rounds of work that make so many.
const ROUNDS: usize = 24;
/// Calls that are made after the first that fails.
const CALLS_AFTER: usize = 50;
/// What the page map takes for every 8 GiB of addresses that were ever in use, for good;
/// hardened mode has a page that cannot be touched before it, and one after it.
const LEAF_BYTES: usize = (512 << 10) + if cfg!(feature = "hardened") { 2 * 4096 } else { 0 };
/// How many more of them other addresses may take.
const LEAVES_MAX: usize = 3;
/// The first calls of a process, tried one by one.
const FIRST_CALLS: usize = 60;

#[test]
fn each_call_once() {
    run_in_child("child_each_call_once", &[]);
}

#[test]
fn every_nth_call() {
    run_in_child("child_every_nth_call", &[]);
}

#[test]
fn all_calls_from_the_nth_on() {
    run_in_child("child_all_calls_from_the_nth_on", &[]);
}

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_each_call_once() {
    system::lose_targets();
    sweep(Plan::only);
}

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_every_nth_call() {
    sweep(Plan::every);
}

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_all_calls_from_the_nth_on() {
    sweep(Plan::all_from);
}

/// Works under every plan, from the first call to the last.
fn sweep(plan: fn(usize) -> Plan) {
    without_huge_pages();
    register_heaps(8);
    // Without faults: what stays mapped for good, and how many calls there are.
    let (calls, work) = work(Plan::NONE, ROUNDS);
    assert!(calls >= CALLS_MIN, "only {calls} calls");
    assert_eq!(work.refused, 0);
    settle(work);
    let baseline = system::mapped_bytes();
    let (mut failed, mut refused, mut missed) = (0, 0, 0);
    for call in (1..=calls).step_by(STEP) {
        let (made, work) = self::work(plan(call), ROUNDS);
        refused += work.refused;
        settle(work);
        let added = system::mapped_bytes() - baseline;
        let is_leaves = added.is_multiple_of(LEAF_BYTES) && added <= LEAVES_MAX * LEAF_BYTES;
        assert!(is_leaves, "{:?}: {added} bytes more are mapped, {made} calls", plan(call));
        let failed_before =
            std::mem::replace(&mut failed, Call::ALL.map(system::failed).iter().sum());
        assert!(failed > failed_before || made < call, "{:?} did not fail", plan(call));
        missed += usize::from(made < call);
    }
    // What is given back, and when, hangs on the clock: the last calls may not come.
    assert!(missed * STEP <= calls / 4, "{missed} of {} plans did not fail", calls / STEP);
    let often = [Call::Map, Call::Unmap, Call::Remap, Call::Advise];
    // These are so few that a sweep in steps may miss them.
    let seldom = [Call::Open, Call::SetSpecific].into_iter().filter(|_| STEP == 1);
    for call in often.into_iter().chain(seldom) {
        assert!(system::failed(call) > 0, "{call:?} never failed");
    }
    println!("{calls} calls, {refused} allocations refused");
}

/// Works under a plan, until its first call has failed and some more were made; returns
/// how many were made, and what is left to finish.
fn work(plan: Plan, rounds: usize) -> (usize, Work) {
    let mut work = Work::new();
    system::plan(plan);
    for round in 0..rounds {
        work.round(round);
        if round >= 2 && system::calls() > plan.first.saturating_add(CALLS_AFTER) {
            break;
        }
    }
    let calls = system::calls();
    system::plan(Plan::NONE);
    (calls, work)
}

/// Frees everything and gives all that can be given back.
fn settle(work: Work) {
    work.finish();
    alloc_core::check().unwrap();
    alloc_core::collect();
    alloc_core::check().unwrap();
    let stats = alloc_core::stats();
    assert_eq!((stats.bytes_in_use(), stats.bytes_kept), (0, 0), "{stats}");
}

/// Has as many heaps registered as there are threads at once: they stay for good.
fn register_heaps(threads: usize) {
    let together = Barrier::new(threads);
    run_threads(threads, |_| {
        let layout = Layout::new::<u64>();
        // SAFETY: the layout is not empty.
        let block = unsafe { POOL.alloc(layout) };
        together.wait();
        assert!(!block.is_null());
        // SAFETY: allocated above with this layout.
        unsafe { POOL.dealloc(block, layout) };
    });
}

/// Asked for all the same, huge pages do not come: their first touch would take most of
/// the time here.
fn without_huge_pages() {
    // SAFETY: no memory is passed.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) }, 0);
}

#[test]
fn the_first_calls_of_a_process() {
    let run = |plan: Plan| {
        let (first, step) = (plan.first.to_string(), plan.step.to_string());
        run_in_child("child_first_calls", &[("FIRST", &first), ("STEP", &step)])
    };
    let mapped = |printed: &str| -> usize {
        let (_, figure) = printed.split_once("mapped: ").expect("the child prints it");
        figure.lines().next().and_then(|figure| figure.parse().ok()).expect("a number")
    };
    let without_faults = mapped(&run(Plan::NONE));
    let mut failed = Vec::new();
    for call in 1..=FIRST_CALLS {
        for plan in [Plan::only(call), Plan::every(call), Plan::all_from(call)] {
            let printed = run(plan);
            // The addresses are not the same, and so how many leaves there are.
            let most = without_faults + LEAVES_MAX * LEAF_BYTES;
            assert!(mapped(&printed) <= most, "{plan:?}, at most {most}: {printed}");
            failed.extend(
                Call::ALL.into_iter().filter(|call| printed.contains(&format!("failed: {call:?}"))),
            );
        }
    }
    for call in Call::ALL {
        assert!(failed.contains(&call), "{call:?} never failed");
    }
}

#[test]
#[ignore = "run by the test above, as a child"]
fn child_first_calls() {
    let number = |name: &str| std::env::var(name).unwrap().parse().unwrap();
    let plan = Plan { first: number("FIRST"), step: number("STEP") };
    without_huge_pages();
    let (_, faulty) = work(plan, 2);
    settle(faulty);
    // The program goes on: with threads, and with forks beside them.
    register_heaps(4);
    assert_eq!(system::passed(Call::AtFork), 1, "forks keep the locks");
    assert!(fork_and_wait(|| work(Plan::NONE, 1).1.refused == 0));
    let (_, work) = work(Plan::NONE, 2);
    assert_eq!(work.refused, 0);
    settle(work);
    println!("mapped: {}", system::mapped_bytes());
    for call in Call::ALL.into_iter().filter(|&call| system::failed(call) > 0) {
        println!("failed: {call:?}");
    }
}
