//! Settings from the environment: `ALLOC_CORE_*`, read once, before the first
//! allocation is served.
//!
//! One walk over the environment's entries; nothing is copied or allocated, since
//! this runs inside the first allocation, mostly before main. What cannot be used is
//! ignored, but never in silence: one line on standard error names the variable, its
//! value and what it takes; a name with our prefix that is no setting's gets one too.

use core::fmt::{self, Write as _};
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::knobs::{
    HUGE_PAGES_AFTER_MAX, KEEP_BYTES_MAX, KEEP_PERCENT_MAX, PURGE_AFTER_MS_MAX, Settings,
    THREAD_CACHE_BYTES,
};
use crate::line::Line;
use crate::os;

/// What the names of all our variables begin with.
const PREFIX: &[u8] = b"ALLOC_CORE_";

/// A variable.
struct Variable {
    name: &'static str,
    /// What it takes, to tell whom it did not take something from.
    takes: &'static str,
    /// Puts the value into the settings; `false` if it is malformed or out of range.
    read: fn(&[u8], &mut Settings) -> bool,
}

static VARIABLES: [Variable; 7] = [
    Variable {
        name: "ALLOC_CORE_KEEP_BYTES",
        takes: "bytes up to 1024GiB, such as 65536, 64KiB or 8M",
        read: |text, to| set(&mut to.keep_bytes, bytes(text, 0..=KEEP_BYTES_MAX)),
    },
    Variable {
        name: "ALLOC_CORE_KEEP_MAX_BYTES",
        takes: "bytes up to 1024GiB, such as 65536, 64KiB or 8M",
        read: |text, to| set(&mut to.keep_max_bytes, bytes(text, 0..=KEEP_BYTES_MAX)),
    },
    Variable {
        name: "ALLOC_CORE_KEEP_PERCENT",
        takes: "a whole number from 0 to 1000",
        read: |text, to| {
            let percent = number(text, KEEP_PERCENT_MAX.into());
            set(&mut to.keep_percent, percent.map(|percent| percent as u32))
        },
    },
    Variable {
        name: "ALLOC_CORE_THREAD_CACHE_BYTES",
        takes: "bytes from 1KiB to 4MiB, such as 65536, 64KiB or 1M",
        read: |text, to| {
            let (least, most) = THREAD_CACHE_BYTES;
            set(&mut to.thread_cache_bytes, bytes(text, least..=most))
        },
    },
    Variable {
        name: "ALLOC_CORE_HUGE_PAGES",
        takes: "0, 1, false or true",
        read: |text, to| set(&mut to.huge_pages, flag(text)),
    },
    Variable {
        name: "ALLOC_CORE_HUGE_PAGES_AFTER",
        takes: "bytes up to 64MiB, such as 65536, 64KiB or 8M",
        read: |text, to| set(&mut to.huge_pages_after, bytes(text, 0..=HUGE_PAGES_AFTER_MAX)),
    },
    Variable {
        name: "ALLOC_CORE_PURGE_AFTER_MS",
        takes: "milliseconds from 0 (never) to 86400000",
        read: |text, to| {
            let milliseconds = number(text, PURGE_AFTER_MS_MAX);
            set(&mut to.purge_after, milliseconds.map(Duration::from_millis))
        },
    },
];

/// `settings`, with what the environment says in their place; warns of what it
/// says and cannot be used.
pub(crate) fn overriding(mut settings: Settings) -> Settings {
    os::for_each_variable(|entry| {
        if let Err(problem) = read_entry(entry, &mut settings) {
            let mut line = Line::new();
            // The line takes what fits and never fails.
            let _ = writeln!(line, "{problem}");
            os::warn(line.as_bytes());
        }
    });
    settings
}

