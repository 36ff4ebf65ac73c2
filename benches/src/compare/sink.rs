//! A file that is known to be writable before there is anything to write.
//!
//! # Invariants
//! - Until [`Sink::write`], an existing file keeps its content.
//! - A file that only exists because of the sink goes again if nothing is written.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::CompareError;

/// Where figures or a picture will go.
#[derive(Debug)]
pub struct Sink {
    path: PathBuf,
    file: File,
    state: State,
}

/// What to do with the file if the sink is dropped.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// It was not there before and is still empty: remove it.
    Created,
    /// Leave it.
    Kept,
}

impl Sink {
    /// Opens the file without changing its content, or creates it.
    ///
    /// # Errors
    /// [`CompareError::Unwritable`] names the path.
    pub fn open(path: &Path) -> Result<Self, CompareError> {
        let unwritable = |source| CompareError::Unwritable { path: path.to_owned(), source };
        let create = File::options().write(true).create_new(true).open(path);
        let (file, state) = match create {
            Ok(file) => (file, State::Created),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                (File::options().write(true).open(path).map_err(unwritable)?, State::Kept)
            }
            Err(error) => return Err(unwritable(error)),
        };
        Ok(Self { path: path.to_owned(), file, state })
    }

    /// Makes `text` the content of the file.
    ///
    /// # Errors
    /// [`CompareError::Unwritable`], if the disk is full, say.
    pub fn write(mut self, text: &str) -> Result<(), CompareError> {
        self.state = State::Kept;
        // A pipe or a terminal has no length to set.
        let outcome = match self.file.metadata() {
            Ok(metadata) if metadata.is_file() => self.file.set_len(0),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        outcome
            .and_then(|()| self.file.write_all(text.as_bytes()))
            .map_err(|source| CompareError::Unwritable { path: self.path.clone(), source })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.state == State::Created {
            // If even this fails, an empty file is the least of the worries.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_kept_until_it_is_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("old.json");
        fs::write(&path, "a long old content").expect("writable");
        drop(Sink::open(&path).expect("writable"));
        assert_eq!(fs::read_to_string(&path).expect("readable"), "a long old content");
        Sink::open(&path).expect("writable").write("new").expect("writable");
        assert_eq!(fs::read_to_string(&path).expect("readable"), "new");
    }

    #[test]
    fn a_new_file_goes_again_unless_it_is_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("new.json");
        drop(Sink::open(&path).expect("writable"));
        assert!(!path.exists());
        Sink::open(&path).expect("writable").write("new").expect("writable");
        assert!(path.exists());
    }

    #[test]
    fn a_path_that_cannot_be_written_is_named() {
        let error = Sink::open(Path::new("/no/such/folder/x.json")).expect_err("no such folder");
        assert!(error.to_string().contains("/no/such/folder/x.json"), "{error}");
    }
}
