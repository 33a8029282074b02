//! Groups of many names, and objects of many attributes: a fractal heap holds them, a B-tree of version 2 says where.

use super::{Cursor, File, Read};

/// Levels of the tree, and of blocks in the heap.
const LEVELS: usize = 8;

/// Rows of a heap's table: each doubles what a block holds.
const ROWS: usize = 64;

/// A heap of pieces of any size, in blocks that double from row to row.
struct Heap {
    /// Bytes of an offset in the heap.
    offset_size: usize,
    /// Bytes of a piece's length.
    length_size: usize,
    /// Blocks in a row.
    width: usize,
    /// Bytes of a block in the first two rows.
    first: u64,
    /// Bytes of the largest block that holds pieces itself.
    largest: u64,
    root: u64,
    /// Rows of the root; none if it is a block of pieces.
    rows: usize,
}

/// The nodes of a tree, by their depth.
struct Tree {
    record: usize,
    /// Bytes of the number of records in a node.
    count_size: usize,
    /// For each depth from the leaves on the bytes of the number of records below.
    total_sizes: Vec<usize>,
}

/// Bytes that a number up to this one takes.
fn bytes_of(most: u64) -> usize {
    most.checked_ilog2().unwrap_or(0) as usize / 8 + 1
}

impl<'a> File<'a> {
    /// The pieces of a heap that an index names.
    pub(super) fn dense(&self, heap: u64, index: u64) -> Read<Vec<Cursor<'a>>> {
        let heap = self.heap(heap)?;
        let mut pieces = Vec::new();
        for mut id in self.ids(index)? {
            pieces.push(self.piece(&heap, &mut id)?);
        }
        Ok(pieces)
    }

    fn heap(&self, address: u64) -> Read<Heap> {
        let mut header = self.at(address)?;
        header.expect(b"FRHP")?;
        header.skip(1 + 2)?;
        if header.uint(2)? != 0 {
            return Err("its names are packed".to_owned());
        }
        header.skip(1)?;
        let most = header.uint(4)?;
        // Huge pieces, free space, and what is counted of managed, huge and tiny ones.
        header.skip(10 * self.length_size + 2 * self.address_size)?;
        let width = header.size(2)?;
        let first = header.uint(self.length_size)?;
        let largest = header.uint(self.length_size)?;
        let bits = header.size(2)?;
        header.skip(2)?;
        let root = header.uint(self.address_size)?;
        let rows = header.size(2)?;
        if !first.is_power_of_two() || !largest.is_power_of_two() || width == 0 || rows > ROWS {
            return Err("its heap of names is none".to_owned());
        }
        let block_bytes = (largest.ilog2() as usize).div_ceil(8);
        Ok(Heap {
            offset_size: bits.div_ceil(8).min(8),
            length_size: block_bytes.min(bytes_of(most)),
            width,
            first,
            largest,
            root,
            rows,
        })
    }

    /// The piece that an ID of the heap stands for.
    fn piece(&self, heap: &Heap, id: &mut Cursor<'a>) -> Read<Cursor<'a>> {
        let flags = id.byte()?;
        match flags >> 4 & 3 {
            0 => {
                let offset = id.uint(heap.offset_size)?;
                let length = id.size(heap.length_size)?;
                self.managed(heap, offset, length)
            }
            2 => Ok(Cursor::new(id.take(usize::from(flags & 0x0f) + 1)?)),
            _ => Err("one of its names is far too long".to_owned()),
        }
    }

    fn managed(&self, heap: &Heap, offset: u64, length: usize) -> Read<Cursor<'a>> {
        let (mut block, mut rows, mut within) = (heap.root, heap.rows, offset);
        for _ in 0..LEVELS {
            if rows == 0 {
                let mut block = self.at(block)?;
                block.expect(b"FHDB")?;
                let mut whole = Cursor::new(block.rest());
                // The offset counts from the beginning of the block, whose first four bytes are read.
                let from = usize::try_from(within).ok().and_then(|n| n.checked_sub(4));
                whole.skip(from.ok_or("its heap of names is broken")?)?;
                return Ok(Cursor::new(whole.take(length)?));
            }
            let (at, row, inner) = heap.entry(within, rows)?;
            let mut table = self.at(block)?;
            table.expect(b"FHIB")?;
            table.skip(1 + self.address_size + heap.offset_size)?;
            table.skip(at * self.address_size)?;
            let next = self.address(&mut table)?;
            block = next.ok_or("one of its names is missing")?;
            rows = heap.rows_of(row);
            within = inner;
        }
        Err("its heap of names is too deep".to_owned())
    }

    /// The IDs that the records of a tree begin or end with.
    fn ids(&self, address: u64) -> Read<Vec<Cursor<'a>>> {
        let mut header = self.at(address)?;
        header.expect(b"BTHD")?;
        header.skip(1)?;
        let id_at = match header.byte()? {
            // Names: a hash, then the ID. Attributes: the ID first.
            5 => 4,
            8 => 0,
            other => {
                return Err(format!(
                    "an index of kind {other}, which netc does not know"
                ));
            }
        };
        let node = header.size(4)?;
        let record = header.size(2)?;
        let depth = header.size(2)?;
        header.skip(2)?;
        let root = self.address(&mut header)?;
        let count = header.size(2)?;
        if record <= id_at || record > node || depth >= LEVELS {
            return Err("its index of names is none".to_owned());
        }
        let tree = self.tree(node, record, depth)?;
        let mut records = Vec::new();
        if let Some(root) = root {
            self.node(&tree, root, count, depth, &mut records)?;
        }
        Ok(records
            .into_iter()
            .map(|record| Cursor::new(&record[id_at..]))
            .collect())
    }

    fn tree(&self, node: usize, record: usize, depth: usize) -> Read<Tree> {
        // A signature, version, kind and checksum stand in each node.
        let room = node.saturating_sub(10);
        let most = (room / record) as u64;
        let count_size = bytes_of(most);
        let mut total_sizes = vec![0];
        let mut all = most;
        for _ in 0..depth {
            let below = total_sizes.last().copied().unwrap_or(0);
            let pointer = self.address_size + count_size + below;
            let records = (room.saturating_sub(pointer) / (record + pointer)) as u64;
            all = all.saturating_mul(records + 1).saturating_add(records);
            total_sizes.push(bytes_of(all));
        }
        Ok(Tree {
            record,
            count_size,
            total_sizes,
        })
    }

    fn node(
        &self,
        tree: &Tree,
        address: u64,
        count: usize,
        depth: usize,
        records: &mut Vec<&'a [u8]>,
    ) -> Read<()> {
        let mut node = self.at(address)?;
        node.expect(if depth == 0 { b"BTLF" } else { b"BTIN" })?;
        node.skip(2)?;
        for _ in 0..count {
            self.visit()?;
            records.push(node.take(tree.record)?);
        }
        if depth == 0 {
            return Ok(());
        }
        for _ in 0..=count {
            let child = node.uint(self.address_size)?;
            let count = node.size(tree.count_size)?;
            node.skip(if depth > 1 {
                tree.total_sizes[depth - 1]
            } else {
                0
            })?;
            self.node(tree, child, count, depth - 1, records)?;
        }
        Ok(())
    }
}

