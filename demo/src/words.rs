//! `demo words`: an inverted index over real files, and its top words.
//!
//! [`source`] finds and reads, [`tokens`] splits, [`index`] keeps; [`build`]
//! and [`rank`] are the two profiled functions that put them to work. This
//! file is the command: the order of the steps, and what is printed.

pub mod build;
pub mod index;
pub mod rank;
pub mod source;
pub mod tokens;

use std::io::{self, Write};
use std::path::PathBuf;

use crate::Failure;
use crate::progress::Progress;
use build::{Built, Skips};
use index::Index;
use rank::Ranked;

/// Indexes the text files at and below `paths` and writes the `top` words and
/// the counts of what was read and skipped to `out`.
///
/// # Errors
///
/// [`Failure::Path`] when one of `paths` cannot be read as text,
/// [`Failure::Output`] when `out` cannot be written.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("a.txt"), "arena, pool, pool")?;
/// let mut out = Vec::new();
/// demo::words::run(&[folder.path().into()], 1, &mut out)?;
/// assert!(String::from_utf8(out)?.contains("pool"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run(paths: &[PathBuf], top: usize, out: &mut impl Write) -> Result<(), Failure> {
    // A slip in the last path should not cost the time of reading the first.
    for path in paths {
        source::check(path)?;
    }
    let mut progress = Progress::on_stderr();
    let built = build::build(paths, &mut |files, bytes| progress.tick(files, bytes))?;
    drop(progress);
    let ranked = rank::rank(&built.index, top);
    write_words(&ranked, &built.index, out)?;
    write_counts(&built, out)?;
    Ok(())
}

#[expect(
    clippy::unnecessary_debug_formatting,
    reason = "quoted and escaped, a path stays on its line whatever it is called"
)]
fn write_words(ranked: &[Ranked<'_>], index: &Index, out: &mut impl Write) -> io::Result<()> {
    if ranked.is_empty() {
        return Ok(());
    }
    writeln!(out, "{:>10} {:>8}  {:<20} Most often in", "Count", "Files", "Word")?;
    for entry in ranked {
        write!(out, "{:>10} {:>8}  {:<20}", entry.count, entry.postings.len(), entry.word)?;
        match entry.most_in() {
            Some(file) => writeln!(out, " {:?}", index.path(file))?,
            None => writeln!(out)?,
        }
    }
    writeln!(out)
}

fn write_counts(built: &Built, out: &mut impl Write) -> io::Result<()> {
    let Built { index, bytes, skips } = built;
    let (files, words) = (index.file_count(), index.word_count());
    writeln!(out, "Read {files} files, {bytes} bytes, {words} different words")?;
    write_skips(skips, out)?;
    writeln!(out)
}

fn write_skips(skips: &Skips, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "Skipped {} entries", skips.count)?;
    for odd in &skips.first {
        writeln!(out, "  {odd}")?;
    }
    match skips.count - skips.first.len() {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn output(paths: &[PathBuf], top: usize) -> String {
        let mut out = Vec::new();
        run(paths, top, &mut out).expect("the paths are readable");
        String::from_utf8(out).expect("the output is text")
    }

    #[test]
    fn words_counts_and_skips_are_printed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "pool arena pool").unwrap();
        fs::write(folder.path().join("b"), "Pool").unwrap();
        for number in 0..7 {
            fs::write(folder.path().join(format!("odd{number}")), b"\xff").unwrap();
        }
        let text = output(&[folder.path().into()], 1);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("Most often in"), "{text}");
        let fields: Vec<&str> = lines[1].split_whitespace().take(3).collect();
        assert_eq!(fields, ["3", "2", "pool"]);
        assert!(lines[1].ends_with("/a\""), "{text}");
        assert_eq!(lines[3], "Read 2 files, 19 bytes, 2 different words");
        assert_eq!(lines[4], "Skipped 7 entries");
        assert!(lines[5].contains("/odd0\" is not UTF-8 text"), "{text}");
        assert_eq!(lines[10], "  and 2 more");
    }

    #[test]
    fn a_slip_in_the_last_path_is_seen_before_the_first_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let mut out = Vec::new();
        let failure = run(&[folder.path().into(), missing.clone()], 1, &mut out).unwrap_err();
        assert!(matches!(&failure, Failure::Path(odd) if odd.path == missing), "{failure}");
        assert!(out.is_empty());
    }

    #[test]
    fn an_empty_folder_has_no_words() {
        let folder = tempfile::tempdir().unwrap();
        let text = output(&[folder.path().into()], 20);
        assert!(text.starts_with("Read 0 files, 0 bytes, 0 different words\n"), "{text}");
    }
}