/// Why an entry cannot be used, in words.
#[derive(Debug, PartialEq, Eq)]
enum Problem<'a> {
    Value { name: &'static str, value: &'a [u8], takes: &'static str },
    Name(&'a [u8]),
}

/// Reads one `NAME=value` into `settings`; what is not ours is fine.
fn read_entry<'a>(entry: &'a [u8], settings: &mut Settings) -> Result<(), Problem<'a>> {
    if !entry.starts_with(PREFIX) {
        return Ok(());
    }
    let mut parts = entry.splitn(2, |&byte| byte == b'=');
    let name = parts.next().unwrap_or_default();
    let value = parts.next().unwrap_or_default();
    let Some(variable) = VARIABLES.iter().find(|known| known.name.as_bytes() == name) else {
        return Err(Problem::Name(name));
    };
    if (variable.read)(value, settings) {
        Ok(())
    } else {
        Err(Problem::Value { name: variable.name, value, takes: variable.takes })
    }
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { name, value, takes } => {
                write!(f, "alloc-core: {name}={} is ignored: it takes {takes}", Shown(value))
            }
            Self::Name(name) => {
                write!(f, "alloc-core: {} is ignored: the settings are", Shown(name))?;
                for (index, variable) in VARIABLES.iter().enumerate() {
                    write!(f, "{} {}", if index == 0 { "" } else { "," }, variable.name)?;
                }
                Ok(())
            }
        }
    }
}

/// Bytes of the environment in a warning: escaped, and cut if long.
struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 48;
        match self.0.get(..MOST) {
            Some(start) if self.0.len() > MOST => write!(f, "{}...", start.escape_ascii()),
            _ => write!(f, "{}", self.0.escape_ascii()),
        }
    }
}

fn set<T>(place: &mut T, value: Option<T>) -> bool {
    value.is_some_and(|value| {
        *place = value;
        true
    })
}

/// A number of bytes within `range`: digits, and maybe a unit in any case: K, M or
/// G, with or without `iB`; all powers of 1024.
fn bytes(text: &[u8], range: RangeInclusive<usize>) -> Option<usize> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (count, unit) = text.split_at(digits);
    let (letter, rest) = unit.split_first().unwrap_or((&b'B', b""));
    if !(rest.is_empty() || rest.eq_ignore_ascii_case(b"iB")) {
        return None;
    }
    let shift = match letter.to_ascii_uppercase() {
        b'B' if unit.is_empty() => 0,
        b'K' => 10,
        b'M' => 20,
        b'G' => 30,
        _ => return None,
    };
    let value = usize::try_from(decimal(count)?).ok()?.checked_mul(1 << shift)?;
    range.contains(&value).then_some(value)
}

/// A whole number up to `most`.
fn number(text: &[u8], most: u64) -> Option<u64> {
    decimal(text).filter(|&value| value <= most)
}

