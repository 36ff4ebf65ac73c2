//! [`Stats`] as text: the report of CPython's `sys._debugmallocstats()`
//! (`Objects/obmalloc.c`, `_PyObject_DebugMallocStats`), for the small tier, and
//! in the same form for the big one.

use core::fmt::{self, Display, Formatter};

use crate::config::{SMALL_CLASSES, SMALL_MAX_BYTES};
use crate::interface::stats::{ArenaStats, ClassStats, Stats};

/// Columns of a sum's label, `printone` in CPython.
const LABEL_COLUMNS: usize = 35;
/// Columns of its number.
const NUMBER_COLUMNS: usize = 21;

impl Display for Stats {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Small block threshold = {SMALL_MAX_BYTES}, in {SMALL_CLASSES} size classes.")?;
        writeln!(f)?;
        classes(f, &self.classes, 0)?;
        tier_sums(f, &self.classes, &self.arenas, "pools")?;
        writeln!(f)?;

        let big = &self.big;
        let (slabs, wide_slabs) = big.slabs_by_arenas();
        slab_tier(f, "Slab", slabs, SMALL_CLASSES, &big.arenas)?;
        let first_wide = SMALL_CLASSES + slabs.len();
        slab_tier(f, "Wide slab", wide_slabs, first_wide, &big.wide_arenas)?;

        sum(f, "# spans of bigger blocks", big.spans_in_use)?;
        sum(f, "# mappings of the biggest blocks", big.mappings_in_use)?;
        sum(f, "# bytes in these spans", big.span_bytes_in_use)?;
        sum(f, "# bytes in these mappings", big.mapping_bytes_in_use)?;
        sum(f, "# bytes kept for reuse", self.bytes_kept)?;
        sum(f, "Total", big.span_bytes_in_use + big.mapping_bytes_in_use + self.bytes_kept)
    }
}

fn slab_tier(
    f: &mut Formatter<'_>,
    name: &str,
    slabs: &[ClassStats],
    first_number: usize,
    arenas: &ArenaStats,
) -> fmt::Result {
    let threshold = slabs.last().map_or(0, |class| class.block_bytes);
    writeln!(f, "{name} block threshold = {threshold}, in {} size classes.", slabs.len())?;
    writeln!(f)?;
    classes(f, slabs, first_number)?;
    tier_sums(f, slabs, arenas, "pages")?;
    writeln!(f)
}

fn classes(f: &mut Formatter<'_>, classes: &[ClassStats], first_number: usize) -> fmt::Result {
    writeln!(f, "class   size   num pools   blocks in use  avail blocks")?;
    writeln!(f, "-----   ----   ---------   -------------  ------------")?;
    for (number, class) in (first_number..).zip(classes).filter(|(_, class)| class.pools > 0) {
        let ClassStats { block_bytes, pools, blocks_in_use, blocks_available, .. } = class;
        writeln!(
            f,
            "{number:>5} {block_bytes:>6} {pools:>11} {blocks_in_use:>15} {blocks_available:>13}"
        )?;
    }
    writeln!(f)
}

/// The sums of one tier's arenas; the `Total` equals the arenas' bytes.
fn tier_sums(
    f: &mut Formatter<'_>,
    classes: &[ClassStats],
    arenas: &ArenaStats,
    page_name: &str,
) -> fmt::Result {
    sum(f, "# arenas allocated total", arenas.allocated_total)?;
    sum(f, "# arenas reclaimed", arenas.reclaimed)?;
    sum(f, "# arenas highwater mark", arenas.highwater)?;
    sum(f, "# arenas allocated current", arenas.current)?;
    sum(
        f,
        format_args!("{} arenas * {} bytes/arena", arenas.current, arenas.arena_bytes),
        arenas.bytes(),
    )?;
    writeln!(f)?;

    let total_of = |bytes: fn(&ClassStats) -> usize| classes.iter().map(bytes).sum::<usize>();
    let in_use = total_of(ClassStats::bytes_in_use);
    let available = total_of(ClassStats::bytes_available);
    let quantization = total_of(ClassStats::bytes_lost_to_quantization);
    let total = in_use + available + arenas.unused_bytes() + arenas.header_bytes() + quantization;

    sum(f, "# bytes in allocated blocks", in_use)?;
    sum(f, "# bytes in available blocks", available)?;
    sum(
        f,
        format_args!("{} unused {page_name} * {} bytes", arenas.unused_pages, arenas.page_bytes),
        arenas.unused_bytes(),
    )?;
    sum(f, "# bytes lost to pool headers", arenas.header_bytes())?;
    sum(f, "# bytes lost to quantization", quantization)?;
    // Arenas are mapped aligned: nothing is cut off.
    sum(f, "# bytes lost to arena alignment", 0)?;
    sum(f, "Total", total)
}

fn sum(f: &mut Formatter<'_>, label: impl Display, value: usize) -> fmt::Result {
    let label = Padded { text: label, columns: LABEL_COLUMNS };
    let digits = Digits::of(value);
    writeln!(f, "{label}={:>NUMBER_COLUMNS$}", digits.as_str())
}

/// Text padded on the right, whatever its type.
struct Padded<T> {
    text: T,
    columns: usize,
}

impl<T: Display> Display for Padded<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        /// Counts what passes through.
        struct Counting<'a, 'b>(&'a mut Formatter<'b>, usize);

        impl fmt::Write for Counting<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.1 += text.len();
                self.0.write_str(text)
            }
        }

        let mut counting = Counting(f, 0);
        fmt::write(&mut counting, format_args!("{}", self.text))?;
        let written = counting.1;
        write!(f, "{:1$}", "", self.columns.saturating_sub(written))
    }
}

/// A number with a comma between groups of three digits, without allocating.
struct Digits {
    /// The text, at the end.
    buffer: [u8; 32],
    start: usize,
}

impl Digits {
    fn of(mut value: usize) -> Self {
        let mut digits = Self { buffer: [b','; 32], start: 32 };
        for place in 0.. {
            // A comma, already there, before every third digit but the first.
            digits.start -= if place > 0 && place % 3 == 0 { 2 } else { 1 };
            digits.buffer[digits.start] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        digits
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.buffer[self.start..]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_048_576, "1,048,576"),
            (usize::MAX, "18,446,744,073,709,551,615"),
        ];
        for (value, text) in cases {
            assert_eq!(Digits::of(value).as_str(), text);
        }
    }

    #[test]
    fn sums_have_cpythons_columns() {
        struct Line;
        impl Display for Line {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                sum(f, format_args!("{} arenas * {} bytes/arena", 4, 262_144), 1_048_576)
            }
        }
        let expected = "4 arenas * 262144 bytes/arena      =            1,048,576\n";
        assert_eq!(Line.to_string(), expected);
    }
}
