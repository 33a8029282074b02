//! Arrays of numbers.

use super::datatype::Type;
use super::header::kind;
use super::{Cursor, File, Object, Read};
use std::borrow::Cow;

/// Axes of an array.
const RANK: usize = 8;

/// An array of numbers, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) dims: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// The sizes of an array; none for one number, `None` for nothing at all.
pub(super) fn extent<'a>(space: &mut Cursor<'a>, file: &File<'a>) -> Read<Option<Vec<usize>>> {
    let version = space.byte()?;
    let rank = usize::from(space.byte()?);
    space.skip(1)?;
    let is_nothing = match version {
        1 => {
            space.skip(5)?;
            false
        }
        2 => space.byte()? == 2,
        _ => {
            return Err(format!(
                "a dataspace of version {version}, which netc does not know"
            ));
        }
    };
    if rank > RANK {
        return Err(format!("an array of {rank} axes"));
    }
    let dims: Vec<usize> = (0..rank).map(|_| file.length(space)).collect::<Read<_>>()?;
    Ok(Some(dims).filter(|_| !is_nothing))
}

impl<'a> Object<'_, 'a> {
    /// Whether it is an array, not a group.
    pub(crate) fn is_array(&self) -> bool {
        self.all(kind::LAYOUT).next().is_some()
    }

    /// Its numbers.
    pub(crate) fn array(&self) -> Read<Array> {
        let missing = || "it is no array of numbers".to_owned();
        let mut space = self.message(kind::DATASPACE)?.ok_or_else(missing)?;
        let dims = extent(&mut space, self.file)?.ok_or_else(missing)?;
        let (float, big_end_first) =
            match Type::of(&mut self.message(kind::DATATYPE)?.ok_or_else(missing)?)? {
                Type::Float(float, big_end_first) => (float, big_end_first),
                Type::Text(_) | Type::OpenText => return Err("it holds texts".to_owned()),
                Type::Other(what) => return Err(format!("it holds {what}")),
            };
        let bytes = dims
            .iter()
            .try_fold(float.size(), |all, n| all.checked_mul(*n));
        let bytes = bytes.ok_or("it is far larger than the file")?;
        // The numbers here have four bytes, whatever they have there.
        self.file
            .spend(bytes.saturating_add(bytes / float.size() * 4))?;
        let raw = self.raw(&dims, float.size(), bytes)?;
        Ok(Array {
            values: float.values(&raw, big_end_first),
            dims,
        })
    }

    /// Its bytes as they lie in memory.
    fn raw(&self, dims: &[usize], element: usize, bytes: usize) -> Read<Cow<'a, [u8]>> {
        let mut layout = self
            .message(kind::LAYOUT)?
            .ok_or("it is no array of numbers")?;
        let version = layout.byte()?;
        let class = layout.byte()?;
        match (version, class) {
            (3 | 4, 0) => {
                let size = layout.size(2)?;
                let whole = layout.take(size)?.get(..bytes);
                Ok(Cow::Borrowed(whole.ok_or("it has fewer numbers than it says")?))
            }
            (3 | 4, 1) => match self.file.address(&mut layout)? {
                // What was never written is zeros.
                None => Ok(Cow::Owned(vec![0; bytes])),
                Some(_) if bytes == 0 => Ok(Cow::Borrowed(&[])),
                Some(address) => Ok(Cow::Borrowed(self.file.at(address)?.take(bytes)?)),
            },
            (3, 2) => self.chunked(&mut layout, dims, element, bytes).map(Cow::Owned),
            (4, 2) => Err("its numbers lie in chunks of the newest kind, which netc does not read: save the model anew with Keras".to_owned()),
            _ => Err(format!("its numbers lie in a way (version {version}, class {class}) that netc does not read")),
        }
    }
}
