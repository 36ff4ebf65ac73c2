//! A package's folder: its sources, and its manifest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use toml_edit::{DocumentMut, InlineTable, Item, Table, TomlError};
use walkdir::WalkDir;

use crate::mark::{Tally, mark};

/// The name by which the attribute's expansion knows its crate.
const DEPENDENCY: &str = "alloc-profiler";
/// The package that is given that name.
const INSTALLED: &str = "alloc-profiler-installed";

/// What can go wrong; each says which file and why.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The folder of sources cannot be listed.
    #[error("cannot list the sources: {0}")]
    List(#[from] walkdir::Error),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// A source file is no Rust.
    #[error("{}:{line}: {source}", path.display())]
    Parse { path: PathBuf, line: usize, source: syn::Error },
    /// The manifest is no TOML.
    #[error("{}: {}", path.display(), source.message())]
    Manifest { path: PathBuf, source: TomlError },
    /// The manifest's dependencies are no table.
    #[error("{}: `dependencies` is no table", path.display())]
    Dependencies { path: PathBuf },
    /// There is nothing to put the attribute on.
    #[error("{} has no function for the attribute; give a package's folder", path.display())]
    Nothing { path: PathBuf },
}

/// Puts the attribute on every function below `src` of the package in `folder`.
pub(crate) fn mark_sources(folder: &Path) -> Result<Tally, Error> {
    let sources = folder.join("src");
    let mut tally = Tally::default();
    for entry in WalkDir::new(&sources).sort_by_file_name() {
        let path = entry?.into_path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            tally.add(&mark_file(&path)?);
        }
    }
    if tally.marked == 0 {
        return Err(Error::Nothing { path: sources });
    }
    Ok(tally)
}

fn mark_file(path: &Path) -> Result<Tally, Error> {
    let marked = mark(&read(path)?).map_err(|source| Error::Parse {
        path: path.to_owned(),
        line: source.span().start().line,
        source,
    })?;
    write(path, &marked.text)?;
    Ok(marked.tally)
}

/// Makes the package in `folder` depend on the one in `installed`, under the name
/// that the attribute's expansion uses.
pub(crate) fn add_dependency(folder: &Path, installed: &Path) -> Result<(), Error> {
    let path = folder.join("Cargo.toml");
    let text = read(&path)?;
    let mut manifest: DocumentMut =
        text.parse().map_err(|source| Error::Manifest { path: path.clone(), source })?;
    let mut dependency = InlineTable::new();
    dependency.insert("package", INSTALLED.into());
    dependency.insert("path", installed.to_string_lossy().as_ref().into());
    manifest
        .entry("dependencies")
        .or_insert_with(|| Item::Table(Table::new()))
        .as_table_like_mut()
        .ok_or_else(|| Error::Dependencies { path: path.clone() })?
        .insert(DEPENDENCY, Item::Value(dependency.into()));
    write(&path, &manifest.to_string())
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// Returns a package of the given files.
    fn package(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn every_source_file_is_marked_and_no_other() {
        let files = [
            ("src/lib.rs", "mod a;\nfn f() {}"),
            ("src/a/mod.rs", "const fn f() {}\nfn g() {}"),
            ("src/text.md", "fn f() {}"),
            ("tests/test.rs", "fn f() {}"),
        ];
        let package = package(&files);
        let tally = mark_sources(package.path()).unwrap();
        assert_eq!(tally.to_string(), "2 functions marked; left out: 1 const");
        let is_marked = |path: &str| {
            read(&package.path().join(path)).unwrap().contains("#[::alloc_profiler::profile] fn")
        };
        assert_eq!(files.map(|(path, _)| is_marked(path)), [true, true, false, false]);
    }

    #[test]
    fn the_dependency_joins_the_others_and_the_rest_stays() {
        let line = "alloc-profiler = { package = \"alloc-profiler-installed\", \
                    path = \"/installed\" }\n";
        for (before, expected) in [
            ("[package] # why\n", format!("[package] # why\n\n[dependencies]\n{line}")),
            ("[dependencies]\na = '1'\n", format!("[dependencies]\na = '1'\n{line}")),
            ("[dependencies.a]\npath = 'a'\n", {
                format!("[dependencies]\n{line}[dependencies.a]\npath = 'a'\n")
            }),
        ] {
            let package = package(&[("Cargo.toml", before)]);
            add_dependency(package.path(), Path::new("/installed")).unwrap();
            assert_eq!(read(&package.path().join("Cargo.toml")).unwrap(), expected);
        }
    }

    #[test]
    fn errors_name_the_file_and_the_fault() {
        let said = |files: &[(&str, &str)]| {
            let package = package(files);
            let error = mark_sources(package.path())
                .and_then(|_| add_dependency(package.path(), Path::new("/installed")))
                .unwrap_err();
            error.to_string().replace(&format!("{}/", package.path().display()), "")
        };
        let lib = ("src/lib.rs", "fn f() {}");
        assert_eq!(
            said(&[("src/lib.rs", "const fn f() {}")]),
            "src has no function for the attribute; give a package's folder",
        );
        assert_eq!(said(&[("src/lib.rs", "\nfn 1() {}")]), "src/lib.rs:2: expected identifier");
        assert!(said(&[]).starts_with("cannot list the sources: "), "{}", said(&[]));
        assert!(said(&[lib]).starts_with("cannot read Cargo.toml: "), "{}", said(&[lib]));
        let manifest = |text| said(&[lib, ("Cargo.toml", text)]);
        assert_eq!(manifest("dependencies = 1"), "Cargo.toml: `dependencies` is no table");
        assert!(manifest("[").starts_with("Cargo.toml: "), "{}", manifest("["));
        assert_eq!(manifest("[").lines().count(), 1, "{}", manifest("["));
    }
}
