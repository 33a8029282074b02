//! TensorBoard's event files: TFRecords of `Event` messages, in protobuf's encoding (tensorboard/compat/proto/event.proto).

use super::history::Epoch;

/// All epochs as the content of an event file.
pub(super) fn events(history: &[Epoch], started: f64) -> Vec<u8> {
    let mut version = Message::default();
    version.double(1, started);
    version.bytes(3, b"brain.Event:2");
    let mut file = record(&version.0);
    for epoch in history {
        file.extend(record(&scalars(epoch)));
    }
    file
}

fn scalars(epoch: &Epoch) -> Vec<u8> {
    let mut summary = Message::default();
    for (tag, value) in [
        ("loss/train", epoch.loss),
        ("loss/validation", epoch.validation_loss),
        ("accuracy/train", epoch.accuracy),
        ("accuracy/validation", epoch.validation_accuracy),
        ("learning_rate", epoch.rate),
        ("seconds", epoch.seconds),
    ] {
        let mut scalar = Message::default();
        scalar.bytes(1, tag.as_bytes());
        scalar.float(2, value as f32);
        summary.bytes(1, &scalar.0);
    }
    let mut event = Message::default();
    event.double(1, epoch.ended);
    event.varint(2, epoch.epoch as u64 + 1);
    event.bytes(5, &summary.0);
    event.0
}

/// Length, its checksum, the data, its checksum.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let checksum = |bytes: &[u8]| masked(crc32c::crc32c(bytes)).to_le_bytes();
    [&length[..], &checksum(&length), data, &checksum(data)].concat()
}

/// TFRecord's mask: a checksum of data that holds checksums would be weak.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A protobuf message being written.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, wire: u64) {
        self.raw_varint(field << 3 | wire);
    }

    fn varint(&mut self, field: u64, value: u64) {
        self.key(field, 0);
        self.raw_varint(value);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, value: &[u8]) {
        self.key(field, 2);
        self.raw_varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    fn float(&mut self, field: u64, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_tensorboards() {
        // The first record that TensorBoard's own writer makes at time 0 (read back by its EventAccumulator).
        let file = events(&[], 0.0);
        assert_eq!(file[..8], 24u64.to_le_bytes());
        assert_eq!(file[12..23], [9, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a, 13]);
        assert_eq!(&file[23..36], b"brain.Event:2");
        // RFC 3720's checksum of 32 zero bytes, masked.
        assert_eq!(
            masked(crc32c::crc32c(&[0; 32])),
            0x8a91_36aa_u32.rotate_right(15).wrapping_add(0xa282_ead8)
        );
        let mut message = Message::default();
        message.varint(2, 300);
        assert_eq!(message.0, [0x10, 0xac, 0x02]);
    }
}
