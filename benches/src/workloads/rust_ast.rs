//! `syn` on real Rust sources.

use include_dir::{Dir, include_dir};

use super::{Context, Measurement, Workload};

/// This workspace's own sources, parsed to syntax trees that live together: a
/// compiler's boxes, vectors and interned strings, deep and irregular.
pub(super) const SYN: Workload =
    Workload::new("syn", "syntax trees of this workspace's own sources", syn_trees);

/// Embedded, so that a worker depends on nothing but itself.
static SOURCES: [Dir<'_>; 3] = [
    include_dir!("$CARGO_MANIFEST_DIR/src"),
    include_dir!("$CARGO_MANIFEST_DIR/../alloc-core/src"),
    include_dir!("$CARGO_MANIFEST_DIR/../alloc-profiler/src"),
];

/// Bytes of source parsed at full scale, however large the workspace is.
const TOTAL_BYTES: usize = 6_000_000;
/// Bytes of source whose trees live at the same time.
const TOGETHER_BYTES: usize = 500_000;

fn syn_trees(context: &Context) -> Measurement {
    let mut files = Vec::new();
    for folder in &SOURCES {
        collect(folder, &mut files);
    }
    let bytes = context.scaled(TOTAL_BYTES);
    Measurement::of(|| {
        let mut sources = files.iter().cycle();
        let (mut parsed, mut items) = (0, 0);
        while parsed < bytes {
            let (length, count) = parse(&mut sources);
            parsed += length;
            items += count;
        }
        items
    })
}

/// Adds the texts of all Rust files below a folder, in the order of their paths.
fn collect(folder: &Dir<'static>, files: &mut Vec<&'static str>) {
    let rust = folder.files().filter(|file| file.path().extension().is_some_and(|x| x == "rs"));
    files.extend(rust.filter_map(include_dir::File::contents_utf8));
    for folder in folder.dirs() {
        collect(folder, files);
    }
}

/// Parses so many sources that [`TOGETHER_BYTES`] are reached; returns their
/// bytes and the number of items in them.
fn parse<'a>(sources: &mut impl Iterator<Item = &'a &'static str>) -> (usize, u64) {
    let mut bytes = 0;
    let mut trees = Vec::new();
    for source in sources {
        trees.push(syn::parse_file(source).expect("this workspace compiles"));
        bytes += source.len();
        if bytes >= TOGETHER_BYTES {
            break;
        }
    }
    (bytes, trees.iter().map(|tree| tree.items.len() as u64).sum())
}
