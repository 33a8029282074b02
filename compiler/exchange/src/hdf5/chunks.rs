//! Arrays in chunks, which may be packed.

use super::header::kind;
use super::{Cursor, File, Object, Read};
use flate2::read::ZlibDecoder;
use std::borrow::Cow;
use std::io::Read as _;

/// Levels of a tree of chunks.
const LEVELS: u8 = 8;

/// What was done to the bytes of a chunk when they were written.
enum Filter {
    Deflate,
    /// The first bytes of all elements, then the second ones, for elements of this size.
    Shuffle(usize),
    /// A sum of four bytes behind them.
    Sum,
}

/// How an array is cut, and what is made of it.
struct Cut<'d> {
    dims: &'d [usize],
    chunk: Vec<usize>,
    element: usize,
    filters: Vec<Filter>,
    /// Bytes of a chunk.
    size: usize,
    out: Vec<u8>,
}

impl<'a> Object<'_, 'a> {
    pub(super) fn chunked(
        &self,
        layout: &mut Cursor<'a>,
        dims: &[usize],
        element: usize,
        bytes: usize,
    ) -> Read<Vec<u8>> {
        // An axis more, which is the bytes of an element.
        let axes = usize::from(layout.byte()?);
        let tree = self.file.address(layout)?;
        let chunk: Vec<usize> = (0..axes).map(|_| layout.size(4)).collect::<Read<_>>()?;
        if axes != dims.len() + 1 || chunk.last() != Some(&element) || chunk.contains(&0) {
            return Err("its chunks do not fit the array".to_owned());
        }
        let size = chunk.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
        let mut cut = Cut {
            dims,
            element,
            filters: self.filters(element)?,
            size: size.ok_or("its chunks are far too large")?,
            chunk: chunk[..dims.len()].to_vec(),
            out: vec![0; bytes],
        };
        if let Some(tree) = tree {
            self.file.chunks(tree, LEVELS, &mut cut)?;
        }
        Ok(cut.out)
    }

    fn filters(&self, element: usize) -> Read<Vec<Filter>> {
        let Some(mut message) = self.message(kind::FILTERS)? else {
            return Ok(Vec::new());
        };
        let version = message.byte()?;
        let count = message.byte()?;
        message.skip(if version == 1 { 6 } else { 0 })?;
        let mut filters = Vec::new();
        for _ in 0..count {
            let id = message.uint(2)?;
            let name = match version == 1 || id >= 256 {
                true => message.size(2)?,
                false => 0,
            };
            message.skip(2)?;
            let values = message.size(2)?;
            message.skip(if version == 1 {
                name.next_multiple_of(8)
            } else {
                name
            })?;
            let first = match values {
                0 => element,
                _ => message.size(4)?,
            };
            message.skip(4 * values.saturating_sub(1))?;
            message.skip(if version == 1 && values % 2 == 1 {
                4
            } else {
                0
            })?;
            filters.push(match id {
                1 => Filter::Deflate,
                2 if first > 0 => Filter::Shuffle(first),
                3 => Filter::Sum,
                _ => {
                    return Err(format!(
                        "its numbers are packed by filter {id}, which netc does not know"
                    ));
                }
            });
        }
        Ok(filters)
    }
}

impl<'a> File<'a> {
    fn chunks(&self, address: u64, levels: u8, cut: &mut Cut<'_>) -> Read<()> {
        let mut node = self.at(address)?;
        node.expect(b"TREE")?;
        let (node_kind, level) = (node.byte()?, node.byte()?);
        if node_kind != 1 || level >= levels {
            return Err("its tree of chunks is none".to_owned());
        }
        let entries = node.size(2)?;
        node.skip(2 * self.address_size)?;
        for _ in 0..entries {
            let size = node.size(4)?;
            let left_out = node.uint(4)?;
            let place: Vec<usize> = cut.dims.iter().map(|_| node.size(8)).collect::<Read<_>>()?;
            node.skip(8)?;
            let child = node.uint(self.address_size)?;
            if level > 0 {
                self.chunks(child, level, cut)?;
                continue;
            }
            self.spend(cut.size)?;
            let packed = self.at(child)?.take(size)?;
            let whole = unpacked(packed, cut, left_out)?;
            cut.put(&place, &whole)?;
        }
        Ok(())
    }
}

