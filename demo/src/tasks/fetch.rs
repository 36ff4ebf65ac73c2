//! The two profiled async functions: a page, and the parts that it is made of.
//!
//! A part waits after each line, as it would for a network, while other tasks
//! run, and may go on on another thread. What is charged to its lines is what it
//! did itself. All lines are of one length, so the reader can check the figures
//! by hand.

use std::fmt::Write;
use std::time::Duration;

use alloc_profiler::profile;
use tokio::time::sleep;

/// Lines of a page's head,
const HEAD_LINES: u32 = 10;

/// and of its body.
const BODY_LINES: u32 = 25;

/// Bytes of one line, its line break included.
pub const LINE_BYTES: usize = 22;

/// How long the network takes for a line.
const LATENCY: Duration = Duration::from_micros(200);

/// A page that was fetched.
#[derive(Debug)]
pub struct Page {
    /// Its text, in lines of [`LINE_BYTES`].
    pub text: String,
}

/// Returns the page of this number, below 100,000, once both of its parts are
/// there; profiled line by line.
///
/// ```
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let page = runtime.block_on(demo::tasks::fetch::page(7));
/// assert_eq!(page.text.lines().next(), Some("page     7 line     0"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[profile]
pub async fn page(number: u32) -> Page {
    let head = part(number, HEAD_LINES).await;
    let body = part(number, BODY_LINES).await;
    let mut text = String::with_capacity(head.len() + body.len());
    text.push_str(&head);
    text.push_str(&body);
    Page { text }
}

/// Returns that many lines of a page, as they come in.
#[profile]
async fn part(number: u32, lines: u32) -> String {
    let mut text = String::with_capacity(LINE_BYTES * lines as usize);
    for line in 0..lines {
        sleep(LATENCY).await;
        // A string takes whatever is written to it.
        let _ = writeln!(text, "page {number:>5} line {line:>5}");
    }
    text
}
