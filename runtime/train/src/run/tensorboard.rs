//! TensorBoard's event files: TFRecords of `Event` messages, in protobuf's encoding (tensorboard/compat/proto/event.proto).

use super::history::Epoch;
use prost::encoding::{bytes, double, float, int64, string};

/// All epochs as the content of an event file.
pub(super) fn events(history: &[Epoch], started: f64) -> Vec<u8> {
    let mut version = Vec::new();
    double::encode(1, &started, &mut version);
    string::encode(3, &"brain.Event:2".to_owned(), &mut version);
    let mut file = record(&version);
    for epoch in history {
        file.extend(record(&scalars(epoch)));
    }
    file
}

/// An event with a summary of one value for each tag.
fn scalars(epoch: &Epoch) -> Vec<u8> {
    let mut summary = Vec::new();
    for (tag, value) in [
        ("loss/train", epoch.loss),
        ("loss/validation", epoch.validation_loss),
        ("accuracy/train", epoch.accuracy),
        ("accuracy/validation", epoch.validation_accuracy),
        ("learning_rate", epoch.rate),
        ("seconds", epoch.seconds),
    ] {
        let mut scalar = Vec::new();
        string::encode(1, &tag.to_owned(), &mut scalar);
        float::encode(2, &(value as f32), &mut scalar);
        bytes::encode(1, &scalar, &mut summary);
    }
    let mut event = Vec::new();
    double::encode(1, &epoch.ended, &mut event);
    int64::encode(2, &(epoch.epoch as i64 + 1), &mut event);
    bytes::encode(5, &summary, &mut event);
    event
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
    }
}
