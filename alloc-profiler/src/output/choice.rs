//! What is printed: chosen by `ALLOC_PROFILER`, or in code by [`set_output`].
//!
//! The environment wins over the code. Its value is read once, when the first
//! profiled function is entered, so that a senseless one is noticed at the start
//! of a long run. Nothing here waits for a lock: a report may be printed in a
//! forked child, whose parent's other threads are not there to release one.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{self, PathBuf};
use std::sync::OnceLock;

use super::sink;
use crate::counting::uncounted::Uncounted;
use crate::statics::AtomicRef;

/// The environment variable that says what to print.
const VARIABLE: &str = "ALLOC_PROFILER";

/// One way in which the report is given out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Output {
    /// `memory_profiler`'s table, on the standard output. The default.
    Classic,
    /// Every figure of every line, ranks and [advice](crate::Report::advice), on
    /// the standard output.
    Wide,
    /// The file of this path, replaced each time, with the report as
    /// [JSON](crate::json).
    Json(PathBuf),
}

/// What was chosen in code.
static CHOSEN: AtomicRef<Vec<Output>> = AtomicRef::none();

/// Prints the report in these ways from now on, at the program's exit and by
/// [`print_report`](crate::print_report); in no way if there are none.
///
/// `ALLOC_PROFILER` in the environment wins over it. A relative path is one from
/// the folder that is current now. Each call takes a little memory that it does
/// not give back.
///
/// ```
/// use alloc_profiler::{Output, set_output};
///
/// let path = std::env::temp_dir().join("report.json");
/// set_output([Output::Wide, Output::Json(path)]);
/// # set_output([Output::Classic]);
/// ```
pub fn set_output(outputs: impl IntoIterator<Item = Output>) {
    let _uncounted = Uncounted::begin();
    let outputs = outputs.into_iter().map(Output::with_absolute_path).collect();
    CHOSEN.set(Some(Box::leak(Box::new(without_repetition(outputs)))));
}

/// Returns what to print.
pub(super) fn outputs() -> &'static [Output] {
    const DEFAULT: &[Output] = &[Output::Classic];
    let chosen_in_code = || CHOSEN.get().map_or(DEFAULT, Vec::as_slice);
    match from_environment() {
        Environment::Silent => chosen_in_code(),
        Environment::Senseless => DEFAULT,
        Environment::Says(outputs) => outputs,
    }
}

/// What the environment had to say when it was first asked.
#[derive(Debug, PartialEq, Eq)]
enum Environment {
    /// Nothing.
    Silent,
    /// What nobody understands, and a complaint was made.
    Senseless,
    /// This.
    Says(Vec<Output>),
}

fn from_environment() -> &'static Environment {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let value = env::var_os(VARIABLE).unwrap_or_default();
        parse(&value).unwrap_or_else(|error| {
            sink::complain(&format!(
                "{VARIABLE}={} makes no sense: {error}; use classic, wide, json:PATH or off, \
                 several with commas between (the classic table is printed)",
                value.display(),
            ));
            Environment::Senseless
        })
    })
}

/// Why a value makes no sense.
#[derive(Debug, PartialEq, Eq)]
enum Senseless {
    /// This is no output.
    Unknown(String),
    /// `off` beside something else.
    OffAndOn,
    /// `json:` and nothing.
    NoPath,
}

impl fmt::Display for Senseless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(word) => write!(f, "{word:?} is unknown"),
            Self::OffAndOn => f.write_str("off goes alone"),
            Self::NoPath => f.write_str("json: needs a path"),
        }
    }
}

/// Returns what `value` asks for. A path ends at a comma.
fn parse(value: &OsStr) -> Result<Environment, Senseless> {
    let value = value.as_bytes().trim_ascii();
    match value {
        b"" | b"on" => return Ok(Environment::Silent),
        b"off" => return Ok(Environment::Says(Vec::new())),
        _ => {}
    }
    let words = value.split(|&byte| byte == b',');
    let outputs = words.map(|word| match word.trim_ascii() {
        b"classic" => Ok(Output::Classic),
        b"wide" => Ok(Output::Wide),
        b"json:" => Err(Senseless::NoPath),
        b"off" => Err(Senseless::OffAndOn),
        word => match word.strip_prefix(b"json:") {
            Some(path) => Ok(Output::Json(OsStr::from_bytes(path).into()).with_absolute_path()),
            None => Err(Senseless::Unknown(String::from_utf8_lossy(word).into_owned())),
        },
    });
    Ok(Environment::Says(without_repetition(outputs.collect::<Result<_, _>>()?)))
}

/// Returns the outputs, each once.
fn without_repetition(outputs: Vec<Output>) -> Vec<Output> {
    let mut once = Vec::with_capacity(outputs.len());
    for output in outputs {
        if !once.contains(&output) {
            once.push(output);
        }
    }
    once
}

impl Output {
    /// Returns the output with the file's place fixed, wherever the program goes.
    fn with_absolute_path(self) -> Self {
        match self {
            Self::Json(path) => Self::Json(path::absolute(&path).unwrap_or(path)),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Result<Environment, Senseless> {
        parse(OsStr::new(value))
    }

    #[test]
    fn values_say_what_to_print() {
        let json = |path: &str| Output::Json(path.into());
        for (value, outputs) in [
            ("classic", vec![Output::Classic]),
            (" wide ", vec![Output::Wide]),
            ("off", vec![]),
            ("json:/tmp/a b.json", vec![json("/tmp/a b.json")]),
            ("wide,json:/a.json", vec![Output::Wide, json("/a.json")]),
            ("json:/a:b, classic,wide,classic", vec![json("/a:b"), Output::Classic, Output::Wide]),
        ] {
            assert_eq!(parsed(value), Ok(Environment::Says(outputs)), "{value:?}");
        }
        for value in ["", " ", "on"] {
            assert_eq!(parsed(value), Ok(Environment::Silent), "{value:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_apart() {
        let unknown = |word: &str| Senseless::Unknown(word.to_owned());
        for (value, error) in [
            ("of", unknown("of")),
            ("OFF", unknown("OFF")),
            ("wide,classik", unknown("classik")),
            ("wide,", unknown("")),
            ("json", unknown("json")),
            ("classic,off", Senseless::OffAndOn),
            ("off,off", Senseless::OffAndOn),
            ("wide,json:", Senseless::NoPath),
        ] {
            assert_eq!(parsed(value), Err(error), "{value:?}");
        }
        let bytes = parse(OsStr::from_bytes(b"\xff"));
        assert_eq!(bytes, Err(unknown("\u{fffd}")));
    }

    #[test]
    fn a_relative_path_is_fixed() {
        let Ok(Environment::Says(outputs)) = parsed("json:a.json") else { panic!() };
        let expected = env::current_dir().unwrap().join("a.json");
        assert_eq!(outputs, [Output::Json(expected)]);
        let bytes = parse(OsStr::from_bytes(b"json:/\xff"));
        let path = PathBuf::from(OsStr::from_bytes(b"/\xff"));
        assert_eq!(bytes, Ok(Environment::Says(vec![Output::Json(path)])));
    }
}
