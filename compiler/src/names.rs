//! Names: what users may choose, what the compiler chooses, and what was probably meant.

use crate::text::thousands;
use netc_grammar::ast::Ident;
use netc_grammar::{Code, Diagnostic};
use std::collections::BTreeMap;

/// The words that are values; everything else must be defined.
pub(crate) const WORDS: &[&str] = &[
    "same", "valid", "true", "false", "hwc", "chw", "mean", "max", "nearest", "bilinear", "glorot",
    "he", "lecun",
];

/// Words that Rust keeps for itself, edition 2024 and reserved ones included.
const RUST_KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Whether a name that ends up in generated code, lower-cased, would be a keyword of Rust.
pub(crate) fn is_rust_keyword(name: &str) -> bool {
    RUST_KEYWORDS
        .binary_search(&name.to_ascii_lowercase().as_str())
        .is_ok()
}

/// Whether a name is all caps, and so belongs to the language.
pub(crate) fn is_all_caps(name: &str) -> bool {
    !name.chars().any(|c| c.is_ascii_lowercase())
}

/// Whether users may call a layer, a tap or an output so: it begins with a small letter, and no word of the language or of Rust's.
#[must_use]
pub fn is_free_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.contains(&name)
        && !is_rust_keyword(name)
}

/// A name that belongs to the language.
pub(crate) fn bad_name(name: &Ident, what: &str) -> Option<Diagnostic> {
    if WORDS.contains(&name.node.as_str()) {
        return Some(
            Diagnostic::error(
                Code::E0203,
                format!("`{}` is a word of the language", name.node),
                name.span,
            )
            .primary("choose another name"),
        );
    }
    if !is_all_caps(&name.node) {
        return None;
    }
    let lower = name.node.to_ascii_lowercase();
    let error = Diagnostic::error(
        Code::E0203,
        format!(
            "`{}` is all caps, as only names of the language are",
            name.node
        ),
        name.span,
    )
    .primary(format!("names of {what} contain a lower-case letter"));
    Some(if lower == name.node {
        error
    } else {
        error.help(format!("call it `{lower}` here and where it is used"))
    })
}

/// The name of a network whose file does not give one: `alexnet_cifar.net` is `AlexnetCifar`.
pub(crate) fn camel_case(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    // Rust's names and the language's are ASCII: `réseau` is `Reseau`. Case stays where the file's name has it (`VGG16`).
    let stem = deunicode::deunicode(stem);
    let words = stem.split(|c: char| !c.is_ascii_alphanumeric());
    let camel: String = words.map(capitalised).collect();
    match camel.chars().next() {
        None => "Net".to_owned(),
        Some(first) if first.is_ascii_digit() || is_rust_keyword(&camel) => format!("Net{camel}"),
        Some(_) => camel,
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// `a`, `a` and `b`, `a`, `b` and `c`: names in backquotes.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `1 layer`, `2 layers`
pub(crate) fn plural(n: usize, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        thousands(n as u64),
        if n == 1 { "" } else { "s" }
    )
}

/// Hands out layer names: each kind counts from 1.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    counts: BTreeMap<&'static str, usize>,
}

impl Counter {
    /// The next name of a kind: `conv1`, `conv2`.
    pub(crate) fn next(&mut self, prefix: &'static str) -> String {
        let count = self.counts.entry(prefix).or_default();
        *count += 1;
        format!("{prefix}{count}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted() {
        assert!(RUST_KEYWORDS.is_sorted());
        assert!(is_rust_keyword("Self") && is_rust_keyword("match") && !is_rust_keyword("stem"));
    }

    #[test]
    fn file_names_become_type_names() {
        for (file, name) in [
            ("models/alexnet_cifar-14.net", "AlexnetCifar14"),
            ("14.net", "Net14"),
            ("net!", "Net"),
            ("", "Net"),
            ("self.net", "NetSelf"),
            ("größe.net", "Grosse"),
            ("réseau.net", "Reseau"),
            ("VGG16_bn.net", "VGG16Bn"),
        ] {
            assert_eq!(camel_case(file), name, "{file}");
        }
    }
}
