//! A stretch of bytes that were all written, and are checked at the end.

/// A heap block of a given size, full of one byte.
#[derive(Debug)]
pub(super) struct Buffer {
    content: Vec<u8>,
    stamp: u8,
}

impl Buffer {
    /// Allocates and fills so many bytes, at least one.
    pub(super) fn new(bytes: usize, stamp: u8) -> Self {
        Self { content: vec![stamp; bytes], stamp }
    }

    /// Bytes that are allocated.
    pub(super) fn bytes(&self) -> usize {
        self.content.capacity()
    }

    /// Grows or shrinks to so many bytes, at least one.
    pub(super) fn resize(&mut self, bytes: usize) {
        self.content.truncate(bytes);
        self.content.shrink_to_fit();
        self.content.reserve_exact(bytes - self.content.len());
        self.content.resize(bytes, self.stamp);
    }

    /// Frees the buffer and returns how many bytes it had.
    ///
    /// # Panics
    /// When its first, its middle or its last byte is not what was written.
    pub(super) fn free(self) -> usize {
        let Self { content, stamp } = &self;
        let places = [0, content.len() / 2, content.len() - 1];
        let is_intact = places.into_iter().all(|place| content[place] == *stamp);
        assert!(is_intact, "{} bytes at {:p} were overwritten", content.len(), content.as_ptr());
        self.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_has_its_bytes_through_growth_and_shrinking() {
        let mut buffer = Buffer::new(100, 7);
        for bytes in [150, 1, 100_000, 64] {
            buffer.resize(bytes);
            assert_eq!(buffer.bytes(), bytes);
            assert_eq!(buffer.content, vec![7; bytes]);
        }
        assert_eq!(buffer.free(), 64);
    }

    #[test]
    #[should_panic(expected = "overwritten")]
    fn a_byte_that_is_overwritten_is_found() {
        let mut buffer = Buffer::new(100, 7);
        buffer.content[99] = 8;
        buffer.free();
    }
}
