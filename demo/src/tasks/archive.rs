//! The pages that were fetched. One attribute profiles every method of the type.

use alloc_profiler::profile;

use super::fetch::Page;

/// Pages, in the order in which they came.
#[derive(Debug)]
pub struct Archive {
    pages: Vec<Page>,
}

#[profile]
impl Archive {
    /// Returns an archive with room for so many pages.
    ///
    /// ```
    /// let archive = demo::tasks::archive::Archive::with_capacity(10);
    /// assert_eq!(archive.page_count(), 0);
    /// ```
    pub fn with_capacity(pages: usize) -> Self {
        Self { pages: Vec::with_capacity(pages) }
    }

    /// Takes a page in.
    ///
    /// ```
    /// use demo::tasks::{archive::Archive, fetch::Page};
    ///
    /// let mut archive = Archive::with_capacity(1);
    /// archive.add(Page { text: String::from("a\nb\n") });
    /// assert_eq!((archive.page_count(), archive.text_bytes()), (1, 4));
    /// ```
    pub fn add(&mut self, page: Page) {
        self.pages.push(page);
    }

    /// Returns copies of those lines of the `pages` that end in `ending`.
    ///
    /// ```
    /// use demo::tasks::{archive::Archive, fetch::Page};
    ///
    /// let page = Page { text: String::from("line 1\nline 2\n") };
    /// assert_eq!(Archive::lines_ending(&[page], "2"), ["line 2"]);
    /// ```
    pub fn lines_ending(pages: &[Page], ending: &str) -> Vec<String> {
        let mut found = Vec::with_capacity(pages.len());
        for page in pages {
            let lines = page.text.lines().filter(|line| line.ends_with(ending));
            found.extend(lines.map(str::to_owned));
        }
        found
    }

    /// Returns the pages in `count` shares of almost one size, or less where there
    /// are not as many pages.
    ///
    /// ```
    /// let archive = demo::tasks::archive::Archive::with_capacity(10);
    /// assert_eq!(archive.shares(2).count(), 0);
    /// ```
    #[profile(skip)]
    pub fn shares(&self, count: usize) -> impl Iterator<Item = &[Page]> {
        let size = self.pages.len().div_ceil(count.max(1));
        self.pages.chunks(size.max(1))
    }

    /// Returns how many pages there are.
    ///
    /// ```
    /// assert_eq!(demo::tasks::archive::Archive::with_capacity(10).page_count(), 0);
    /// ```
    #[profile(skip)]
    pub fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// Returns how many bytes the pages' texts have together.
    ///
    /// ```
    /// assert_eq!(demo::tasks::archive::Archive::with_capacity(10).text_bytes(), 0);
    /// ```
    #[profile(skip)]
    pub fn text_bytes(&self) -> usize {
        self.pages.iter().map(|page| page.text.len()).sum()
    }
}
