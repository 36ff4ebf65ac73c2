//! Text for standard error, made without the heap.

use core::fmt;

/// A line of text without the heap; what is too much is cut off.
pub(crate) struct Line {
    bytes: [u8; 384],
    len: usize,
}

impl Line {
    /// An empty line.
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; 384], len: 0 }
    }

    /// The text, if it was not cut within a character.
    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        for (place, byte) in room.iter_mut().zip(text.bytes()) {
            *place = byte;
            self.len += 1;
        }
        Ok(())
    }
}
