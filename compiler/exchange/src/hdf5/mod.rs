//! HDF5, as much of it as Keras' files have: groups, texts, and arrays of numbers with a point.
//!
//! The library of the HDF Group writes two generations of the format. Both are read: superblocks of version 0 to 3, object headers of
//! version 1 and 2, groups by a B-tree and a heap of names, by messages, or in a fractal heap, arrays that lie together, in the header
//! or in chunks (deflate, shuffle). The specification is "HDF5 File Format Specification Version 3.0".
//!
//! Addresses and sizes in a file may say anything. Each is checked against the bytes that are there; nodes that are visited and bytes that
//! arrays take have a bound for the whole file, so that circles and claims end in an error.

mod attribute;
mod chunks;
mod cursor;
mod dataset;
mod datatype;
mod dense;
mod group;
mod header;
mod heap;

use cursor::Cursor;
pub(crate) use dataset::Array;
use header::Message;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is read, or why it cannot be.
pub(crate) type Read<T> = Result<T, String>;

/// The first bytes of a file.
const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Where a file may begin: programs write texts of their own before it.
const BEGINNINGS: [usize; 4] = [0, 512, 1024, 2048];

/// Nodes of trees, entries of groups and messages that a file may make us look at.
const VISITS: u32 = 16 << 20;

/// What all arrays may take beyond eight times the file's size.
const SPARE: usize = 64 << 20;

/// Names of a group and the addresses of their objects.
type Links<'a> = BTreeMap<&'a str, u64>;

/// A file, of which parts are read when they are asked for.
pub(crate) struct File<'a> {
    bytes: &'a [u8],
    /// What addresses count from.
    base: u64,
    /// Bytes of an address.
    address_size: usize,
    /// Bytes of a size.
    length_size: usize,
    root: u64,
    visits: Cell<u32>,
    /// Bytes that arrays may still take.
    left: Cell<usize>,
    groups: RefCell<BTreeMap<u64, Rc<Links<'a>>>>,
}

/// A group or an array: what its header says.
pub(crate) struct Object<'f, 'a> {
    file: &'f File<'a>,
    messages: Vec<Message<'a>>,
}

/// Whether this is a file of HDF5.
pub(crate) fn is_file(bytes: &[u8]) -> bool {
    beginning(bytes).is_some()
}

fn beginning(bytes: &[u8]) -> Option<usize> {
    let begins = |at: &usize| bytes.get(*at..).is_some_and(|b| b.starts_with(SIGNATURE));
    BEGINNINGS.into_iter().find(begins)
}

impl<'a> File<'a> {
    /// Reads the superblock.
    pub(crate) fn open(bytes: &'a [u8]) -> Read<Self> {
        let start = beginning(bytes).ok_or("it does not begin as HDF5 does")?;
        let mut cursor = Cursor::new(&bytes[start + SIGNATURE.len()..]);
        let version = cursor.byte()?;
        if version > 3 {
            return Err(format!(
                "its superblock has version {version}, which netc does not know"
            ));
        }
        let is_old = version < 2;
        cursor.skip(if is_old { 4 } else { 0 })?;
        let address_size = usize::from(cursor.byte()?);
        let length_size = usize::from(cursor.byte()?);
        if ![2, 4, 8].contains(&address_size) || ![2, 4, 8].contains(&length_size) {
            return Err(format!(
                "its addresses have {address_size} bytes and its sizes {length_size}"
            ));
        }
        cursor.skip(match version {
            0 => 9,
            1 => 13,
            _ => 1,
        })?;
        let base = cursor.uint(address_size)?;
        // The free space or the extension, and the end of the file.
        cursor.skip(2 * address_size)?;
        if is_old {
            // The driver, and the name of the root, which it has not.
            cursor.skip(2 * address_size)?;
        }
        let root = cursor.uint(address_size)?;
        Ok(Self {
            bytes,
            base: if base == 0 { start as u64 } else { base },
            address_size,
            length_size,
            root,
            visits: Cell::new(VISITS),
            left: Cell::new(bytes.len().saturating_mul(8).saturating_add(SPARE)),
            groups: RefCell::new(BTreeMap::new()),
        })
    }

    /// The root, or what names separated by `/` lead to from there; `None` if one of them is not there.
    pub(crate) fn object(&self, path: &str) -> Read<Option<Object<'_, 'a>>> {
        let mut address = self.root;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            match self.links(address)?.get(name) {
                Some(next) => address = *next,
                None => return Ok(None),
            }
        }
        self.object_at(address).map(Some)
    }

    fn object_at(&self, address: u64) -> Read<Object<'_, 'a>> {
        Ok(Object {
            file: self,
            messages: self.messages(address)?,
        })
    }

    fn links(&self, address: u64) -> Read<Rc<Links<'a>>> {
        if let Some(links) = self.groups.borrow().get(&address) {
            return Ok(Rc::clone(links));
        }
        let links = Rc::new(self.object_at(address)?.read_links()?);
        self.groups.borrow_mut().insert(address, Rc::clone(&links));
        Ok(links)
    }

    /// What stands at an address.
    fn at(&self, address: u64) -> Read<Cursor<'a>> {
        self.visit()?;
        let place = self.base.checked_add(address);
        let place = place.and_then(|place| usize::try_from(place).ok());
        let rest = place.and_then(|place| self.bytes.get(place..));
        let rest = rest.filter(|rest| !rest.is_empty());
        rest.map(Cursor::new)
            .ok_or_else(|| "a part of it lies behind its end: it is cut short".to_owned())
    }

    /// Counts what is looked at.
    fn visit(&self) -> Read<()> {
        let left = self.visits.get().checked_sub(1);
        self.visits
            .set(left.ok_or("its parts lead in circles, or are far too many")?);
        Ok(())
    }

    /// Counts the bytes of arrays.
    fn spend(&self, bytes: usize) -> Read<()> {
        let left = self.left.get().checked_sub(bytes);
        self.left
            .set(left.ok_or("its arrays are far larger than the file")?);
        Ok(())
    }

    /// An address, or `None` where the file says that there is nothing.
    fn address(&self, cursor: &mut Cursor<'a>) -> Read<Option<u64>> {
        let address = cursor.uint(self.address_size)?;
        let nothing = u64::MAX >> (64 - 8 * self.address_size);
        Ok(Some(address).filter(|address| *address != nothing))
    }

    fn length(&self, cursor: &mut Cursor<'a>) -> Read<usize> {
        cursor.size(self.length_size)
    }
}
