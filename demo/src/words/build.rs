//! Walk, read, split, insert: the profiled half of `demo words` that builds.

use std::path::PathBuf;

use super::index::Index;
use super::source::{self, Unread};
use super::tokens::words;

/// How many skipped entries are kept by name; the others are only counted, so
/// that a tree of a million pictures costs no memory.
pub const NAMED_SKIPS: usize = 5;

/// The entries below a folder that could not be read as text.
#[derive(Debug, Default)]
pub struct Skips {
    /// How many there were.
    pub count: usize,
    /// The first [`NAMED_SKIPS`] of them.
    pub first: Vec<Unread>,
}

impl Skips {
    fn add(&mut self, odd: Unread) {
        self.count += 1;
        if self.first.len() < NAMED_SKIPS {
            self.first.push(odd);
        }
    }
}

/// An index, and what went into it.
#[derive(Debug, Default)]
pub struct Built {
    /// The index over every file that was read.
    pub index: Index,
    /// The bytes of text read.
    pub bytes: u64,
    /// What was not read.
    pub skips: Skips,
}

/// Returns the index over every text file at and below `roots`; calls
/// `progress` with the files and bytes read so far after each file.
///
/// A path that `roots` reach twice is indexed twice. Each file is read whole:
/// the memory needed is the index and the largest file.
///
/// # Errors
///
/// [`Unread`] when one of `roots` itself cannot be read as text; an odd entry
/// below a folder is one of [`Built::skips`].
///
/// ```
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("a.txt"), "arena, pool, block")?;
/// let built = demo::words::build::build(&[folder.path().into()], &mut |_, _| ())?;
/// assert_eq!((built.index.word_count(), built.bytes), (3, 18));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[alloc_profiler::profile]
pub fn build(roots: &[PathBuf], progress: &mut dyn FnMut(usize, u64)) -> Result<Built, Unread> {
    let mut built = Built::default();
    for root in roots {
        // Below a folder an odd entry is a skip; an odd path of the user's is not.
        for found in source::files(root) {
            let read = found.and_then(|file| Ok((file.read()?, file.path)));
            let (text, path) = match read {
                Ok(file) => file,
                Err(odd) if odd.named => return Err(odd),
                Err(odd) => {
                    built.skips.add(odd);
                    continue;
                }
            };
            built.bytes += text.len() as u64;
            built.index.add(path, words(&text));
            progress(built.index.file_count(), built.bytes);
        }
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::source::Reason;
    use super::*;

    fn quiet(_: usize, _: u64) {}

    #[test]
    fn a_tree_is_indexed_and_its_odd_files_are_skips() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("a"), "One two").unwrap();
        fs::write(folder.path().join("sub/b"), "two").unwrap();
        fs::write(folder.path().join("sub/odd"), b"\xc3\x28").unwrap();

        let mut seen = Vec::new();
        let built = build(&[folder.path().into()], &mut |files, bytes| seen.push((files, bytes)));
        let built = built.unwrap();
        assert_eq!(seen, [(1, 7), (2, 10)]);
        assert_eq!((built.index.file_count(), built.index.word_count(), built.bytes), (2, 2, 10));
        assert_eq!(built.index.postings("two").len(), 2);
        assert_eq!(built.skips.count, 1);
        assert_eq!(built.skips.first[0].path, folder.path().join("sub/odd"));
    }

    #[test]
    fn only_the_first_skips_are_kept_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..NAMED_SKIPS + 3 {
            fs::write(folder.path().join(format!("odd{number}")), b"\xff").unwrap();
        }
        let skips = build(&[folder.path().into()], &mut quiet).unwrap().skips;
        assert_eq!((skips.count, skips.first.len()), (NAMED_SKIPS + 3, NAMED_SKIPS));
        assert!(skips.first[0].path.ends_with("odd0"));
    }

    #[test]
    fn a_named_path_that_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("odd");
        fs::write(&odd, b"\xff").unwrap();
        let error = build(&[folder.path().into(), odd.clone()], &mut quiet).unwrap_err();
        assert_eq!(error.path, odd);
        assert!(matches!(error.reason, Reason::NotUtf8(0)), "{error:?}");

        let missing = folder.path().join("missing");
        let error = build(std::slice::from_ref(&missing), &mut quiet).unwrap_err();
        assert_eq!(error.path, missing);
    }

    #[test]
    fn an_empty_folder_builds_an_empty_index() {
        let folder = tempfile::tempdir().unwrap();
        let built = build(&[folder.path().into()], &mut quiet).unwrap();
        assert_eq!((built.index.file_count(), built.index.word_count(), built.bytes), (0, 0, 0));
    }
}
