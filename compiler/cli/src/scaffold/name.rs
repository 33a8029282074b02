//! Names of crates, as cargo takes them.

/// Names that mean something else to Rust: a crate of the name would hide it.
const TAKEN: &[&str] = &["alloc", "core", "proc-macro", "proc_macro", "std", "test"];
/// Folders that cargo makes beside the programs that it builds.
const ARTIFACTS: &[&str] = &["build", "deps", "examples", "incremental"];
/// The crates that a new one depends on.
const NETC: &[&str] = &["netc-compiler", "netc-macros", "netc-runtime"];
/// Rust's own words, edition 2024 and reserved ones included.
const KEYWORDS: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Why no crate can have this name.
pub(super) fn problem(name: &str) -> Option<String> {
    let stray = |c: &char| !(c.is_alphanumeric() || *c == '-' || *c == '_');
    let Some(first) = name.chars().next() else {
        return Some("it is empty".to_owned());
    };
    if let Some(c) = name.chars().find(stray) {
        return Some(format!(
            "it has `{}`: letters, digits, `-` and `_` are allowed",
            c.escape_default()
        ));
    }
    if !(first.is_alphabetic() || first == '_') {
        return Some(format!("it begins with `{first}`, and not with a letter"));
    }
    if name.chars().all(|c| c == '_') {
        return Some("it has no letter".to_owned());
    }
    if KEYWORDS.contains(&name) {
        return Some("it is a keyword of Rust".to_owned());
    }
    if TAKEN.contains(&name) {
        return Some("it is a crate of Rust's own".to_owned());
    }
    if ARTIFACTS.contains(&name) {
        return Some("cargo has a folder of this name among what it builds".to_owned());
    }
    NETC.contains(&name.replace('_', "-").as_str())
        .then(|| "the new crate depends on a crate of this name".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cargos() {
        for name in ["digits", "my-net", "_x", "net2", "naïve"] {
            assert_eq!(problem(name), None, "{name}");
        }
        for name in [
            "",
            "2net",
            "a b",
            "a.b",
            "fn",
            "std",
            "build",
            "__",
            "netc_macros",
            "-x",
            "a/b",
            "a\nb",
        ] {
            assert!(problem(name).is_some(), "{name}");
        }
    }
}
