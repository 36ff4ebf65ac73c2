//! `--output`: in which ways a run's figures are shown.
//!
//! The words are those of `ALLOC_PROFILER`, which the library reads itself and
//! which goes before them; a job that is told nothing has a way of its own. A file
//! that cannot be written is noticed before the job runs, not after it.

use std::env;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use alloc_profiler::Output;

/// No way of showing figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Senseless {
    /// This is none.
    #[error("use classic, wide or json:PATH, several with commas between")]
    Unknown,
    /// `json:` and nothing.
    #[error("json: needs a path, as in json:report.json")]
    NoPath,
}

/// A file for the report that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{path:?} cannot be written: {error}; name a file in a folder of yours", path = .path)]
pub struct Unwritable {
    /// Its path.
    pub path: PathBuf,
    /// What the system says.
    pub error: io::Error,
}

/// Returns the way that `text` names.
pub(crate) fn parse(text: &OsStr) -> Result<Output, Senseless> {
    match text.as_bytes() {
        b"classic" => Ok(Output::Classic),
        b"wide" => Ok(Output::Wide),
        b"json:" => Err(Senseless::NoPath),
        bytes => match bytes.strip_prefix(b"json:") {
            Some(path) => Ok(Output::Json(OsStr::from_bytes(path).into())),
            None => Err(Senseless::Unknown),
        },
    }
}

/// Has the figures shown in the ways that were `asked` for, or else in the
/// job's `own`.
pub(crate) fn choose(asked: &[Output], own: Output) -> Result<(), Unwritable> {
    // What the environment names is the library's to open, and to complain of.
    if env::var_os("ALLOC_PROFILER").is_none_or(|value| value.is_empty()) {
        asked.iter().try_for_each(check)?;
    }
    if asked.is_empty() {
        alloc_profiler::set_output([own]);
    } else {
        alloc_profiler::set_output(asked.iter().cloned());
    }
    Ok(())
}

/// Returns an error if `output` is a file that cannot be written. What the file
/// holds stays, until there is a report to take its place.
fn check(output: &Output) -> Result<(), Unwritable> {
    let Output::Json(path) = output else { return Ok(()) };
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map(drop).map_err(|error| Unwritable { path: path.clone(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_any_bytes() {
        let path = OsStr::from_bytes(b"json:a b:\xff.json");
        let expected = Output::Json(OsStr::from_bytes(b"a b:\xff.json").into());
        assert_eq!(parse(path).unwrap(), expected);
    }

    #[test]
    fn what_makes_no_sense_is_told_apart() {
        for (text, message) in [
            ("Wide", "use classic, wide"),
            ("", "use classic, wide"),
            ("json", "use classic, wide"),
            ("json:", "json: needs a path"),
        ] {
            let error = parse(OsStr::new(text)).expect_err(text).to_string();
            assert!(error.starts_with(message), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_file_keeps_what_it_holds_until_the_report_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        std::fs::write(&path, "old").unwrap();
        check(&Output::Json(path.clone())).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        let error = check(&Output::Json(path.join("below"))).unwrap_err();
        assert!(error.to_string().contains("report.json/below\" cannot be written"), "{error}");
    }
}
