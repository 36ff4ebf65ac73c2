//! The workers: built by cargo, found by what cargo says of them.

use std::collections::{BTreeSet, HashMap};
use std::env;
use std::io::{BufReader, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cargo_metadata::Message;

use super::error::CompareError;
use super::schedule::Run;

/// The binary of each worker, by its name.
pub type Workers = HashMap<String, PathBuf>;

/// Returns the binaries that these runs need: those of the folder, or built.
///
/// # Errors
/// Cargo cannot be run or fails, or a binary is not there.
pub fn workers(
    runs: impl Iterator<Item = Run>,
    folder: Option<&Path>,
) -> Result<Workers, CompareError> {
    let needed: BTreeSet<String> = runs.map(Run::worker).collect();
    let (place, mut found) = match folder {
        Some(folder) => (folder.display().to_string(), in_folder(&needed, folder)),
        None => ("cargo's output".to_owned(), build(&needed)?),
    };
    needed
        .into_iter()
        .map(|worker| match found.remove(&worker) {
            Some(binary) => Ok((worker, binary)),
            None => Err(CompareError::WorkerMissing { worker, place: place.clone() }),
        })
        .collect()
}

fn in_folder(needed: &BTreeSet<String>, folder: &Path) -> Workers {
    needed
        .iter()
        .map(|worker| (worker.clone(), folder.join(worker)))
        .filter(|(_, binary)| binary.is_file())
        .collect()
}

/// Builds the workers, with the features that this runner has itself, for else
/// cargo would build everything anew at each change between the two.
fn build(needed: &BTreeSet<String>) -> Result<Workers, CompareError> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let not_started = |source| CompareError::CargoMissing { cargo: cargo.clone(), source };
    if std::io::stderr().is_terminal() {
        eprintln!("building the workers (minutes at first, seconds later) …");
    }
    let mut command = Command::new(&cargo);
    command
        .args(["build", "--release", "--package", "benches"])
        .args(["--message-format", "json-render-diagnostics"])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    for worker in needed {
        command.args(["--bin", worker]);
    }
    if cfg!(feature = "peers") {
        command.args(["--features", "peers"]);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(not_started)?;
    let mut workers = Workers::new();
    if let Some(messages) = child.stdout.take() {
        for message in Message::parse_stream(BufReader::new(messages)) {
            if let Message::CompilerArtifact(artifact) = message.map_err(not_started)?
                && let Some(binary) = artifact.executable
            {
                workers.insert(artifact.target.name, binary.into_std_path_buf());
            }
        }
    }
    let status = child.wait().map_err(not_started)?;
    if status.success() { Ok(workers) } else { Err(CompareError::BuildFailed) }
}
