//! What the tests of both runners share.

use std::path::Path;
use std::process::{Command, Output};

/// Runs a runner with such arguments.
pub(crate) fn run(binary: &str, arguments: &[&str]) -> Output {
    Command::new(binary).args(arguments).output().expect("the runner starts")
}

/// The folder of the workers that cargo built beside the runners.
pub(crate) fn workers() -> &'static str {
    let worker = Path::new(env!("CARGO_BIN_EXE_worker-system"));
    worker.parent().and_then(Path::to_str).expect("a path in UTF-8")
}

/// What a run said on standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Checks that a run refused its arguments with one line that has all these words.
#[track_caller]
pub(crate) fn assert_refused(output: &Output, words: &[&str]) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    for word in words {
        assert!(text.contains(word), "{text}");
    }
}
