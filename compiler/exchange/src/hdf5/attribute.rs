//! Texts that stand beside groups and arrays.

use super::dataset::extent;
use super::datatype::Type;
use super::group::text;
use super::header::kind;
use super::{Cursor, File, Object, Read};

/// A name and, not looked into yet, its value.
struct Attribute<'a> {
    name: &'a [u8],
    kind: &'a [u8],
    space: &'a [u8],
    value: &'a [u8],
}

impl<'a> Attribute<'a> {
    fn of(mut message: Cursor<'a>) -> Read<Self> {
        let version = message.byte()?;
        if !(1..=3).contains(&version) {
            return Err(format!(
                "an attribute of version {version}, which netc does not know"
            ));
        }
        message.skip(1)?;
        let [name, kind, space] = [message.size(2)?, message.size(2)?, message.size(2)?];
        message.skip(if version == 3 { 1 } else { 0 })?;
        let padded = |size: usize| match version {
            1 => size.next_multiple_of(8),
            _ => size,
        };
        let mut part = |size: usize| Ok::<_, String>(&message.take(padded(size))?[..size]);
        let [name, kind, space] = [part(name)?, part(kind)?, part(space)?];
        Ok(Self {
            name: name.split(|b| *b == 0).next().unwrap_or_default(),
            kind,
            space,
            value: message.rest(),
        })
    }

    /// The texts of its value.
    fn texts(&self, file: &File<'a>) -> Read<Vec<&'a str>> {
        let count = match extent(&mut Cursor::new(self.space), file)? {
            Some(dims) => dims
                .iter()
                .try_fold(1_usize, |all, n| all.checked_mul(*n))
                .ok_or("an attribute that is far too large")?,
            None => 0,
        };
        let mut value = Cursor::new(self.value);
        let mut texts = Vec::new();
        for _ in 0..count {
            file.visit()?;
            texts.push(match Type::of(&mut Cursor::new(self.kind))? {
                Type::Text(size) => {
                    let fixed = value.take(size)?;
                    text(fixed.split(|b| *b == 0).next().unwrap_or_default())?
                }
                Type::OpenText => text(file.global(&mut value)?)?,
                _ => return Err("an attribute that should be a text is none".to_owned()),
            });
        }
        Ok(texts)
    }
}

impl<'a> Object<'_, 'a> {
    /// The texts of an attribute; `None` if it is not there.
    pub(crate) fn texts(&self, name: &str) -> Read<Option<Vec<&'a str>>> {
        for message in self.all(kind::ATTRIBUTE) {
            self.file.visit()?;
            let attribute = Attribute::of(message?)?;
            if attribute.name == name.as_bytes() {
                return attribute.texts(self.file).map(Some);
            }
        }
        let Some(mut info) = self.message(kind::ATTRIBUTE_INFO)? else {
            return Ok(None);
        };
        info.skip(1)?;
        let flags = info.byte()?;
        info.skip(if flags & 1 != 0 { 2 } else { 0 })?;
        let heap = self.file.address(&mut info)?;
        let index = self.file.address(&mut info)?;
        let (Some(heap), Some(index)) = (heap, index) else {
            return Ok(None);
        };
        for message in self.file.dense(heap, index)? {
            let attribute = Attribute::of(message)?;
            if attribute.name == name.as_bytes() {
                return attribute.texts(self.file).map(Some);
            }
        }
        Ok(None)
    }
}
