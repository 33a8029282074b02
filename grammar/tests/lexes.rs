//! Whatever is valid must also lex as Rust tokens: `net!{ }` gets its text that way.

#[path = "common/inputs.rs"]
mod inputs;

use netc_grammar::{Sources, decode, parse};
use proc_macro2::TokenStream;
use std::str::FromStr as _;

#[test]
fn valid_files_are_rust_tokens() {
    for (name, bytes) in inputs::read("tests/trees") {
        let text = decode(bytes).unwrap();
        let tokens = TokenStream::from_str(&text);
        assert!(tokens.is_ok(), "{name}: {}", tokens.unwrap_err());
    }
}

#[test]
fn a_string_right_behind_a_word_is_rejected() {
    let mut sources = Sources::default();
    let file = sources.add("a.net", "use\"blocks.net\"");
    assert!(!parse(&sources, file).1.is_empty());
}
