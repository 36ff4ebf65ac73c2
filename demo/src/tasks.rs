//! `demo tasks`: async functions on a multi-threaded runtime, then plain threads.
//!
//! [`fetch`] has the two async functions, one awaiting the other; [`archive`] is a
//! type whose whole `impl` block is profiled. This file is the command: it starts
//! the runtime, spawns the tasks and the threads, and names the run's three parts
//! as scopes. Each task has a span, which `--events` shows.

pub mod archive;
pub mod fetch;

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{panic, thread};

use alloc_profiler::timestamp;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;
use tracing::{Instrument, debug_span};

use crate::Failure;
use archive::Archive;

/// What the search looks for: the last line of each page.
const ENDING: &str = "line    24";

/// Loads `pages` pages on a runtime of `workers` threads, searches them on as many
/// threads, and writes the counts to `out`.
///
/// # Errors
///
/// [`Failure::Threads`] when the system has no threads to give,
/// [`Failure::Task`] when a task did not end by itself, [`Failure::Output`] when
/// `out` cannot be written.
///
/// ```
/// let mut out = Vec::new();
/// demo::tasks::run(3, 2, &mut out)?;
/// assert!(out.starts_with(b"3 pages of 2310 bytes, 3 lines found\n"));
/// # Ok::<(), demo::Failure>(())
/// ```
pub fn run(pages: u32, workers: usize, out: &mut impl Write) -> Result<(), Failure> {
    let runtime = {
        let _scope = timestamp("start the runtime");
        runtime(workers).map_err(Failure::Threads)?
    };
    let archive = {
        let _scope = timestamp("load");
        runtime.block_on(load(pages))?
    };
    let found = {
        let _scope = timestamp("search");
        search(&archive, workers).map_err(Failure::Threads)?
    };
    let (pages, bytes) = (archive.page_count(), archive.text_bytes());
    writeln!(out, "{pages} pages of {bytes} bytes, {found} lines found\n")?;
    Ok(())
}

/// Returns a runtime whose threads have names of their own, by which the report
/// tells them apart.
fn runtime(workers: usize) -> io::Result<Runtime> {
    let started = AtomicUsize::new(0);
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name_fn(move || format!("worker-{}", started.fetch_add(1, Ordering::Relaxed)))
        .enable_time()
        .build()
}

/// Returns the archive of `pages` pages, each fetched by a task.
async fn load(pages: u32) -> Result<Archive, JoinError> {
    let mut archive = Archive::with_capacity(pages as usize);
    let spawn = |number| tokio::spawn(fetch::page(number).instrument(debug_span!("task", number)));
    let tasks: Vec<_> = (0..pages).map(spawn).collect();
    for task in tasks {
        archive.add(task.await?);
    }
    Ok(archive)
}

/// Returns how many lines the search finds, with a thread for each share of the
/// pages.
fn search(archive: &Archive, threads: usize) -> io::Result<usize> {
    thread::scope(|scope| {
        let searches = archive.shares(threads).enumerate().map(|(number, share)| {
            let builder = thread::Builder::new().name(format!("search-{number}"));
            builder.spawn_scoped(scope, || Archive::lines_ending(share, ENDING).len())
        });
        let searches: Vec<_> = searches.collect::<io::Result<_>>()?;
        let found = searches.into_iter().map(|search| {
            // A panic of a thread is this one's too.
            search.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
        });
        Ok(found.sum())
    })
}
