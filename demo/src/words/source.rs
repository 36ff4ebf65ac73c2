//! The text files at and below a path, and what keeps one from being read.
//!
//! The one question that matters of a file that cannot be read is who named
//! it: a path that the user gave is an error, an entry found below a folder is
//! a skip. [`Unread::named`] carries the answer from the walk to the caller.
//!
//! Links are followed where the user gave them and nowhere else, so a loop of
//! links ends the walk no later than a plain folder does, and no file below a
//! folder is read twice. Names are printed quoted and escaped: a message stays
//! one line whatever a file is called.

use std::path::{Path, PathBuf};
use std::{fs, io};

use walkdir::{DirEntry, WalkDir};

/// A regular file that the walk came upon.
#[derive(Debug)]
pub struct TextFile {
    /// Where it is: the user's path, extended below a folder.
    pub path: PathBuf,
    /// Whether the user named it, rather than a folder above it.
    named: bool,
}

/// A path that could not be read as text.
#[derive(Debug, thiserror::Error)]
#[error("{path:?} {reason}")]
pub struct Unread {
    /// The path at fault.
    pub path: PathBuf,
    /// Whether the user named it, rather than a folder above it.
    pub named: bool,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Why a path could not be read as text.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The operating system refused.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Its bytes are not UTF-8 from this offset on.
    #[error("is not UTF-8 text (see byte {0})")]
    NotUtf8(usize),
    /// A symbolic link below a folder.
    #[error("is a symbolic link, which is not followed below a folder")]
    Link,
    /// A device, a pipe or a socket.
    #[error("is neither a file nor a folder")]
    Special,
}

impl Reason {
    /// Returns what a user can do about it, as the end of a sentence.
    ///
    /// ```
    /// use demo::words::source::Reason;
    ///
    /// assert!(Reason::NotUtf8(17).advice().contains("UTF-8"));
    /// ```
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Io(error) => match error.kind() {
                io::ErrorKind::NotFound => {
                    "check its spelling, or name a file or folder that exists"
                }
                io::ErrorKind::PermissionDenied => "make it readable for you, or leave it out",
                _ => "name another file or folder",
            },
            Self::NotUtf8(_) => "convert it to UTF-8 (iconv does), or leave it out",
            Self::Link | Self::Special => "name a text file, or a folder of them",
        }
    }
}

impl TextFile {
    /// Returns the whole text of the file.
    ///
    /// # Errors
    ///
    /// [`Unread`] when the file cannot be opened or read (it may have vanished
    /// since the walk saw it), or is not UTF-8.
    pub fn read(&self) -> Result<String, Unread> {
        let unread = |reason| Unread { path: self.path.clone(), named: self.named, reason };
        let bytes = fs::read(&self.path).map_err(|error| unread(error.into()))?;
        String::from_utf8(bytes)
            .map_err(|error| unread(Reason::NotUtf8(error.utf8_error().valid_up_to())))
    }
}

/// Returns the regular files at and below `root` in the order of their names,
/// each folder in one piece, with an [`Unread`] for whatever is no such file
/// or cannot be listed.
///
/// ```
/// use std::path::Path;
///
/// let mut found = demo::words::source::files(Path::new("/no/such/path"));
/// let odd = found.next().unwrap().unwrap_err();
/// assert!(odd.named && odd.to_string().starts_with(r#""/no/such/path" cannot be read"#));
/// assert!(found.next().is_none());
/// ```
pub fn files(root: &Path) -> impl Iterator<Item = Result<TextFile, Unread>> {
    WalkDir::new(root).sort_by_file_name().into_iter().filter_map(move |entry| match entry {
        Ok(entry) => regular_file(entry).transpose(),
        Err(error) => Some(Err(unlisted(root, error))),
    })
}

/// Checks that `path` can be looked into, without reading what it holds.
///
/// # Errors
///
/// [`Unread`] when it does not exist, is neither a file nor a folder, or is a
/// folder that cannot be listed.
pub fn check(path: &Path) -> Result<(), Unread> {
    match files(path).next() {
        Some(Err(odd)) if odd.named => Err(odd),
        _ => Ok(()),
    }
}

