//! The parser that pest generates from `net.pest`; `cargo run -p generate-parser` writes it, and a test holds that it is the
//! grammar's.

#![allow(
    clippy::all,
    dead_code,
    non_camel_case_types,
    non_snake_case,
    unreachable_pub,
    unused_variables,
    reason = "pest has its own style, and writes more than is used"
)]

pub(crate) struct NetParser;

include!("generated.rs");
