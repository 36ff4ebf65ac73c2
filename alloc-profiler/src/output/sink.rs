//! Where text goes, and what the reader there can see.
//!
//! Text for a standard stream goes to a duplicate of its descriptor and not
//! through [`std::io::Stdout`], whose lock another thread may hold for ever when
//! the program ends. Rust has flushed its own buffer by then. Nobody is left to
//! hear that a standard stream cannot be written (a closed pipe, say), so that is
//! ignored; a file that cannot be is named on the standard error.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::LazyLock;

use terminal_size::{Width, terminal_size_of};

use crate::options::Stream;
use crate::render::Look;

/// How wide a page is that is read elsewhere: most editors and viewers show it.
const PAGE_COLUMNS: usize = 120;

/// A page is never narrower: there would be no room for what always stays.
const LEAST_COLUMNS: usize = 60;

/// A place that text goes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sink {
    /// A standard stream, or the end of a file.
    Stream(Stream),
    /// A file, replaced.
    File(PathBuf),
}

impl Sink {
    /// The standard output.
    pub(super) const STDOUT: Self = Self::Stream(Stream::Stdout);

    /// Writes `text` there. If a file cannot be written, says so on the standard
    /// error, and if the text was for a reader's eyes it is printed there.
    pub(super) fn write(&self, text: &str) {
        match self {
            Self::Stream(Stream::Stdout) => write_to(io::stdout().as_fd(), text),
            Self::Stream(Stream::Stderr) => write_to(io::stderr().as_fd(), text),
            Self::Stream(Stream::File(path)) => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                if let Err(error) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
                    complain(&format!("cannot write to {path}: {error}; the table follows here"));
                    write_to(io::stderr().as_fd(), text);
                }
            }
            Self::File(path) => {
                if let Err(error) = fs::write(path, text) {
                    complain(&format!("cannot write {}: {error}", path.display()));
                }
            }
        }
    }

    /// Returns what a reader there can see: on a terminal its width and colours,
    /// elsewhere a page without colours. `COLUMNS`, if it is a number, says the
    /// width instead; `NO_COLOR` and `TERM=dumb` turn the colours off.
    pub(super) fn look(&self) -> Look {
        match self {
            Self::Stream(Stream::Stdout) => look_of(&io::stdout()),
            Self::Stream(Stream::Stderr) => look_of(&io::stderr()),
            _ => look(None, false, READER.columns),
        }
    }
}

/// What the environment says about the reader.
struct Reader {
    /// `COLUMNS`, if it is a number.
    columns: Option<usize>,
    likes_colours: bool,
}

/// The reader, as the environment was when this was first asked.
static READER: LazyLock<Reader> = LazyLock::new(|| Reader {
    columns: env::var("COLUMNS").ok().and_then(|value| number(&value)),
    likes_colours: anstyle_query::term_supports_color() && !anstyle_query::no_color(),
});

/// Reads the environment and makes the standard output's buffer, both behind a
/// lock that the program may hold later on: it may be in the middle of anything
/// when it prints, an allocation that crosses the limit included.
pub(super) fn prepare() {
    LazyLock::force(&READER);
    let _ = io::stdout();
}

/// Returns the number of columns that `value` is.
fn number(value: &str) -> Option<usize> {
    value.trim().parse().ok().filter(|&columns| columns > 0)
}

fn look_of(stream: &(impl IsTerminal + AsFd)) -> Look {
    let is_coloured = READER.likes_colours && stream.is_terminal();
    let width = terminal_size_of(stream).map(|(Width(columns), _)| columns.into());
    look(width, is_coloured, READER.columns)
}

/// Returns the look of a place whose `terminal` is so wide, if it is one, where
/// the environment has `columns`.
fn look(terminal: Option<usize>, is_coloured: bool, columns: Option<usize>) -> Look {
    // A terminal that does not know its width says zero.
    let columns = columns.or(terminal.filter(|&width| width > 0)).unwrap_or(PAGE_COLUMNS);
    Look { columns: columns.max(LEAST_COLUMNS), is_coloured }
}

/// Writes one line to the standard error, in one piece, so that lines of other
/// threads do not mix with it.
pub(crate) fn complain(message: &str) {
    write_to(io::stderr().as_fd(), &format!("alloc_profiler: {message}\n"));
}

fn write_to(stream: BorrowedFd<'_>, text: &str) {
    let copy = stream.try_clone_to_owned().map(fs::File::from);
    let _ = copy.and_then(|mut file| file.write_all(text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_the_environments_the_terminals_or_a_pages() {
        let columns =
            |terminal, value: Option<&str>| look(terminal, false, value.and_then(number)).columns;
        assert_eq!(columns(Some(200), Some("90")), 90);
        assert_eq!(columns(None, Some("90")), 90);
        assert_eq!(columns(Some(200), None), 200);
        assert_eq!(columns(None, None), PAGE_COLUMNS);
        for senseless in ["", "0", "-1", "wide"] {
            assert_eq!(columns(Some(100), Some(senseless)), 100, "{senseless:?}");
        }
        assert_eq!(columns(Some(0), None), PAGE_COLUMNS);
        assert_eq!(columns(Some(20), None), LEAST_COLUMNS);
        assert_eq!(columns(None, Some("1")), LEAST_COLUMNS);
    }

    #[test]
    fn files_are_appended_to_or_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.txt");
        let name: &'static str = path.to_str().unwrap().to_owned().leak();
        let stream = Sink::Stream(Stream::File(name));
        stream.write("one\n");
        stream.write("two\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        Sink::File(path.clone()).write("three\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
        assert_eq!(stream.look(), Sink::File(path).look());
        assert!(!stream.look().is_coloured);
    }
}
