//! A line of progress on standard error, for a person who waits.
//!
//! It appears only when standard error is a terminal and the job lasts longer
//! than [`PATIENCE`], is rewritten in place, and is wiped when the job ends,
//! so that neither a log nor a short run ever sees it.
//!
//! It is called from a profiled line and takes nothing from the heap, as a
//! library's progress bar would: the table reads the same with and without it.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How long a job runs in silence.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// The pause between two updates: often enough to look alive.
const PERIOD: Duration = Duration::from_millis(200);

/// Erases the terminal's line and returns to its start.
const WIPE: &[u8] = b"\r\x1b[2K";

/// A progress line; dropping it wipes what it showed.
///
/// A failed write is ignored: progress is a courtesy, not a result.
#[derive(Debug)]
pub struct Progress<W: Write> {
    /// Where the line goes; `None` when nobody watches.
    out: Option<W>,
    due: Instant,
    shown: bool,
}

impl Progress<io::Stderr> {
    /// Returns a progress line on standard error, silent unless that is a
    /// terminal.
    ///
    /// ```
    /// let mut progress = demo::progress::Progress::on_stderr();
    /// progress.tick(1, 512);
    /// ```
    pub fn on_stderr() -> Self {
        let stderr = io::stderr();
        Self::new(stderr.is_terminal().then_some(stderr), Instant::now())
    }
}

impl<W: Write> Progress<W> {
    fn new(out: Option<W>, started: Instant) -> Self {
        Self { out, due: started + PATIENCE, shown: false }
    }

    /// Notes that `files` files of `bytes` bytes together are done, and shows
    /// it when an update is due.
    pub fn tick(&mut self, files: usize, bytes: u64) {
        if self.out.is_some() {
            self.tick_at(Instant::now(), files, bytes);
        }
    }

    fn tick_at(&mut self, now: Instant, files: usize, bytes: u64) {
        let Some(out) = self.out.as_mut().filter(|_| now >= self.due) else { return };
        let _ = out.write_all(WIPE);
        let _ = write!(out, "{files} files, {} MiB read", bytes >> 20);
        let _ = out.flush();
        self.due = now + PERIOD;
        self.shown = true;
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        if let Some(out) = self.out.as_mut().filter(|_| self.shown) {
            let _ = out.write_all(WIPE);
            let _ = out.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a job shows that ticks at each of `millis` after its start.
    fn shown(millis: &[u64]) -> String {
        let mut out = Vec::new();
        let started = Instant::now();
        let mut progress = Progress::new(Some(&mut out), started);
        for (files, &at) in (1..).zip(millis) {
            progress.tick_at(started + Duration::from_millis(at), files, 3 << 20);
        }
        drop(progress);
        String::from_utf8(out).expect("the line is text")
    }

    #[test]
    fn a_short_job_shows_nothing() {
        assert_eq!(shown(&[0, 500, 1_999]), "");
    }

    #[test]
    fn a_long_job_shows_its_last_figures_and_wipes_them() {
        assert_eq!(shown(&[10, 2_000]), "\r\x1b[2K2 files, 3 MiB read\r\x1b[2K");
    }

    #[test]
    fn updates_keep_their_distance() {
        let line = shown(&[2_000, 2_001, 2_199, 2_200]);
        assert_eq!(line.matches("files").count(), 2, "{line:?}");
    }

    #[test]
    fn without_a_terminal_nothing_is_kept() {
        let mut progress = Progress::<Vec<u8>>::new(None, Instant::now());
        progress.tick(1, 1);
        assert!(!progress.shown);
    }
}
