//! Sites: one static per profiled function, made by the attribute.
//!
//! A [`Site`] holds what is known when the function is compiled: its file, its
//! source text and which lines have probes. When the function is first entered,
//! anywhere, the site gets an id and joins the list that reports read. The first
//! site of all switches the profiler on.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::counting::switch;
use crate::options::Options;
use crate::statics::{AtomicRef, List, Node};

/// Every function that was entered.
static SITES: List<Site> = List::new();

/// How many ids were given out.
static IDS: AtomicUsize = AtomicUsize::new(0);

/// The id of a site that was not entered yet.
const NONE: usize = usize::MAX;

/// A source line that has a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    number: u32,
    is_brace: bool,
}

impl Line {
    /// Returns a line on which a statement begins.
    pub const fn statement(number: u32) -> Self {
        Self { number, is_brace: false }
    }

    /// Returns a line that closes a block and begins no statement: all that can
    /// happen there is that locals are dropped.
    pub const fn brace(number: u32) -> Self {
        Self { number, is_brace: true }
    }

    /// Returns the line's number in its file, from 1.
    pub(crate) fn number(self) -> u32 {
        self.number
    }

    /// Returns whether the line only closes a block.
    pub(crate) fn is_brace(self) -> bool {
        self.is_brace
    }
}

/// A profiled function, as the attribute describes it.
pub struct Site {
    path: fn() -> &'static str,
    file: &'static str,
    first_line: u32,
    source: &'static str,
    lines: &'static [Line],
    options: Options,
    id: AtomicUsize,
    next: AtomicRef<Site>,
}

impl Node for Site {
    fn next(&self) -> &AtomicRef<Self> {
        &self.next
    }
}

impl Site {
    /// Returns a site for the function around `path`, whose text `source` begins
    /// at `first_line` of `file`. The first of `lines` stands for its entry.
    pub const fn new(
        path: fn() -> &'static str,
        file: &'static str,
        first_line: u32,
        source: &'static str,
        lines: &'static [Line],
    ) -> Self {
        let (id, next) = (AtomicUsize::new(NONE), AtomicRef::none());
        Self { path, file, first_line, source, lines, options: Options::new(), id, next }
    }

    /// Returns the site with other options.
    #[must_use]
    pub const fn with(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    #[inline]
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the function's name: its path, as `crate::module::function`, if
    /// it was given no other.
    pub(crate) fn name(&self) -> &'static str {
        if let Some(name) = self.options.name {
            return name;
        }
        // `path` names a function inside the static inside the function.
        let path = (self.path)();
        let function = path.rsplitn(3, "::").nth(2).unwrap_or(path);
        // The body of an `async fn` is a closure to the compiler.
        function.trim_end_matches("::{{closure}}")
    }

    pub(crate) fn file(&self) -> &'static str {
        self.file
    }

    /// Returns the source lines with their numbers.
    pub(crate) fn source_lines(&self) -> impl Iterator<Item = (u32, &'static str)> {
        (self.first_line..).zip(self.source.lines())
    }

    pub(crate) fn lines(&self) -> &'static [Line] {
        self.lines
    }

    /// Returns the site's place in the order of first entry, from 0; it gets one
    /// if it has none yet.
    #[inline]
    pub(crate) fn id(&'static self) -> usize {
        match self.id.load(Ordering::Relaxed) {
            NONE => self.register(),
            id => id,
        }
    }

    #[cold]
    #[inline(never)]
    fn register(&'static self) -> usize {
        switch::on();
        let new = IDS.fetch_add(1, Ordering::Relaxed);
        // Relaxed: the id says nothing about other memory. Of two threads that
        // enter the function first, one wins; the other's id stays unused.
        match self.id.compare_exchange(NONE, new, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => {
                SITES.push(self);
                new
            }
            Err(id) => id,
        }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("name", &self.name())
            .field("file", &self.file)
            .field("first_line", &self.first_line)
            .finish_non_exhaustive()
    }
}

/// Returns every function that was entered, in the order of first entry.
pub(crate) fn entered() -> Vec<&'static Site> {
    let mut sites: Vec<_> = SITES.iter().filter(|site| !site.options.is_hidden).collect();
    sites.sort_by_key(|site| site.id());
    sites
}
