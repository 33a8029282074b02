//! Bytes that are read forwards, each read checked against what is there.

use super::Read;

/// A place in the file and what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or("it is cut short, or one of its sizes is wrong")?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn skip(&mut self, count: usize) -> Read<()> {
        self.take(count).map(|_| ())
    }

    /// A whole number of up to eight bytes, little end first.
    pub(super) fn uint(&mut self, bytes: usize) -> Read<u64> {
        let mut all = [0; 8];
        let taken = self.take(bytes.min(8))?;
        all[..taken.len()].copy_from_slice(taken);
        Ok(u64::from_le_bytes(all))
    }

    /// A whole number that counts bytes or things.
    pub(super) fn size(&mut self, bytes: usize) -> Read<usize> {
        usize::try_from(self.uint(bytes)?).map_err(|_| "it has a size that no file has".to_owned())
    }

    pub(super) fn byte(&mut self) -> Read<u8> {
        Ok(self.take(1)?[0])
    }

    /// That the next bytes are these.
    pub(super) fn expect(&mut self, signature: &[u8]) -> Read<()> {
        match self.take(signature.len())? == signature {
            true => Ok(()),
            false => Err(format!(
                "a part of it does not begin with `{}` as it should",
                String::from_utf8_lossy(signature)
            )),
        }
    }
}
