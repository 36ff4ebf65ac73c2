//! What `#[profile(…)]` was told: options of one function.
//!
//! The attribute checks them when it is compiled and writes them into the
//! function's [`Site`](crate::private::Site); here they are plain data.

use serde::{Deserialize, Serialize};

/// Where "Mem usage" and "Increment" of a function's classic table come from.
///
/// The heap's figures are recorded whatever the backend; the others are asked of
/// the system at each line, for comparison, which takes microseconds a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Backend {
    /// The bytes that the program asked for and did not give back: exact.
    #[default]
    Heap,
    /// The process's resident pages, as the system counts them.
    Rss,
    /// The same, with shared pages divided among those who share them.
    Pss,
    /// The resident pages that are the process's alone.
    Uss,
}

/// Where a function's table goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stream {
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
    /// The end of the file of this path.
    File(&'static str),
}

/// Options of one profiled function.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The name in the report, if not the function's path.
    pub(crate) name: Option<&'static str>,
    /// Decimals of the classic table's figures.
    pub(crate) precision: u8,
    /// Where the table goes, if not where the report goes.
    pub(crate) stream: Option<Stream>,
    /// What the classic table shows.
    pub(crate) backend: Backend,
    /// Whether each call prints its own table when it ends.
    pub(crate) each_call: bool,
    /// Whether reports leave the site out: it is no function.
    pub(crate) is_hidden: bool,
}

impl Options {
    /// Returns what holds for `#[profile]` alone.
    pub const fn new() -> Self {
        Self {
            name: None,
            precision: 1,
            stream: None,
            backend: Backend::Heap,
            each_call: false,
            is_hidden: false,
        }
    }

    /// Calls the function `name`.
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Prints so many decimals.
    #[must_use]
    pub const fn precision(mut self, precision: u8) -> Self {
        self.precision = precision;
        self
    }

    /// Prints to the standard output.
    #[must_use]
    pub const fn stdout(self) -> Self {
        self.stream(Stream::Stdout)
    }

    /// Prints to the standard error.
    #[must_use]
    pub const fn stderr(self) -> Self {
        self.stream(Stream::Stderr)
    }

    /// Appends to the file `path`.
    #[must_use]
    pub const fn file(self, path: &'static str) -> Self {
        self.stream(Stream::File(path))
    }

    const fn stream(mut self, stream: Stream) -> Self {
        self.stream = Some(stream);
        self
    }

    /// Shows `backend`.
    #[must_use]
    pub const fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Prints a table after each call.
    #[must_use]
    pub const fn each_call(mut self) -> Self {
        self.each_call = true;
        self
    }

    /// Keeps the site out of reports.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.is_hidden = true;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
