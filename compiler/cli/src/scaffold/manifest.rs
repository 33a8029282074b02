//! `Cargo.toml` of a new crate.

use super::{Origin, Way};
use std::fmt::Write;

pub(super) struct Manifest<'a> {
    pub(super) name: &'a str,
    pub(super) way: Way,
    pub(super) origin: &'a Origin,
    /// Whether a workspace lies around it, which it must not join by itself.
    pub(super) alone: bool,
}

impl Manifest<'_> {
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "[package]\nname = {}\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"{}\"\n\n[dependencies]\n{}",
            quoted(self.name),
            env!("CARGO_PKG_RUST_VERSION"),
            self.dependency("netc-runtime", "runtime"),
        );
        match self.way {
            Way::Macro => text += &self.dependency("netc-macros", "compiler/macros"),
            Way::BuildScript => {
                text += "\n[build-dependencies]\n";
                text += &self.dependency("netc-compiler", "compiler");
            }
            Way::Cli => {}
        }
        text += "\n# The kernels are slow unless they are optimised, in `cargo run` and `cargo test` too.\n\
                 [profile.dev.package.netc-runtime]\nopt-level = 3\n";
        if self.alone {
            text += "\n# A workspace of its own. To join the one around it, move the profile there and take this line away.\n[workspace]\n";
        }
        text
    }

    fn dependency(&self, name: &str, folder: &str) -> String {
        let mut line = String::new();
        // Writing to a string cannot fail.
        let _ = match self.origin {
            Origin::Clone(clone) => {
                let path = clone.join(folder);
                writeln!(
                    line,
                    "{name} = {{ path = {} }}",
                    quoted(&path.to_string_lossy())
                )
            }
            Origin::Registry => writeln!(line, "{name} = \"{}\"", env!("CARGO_PKG_VERSION")),
        };
        line
    }
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_as_toml_has_it() {
        assert_eq!(quoted("a \"b\"\\c\n"), r#""a \"b\"\\c\u000A""#);
    }
}
