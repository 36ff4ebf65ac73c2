//! The inverted index: from a word to the files that hold it.
//!
//! Invariants: a [`FileId`] is a position in the list of files; a word's
//! postings are in ascending order of file, one a file, each with a count of
//! one or more. Both hold because a file is added whole, by [`Index::add`],
//! and never again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A file of the index, in the order in which files were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(usize);

/// How often a word stands in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The file.
    pub file: FileId,
    /// The word's occurrences in it: one or more.
    pub count: usize,
}

/// An inverted index over text files.
///
/// ```
/// use demo::words::index::Index;
///
/// let mut index = Index::default();
/// index.add("a.txt".into(), ["pool", "arena", "pool"].map(String::from));
/// index.add("b.txt".into(), ["pool"].map(String::from));
///
/// let counts: Vec<usize> = index.postings("pool").iter().map(|posting| posting.count).collect();
/// assert_eq!(counts, [2, 1]);
/// assert_eq!(index.path(index.postings("arena")[0].file).to_str(), Some("a.txt"));
/// ```
#[derive(Debug, Default)]
pub struct Index {
    files: Vec<PathBuf>,
    postings: HashMap<String, Vec<Posting>>,
}

impl Index {
    /// Adds the file at `path`, which holds `words`, repeats included.
    pub fn add(&mut self, path: PathBuf, words: impl IntoIterator<Item = String>) {
        let file = FileId(self.files.len());
        self.files.push(path);
        for word in words {
            let postings = self.postings.entry(word).or_default();
            match postings.last_mut() {
                Some(last) if last.file == file => last.count += 1,
                _ => postings.push(Posting { file, count: 1 }),
            }
        }
    }

    /// Returns the files that hold `word`, in the order in which they were
    /// added; none for a word that no file holds.
    pub fn postings(&self, word: &str) -> &[Posting] {
        self.postings.get(word).map_or(&[], Vec::as_slice)
    }

    /// Returns the path of `file`.
    ///
    /// # Panics
    ///
    /// If `file` comes from another, larger index.
    pub fn path(&self, file: FileId) -> &Path {
        &self.files[file.0]
    }

    /// Returns the number of files.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Returns the number of different words.
    pub fn word_count(&self) -> usize {
        self.postings.len()
    }

    /// Returns each word with its postings, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Posting])> {
        self.postings.iter().map(|(word, postings)| (word.as_str(), postings.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of random words out of a small vocabulary, so that words repeat
    /// within a file and between files.
    fn random_files() -> Vec<Vec<String>> {
        let mut rng = fastrand::Rng::with_seed(5);
        (0..200)
            .map(|_| (0..rng.usize(..60)).map(|_| format!("w{}", rng.u8(..80))).collect())
            .collect()
    }

    #[test]
    fn postings_agree_with_a_search_of_every_file() {
        let files = random_files();
        let mut index = Index::default();
        for (number, words) in files.iter().enumerate() {
            index.add(format!("f{number}").into(), words.clone());
        }

        assert_eq!(index.file_count(), files.len());
        let mut found = 0;
        for word in (0..80).map(|number| format!("w{number}")) {
            let naive: Vec<Posting> = (0..files.len())
                .map(|file| Posting {
                    file: FileId(file),
                    count: files[file].iter().filter(|other| **other == word).count(),
                })
                .filter(|posting| posting.count > 0)
                .collect();
            assert_eq!(index.postings(&word), naive, "{word}");
            found += usize::from(!naive.is_empty());
        }
        assert_eq!(index.word_count(), found);
        assert_eq!(index.iter().count(), found);
    }

    #[test]
    fn a_file_without_words_counts_as_a_file() {
        let mut index = Index::default();
        index.add("empty".into(), []);
        index.add("full".into(), ["word".to_owned()]);
        assert_eq!((index.file_count(), index.word_count()), (2, 1));
        assert_eq!(index.path(index.postings("word")[0].file), Path::new("full"));
    }

    #[test]
    fn an_unknown_word_has_no_postings() {
        assert!(Index::default().postings("word").is_empty());
    }
}
