//! The parser that pest generates from `net.pest`; `NETC_UPDATE=1 cargo test -p generate-parser` writes
//! it, and holds otherwise that it is the grammar's.

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
