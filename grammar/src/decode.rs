//! From the bytes of a file to text.

use crate::limits::MAX_FILE_BYTES;
use crate::reports::span_in;
use crate::{Code, Diagnostic, FileId, Sources};

/// Bytes that are not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUtf8 {
    /// The text with U+FFFD in place of what could not be decoded; up to `offset` it is exact.
    pub lossy: String,
    /// The offset of the first byte that does not fit, after a byte-order mark was taken away.
    pub offset: usize,
    /// That byte; `None` where the file ends within a character.
    pub byte: Option<u8>,
    /// The file begins as UTF-16 does.
    pub utf16: bool,
}

/// The text of a file, without a byte-order mark.
///
/// # Errors
/// If the bytes are not UTF-8. [`NotUtf8::report`] makes a diagnostic of it.
///
/// ```
/// use netc_grammar::{Sources, decode};
/// assert_eq!(decode(b"\xef\xbb\xbfnet A".to_vec()).as_deref(), Ok("net A"));
/// let mut sources = Sources::default();
/// let (file, diagnostic) = decode(b"net A\nINPUT(\xff)".to_vec()).unwrap_err().report(&mut sources, "a.net");
/// assert_eq!(diagnostic.headline, "the file is not UTF-8: byte 0xff in line 2");
/// ```
pub fn decode(mut bytes: Vec<u8>) -> Result<String, NotUtf8> {
    const BOM: &[u8] = b"\xef\xbb\xbf";
    if bytes.starts_with(BOM) {
        bytes.drain(..BOM.len());
    }
    // Whatever it is, it is too large, which `parse` says: it may have been cut within a character.
    if bytes.len() > MAX_FILE_BYTES {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let truncated = error.utf8_error().error_len().is_none();
        let bytes = error.as_bytes();
        NotUtf8 {
            lossy: String::from_utf8_lossy(bytes).into_owned(),
            offset,
            byte: bytes.get(offset).copied().filter(|_| !truncated),
            utf16: bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff"),
        }
    })
}

impl NotUtf8 {
    /// Adds the text to the sources, so that the diagnostic can show it, and says what is wrong.
    pub fn report(self, sources: &mut Sources, name: impl Into<String>) -> (FileId, Diagnostic) {
        let file = sources.add(name, self.lossy);
        let span = span_in(&sources.get(file).text, file, self.offset, self.offset + 1);
        let line = sources.line_col(span).0.line;
        let what = match self.byte {
            Some(byte) => format!("byte {byte:#04x} in line {line}"),
            None => format!("it ends within a character, in line {line}"),
        };
        let d = Diagnostic::error(Code::E0133, format!("the file is not UTF-8: {what}"), span)
            .primary(format!("byte {} of the file", self.offset))
            .help("save the file as UTF-8");
        let d = if self.utf16 {
            d.note("it begins as UTF-16 files do")
        } else {
            d
        };
        (file, d)
    }
}
