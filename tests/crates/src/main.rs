//! `attribute-everything PACKAGE INSTALLED`: puts `#[profile]` on every function
//! of a package's sources and adds the dependency that it needs.
//!
//! It works in place, on a copy that `tests/crates/run` made, and prints what it
//! did in one line. `mark` works on a text, `package` on a folder.

#![forbid(unsafe_code)]

mod mark;
mod package;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Puts `#[profile]` on every function of a package's sources, in place
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The package's folder, with Cargo.toml and src
    package: PathBuf,
    /// The folder of `alloc-profiler-installed`, on which the package will depend
    installed: PathBuf,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let marked = package::mark_sources(&args.package).and_then(|tally| {
        package::add_dependency(&args.package, &args.installed)?;
        Ok(tally)
    });
    match marked {
        Ok(tally) => {
            println!("{tally}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("attribute-everything: {error}");
            ExitCode::FAILURE
        }
    }
}
