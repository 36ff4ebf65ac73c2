//! Which words come first: the profiled half of `demo words` that ranks.

use std::cmp::Reverse;

use super::index::{FileId, Index, Posting};

/// A word of the index with its place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked<'index> {
    /// The word, in lower case.
    pub word: &'index str,
    /// Its occurrences in all files together.
    pub count: usize,
    /// The files that hold it: one or more.
    pub postings: &'index [Posting],
}

impl Ranked<'_> {
    /// Returns the file that holds the word most often, of equals the first;
    /// `None` only for a word without postings, which no index has.
    pub fn most_in(&self) -> Option<FileId> {
        self.postings
            .iter()
            .min_by_key(|posting| Reverse(posting.count))
            .map(|posting| posting.file)
    }
}

/// Returns the `top` words of `index` that occur most often, or all of them if
/// there are fewer; of equally frequent words the first in the order of
/// Unicode's code points.
///
/// ```
/// use demo::words::{index::Index, rank::rank};
///
/// let mut index = Index::default();
/// index.add("a.txt".into(), ["pool", "arena", "pool"].map(String::from));
/// let ranked = rank(&index, 1);
/// assert_eq!((ranked[0].word, ranked[0].count), ("pool", 2));
/// ```
#[alloc_profiler::profile]
pub fn rank(index: &Index, top: usize) -> Vec<Ranked<'_>> {
    let mut ranked = Vec::with_capacity(index.word_count());
    for (word, postings) in index.iter() {
        let count = postings.iter().map(|posting| posting.count).sum();
        ranked.push(Ranked { word, count, postings });
    }
    ranked.sort_unstable_by_key(|ranked| (Reverse(ranked.count), ranked.word));
    ranked.truncate(top);
    ranked.shrink_to_fit();
    ranked
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn ranks_agree_with_a_naive_count() {
        let mut rng = fastrand::Rng::with_seed(9);
        let mut index = Index::default();
        let mut naive: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for file in 0..100 {
            let words: Vec<String> = (0..50).map(|_| format!("w{}", rng.u8(..40))).collect();
            let mut distinct = words.clone();
            distinct.sort();
            distinct.dedup();
            for word in &words {
                naive.entry(word.clone()).or_default().0 += 1;
            }
            for word in distinct {
                naive.entry(word).or_default().1 += 1;
            }
            index.add(format!("f{file}").into(), words);
        }
        // A stable sort of words in ascending order: ties stay in that order.
        let mut expected: Vec<(&str, usize, usize)> =
            naive.iter().map(|(word, &(count, files))| (word.as_str(), count, files)).collect();
        expected.sort_by_key(|&(_, count, _)| Reverse(count));

        for top in [0, 1, 7, 40, 1_000] {
            let ranked: Vec<(&str, usize, usize)> = rank(&index, top)
                .iter()
                .map(|ranked| (ranked.word, ranked.count, ranked.postings.len()))
                .collect();
            assert_eq!(ranked, expected[..top.min(expected.len())], "top {top}");
        }
    }

    #[test]
    fn the_file_that_holds_most_is_the_first_of_equals() {
        let mut index = Index::default();
        for (path, times) in [("a", 1), ("b", 3), ("c", 3), ("d", 2)] {
            index.add(path.into(), vec!["word".to_owned(); times]);
        }
        let most_in = rank(&index, 1)[0].most_in().map(|file| index.path(file).to_owned());
        assert_eq!(most_in, Some("b".into()));
    }
}
