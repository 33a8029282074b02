//! PyTorch's files: whatever stands in them, reading ends with tensors or a refusal.

#![no_main]

use libfuzzer_sys::fuzz_target;
use netc_exchange::torch;

fuzz_target!(|bytes: &[u8]| {
    let _ = torch::tensors(bytes);
});
