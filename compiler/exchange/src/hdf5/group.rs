//! Groups: names and what they stand for.

use super::header::kind;
use super::{Cursor, File, Links, Object, Read};

/// Levels of a tree of names. Two hold more than any model has.
const LEVELS: u8 = 8;

impl<'a> Object<'_, 'a> {
    pub(super) fn read_links(&self) -> Read<Links<'a>> {
        let file = self.file;
        let mut links = Links::new();
        if let Some(mut table) = self.message(kind::SYMBOL_TABLE)? {
            let tree = table.uint(file.address_size)?;
            let names = file.names(table.uint(file.address_size)?)?;
            file.symbols(tree, LEVELS, names, &mut links)?;
        }
        for link in self.all(kind::LINK) {
            file.link(&mut link?, &mut links)?;
        }
        if let Some(mut info) = self.message(kind::LINK_INFO)? {
            info.skip(1)?;
            let flags = info.byte()?;
            info.skip(if flags & 1 != 0 { 8 } else { 0 })?;
            let heap = file.address(&mut info)?;
            let index = file.address(&mut info)?;
            if let (Some(heap), Some(index)) = (heap, index) {
                for mut link in file.dense(heap, index)? {
                    file.link(&mut link, &mut links)?;
                }
            }
        }
        Ok(links)
    }
}

impl<'a> File<'a> {
    /// The heap that holds the names of a group of the older kind.
    fn names(&self, address: u64) -> Read<&'a [u8]> {
        let mut heap = self.at(address)?;
        heap.expect(b"HEAP")?;
        heap.skip(4)?;
        let size = self.length(&mut heap)?;
        heap.skip(self.length_size)?;
        let place = heap.uint(self.address_size)?;
        self.at(place)?.take(size)
    }

    /// The entries of a group of the older kind: a B-tree, with nodes of symbols as its leaves.
    fn symbols(
        &self,
        address: u64,
        levels: u8,
        names: &'a [u8],
        links: &mut Links<'a>,
    ) -> Read<()> {
        let mut node = self.at(address)?;
        node.expect(b"TREE")?;
        let (node_kind, level) = (node.byte()?, node.byte()?);
        if node_kind != 0 || level >= levels {
            return Err("its tree of names is none".to_owned());
        }
        let entries = node.size(2)?;
        node.skip(2 * self.address_size)?;
        for _ in 0..entries {
            node.skip(self.length_size)?;
            let child = node.uint(self.address_size)?;
            match level {
                0 => self.symbol_node(child, names, links)?,
                _ => self.symbols(child, level, names, links)?,
            }
        }
        Ok(())
    }

    fn symbol_node(&self, address: u64, names: &'a [u8], links: &mut Links<'a>) -> Read<()> {
        let mut node = self.at(address)?;
        node.expect(b"SNOD")?;
        node.skip(2)?;
        for _ in 0..node.size(2)? {
            self.visit()?;
            let place = node.size(self.address_size)?;
            let object = node.uint(self.address_size)?;
            node.skip(4 + 4 + 16)?;
            let name = names.get(place..).unwrap_or_default();
            let end = name.iter().position(|b| *b == 0);
            let end = end.ok_or("one of its names has no end")?;
            links.insert(text(&name[..end])?, object);
        }
        Ok(())
    }

    /// A name in a message. Names of names are passed over.
    fn link(&self, message: &mut Cursor<'a>, links: &mut Links<'a>) -> Read<()> {
        self.visit()?;
        message.skip(1)?;
        let flags = message.byte()?;
        let link_kind = match flags & 8 {
            0 => 0,
            _ => message.byte()?,
        };
        let order = if flags & 4 != 0 { 8 } else { 0 };
        let letters = usize::from(flags & 0x10 != 0);
        message.skip(order + letters)?;
        let length = message.size(1 << (flags & 3))?;
        let name = text(message.take(length)?)?;
        if link_kind == 0 {
            links.insert(name, message.uint(self.address_size)?);
        }
        Ok(())
    }
}

pub(super) fn text(bytes: &[u8]) -> Read<&str> {
    std::str::from_utf8(bytes).map_err(|_| "one of its names is no text".to_owned())
}
