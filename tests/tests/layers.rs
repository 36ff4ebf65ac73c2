//! Dependencies within `alloc-core` point one way: each folder of `alloc-core/src` uses
//! itself and those below it, as ARCHITECTURE.md and the crate's own documentation say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// The folders, the lowest first.
const LAYERS: [&str; 7] = ["base", "ground", "memory", "heaps", "threads", "modes", "interface"];

/// What is used from below all the same: an arena names the type of its owner, which it
/// only ever hands out.
const EXCEPTIONS: [(&str, &str); 1] = [("memory/arena.rs", "heap")];

/// The names behind each `crate::` in a file, but for those in tests.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn add_tree(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.0.push(path.ident.to_string()),
            UseTree::Name(name) => self.0.push(name.ident.to_string()),
            UseTree::Rename(renamed) => self.0.push(renamed.ident.to_string()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(tree)),
            UseTree::Glob(_) => panic!("use crate::* hides what is used"),
        }
    }
}

impl Visit<'_> for Names {
    fn visit_item(&mut self, item: &Item) {
        let is_test = |attribute: &Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
        };
        let attributes = match item {
            Item::Mod(module) => &module.attrs,
            Item::Fn(function) => &function.attrs,
            _ => &Vec::new(),
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        match &item.tree {
            UseTree::Path(path) if path.ident == "crate" => self.add_tree(&path.tree),
            _ => {}
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if let [first, second, ..] = &*path.segments.iter().collect::<Vec<_>>()
            && first.ident == "crate"
        {
            self.0.push(second.ident.to_string());
        }
        visit::visit_path(self, path);
    }
}

/// Returns the names that the file uses from the crate's root.
fn names_in(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let mut names = Names::default();
    names.visit_file(&syn::parse_file(&text).unwrap());
    names.0
}

/// Returns the Rust files below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let nested = folders.iter().flat_map(|folder| files_below(folder));
    files.into_iter().chain(nested).collect()
}

/// Returns how high each name of the crate's root is.
fn heights(src: &Path) -> BTreeMap<String, usize> {
    let mut heights = BTreeMap::new();
    for (height, layer) in LAYERS.iter().enumerate() {
        heights.insert((*layer).to_owned(), height);
        for entry in fs::read_dir(src.join(layer)).unwrap() {
            let module = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
            heights.insert(module, height);
        }
    }
    // Names that the root gives anew, and the interface's own type.
    heights.insert("blocks".to_owned(), heights["plain"]);
    heights.insert("PoolAlloc".to_owned(), heights["global"]);
    heights
}

#[test]
fn folders_use_what_is_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../alloc-core/src");
    let heights = heights(&src);
    let mut seen = 0;
    for (height, layer) in LAYERS.iter().enumerate() {
        for file in files_below(&src.join(layer)) {
            let place = file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
            for name in names_in(&file) {
                let Some(&found) = heights.get(&name) else {
                    panic!("{place} uses crate::{name}, of no layer that is known: see `heights`")
                };
                seen += 1;
                assert!(
                    found <= height || EXCEPTIONS.contains(&(&*place, &*name)),
                    "{place} uses {name}, which is above it: see ARCHITECTURE.md"
                );
            }
        }
    }
    assert!(seen > 100, "the files were read: {seen} uses");
}

#[test]
fn the_root_holds_the_folders_alone() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../alloc-core/src");
    let entries = fs::read_dir(&src).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<String> = entries
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort_unstable();
    let mut layers = LAYERS.map(str::to_owned);
    layers.sort_unstable();
    assert_eq!(found, layers);
}
