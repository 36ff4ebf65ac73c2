//! `demo diff`: what changed between two reports that were written as JSON.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use alloc_profiler::Report;
use alloc_profiler::json::JsonError;

use crate::Failure;

/// A file that is no report.
#[derive(Debug, thiserror::Error)]
#[error("{path:?}: {reason}; name a file that --output json:PATH wrote", path = .path)]
pub struct NoReport {
    /// Its path.
    pub path: PathBuf,
    /// Why not.
    pub reason: Reason,
}

/// Why a file is no report.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// It cannot be read, or is not text.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It holds something else.
    #[error(transparent)]
    Senseless(#[from] JsonError),
}

/// Writes to `out` what each function and line costs more or less in the report
/// of the file `after` than in that of `before`.
///
/// # Errors
///
/// [`Failure::Report`] when one of the files is no report, [`Failure::Output`]
/// when `out` cannot be written.
///
/// ```
/// demo::numbers::test_func(&[3, 41]);
/// let file = tempfile::NamedTempFile::new()?;
/// std::fs::write(&file, alloc_profiler::report().to_json())?;
///
/// let mut out = Vec::new();
/// demo::compare::run(file.path(), file.path(), &mut out)?;
/// assert_eq!(out, b"nothing changed\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run(before: &Path, after: &Path, out: &mut impl Write) -> Result<(), Failure> {
    let (before, after) = (read(before)?, read(after)?);
    write!(out, "{}", before.diff(&after))?;
    Ok(())
}

fn read(path: &Path) -> Result<Report, NoReport> {
    let report =
        || -> Result<Report, Reason> { Ok(Report::from_json(&fs::read_to_string(path)?)?) };
    report().map_err(|reason| NoReport { path: path.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_that_is_no_report_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good.json");
        fs::write(&good, alloc_profiler::report().to_json()).unwrap();
        for (name, content, reason) in [
            ("empty.json", &b""[..], "not a report of alloc-profiler in JSON"),
            ("other.json", br#"{"schema": "alloc-profiler/7"}"#, "\"alloc-profiler/7\""),
            ("binary.json", b"\xff\xfe", "cannot be read"),
        ] {
            let bad = folder.path().join(name);
            fs::write(&bad, content).unwrap();
            for (before, after) in [(&good, &bad), (&bad, &good)] {
                let failure = run(before, after, &mut Vec::new()).unwrap_err();
                let Failure::Report(error) = &failure else { panic!("{failure}") };
                assert_eq!(error.path, bad);
                let message = failure.to_string();
                assert!(message.contains(reason) && message.contains(name), "{message}");
            }
        }
    }
}
