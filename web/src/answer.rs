//! What the page is given.

use serde_json::Value;

/// An answer: JSON, and bytes that go with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// With `error`, a text, where the question has no answer.
    pub json: Value,
    /// Numbers (f32, little-endian), or a weights file.
    pub blob: Vec<u8>,
}

impl From<Value> for Answer {
    fn from(json: Value) -> Self {
        let blob = Vec::new();
        Self { json, blob }
    }
}
