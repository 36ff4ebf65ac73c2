//! [`Grid`]: a table whose columns fit a width.
//!
//! Columns are as wide as their widest cell, two blanks apart. If that is too
//! wide, the least important columns go until the last one, the text, has room
//! for what it needs; then it is cut, and ends in `…`. Widths are those of the
//! characters on a terminal, not their number. A line ends at its last visible
//! character.

use std::fmt::Write;
use std::iter;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Look, styles};

/// Blanks between two columns.
const GAP: usize = 2;

/// The last column keeps so many columns, or what its longest text takes, before
/// it is cut: other columns go first.
const TEXT_COLUMNS: usize = 30;

/// One cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Returns a cell of this style.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, styles::PLAIN)
    }
}

/// One column's head. The last column of a grid is text and stands to the left;
/// its rank is of no account, since it always stays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    /// Zero always stays; of the others the highest goes first.
    rank: u8,
    is_left: bool,
    /// What is cut if the column is the last one.
    cut: fn(&str, usize) -> String,
}

impl Column {
    /// Returns a column of numbers.
    pub(crate) const fn number(title: &'static str, rank: u8) -> Self {
        Self { title, rank, is_left: false, cut }
    }

    /// Returns a column of text.
    pub(crate) const fn text(title: &'static str, rank: u8) -> Self {
        Self { title, rank, is_left: true, cut }
    }

    /// Returns a column of paths, whose ends tell more than their starts.
    pub(crate) const fn path(title: &'static str) -> Self {
        Self { title, rank: 0, is_left: true, cut: cut_start }
    }
}

/// A table.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    columns: &'a [Column],
    rows: Vec<Vec<Cell>>,
}

impl<'a> Grid<'a> {
    /// Returns a table without rows.
    pub(crate) fn new(columns: &'a [Column]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row, one cell for each column.
    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        let row: Vec<_> = row.into_iter().collect();
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// Adds the table to `text`: header, rule and rows.
    pub(crate) fn write(&self, text: &mut String, look: Look) {
        let widths = self.widths();
        let shown = self.fitting(&widths, look.columns);
        let others = room_before_text(&shown, &widths);
        let last = self.columns.len() - 1;
        let room = look.columns.saturating_sub(others).max(1).min(widths[last]);
        let header: Vec<_> =
            self.columns.iter().map(|column| Cell::styled(column.title, styles::TITLE)).collect();
        let rule = Cell::styled("─".repeat((others + room).min(look.columns)), styles::FAINT);

        let mut lines = vec![self.line(&header, &shown, &widths, room), vec![(0, rule)]];
        lines.extend(self.rows.iter().map(|row| self.line(row, &shown, &widths, room)));
        for line in &lines {
            write_line(text, line, look.is_coloured);
        }
    }

    /// Returns each column's width, wide enough for all its cells.
    fn widths(&self) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        let widest = columns.map(|(index, column)| {
            let cells = self.rows.iter().map(|row| row[index].text.width());
            cells.fold(column.title.width(), usize::max)
        });
        widest.collect()
    }

    /// Returns the indices of the columns that are shown in `columns`.
    fn fitting(&self, widths: &[usize], columns: usize) -> Vec<usize> {
        let last = widths.len() - 1;
        let wanted = widths[last].min(TEXT_COLUMNS);
        let mut shown: Vec<_> = (0..=last).collect();
        while room_before_text(&shown, widths) + wanted > columns {
            let others = shown.iter().filter(|&&index| index < last);
            let Some(&spare) = others.max_by_key(|&&index| self.columns[index].rank) else {
                break;
            };
            if self.columns[spare].rank == 0 {
                break;
            }
            shown.retain(|&index| index != spare);
        }
        shown
    }

    /// Returns the shown cells of `row`, each with the blanks that go before it.
    fn line(
        &self,
        row: &[Cell],
        shown: &[usize],
        widths: &[usize],
        room: usize,
    ) -> Vec<(usize, Cell)> {
        let last = self.columns.len() - 1;
        let mut cells = Vec::with_capacity(shown.len());
        let mut blanks = 0;
        for &index in shown {
            let cell = &row[index];
            let padding = widths[index] - cell.text.width();
            if index == last {
                cells.push((
                    blanks,
                    Cell::styled((self.columns[last].cut)(&cell.text, room), cell.style),
                ));
            } else if self.columns[index].is_left {
                cells.push((blanks, cell.clone()));
                blanks = padding + GAP;
            } else {
                cells.push((blanks + padding, cell.clone()));
                blanks = GAP;
            }
        }
        cells
    }
}

