//! The one parser for `memory_profiler`'s table and ours.
//!
//! It takes nothing but the exact form: each row, put together again from its cells by
//! the template, must be the row that was read, byte for byte.

/// The names of the columns.
const COLUMNS: [&str; 5] = ["Line #", "Mem usage", "Increment", "Occurrences", "Line Contents"];

/// Returns a row by the template `'{0:>6} {1:>12} {2:>12}  {3:>10}   {4:<}'`.
fn format([number, usage, increment, occurrences, source]: [&str; 5]) -> String {
    format!("{number:>6} {usage:>12} {increment:>12}  {occurrences:>10}   {source}")
}

/// One function's table.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// The source file.
    pub(crate) file: &'a str,
    /// The lines of the function, at least one.
    pub(crate) rows: Vec<Row<'a>>,
    /// How many decimals every figure in MiB has.
    pub(crate) decimals: usize,
}

/// One source line.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// Its number in the file.
    pub(crate) number: u32,
    /// What was measured; `None` where the cells are blank.
    pub(crate) figures: Option<Figures>,
    /// Its text, indented.
    pub(crate) source: &'a str,
}

/// The cells with figures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// "Mem usage".
    pub(crate) usage: Mebibytes,
    /// "Increment".
    pub(crate) increment: Mebibytes,
    /// "Occurrences".
    pub(crate) occurrences: u64,
}

/// A number as printed before ` MiB`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mebibytes {
    /// The number.
    pub(crate) value: f64,
    decimals: usize,
}

impl<'a> Table<'a> {
    /// Returns the first table in `text`, which is followed by two blank lines.
    ///
    /// The error names what does not have the form.
    pub(crate) fn first_in(text: &'a str) -> Result<Self, String> {
        let start = text.find("Filename: ").ok_or_else(|| format!("no table in {text:?}"))?;
        let mut lines = text[start..].split('\n');
        let mut next = |what: &str| lines.next().ok_or_else(|| format!("it ends before {what}"));

        let file = next("the file's name")?.strip_prefix("Filename: ").unwrap_or_default();
        expect("blank line", next("a blank line")?, "")?;
        let header = format(COLUMNS);
        expect("header", next("the header")?, &header)?;
        expect("rule", next("the rule")?, &"=".repeat(header.len()))?;
        let mut rows = Vec::new();
        loop {
            match next("the blank lines behind the rows")? {
                "" => break,
                line => rows.push(Row::parse(line)?),
            }
        }
        expect("second blank line", next("the second blank line")?, "")?;
        if next("its last line's end").is_err() {
            return Err("the second blank line has no end".to_owned());
        }
        let decimals = same_decimals(&rows)?;
        Ok(Self { file, rows, decimals })
    }
}

impl<'a> Row<'a> {
    fn parse(line: &'a str) -> Result<Self, String> {
        let refused = |why: &str| format!("{why}: {line:?}");
        let right = |cell: Option<&'a str>| {
            cell.map(str::trim_start).ok_or_else(|| refused("the row is too short"))
        };
        let cells = [
            right(line.get(..6))?,
            right(line.get(7..19))?,
            right(line.get(20..32))?,
            right(line.get(34..44))?,
            line.get(47..).ok_or_else(|| refused("the row is too short"))?,
        ];
        if format(cells) != line {
            return Err(refused("the cells are not where the template has them"));
        }
        let [number, usage, increment, occurrences, source] = cells;
        let number = number.parse().map_err(|_| refused("the line has no number"))?;
        let figures = if [usage, increment, occurrences] == [""; 3] {
            None
        } else {
            let is_not_mebibytes = || refused("a figure is not as `52.0 MiB`");
            Some(Figures {
                usage: Mebibytes::parse(usage).ok_or_else(is_not_mebibytes)?,
                increment: Mebibytes::parse(increment).ok_or_else(is_not_mebibytes)?,
                occurrences: (occurrences.parse())
                    .map_err(|_| refused("the occurrences are no whole number"))?,
            })
        };
        Ok(Self { number, figures, source })
    }
}

impl Mebibytes {
    fn parse(cell: &str) -> Option<Self> {
        let number = cell.strip_suffix(" MiB")?;
        let value = number.parse().ok()?;
        let decimals = number.split_once('.')?.1.len();
        (format!("{value:.decimals$}") == number).then_some(Self { value, decimals })
    }
}

/// Returns the decimals of all figures in `rows`, if they are the same.
fn same_decimals(rows: &[Row]) -> Result<usize, String> {
    let figures = rows.iter().filter_map(|row| row.figures);
    let mut decimals = figures.flat_map(|row| [row.usage.decimals, row.increment.decimals]);
    let first = decimals.next().ok_or("no row has figures")?;
    if decimals.any(|other| other != first) {
        return Err(format!("not every figure has {first} decimals"));
    }
    Ok(first)
}

fn expect(what: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("the {what} is {found:?}, not {expected:?}"))
}