/// A chunk as it was before it was packed.
fn unpacked<'p>(packed: &'p [u8], cut: &Cut<'_>, left_out: u64) -> Read<Cow<'p, [u8]>> {
    let mut bytes = Cow::Borrowed(packed);
    for (at, filter) in cut.filters.iter().enumerate().rev() {
        if left_out >> at & 1 != 0 {
            continue;
        }
        bytes = match filter {
            Filter::Deflate => {
                let mut out = Vec::new();
                let most = cut.size as u64 + 4;
                let read = ZlibDecoder::new(&bytes[..])
                    .take(most)
                    .read_to_end(&mut out);
                read.map_err(|_| "its packed numbers are broken".to_owned())?;
                Cow::Owned(out)
            }
            Filter::Shuffle(element) => Cow::Owned(unshuffled(&bytes, *element)),
            Filter::Sum => Cow::Owned(bytes[..bytes.len().saturating_sub(4)].to_vec()),
        };
    }
    match bytes.len() == cut.size {
        true => Ok(bytes),
        false => Err("a chunk of it is not as large as it should be".to_owned()),
    }
}

fn unshuffled(bytes: &[u8], element: usize) -> Vec<u8> {
    let count = bytes.len() / element;
    let mut out = bytes.to_vec();
    for (at, byte) in bytes[..count * element].iter().enumerate() {
        out[at % count * element + at / count] = *byte;
    }
    out
}

impl Cut<'_> {
    /// Writes a chunk where it belongs; what lies beyond the array is left out.
    fn put(&mut self, place: &[usize], chunk: &[u8]) -> Read<()> {
        if place.iter().zip(self.dims).any(|(at, n)| at >= n) {
            return Err("a chunk of it lies beside the array".to_owned());
        }
        let Some((last, outer)) = self.chunk.split_last() else {
            return Err("its chunks do not fit the array".to_owned());
        };
        let axis = outer.len();
        let width = (*last).min(self.dims[axis] - place[axis]) * self.element;
        for (row, from) in chunk.chunks_exact(last * self.element).enumerate() {
            // The places of this row in the chunk, from the last axis but one on.
            let mut rest = row;
            let (mut to, mut stride, mut inside) = (place[axis], self.dims[axis], true);
            for at in (0..axis).rev() {
                let own = place[at] + rest % outer[at];
                rest /= outer[at];
                inside &= own < self.dims[at];
                to += own * stride;
                stride *= self.dims[at];
            }
            if inside {
                let to = to * self.element;
                self.out[to..to + width].copy_from_slice(&from[..width]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffled_bytes_come_back() {
        assert_eq!(unshuffled(&[1, 3, 5, 2, 4, 6], 2), [1, 2, 3, 4, 5, 6]);
        assert_eq!(unshuffled(&[1, 3, 2, 4, 9], 2), [1, 2, 3, 4, 9]);
        assert_eq!(unshuffled(&[], 4), [0_u8; 0]);
    }

    #[test]
    fn chunks_at_the_edge_are_cut() {
        let mut cut = Cut {
            dims: &[3, 3],
            chunk: vec![2, 2],
            element: 1,
            filters: Vec::new(),
            size: 4,
            out: vec![0; 9],
        };
        for (place, chunk) in [
            ([0, 0], [1, 2, 4, 5]),
            ([0, 2], [3, 99, 6, 99]),
            ([2, 0], [7, 8, 99, 99]),
            ([2, 2], [9, 99, 99, 99]),
        ] {
            assert_eq!(cut.put(&place, &chunk), Ok(()));
        }
        assert_eq!(cut.out, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert!(cut.put(&[3, 0], &[0; 4]).is_err());
    }
}
