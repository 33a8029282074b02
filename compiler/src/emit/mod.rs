//! Emitters: what a network looks like as Rust, as tables, as text and as a picture.

pub(crate) mod notation;
