//! What a packed file holds, of which no more is taken into memory than an honest one would need.

use std::io::Read;

/// Deflate makes up to 1,032 bytes of one; pictures are seldom 20 times their packed size.
const RATIO: u64 = 64;

/// What any file may hold, however small: pictures of one colour pack well.
const SPARE: u64 = 256 << 20;

/// Everything that comes out of a reader that unpacks `packed` bytes.
///
/// # Errors
/// What is wrong with it; `kind` is what the reader unpacks.
pub(super) fn unpacked(reader: impl Read, packed: u64, kind: &str) -> Result<Vec<u8>, String> {
    let most = packed.saturating_mul(RATIO).saturating_add(SPARE);
    let mut bytes = Vec::new();
    let read = reader.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|e| format!("the {kind} is broken: {e}"))?;
    if bytes.len() as u64 > most {
        let most = most >> 20;
        return Err(format!(
            "the {kind} unpacks to more than {most} MB, over {RATIO} times its own size; if that is right, give netc the file unpacked"
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_bomb_is_refused_before_it_bursts() {
        // A reader without an end.
        let why = unpacked(io::repeat(7), 1 << 20, "gzip stream").unwrap_err();
        assert!(why.contains("unpacks to more than 320 MB"), "{why}");
        let whole = unpacked(io::repeat(7).take(100), 3, "gzip stream");
        assert_eq!(whole, Ok(vec![7; 100]));
    }
}