impl Heap {
    /// Bytes of a block in a row.
    fn block(&self, row: usize) -> Option<u64> {
        self.first
            .checked_shl(row.saturating_sub(1) as u32)
            .filter(|n| *n > 0)
    }

    /// For an offset in a table of blocks which block it is, its row, and the offset in the block.
    fn entry(&self, offset: u64, rows: usize) -> Read<(usize, usize, u64)> {
        let broken = || "its heap of names is broken".to_owned();
        let mut start = 0_u64;
        for row in 0..rows {
            let block = self.block(row).ok_or_else(broken)?;
            let all = block.checked_mul(self.width as u64).ok_or_else(broken)?;
            let end = start.checked_add(all).ok_or_else(broken)?;
            if offset < end {
                let column = (offset - start) / block;
                let at = row * self.width + column as usize;
                return Ok((at, row, offset - start - column * block));
            }
            start = end;
        }
        Err(broken())
    }

    /// Rows of the table that a block in this row is; none if it holds pieces.
    fn rows_of(&self, row: usize) -> usize {
        let block = self.block(row).unwrap_or(u64::MAX);
        match block <= self.largest {
            true => 0,
            false => {
                let first = self.first.saturating_mul(self.width as u64).max(1);
                (block / first).max(1).ilog2() as usize + 1
            }
        }
    }
}