/// Returns how much of a line comes before the last column's text.
fn room_before_text(shown: &[usize], widths: &[usize]) -> usize {
    let last = widths.len() - 1;
    shown.iter().filter(|&&index| index < last).map(|&index| widths[index] + GAP).sum()
}

fn write_line(text: &mut String, cells: &[(usize, Cell)], is_coloured: bool) {
    let mut blanks = 0;
    for (before, cell) in cells {
        blanks += before;
        if cell.text.is_empty() {
            continue;
        }
        text.extend(iter::repeat_n(' ', blanks));
        blanks = 0;
        write_styled(text, &cell.text, cell.style, is_coloured);
    }
    text.push('\n');
}

/// Adds `part` to `text`, in `style` if `is_coloured`.
pub(crate) fn write_styled(text: &mut String, part: &str, style: Style, is_coloured: bool) {
    if is_coloured && style != styles::PLAIN {
        // Writing to a string does not fail.
        let _ = write!(text, "{style}{part}{style:#}");
    } else {
        text.push_str(part);
    }
}

/// Returns as much of `text` as fits `columns`, ending in `…` if that is not all
/// of it.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = fitting(text.chars(), columns.saturating_sub(1));
    kept.push('…');
    kept
}

/// Returns as much of the end of `text` as fits `columns`, after a `…` if that is
/// not all of it.
pub(crate) fn cut_start(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = fitting(text.chars().rev(), columns.saturating_sub(1));
    kept.push('…');
    kept.chars().rev().collect()
}

/// Returns the first of `characters`, as many as fit `columns`.
fn fitting(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut room = columns;
    let take = |character: &char| {
        let rest = room.checked_sub(character.width().unwrap_or(0));
        room = rest.unwrap_or(room);
        rest.is_some()
    };
    characters.take_while(take).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::number("Line", 0),
        Column::number("Net", 1),
        Column::text("Bar", 2),
        Column::text("Source", 0),
    ];

    fn grid() -> Grid<'static> {
        let mut grid = Grid::new(COLUMNS);
        grid.push(["1".into(), "+5 B".into(), "██".into(), "let a = b;".into()]);
        grid.push(["2".into(), Cell::default(), Cell::default(), "// 日本語の説明".into()]);
        grid.push(["3".into(), Cell::default(), Cell::default(), Cell::default()]);
        grid
    }

    fn text(columns: usize, is_coloured: bool) -> String {
        let mut text = String::new();
        grid().write(&mut text, Look { columns, is_coloured });
        text
    }

    #[test]
    fn a_table_with_room_is_as_wide_as_its_cells() {
        let expected = "\
Line   Net  Bar  Source
────────────────────────────────
   1  +5 B  ██   let a = b;
   2             // 日本語の説明
   3
";
        assert_eq!(text(80, false), expected);
        assert_eq!(text(32, false), expected);
    }

    #[test]
    fn the_least_important_columns_go_first_and_then_text_is_cut() {
        assert_eq!(
            text(29, false),
            "\
Line   Net  Source
───────────────────────────
   1  +5 B  let a = b;
   2        // 日本語の説明
   3
"
        );
        assert_eq!(
            text(18, false),
            "\
Line  Source
──────────────────
   1  let a = b;
   2  // 日本語の…
   3
"
        );
    }

    #[test]
    fn colours_change_no_visible_character() {
        let coloured = text(29, true);
        let mut plain = String::new();
        let mut is_escape = false;
        for character in coloured.chars() {
            match character {
                '\u{1b}' => is_escape = true,
                'm' if is_escape => is_escape = false,
                _ if is_escape => {}
                _ => plain.push(character),
            }
        }
        assert_ne!(coloured, plain);
        assert_eq!(plain, text(29, false));
    }

    #[test]
    fn what_is_cut_ends_in_an_ellipsis_and_fits() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abcd", 0), "…");
        assert_eq!(cut_start("abc", 3), "abc");
        assert_eq!(cut_start("a::b::c", 5), "…b::c");
        assert_eq!(cut_start("日本語", 4), "…語");
    }
}
