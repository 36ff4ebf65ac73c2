//! The report on a block that is not as it was left, and the end of the process.
//!
//! CPython's, word for word where it says the same (`_PyObject_DebugDumpAddress` in
//! `Objects/obmalloc.c`), and a last line as that of our other faults. It is written a
//! line at a time: where memory behind a broken header cannot be read, what was found
//! until then is seen.

use core::alloc::Layout;
use core::fmt::{self, Display, Write as _};
use core::ptr::NonNull;

use super::frame::{API, FORBIDDEN_BYTE, Fault, Frame, Header, header, trailer};
use crate::line::Line;
use crate::os;

/// Bytes of data that are shown at either end.
const SHOWN_BYTES: usize = 8;
/// Bytes of padding that are shown, of those overwritten.
const SHOWN_PADDING_BYTES: usize = 16;

/// What was being done to the block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    /// `dealloc`.
    Freed,
    /// `realloc`.
    Resized,
}

/// Reports the block and ends the process.
///
/// # Safety
/// The bytes around `data` are those that [`Frame::check`] found at fault.
#[cold]
pub(super) unsafe fn end(data: NonNull<u8>, layout: Layout, fault: Fault, deed: Deed) -> ! {
    // SAFETY: `check` has read it.
    let header = unsafe { header(data) };
    say(format_args!("Debug memory block at address p={data:p}: API '{}'", api(&header)));
    say(format_args!("    {} bytes originally requested", header.size()));
    if let Some(frame) = Frame::around(layout).filter(|_| header.is_sound()) {
        // SAFETY: the caller's contract.
        say_padding(unsafe { frame.padding(data) });
    }
    say_pads(&header.pads, format_args!("p-7"), |f, index| write!(f, "p-{}", 7 - index));
    // A freed block's other bytes say no more, and may be gone.
    if !header.is_dead() {
        let data_bytes = if header.is_sound() { header.size() } else { layout.size() };
        if !header.is_sound() {
            say(format_args!(
                "    Because memory is corrupted at the start, the count of bytes requested"
            ));
            say(format_args!("       may be bogus; the tail is where the layout has it."));
        }
        // SAFETY: the caller's contract: the block has so many bytes.
        unsafe { say_tail(data, data_bytes, fault) };
        // SAFETY: as above.
        unsafe { say_data(data, data_bytes) };
    }
    say(format_args!(""));
    let mut line = Line::new();
    // The line takes what fits and never fails.
    let _ = write!(
        line,
        "alloc-core: {}: the block at {data:p} was {deed} with a layout of {} bytes",
        What(fault, header),
        layout.size()
    );
    os::abort_with(&[line.as_str()])
}

/// Says what is behind the data.
///
/// # Safety
/// `data` are a framed block's, and so many.
unsafe fn say_tail(data: NonNull<u8>, data_bytes: usize, fault: Fault) {
    // SAFETY: the caller's contract.
    let trailer = unsafe { trailer(data, data_bytes) };
    let tail = data.as_ptr().wrapping_add(data_bytes);
    let at = |f: &mut fmt::Formatter<'_>, index| write!(f, "tail+{index}");
    say_pads(&trailer.pads, format_args!("tail={tail:p}"), at);
    if fault != Fault::Freed {
        let call = u64::from_be_bytes(trailer.call);
        say(format_args!("    The block was made by call #{call} to debug malloc/realloc."));
    }
}

/// Says what the first and the last data are.
///
/// # Safety
/// As for [`say_tail`].
unsafe fn say_data(data: NonNull<u8>, data_bytes: usize) {
    let mut line = Line::new();
    // The line takes what fits, and this does.
    let _ = write!(line, "    Data at p:");
    let last_shown = data_bytes.saturating_sub(SHOWN_BYTES).max(SHOWN_BYTES);
    for index in (0..data_bytes.min(SHOWN_BYTES)).chain(last_shown..data_bytes) {
        if index == last_shown && last_shown > SHOWN_BYTES {
            let _ = write!(line, " ...");
        }
        // SAFETY: an index below the number of bytes.
        let byte = unsafe { data.add(index) };
        // SAFETY: inside the data, which were filled when they were new.
        let byte = unsafe { byte.read() };
        let _ = write!(line, " {byte:02x}");
    }
    say(format_args!("{}", line.as_str()));
}

/// Says whether all these bytes are as they were written and, if not, shows each.
fn say_pads(
    pads: &[u8],
    place: fmt::Arguments<'_>,
    at: impl Fn(&mut fmt::Formatter<'_>, usize) -> fmt::Result,
) {
    let count = pads.len();
    if pads.iter().all(|&byte| byte == FORBIDDEN_BYTE) {
        return say(format_args!(
            "    The {count} pad bytes at {place} are FORBIDDENBYTE, as expected."
        ));
    }
    say(format_args!(
        "    The {count} pad bytes at {place} are not all FORBIDDENBYTE (0x{FORBIDDEN_BYTE:02x}):"
    ));
    for (index, &byte) in pads.iter().enumerate() {
        let ouch = if byte == FORBIDDEN_BYTE { "" } else { " *** OUCH" };
        let at = fmt::from_fn(|f| at(f, index));
        say(format_args!("        at {at}: 0x{byte:02x}{ouch}"));
    }
}

/// As [`say_pads`] of the bytes that align the data, which may be thousands: of these,
/// only some that were overwritten are shown, those next to the header.
fn say_padding(padding: &[u8]) {
    let wrong = |&(_, &byte): &(usize, &u8)| byte != FORBIDDEN_BYTE;
    let places = padding.iter().rev().zip(size_of::<Header>() + 1..);
    let mut shown = places.map(|(byte, before)| (before, byte)).filter(wrong).peekable();
    if shown.peek().is_none() {
        return;
    }
    let (count, before) = (padding.len(), padding.len() + size_of::<Header>());
    say(format_args!(
        "    The {count} pad bytes at p-{before} are not all FORBIDDENBYTE (0x{FORBIDDEN_BYTE:02x}):"
    ));
    for (before, byte) in shown.take(SHOWN_PADDING_BYTES) {
        say(format_args!("        at p-{before}: 0x{byte:02x} *** OUCH"));
    }
}

/// The fault in words.
struct What(Fault, Header);

impl Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(fault, header) = self;
        match fault {
            Fault::Freed => write!(f, "freed already"),
            Fault::LeadingPad => write!(f, "bad leading pad byte"),
            Fault::TrailingPad => write!(f, "bad trailing pad byte"),
            Fault::Size => write!(f, "bad size, {} bytes were requested", header.size()),
            Fault::Api => write!(
                f,
                "bad ID, allocated using API '{}', verified using API '{}'",
                api(header),
                API.escape_ascii()
            ),
        }
    }
}

impl Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Freed => "freed",
            Self::Resized => "resized",
        })
    }
}

fn api(header: &Header) -> impl Display {
    header.api.escape_ascii()
}

/// Writes a line to standard error.
fn say(text: fmt::Arguments<'_>) {
    let mut line = Line::new();
    // The line takes what fits and never fails.
    let _ = writeln!(line, "{text}");
    os::warn(line.as_bytes());
}
