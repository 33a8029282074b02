//! The heap of texts without a fixed length.

use super::{Cursor, File, Read};

impl<'a> File<'a> {
    /// A text: its length, the address of its collection, and its number there.
    pub(super) fn global(&self, place: &mut Cursor<'a>) -> Read<&'a [u8]> {
        let length = place.size(4)?;
        let address = self.address(place)?;
        let number = place.uint(4)?;
        let Some(address) = address.filter(|_| length > 0) else {
            return Ok(&[]);
        };
        let mut collection = self.at(address)?;
        let whole = collection.rest();
        collection.expect(b"GCOL")?;
        collection.skip(4)?;
        let size = self.length(&mut collection)?;
        let head = 8 + self.length_size;
        let objects = whole.get(head..size);
        let mut objects = Cursor::new(objects.ok_or("its texts are cut short")?);
        let header = 8 + self.length_size;
        while objects.left() >= header {
            self.visit()?;
            let index = objects.uint(2)?;
            objects.skip(6)?;
            let size = self.length(&mut objects)?;
            if index == 0 {
                break;
            }
            if index == number {
                return objects
                    .take(size)?
                    .get(..length)
                    .ok_or_else(|| "one of its texts is shorter than it says".to_owned());
            }
            let padded = size.checked_next_multiple_of(8);
            objects.skip(padded.ok_or("its texts are cut short")?.min(objects.left()))?;
        }
        Err("one of its texts is missing".to_owned())
    }
}
