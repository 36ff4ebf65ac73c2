//! For the tests of the runners that have workers.

use std::path::Path;

/// The folder of the workers that cargo built beside the runners.
pub(crate) fn workers() -> &'static str {
    let worker = Path::new(env!("CARGO_BIN_EXE_worker-system"));
    worker.parent().and_then(Path::to_str).expect("a path in UTF-8")
}
