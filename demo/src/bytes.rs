//! `--bytes`: the table's increments in bytes, for a program to compare.
//!
//! The table rounds to a tenth of a MiB, which hides what a byte more or less
//! would show. Here each executed line has one line of its own, and each
//! function its total as measured at its two ends, not summed up from its
//! lines: that the two agree is a check on the profiler.

use std::io::{self, Write};

use alloc_profiler::Report;

/// Writes the increments of every function in `report` to `out`.
///
/// # Errors
///
/// What writing to `out` returns.
///
/// ```
/// demo::numbers::test_func(&[1, 2, 3]);
/// let mut out = Vec::new();
/// demo::bytes::write(&alloc_profiler::report(), &mut out)?;
///
/// let text = String::from_utf8(out).unwrap();
/// assert!(text.starts_with("Bytes: demo::numbers::test_func\nline "));
/// assert!(text.lines().any(|line| line.starts_with("total: +")));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for function in &report.functions {
        writeln!(out, "Bytes: {}", function.name)?;
        for line in &function.lines {
            if let Some(figures) = line.figures {
                writeln!(out, "line {}: {:+} bytes", line.number, figures.increment_bytes)?;
            }
        }
        writeln!(out, "total: {:+} bytes\n", function.total_bytes)?;
    }
    Ok(())
}