/// Returns the entry if it is a file, `None` for a folder, which the walk
/// enters by itself.
fn regular_file(entry: DirEntry) -> Result<Option<TextFile>, Unread> {
    let named = entry.depth() == 0;
    // Of a link the walk reports the link; the user's own stands for its target.
    let kind = if named {
        fs::metadata(entry.path()).map(|data| data.file_type())
    } else {
        Ok(entry.file_type())
    };
    let path = entry.into_path();
    let reason = match kind {
        Ok(kind) if kind.is_dir() => return Ok(None),
        Ok(kind) if kind.is_file() => return Ok(Some(TextFile { path, named })),
        Ok(kind) if kind.is_symlink() => Reason::Link,
        Ok(_) => Reason::Special,
        Err(error) => Reason::Io(error),
    };
    Err(Unread { path, named, reason })
}

/// Returns what the walk could not look into, by name where it has one.
fn unlisted(root: &Path, error: walkdir::Error) -> Unread {
    let path = error.path().unwrap_or(root).to_path_buf();
    let named = error.depth() == 0;
    // The walk's one other complaint is of links that lead in a circle.
    let reason = error.into_io_error().map_or(Reason::Link, Reason::Io);
    Unread { path, named, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path) -> (Vec<PathBuf>, Vec<Unread>) {
        let (mut paths, mut odd) = (Vec::new(), Vec::new());
        for found in files(root) {
            match found {
                Ok(file) => paths.push(file.path.strip_prefix(root).unwrap().to_path_buf()),
                Err(unread) => odd.push(unread),
            }
        }
        (paths, odd)
    }

    #[test]
    fn files_come_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/c")).unwrap();
        for name in ["z", "b/c/y", "b/a", "a"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let (paths, odd) = names(folder.path());
        assert_eq!(paths, ["a", "b/a", "b/c/y", "z"].map(PathBuf::from));
        assert!(odd.is_empty(), "{odd:?}");
    }

    #[test]
    fn a_named_file_is_itself_the_walk() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "text").unwrap();
        let found: Vec<_> = files(file.path()).collect::<Result<_, _>>().unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_path(), found[0].named), (file.path(), true));
        assert_eq!(found[0].read().unwrap(), "text");
    }

    #[test]
    fn the_first_byte_that_is_not_text_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("odd"), b"fine \xff").unwrap();
        let odd = files(folder.path()).next().unwrap().unwrap().read().unwrap_err();
        assert!(matches!(odd.reason, Reason::NotUtf8(5)), "{odd:?}");
        assert!(!odd.named);
    }

    #[test]
    fn a_vanished_file_is_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone");
        let odd = TextFile { path: path.clone(), named: false }.read().unwrap_err();
        assert_eq!(odd.path, path);
        assert!(matches!(odd.reason, Reason::Io(_)), "{odd:?}");
    }

    #[test]
    fn a_message_is_one_line_whatever_the_name() {
        let odd = Unread { path: "a\nb\x1b[2J".into(), named: true, reason: Reason::Special };
        assert_eq!(odd.to_string(), r#""a\nb\u{1b}[2J" is neither a file nor a folder"#);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_only_where_the_user_gave_them() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join("text"), "text").unwrap();
        symlink(&tree, tree.join("loop")).unwrap();
        symlink("nowhere", tree.join("dangling")).unwrap();
        let link = folder.path().join("link");
        symlink(&tree, &link).unwrap();

        let (paths, odd) = names(&link);
        assert_eq!(paths, [PathBuf::from("text")]);
        assert_eq!(odd.len(), 2);
        assert!(odd.iter().all(|odd| !odd.named && matches!(odd.reason, Reason::Link)), "{odd:?}");

        let (paths, odd) = names(&tree.join("dangling"));
        assert!(paths.is_empty());
        assert!(
            odd.len() == 1 && odd[0].named && matches!(odd[0].reason, Reason::Io(_)),
            "{odd:?}"
        );
    }
}
