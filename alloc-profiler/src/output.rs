//! Printing: at the program's exit, on demand, and after a call.
//!
//! `choice` says in which ways a report is given out, `sink` is where the text
//! goes; here a report becomes the text for each sink. Everything is done
//! uncounted, without a lock that another thread could hold for ever.

mod choice;
mod sink;

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Mutex, TryLockError};

use crate::counting::uncounted::Uncounted;
use crate::options::Stream;
use crate::render::wide;
use crate::report::{FunctionReport, Report, report};

pub use choice::{Output, set_output};
use sink::Sink;
pub(crate) use sink::complain;

/// Prints the report now, as the program's exit would.
///
/// In which ways is said by `ALLOC_PROFILER` in the environment: `classic`,
/// `wide`, `json:PATH`, several of them with commas between, or `off`; if that is
/// not set, by [`set_output`], else it is the classic table. Tables go to the
/// standard output, but those of a function with a `stream` option there. The
/// wide table is as wide as the terminal, or as `COLUMNS` says, and 120 columns
/// elsewhere.
///
/// The exit then prints again only where it would show something else. A standard
/// stream that cannot be written, because the reader has closed its pipe, say, is
/// passed over in silence; a file is named on the standard error.
///
/// ```
/// #[alloc_profiler::profile]
/// fn work() -> String {
///     "worked".repeat(1000)
/// }
///
/// work();
/// alloc_profiler::print_report();
/// ```
pub fn print_report() {
    print(|_| true);
}

/// Prints one function's table to its stream, or where the report goes, in the
/// ways that were chosen; in JSON there are whole reports only.
pub(crate) fn print_call(function: &FunctionReport) {
    let _uncounted = Uncounted::begin();
    write_call(function, choice::outputs());
}

fn write_call(function: &FunctionReport, outputs: &[Output]) {
    let sink = sink_of(function);
    for output in outputs {
        match output {
            Output::Classic => sink.write(&function.to_string()),
            Output::Wide => sink.write(&wide::one_function(function, sink.look())),
            Output::Json(_) => {}
        }
    }
}

/// Prints the report's texts of which `is_wanted` says so, which is told whether a
/// text differs from what was last printed there.
fn print(is_wanted: impl Fn(bool) -> bool) {
    let _uncounted = Uncounted::begin();
    let outputs = choice::outputs();
    if outputs.is_empty() {
        return;
    }
    for (sink, text) in texts(&report(), outputs) {
        if is_wanted(is_news(&sink, &text)) {
            sink.write(&text);
        }
    }
}

/// Returns what is to be written, and where: one text for each place, in the
/// order of the outputs.
fn texts(report: &Report, outputs: &[Output]) -> Vec<(Sink, String)> {
    let mut texts = Vec::new();
    for output in outputs {
        match output {
            Output::Json(path) => {
                add(&mut texts, Sink::File(path.clone()), &report.to_json());
                continue;
            }
            Output::Classic => {
                add(&mut texts, Sink::STDOUT, &classic(report));
            }
            Output::Wide => {
                let is_here = |function: &FunctionReport| sink_of(function) == Sink::STDOUT;
                let text = wide::program(report, is_here, Sink::STDOUT.look());
                add(&mut texts, Sink::STDOUT, &text);
            }
        }
        let elsewhere = report.functions.iter().filter(|&f| sink_of(f) != Sink::STDOUT);
        for function in elsewhere.filter(|_| report.is_counting) {
            let sink = sink_of(function);
            let text = match output {
                Output::Wide => wide::one_function(function, sink.look()),
                _ => function.to_string(),
            };
            add(&mut texts, sink, &text);
        }
    }
    texts
}

/// Returns the classic tables of the functions that go with the report.
fn classic(report: &Report) -> String {
    if !report.is_counting {
        return report.to_string();
    }
    let here = report.functions.iter().filter(|&f| sink_of(f) == Sink::STDOUT);
    here.map(ToString::to_string).collect()
}

/// Returns where the function's table goes.
fn sink_of(function: &FunctionReport) -> Sink {
    Sink::Stream(function.stream.unwrap_or(Stream::Stdout))
}

/// Adds `text` to what goes to `sink`.
fn add(texts: &mut Vec<(Sink, String)>, sink: Sink, text: &str) {
    match texts.iter_mut().find(|(other, _)| *other == sink) {
        Some((_, all)) => all.push_str(text),
        None => texts.push((sink, text.to_owned())),
    }
}

/// Returns whether `text` is not what this was asked about last, for `sink`.
/// Before the first question that is the empty text.
fn is_news(sink: &Sink, text: &str) -> bool {
    static LAST: Mutex<Option<HashMap<Sink, u64>>> = Mutex::new(None);
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(text);
    // Never waits: who has the lock may be a thread that fork left behind. Then
    // the text is news; to print it twice is better than not at all.
    let mut last = match LAST.try_lock() {
        Ok(last) => last,
        Err(TryLockError::Poisoned(last)) => last.into_inner(),
        Err(TryLockError::WouldBlock) => return true,
    };
    match last.get_or_insert_default().insert(sink.clone(), hash) {
        Some(before) => before != hash,
        None => !text.is_empty(),
    }
}

/// Prints the report when the program exits: by return from `main`, by a panic
/// in it, or by [`std::process::exit`]. Called once.
pub(crate) fn at_exit() {
    extern "C" fn print_at_exit() {
        print(|is_news| is_news);
    }
    let _uncounted = Uncounted::begin();
    // Asked now, so that a senseless value is noticed at the start of a long run.
    choice::outputs();
    sink::prepare();
    // SAFETY: the function stays valid until the process ends, and no panic
    // leaves it: at worst it aborts a program that has done its work.
    let refused = unsafe { libc::atexit(print_at_exit) };
    if refused != 0 {
        complain("cannot print at exit; call print_report");
    }
}

#[cfg(test)]
mod tests;