/// Digits, at least one, and nothing else.
fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// Yes or no.
fn flag(text: &[u8]) -> Option<bool> {
    if text == b"1" || text.eq_ignore_ascii_case(b"true") {
        Some(true)
    } else if text == b"0" || text.eq_ignore_ascii_case(b"false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knobs::DEFAULTS;

    /// Texts of the characters that matter, and of a few that do not belong.
    fn random_texts() -> impl Iterator<Item = String> {
        const PIECES: [&str; 24] = [
            "0",
            "1",
            "2",
            "9",
            "64",
            "1024",
            "4096",
            "99999999999",
            "k",
            "K",
            "M",
            "m",
            "g",
            "G",
            "iB",
            "ib",
            "IB",
            "B",
            "b",
            " ",
            "-",
            "+",
            "x",
            "é",
        ];
        let mut random = fastrand::Rng::with_seed(7);
        (0..200_000).map(move |_| {
            (0..random.usize(..5)).map(|_| PIECES[random.usize(..PIECES.len())]).collect()
        })
    }

    /// The naive oracle: every unit by name, the number by the standard library.
    fn bytes_oracle(text: &str) -> Option<u128> {
        let lower = text.to_lowercase();
        let units = [("kib", 10), ("mib", 20), ("gib", 30), ("k", 10), ("m", 20), ("g", 30)];
        let (count, shift) = units
            .iter()
            .find_map(|(unit, shift)| Some((lower.strip_suffix(unit)?, *shift)))
            .unwrap_or((&lower, 0));
        if count.starts_with('+') {
            return None;
        }
        Some(count.parse::<u128>().ok()? << shift)
    }

    #[test]
    fn sizes_are_what_the_oracle_says() {
        let mut accepted = 0;
        for text in random_texts() {
            for (least, most) in [(0, KEEP_BYTES_MAX), THREAD_CACHE_BYTES, (0, usize::MAX)] {
                let expected = bytes_oracle(&text)
                    .filter(|&value| (least as u128..=most as u128).contains(&value));
                let found = bytes(text.as_bytes(), least..=most).map(|value| value as u128);
                assert_eq!(found, expected, "{text:?}");
                accepted += usize::from(found.is_some());
            }
        }
        assert!(accepted > 10_000, "the texts are too wild: {accepted}");
    }

    #[test]
    fn numbers_are_what_the_standard_library_says() {
        for text in random_texts() {
            let expected = text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
            assert_eq!(number(text.as_bytes(), u64::MAX), expected, "{text:?}");
            let expected = expected.filter(|&value| value <= 1000);
            assert_eq!(number(text.as_bytes(), 1000), expected, "{text:?}");
        }
    }

    #[test]
    fn flags_are_four_words() {
        for (text, value) in [("0", false), ("1", true), ("TRUE", true), ("False", false)] {
            assert_eq!(flag(text.as_bytes()), Some(value));
        }
        for text in ["", "2", "yes", "on", "true ", "01"] {
            assert_eq!(flag(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn entries_set_what_they_name_and_nothing_else() {
        let read = |entry: &'static str| {
            let mut settings = DEFAULTS;
            read_entry(entry.as_bytes(), &mut settings).map(|()| settings)
        };
        let cases = [
            ("ALLOC_CORE_KEEP_BYTES=1gib", Settings { keep_bytes: 1 << 30, ..DEFAULTS }),
            ("ALLOC_CORE_KEEP_MAX_BYTES=0", Settings { keep_max_bytes: 0, ..DEFAULTS }),
            ("ALLOC_CORE_KEEP_PERCENT=1000", Settings { keep_percent: 1000, ..DEFAULTS }),
            (
                "ALLOC_CORE_THREAD_CACHE_BYTES=32K",
                Settings { thread_cache_bytes: 32 << 10, ..DEFAULTS },
            ),
            ("ALLOC_CORE_HUGE_PAGES=false", Settings { huge_pages: false, ..DEFAULTS }),
            (
                "ALLOC_CORE_HUGE_PAGES_AFTER=64M",
                Settings { huge_pages_after: 64 << 20, ..DEFAULTS },
            ),
            (
                "ALLOC_CORE_PURGE_AFTER_MS=1500",
                Settings { purge_after: Duration::from_millis(1500), ..DEFAULTS },
            ),
            ("PATH=/bin", DEFAULTS),
            ("alloc_core_keep_bytes=1", DEFAULTS),
            ("MY_ALLOC_CORE_KEEP_BYTES=1", DEFAULTS),
            ("", DEFAULTS),
        ];
        for (entry, expected) in cases {
            assert_eq!(read(entry), Ok(expected), "{entry}");
        }
    }

    #[test]
    fn problems_are_told_in_one_line_of_bounded_length() {
        let long = format!("ALLOC_CORE_KEEP_BYTES={}\n", "\u{1}9".repeat(5000));
        let long_name = format!("ALLOC_CORE_{}=1", "Z".repeat(5000));
        let cases = [
            "ALLOC_CORE_KEEP_BYTES=1025GiB",
            "ALLOC_CORE_KEEP_BYTES=99999999999999999999GiB",
            "ALLOC_CORE_KEEP_MAX_BYTES=",
            "ALLOC_CORE_KEEP_PERCENT=1001",
            "ALLOC_CORE_THREAD_CACHE_BYTES=1023",
            "ALLOC_CORE_HUGE_PAGES=yes",
            "ALLOC_CORE_HUGE_PAGES_AFTER=65MiB",
            "ALLOC_CORE_PURGE_AFTER_MS=86400001",
            "ALLOC_CORE_KEEP=1",
            "ALLOC_CORE_",
            &long,
            &long_name,
        ];
        for entry in cases {
            let mut settings = DEFAULTS;
            let problem = read_entry(entry.as_bytes(), &mut settings).unwrap_err();
            assert_eq!(settings, DEFAULTS, "{entry}");
            let mut line = Line::new();
            writeln!(line, "{problem}").unwrap();
            let text = std::str::from_utf8(line.as_bytes()).unwrap();
            let name: String = entry.split('=').next().unwrap().chars().take(48).collect();
            assert!(text.starts_with(&format!("alloc-core: {name}")), "{text}");
            assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
        }
    }
}
