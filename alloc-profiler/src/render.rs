//! Reports in print: the classic table and the wide one.
//!
//! `classic` is `memory_profiler`'s table, byte for byte, and the [`Display`] of a
//! report. `wide` shows all that was measured: a table for each `function`, then
//! a `summary` of the program. Both are made of `grid`, which fits a table's
//! columns into a width, and `units`, which writes bytes, times and bars.
//!
//! A renderer is a function from a report and a [`Look`] to text. It asks nobody
//! else: what the terminal is like, and where the text goes, is `output`'s.
//!
//! [`Display`]: std::fmt::Display

pub(crate) mod classic;
mod function;
mod grid;
mod summary;
mod units;
pub(crate) mod wide;

pub(crate) use grid::{Cell, Column, Grid};
pub(crate) use units::{bytes, count, signed_bytes, signed_count};

/// How wide a text may be, and whether it may have colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Columns of the terminal, or of the page.
    pub(crate) columns: usize,
    /// Whether the reader understands the escape sequences for colours.
    pub(crate) is_coloured: bool,
}

impl Look {
    /// Returns a page that is `columns` wide, without colours.
    pub(crate) const fn plain(columns: usize) -> Self {
        Self { columns, is_coloured: false }
    }
}

/// The styles in use, by what they mean.
pub(crate) mod styles {
    use anstyle::{AnsiColor, Style};

    /// Ordinary text.
    pub(crate) const PLAIN: Style = Style::new();
    /// What a table is about.
    pub(crate) const TITLE: Style = Style::new().bold();
    /// Rules, headers and line numbers: there, but not looked for.
    pub(crate) const FAINT: Style = Style::new().dimmed();
    /// Bytes that stay.
    pub(crate) const MORE: Style = AnsiColor::Red.on_default();
    /// Bytes given back.
    pub(crate) const LESS: Style = AnsiColor::Green.on_default();
    /// The bar.
    pub(crate) const BAR: Style = AnsiColor::Cyan.on_default();
    /// A line that something can be done about.
    pub(crate) const ADVICE: Style = AnsiColor::Yellow.on_default();
}
