//! A worker's file in the page cache: read anew before each run.
//!
//! # Design
//! Two things of how a file lies in memory decide over the figures of every process of it.
//! One that was just written lies there in larger pieces, of which more is mapped at once: up
//! to a mebibyte more is resident than of one that was read. And it matters which pages its
//! code is in: of the same file, one time it was read has processes a tenth or even
//! two thirds slower than another, for as long as it stays cached. (Seen on a virtual machine,
//! whose processor tells nothing of why.) So that this is chance, and not a mark that one
//! worker bears in all rounds, each run gets the file in other pages.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{Advice, fadvise};

/// Has the system read the file from its disk again, as a whole, so that nobody who runs it
/// waits for the disk.
pub(crate) fn read_anew(binary: &Path) {
    // Where this fails, the figures are as good as they can be there.
    let _ = File::open(binary).and_then(|mut file| {
        // What is not on the disk yet, or is mapped by somebody, stays in memory.
        file.sync_all()?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
        io::copy(&mut file, &mut io::sink())
    });
}
