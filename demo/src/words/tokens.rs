//! Text to words.
//!
//! A word is a longest run of characters that Unicode calls alphabetic or
//! numeric ([`char::is_alphanumeric`]), in lower case. Everything else
//! separates words: `don't` is `don` and `t`. That is cruder than Unicode's
//! own word boundaries and enough to index by.

/// Returns the words of `text` in order, each in lower case, repeats included.
///
/// ```
/// let words: Vec<String> = demo::words::tokens::words("Größe 2, größe!").collect();
/// assert_eq!(words, ["größe", "2", "größe"]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One character at a time, with no help from `split`.
    fn naive(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut run = String::new();
        for c in text.chars().chain([' ']) {
            if c.is_alphanumeric() {
                run.push(c);
            } else if !run.is_empty() {
                words.push(run.to_lowercase());
                run.clear();
            }
        }
        words
    }

    #[test]
    fn random_texts_split_as_a_naive_reader_splits_them() {
        let alphabet: Vec<char> = "aB9 \n_-.'ßÉжЯ漢٣\u{301}\u{feff}İΣ🦀".chars().collect();
        let mut rng = fastrand::Rng::with_seed(11);
        for _ in 0..2_000 {
            let text: String =
                (0..rng.usize(..40)).map(|_| alphabet[rng.usize(..alphabet.len())]).collect();
            assert_eq!(words(&text).collect::<Vec<_>>(), naive(&text), "{text:?}");
        }
    }

    #[test]
    fn separators_alone_hold_no_word() {
        for text in ["", " ", "\u{feff}", "--..\n\t", "🦀"] {
            assert_eq!(words(text).count(), 0, "{text:?}");
        }
    }

    #[test]
    fn case_and_edges_do_not_matter() {
        assert_eq!(words("Don't STOP_42").collect::<Vec<_>>(), ["don", "t", "stop", "42"]);
        assert_eq!(words("ПАМЯТЬ память").collect::<Vec<_>>(), ["память", "память"]);
    }
}
