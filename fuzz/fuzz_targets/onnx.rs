//! ONNX models: whatever stands in them, reading ends with a network or a refusal.

#![no_main]

use libfuzzer_sys::fuzz_target;
use netc_exchange::onnx::{self, Source};

fuzz_target!(|bytes: &[u8]| {
    let _ = onnx::import(Source {
        name: "fuzz",
        bytes: bytes.to_vec(),
        beside: &|_, _, _| Err("there is nothing beside it".to_owned()),
        input: Some([8, 8, 3]),
    });
});
