//! Names that `as` gives to layers.

use super::expand::Expander;
use crate::graph::NodeId;
use netc_grammar::ast::Ident;
use netc_grammar::{Code, Diagnostic, Span};
use std::collections::{HashMap, HashSet};

impl Expander<'_, '_> {
    /// Gives layers the names that `as` chose, now that all numbered names are known. An `as` in a block that is used again
    /// goes on as `name2`, `name3` ...
    pub(super) fn rename(&mut self) {
        let renames = std::mem::take(&mut self.renames);
        if renames.is_empty() {
            return;
        }
        let mut taken = self.numbered_names(&renames);
        let mut uses: HashMap<String, usize> = HashMap::new();
        for (id, ident) in renames {
            let used = uses.entry(key(&ident.node)).or_insert(0);
            let name = if *used == 0 {
                ident.node.clone()
            } else {
                free_name(&ident.node, used, &taken)
            };
            *used += 1;
            match taken.insert(key(&name), ident.span) {
                None => self.nodes[id.0].name = name,
                Some(owner) => self.report.push(taken_name(&ident, owner)),
            }
        }
    }

    /// The names of the layers that keep them, and where these stand.
    fn numbered_names(&self, renames: &[(NodeId, Ident)]) -> HashMap<String, Span> {
        let renamed: HashSet<NodeId> = renames.iter().map(|(id, _)| *id).collect();
        let nodes = (0..).map(NodeId).zip(&self.nodes);
        nodes
            .filter(|(id, _)| !renamed.contains(id))
            .map(|(_, node)| (key(&node.name), node.span))
            .collect()
    }
}

/// Generated code has a constant `CONV1` beside a field `conv1`, so that case does not make names different.
fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The next of `name2`, `name3` ... that is free; `used` ends up one below its number.
fn free_name(name: &str, used: &mut usize, taken: &HashMap<String, Span>) -> String {
    loop {
        let numbered = format!("{name}{}", *used + 1);
        if !taken.contains_key(&key(&numbered)) {
            return numbered;
        }
        *used += 1;
    }
}

fn taken_name(ident: &Ident, owner: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0210,
        format!("another layer is called `{}`", ident.node),
        ident.span,
    )
    .primary("this name is taken")
    .label(owner, "by this layer")
    .note("layers without `as` are called by kind and number: conv1, conv2, fc1 ...")
}
