//! Names: those of steps are unique and valid as Rust identifiers, that of the network is valid as a type's.

use std::collections::BTreeSet;

use crate::names::is_rust_keyword;

/// The names given so far.
#[derive(Default)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// This name, or one like it that is still free.
    pub(crate) fn unique(&mut self, wanted: &str) -> String {
        let base = identifier(wanted);
        let mut name = base.clone();
        let mut count = 1;
        while !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{base}_{count}");
        }
        name
    }
}

/// The network's name as a type's: `resnet_18` is `Resnet18`.
pub(crate) fn type_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let mut camel = String::with_capacity(name.len());
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.extend(letters);
    }
    if !camel.starts_with(|c: char| c.is_ascii_alphabetic()) {
        camel.insert_str(0, "Net");
    }
    if camel == "Self" {
        camel.push_str("Net");
    }
    camel
}

fn identifier(name: &str) -> String {
    let mut name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.insert(0, 'l');
    }
    if is_rust_keyword(&name) {
        name.push('_');
    }
    name
}
