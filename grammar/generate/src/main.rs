//! Writes `grammar/src/parse/generated.rs`, the parser that pest generates from `grammar/net.pest`: `cargo run -p generate-parser`.
//!
//! The parser is kept, so that nobody who builds netc builds pest's generator. This crate stands alone, so that it runs while netc's
//! grammar waits for the parser of a new rule.

use quote::quote;

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/parse/generated.rs");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Ok(std::fs::write(KEPT, parser()?)?)
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
    let head = [
        "// Generated from net.pest by `cargo run -p generate-parser`.",
        "",
    ];
    Ok(head
        .into_iter()
        .chain(lines)
        .flat_map(|line| [line, "\n"])
        .collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_kept_parser_is_the_grammars() {
        let kept = std::fs::read_to_string(super::KEPT).unwrap_or_default();
        let parser = super::parser().expect("pest generates Rust");
        assert!(kept == parser, "run `cargo run -p generate-parser`");
    }
}
