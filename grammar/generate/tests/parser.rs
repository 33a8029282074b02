//! `grammar/src/parse/generated.rs` is the parser that pest generates from `grammar/net.pest`. This writes it:
//!
//! ```sh
//! NETC_UPDATE=1 cargo test -p generate-parser
//! ```
//!
//! The parser is kept, so that nobody who builds netc builds pest's generator. It is a test of a package of its own, so that it runs while
//! netc's grammar waits for the parser of a new rule.

use quote::quote;

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/parse/generated.rs");
const UPDATE: &str = "NETC_UPDATE=1 cargo test -p generate-parser";

#[test]
fn the_kept_parser_is_the_grammars() {
    let parser = parser().expect("pest generates Rust");
    if std::env::var_os("NETC_UPDATE").is_some() {
        std::fs::write(KEPT, &parser).expect("the repository can be written");
    }
    let kept = std::fs::read_to_string(KEPT).unwrap_or_default();
    assert!(kept == parser, "run `{UPDATE}`");
}

fn parser() -> syn::Result<String> {
    let grammar = concat!(env!("CARGO_MANIFEST_DIR"), "/../net.pest");
    let parser = quote! { #[grammar = #grammar] struct NetParser; };
    let code = syn::parse2(pest_generator::derive_parser(parser, false))?;
    let code = prettyplease::unparse(&code);
    // What is allowed stands in `rules.rs`, with the reason.
    let allows = |line: &str| {
        let line = line.trim_start();
        line.starts_with("#[allow(") || line.starts_with("#![allow(")
    };
    let lines = code.lines().filter(|line| !allows(line));
    let head = format!("// Generated from net.pest by `{UPDATE}`.");
    Ok([head.as_str(), ""]
        .into_iter()
        .chain(lines)
        .flat_map(|line| [line, "\n"])
        .collect())
}
