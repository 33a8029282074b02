#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    netc_fuzzed::onnx(bytes);
});
