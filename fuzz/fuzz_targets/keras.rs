//! Models of Keras: whatever stands in an archive, in JSON or in HDF5, reading ends with a network or a refusal.

#![no_main]

use libfuzzer_sys::fuzz_target;
use netc_exchange::keras::{self, Source};

fuzz_target!(|bytes: &[u8]| {
    let _ = keras::import(Source {
        name: "fuzz",
        bytes,
        input: Some([8, 8, 3]),
    });
});
