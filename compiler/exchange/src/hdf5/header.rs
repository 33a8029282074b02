//! Object headers: lists of messages, in one block or several.

use super::{Cursor, File, Object, Read};

/// Messages of an object. Groups of the older kind have a few, arrays some more, and others keep their names in messages.
const MESSAGES: usize = 1 << 16;

/// Blocks of messages of an object.
const BLOCKS: usize = 1 << 10;

/// Kinds of messages.
pub(super) mod kind {
    pub(crate) const DATASPACE: u16 = 0x01;
    pub(crate) const LINK_INFO: u16 = 0x02;
    pub(crate) const DATATYPE: u16 = 0x03;
    pub(crate) const LINK: u16 = 0x06;
    pub(crate) const LAYOUT: u16 = 0x08;
    pub(crate) const FILTERS: u16 = 0x0b;
    pub(crate) const ATTRIBUTE: u16 = 0x0c;
    pub(crate) const CONTINUATION: u16 = 0x10;
    pub(crate) const SYMBOL_TABLE: u16 = 0x11;
    pub(crate) const ATTRIBUTE_INFO: u16 = 0x15;
}

/// A thing that a header says of its object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    kind: u16,
    /// It stands elsewhere.
    is_shared: bool,
    bytes: &'a [u8],
}

/// How messages stand in their blocks.
#[derive(Clone, Copy)]
enum Form {
    /// With eight bytes before each.
    Old,
    /// With four bytes before each, or six where their order is kept.
    New { ordered: bool },
}

impl<'a> File<'a> {
    /// The messages of the object at an address.
    pub(super) fn messages(&self, address: u64) -> Read<Vec<Message<'a>>> {
        let mut cursor = self.at(address)?;
        let (form, first) = match cursor.rest().starts_with(b"OHDR") {
            true => new_header(&mut cursor)?,
            false => old_header(&mut cursor)?,
        };
        let mut blocks = vec![first];
        let mut messages = Vec::new();
        let mut read = 0;
        while let Some(block) = blocks.get(read).copied() {
            read += 1;
            self.block(form, block, &mut messages, &mut blocks)?;
            if blocks.len() > BLOCKS || messages.len() > MESSAGES {
                return Err("a part of it has more to say than anything in a model".to_owned());
            }
        }
        Ok(messages)
    }

    fn block(
        &self,
        form: Form,
        block: &'a [u8],
        messages: &mut Vec<Message<'a>>,
        blocks: &mut Vec<&'a [u8]>,
    ) -> Read<()> {
        let mut cursor = Cursor::new(block);
        let least = match form {
            Form::Old => 8,
            Form::New { ordered } => 4 + 2 * usize::from(ordered),
        };
        // What is shorter than a message is a gap.
        while cursor.left() >= least && messages.len() <= MESSAGES {
            self.visit()?;
            let message = message(form, &mut cursor)?;
            if message.kind != kind::CONTINUATION {
                messages.push(message);
                continue;
            }
            let mut place = Cursor::new(message.bytes);
            let address = place.uint(self.address_size)?;
            let length = self.length(&mut place)?;
            let mut next = Cursor::new(self.at(address)?.take(length)?);
            if matches!(form, Form::New { .. }) {
                next.expect(b"OCHK")?;
                next = Cursor::new(next.take(next.left().saturating_sub(4))?);
            }
            blocks.push(next.rest());
        }
        Ok(())
    }
}

fn message<'a>(form: Form, cursor: &mut Cursor<'a>) -> Read<Message<'a>> {
    let kind = match form {
        Form::Old => cursor.uint(2)? as u16,
        Form::New { .. } => u16::from(cursor.byte()?),
    };
    let size = cursor.size(2)?;
    let flags = cursor.byte()?;
    cursor.skip(match form {
        Form::Old => 3,
        Form::New { ordered } => 2 * usize::from(ordered),
    })?;
    Ok(Message {
        kind,
        is_shared: flags & 2 != 0,
        bytes: cursor.take(size)?,
    })
}

fn old_header<'a>(cursor: &mut Cursor<'a>) -> Read<(Form, &'a [u8])> {
    let version = cursor.byte()?;
    if version != 1 {
        return Err("a part of it is no header of an object".to_owned());
    }
    // Reserved, the number of messages, and how many refer to it.
    cursor.skip(1 + 2 + 4)?;
    let size = cursor.size(4)?;
    // To the next multiple of eight.
    cursor.skip(4)?;
    Ok((Form::Old, cursor.take(size)?))
}

fn new_header<'a>(cursor: &mut Cursor<'a>) -> Read<(Form, &'a [u8])> {
    cursor.expect(b"OHDR")?;
    let version = cursor.byte()?;
    if version != 2 {
        return Err(format!(
            "a header of it has version {version}, which netc does not know"
        ));
    }
    let flags = cursor.byte()?;
    let times = if flags & 0x20 != 0 { 16 } else { 0 };
    let limits = if flags & 0x10 != 0 { 4 } else { 0 };
    cursor.skip(times + limits)?;
    let size = cursor.size(1 << (flags & 3))?;
    let ordered = flags & 4 != 0;
    Ok((Form::New { ordered }, cursor.take(size)?))
}

impl<'a> Object<'_, 'a> {
    /// The first message of a kind.
    pub(super) fn message(&self, kind: u16) -> Read<Option<Cursor<'a>>> {
        self.all(kind).next().transpose()
    }

    /// All messages of a kind.
    pub(super) fn all(&self, kind: u16) -> impl Iterator<Item = Read<Cursor<'a>>> {
        let of_kind = self.messages.iter().filter(move |m| m.kind == kind);
        of_kind.map(|message| match message.is_shared {
            false => Ok(Cursor::new(message.bytes)),
            true => Err("a part of it is kept elsewhere, as Keras keeps none".to_owned()),
        })
    }
}
