//! What stands around the data of a block: padding, a header, a trailer.
//!
//! ```text
//! │ padding │ header: size, API, 7 pads │ data │ trailer: 8 pads, call │
//! ```
//!
//! The padding is there only for alignments above 16. Numbers are big endian, to be read in
//! a dump of the memory.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::slice;

/// New memory.
pub(super) const CLEAN_BYTE: u8 = 0xCD;
/// Freed memory.
pub(super) const DEAD_BYTE: u8 = 0xDD;
/// Memory that nobody may write.
pub(super) const FORBIDDEN_BYTE: u8 = 0xFD;
/// CPython has a letter for each of its APIs; this is its objects'.
pub(super) const API: u8 = b'o';

/// The bytes before the data.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) size: [u8; 8],
    pub(super) api: u8,
    pub(super) pads: [u8; 7],
}

/// The bytes after the data.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Trailer {
    pub(super) pads: [u8; 8],
    pub(super) call: [u8; 8],
}

const _: () = assert!(size_of::<Header>() == 16 && size_of::<Trailer>() == 16, "as in CPython");
const _: () = assert!(align_of::<Header>() == 1 && align_of::<Trailer>() == 1, "at any address");

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It was freed before.
    Freed,
    /// A byte before the data was overwritten.
    LeadingPad,
    /// The byte that says which API made it was overwritten.
    Api,
    /// It has another size than its user says.
    Size,
    /// A byte after the data was overwritten.
    TrailingPad,
}

/// Where the parts of a block are, for one layout of the data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Of the whole block.
    whole: Layout,
    /// Of padding and header.
    head_bytes: usize,
    data_bytes: usize,
}

impl Frame {
    /// The frame around data of this layout; `None` if that is more than can be addressed.
    pub(super) fn around(data: Layout) -> Option<Self> {
        // The data follow at the next address that is aligned for them, counted from the
        // block's start, which is aligned so too.
        let (with_head, head_bytes) = Layout::new::<Header>().extend(data).ok()?;
        let (whole, _) = with_head.extend(Layout::new::<Trailer>()).ok()?;
        Some(Self { whole, head_bytes, data_bytes: data.size() })
    }

    /// The layout of the whole block, never empty.
    pub(super) fn layout(&self) -> Layout {
        self.whole
    }

    /// Writes the frame and returns where the data are.
    ///
    /// # Safety
    /// `block` has this frame's layout, and nobody uses it yet.
    pub(super) unsafe fn write(&self, block: NonNull<u8>, call: u64) -> NonNull<u8> {
        // SAFETY: the head is the block's first bytes.
        unsafe { block.write_bytes(FORBIDDEN_BYTE, self.head_bytes) };
        // SAFETY: the data begin inside the block, after the head.
        let data = unsafe { block.add(self.head_bytes) };
        let size = (self.data_bytes as u64).to_be_bytes();
        let header = Header { size, api: API, pads: [FORBIDDEN_BYTE; 7] };
        // SAFETY: a head is at least a header.
        let place = unsafe { data.cast::<Header>().sub(1) };
        // SAFETY: inside the block, and good for any address.
        unsafe { place.write(header) };
        let trailer = Trailer { pads: [FORBIDDEN_BYTE; 8], call: call.to_be_bytes() };
        // SAFETY: the trailer follows the data, inside the block.
        let place = unsafe { data.add(self.data_bytes) }.cast::<Trailer>();
        // SAFETY: as above, and good for any address.
        unsafe { place.write(trailer) };
        data
    }

    /// The block around data.
    ///
    /// # Safety
    /// `data` are those of a block with this frame.
    pub(super) unsafe fn block_of(&self, data: NonNull<u8>) -> NonNull<u8> {
        // SAFETY: the caller's contract: the head is in front of the data.
        unsafe { data.sub(self.head_bytes) }
    }

    /// Says what is wrong with a block, if anything.
    ///
    /// # Safety
    /// `data` are those of a block with this frame. Where that is not so, what is read is
    /// unknown, but the header tells, nearly always.
    pub(super) unsafe fn check(&self, data: NonNull<u8>) -> Result<(), Fault> {
        // SAFETY: the caller's contract.
        let header = unsafe { header(data) };
        if header.is_dead() {
            return Err(Fault::Freed);
        }
        if !header.is_sound() {
            // Inner allocators write to the first bytes of what they were given back;
            // the last ones tell on a block that was freed.
            // SAFETY: the caller's contract.
            let trailer = unsafe { trailer(data, self.data_bytes) };
            return Err(if trailer.pads == [DEAD_BYTE; 8] {
                Fault::Freed
            } else if header.pads == [FORBIDDEN_BYTE; 7] {
                Fault::Api
            } else {
                Fault::LeadingPad
            });
        }
        if header.size() != self.data_bytes {
            return Err(Fault::Size);
        }
        // SAFETY: the caller's contract.
        if unsafe { self.padding(data) }.iter().any(|&byte| byte != FORBIDDEN_BYTE) {
            return Err(Fault::LeadingPad);
        }
        // SAFETY: the caller's contract.
        let trailer = unsafe { trailer(data, self.data_bytes) };
        if trailer.pads == [FORBIDDEN_BYTE; 8] { Ok(()) } else { Err(Fault::TrailingPad) }
    }

    /// The bytes before the header that keep the data aligned.
    ///
    /// # Safety
    /// As for [`Frame::check`].
    pub(super) unsafe fn padding<'a>(&self, data: NonNull<u8>) -> &'a [u8] {
        // SAFETY: the caller's contract: the block starts there.
        let start = unsafe { self.block_of(data) };
        let bytes = self.head_bytes - size_of::<Header>();
        // SAFETY: written when the block was made; the user of the block does not.
        unsafe { slice::from_raw_parts(start.as_ptr(), bytes) }
    }
}

impl Header {
    /// Whether it is as it was written, as far as can be said.
    pub(super) fn is_sound(&self) -> bool {
        self.pads == [FORBIDDEN_BYTE; 7] && self.api == API
    }

    /// The size that was asked for.
    pub(super) fn size(&self) -> usize {
        u64::from_be_bytes(self.size) as usize
    }

    /// Whether the block was freed, and nobody wrote here since.
    pub(super) fn is_dead(&self) -> bool {
        *self == Self { size: [DEAD_BYTE; 8], api: DEAD_BYTE, pads: [DEAD_BYTE; 7] }
    }
}

/// The header in front of data.
///
/// # Safety
/// `data` are a framed block's.
pub(super) unsafe fn header(data: NonNull<u8>) -> Header {
    // SAFETY: the caller's contract.
    let place = unsafe { data.cast::<Header>().sub(1) };
    // SAFETY: as above; it was written when the block was made.
    unsafe { place.read() }
}

/// The trailer behind `data_bytes` of data.
///
/// # Safety
/// `data` are a framed block's, and so many.
pub(super) unsafe fn trailer(data: NonNull<u8>, data_bytes: usize) -> Trailer {
    // SAFETY: the caller's contract.
    let place = unsafe { data.add(data_bytes) }.cast::<Trailer>();
    // SAFETY: as above; it was written when the block was made.
    unsafe { place.read() }
}
