//! Numbers as people read them: bytes, counts, times and bars.
//!
//! Below 1 KiB bytes are exact; above, as below a microsecond and above for
//! times, three digits are shown. A figure is never rounded to another unit's
//! worth: 1023.9 KiB is `1.00 MiB`.

/// Units of memory, each 1024 of the one before.
const MEMORY: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/// Units of time, each 1000 of the one before.
const TIME: [&str; 4] = ["ns", "µs", "ms", "s"];

/// Eighths of a block, from one to eight.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// Returns `bytes` in the largest unit of which there is one, as `1.25 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    scaled(bytes, 1024.0, &MEMORY)
}

/// Returns the same with its sign, as `+1.25 MiB`; zero has none.
pub(crate) fn signed_bytes(value: i64) -> String {
    signed(value, bytes)
}

/// Returns `nanoseconds` in the largest unit of which there is one, as
/// `12.5 ms`, after a `~` if it is an estimate.
pub(crate) fn time(nanoseconds: u64, is_estimated: bool) -> String {
    let mark = if is_estimated { "~" } else { "" };
    format!("{mark}{}", scaled(nanoseconds, 1000.0, &TIME))
}

/// Returns `value` with commas between thousands.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the same with its sign; zero has none.
pub(crate) fn signed_count(value: i64) -> String {
    signed(value, count)
}

/// Returns a bar of at most `cells` blocks for the share `part` of `whole`. A
/// share that is not zero has at least an eighth of a block.
pub(crate) fn bar(part: u64, whole: u64, cells: usize) -> String {
    if part == 0 || whole == 0 {
        return String::new();
    }
    let full = EIGHTHS.len();
    let share = (part as f64 / whole as f64).min(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 8 × cells")]
    let eighths = ((share * (cells * full) as f64).round() as usize).max(1);
    let mut text: String = std::iter::repeat_n(EIGHTHS[full - 1], eighths / full).collect();
    if let Some(rest) = (eighths % full).checked_sub(1) {
        text.push(EIGHTHS[rest]);
    }
    text
}

fn signed(value: i64, write: impl Fn(u64) -> String) -> String {
    let sign = match value {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", write(value.unsigned_abs()))
}

/// Returns `value` in the largest of `units` of which there is one.
fn scaled(value: u64, step: f64, units: &[&str]) -> String {
    let mut number = value as f64;
    let mut unit = 0;
    // What would be rounded to a whole next unit is shown in it.
    while number.round() >= step && unit + 1 < units.len() {
        number /= step;
        unit += 1;
    }
    if unit == 0 {
        return format!("{value} {}", units[0]);
    }
    // Three digits; 9.995 has four with two decimals, so it gets one.
    let decimals = match number {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{number:.decimals$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_exact_below_a_kibibyte_and_have_three_digits_above() {
        for (value, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (1280, "1.25 KiB"),
            (10_230, "9.99 KiB"),
            (10_235, "10.0 KiB"),
            (102_350, "100 KiB"),
            (1_047_552, "1023 KiB"),
            (1_048_064, "1.00 MiB"),
            (1_048_576, "1.00 MiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(value), text, "{value}");
        }
        assert_eq!(signed_bytes(-1280), "-1.25 KiB");
        assert_eq!(signed_bytes(5), "+5 B");
        assert_eq!(signed_bytes(0), "0 B");
        assert_eq!(signed_bytes(i64::MIN), "-8192 PiB");
    }

    #[test]
    fn times_have_units_and_a_mark_where_estimated() {
        assert_eq!(time(999, false), "999 ns");
        assert_eq!(time(1000, false), "1.00 µs");
        assert_eq!(time(12_345_678, true), "~12.3 ms");
        assert_eq!(time(999_600_000, false), "1.00 s");
        assert_eq!(time(7_200_000_000_000, false), "7200 s");
    }

    #[test]
    fn counts_have_commas() {
        for (value, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (u64::MAX, "18,446,744,073,709,551,615")]
        {
            assert_eq!(count(value), text);
        }
        assert_eq!(signed_count(-1234), "-1,234");
        assert_eq!(signed_count(7), "+7");
    }

    #[test]
    fn bars_are_as_long_as_the_share() {
        for (part, whole, text) in [
            (0, 10, ""),
            (0, 0, ""),
            (1, 1_000_000, "▏"),
            (1, 16, "▌"),
            (1, 8, "█"),
            (5, 10, "████"),
            (9, 16, "████▌"),
            (10, 10, "████████"),
            (11, 10, "████████"),
        ] {
            assert_eq!(bar(part, whole, 8), text, "{part} of {whole}");
        }
    }
}
