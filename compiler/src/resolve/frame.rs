//! What flows along a chain, and what names mean there.

use super::constants::{Constants, FileScope};
use super::modules::Program;
use crate::graph::NodeId;
use crate::value::{Scope, Value};
use netc_grammar::ast::Ident;
use netc_grammar::{Diagnostic, Span};
use std::collections::HashMap;

/// What a stage is given and gives on.
#[derive(Clone, Debug)]
pub(super) enum Flow {
    /// Nothing yet: the chain begins.
    Start,
    /// A value.
    One(NodeId),
    /// The values of branches, which the next stage joins.
    Many {
        /// One a branch.
        values: Vec<NodeId>,
        /// The branches.
        span: Span,
    },
}

/// What names mean in the chain of a file, or in one use of a block.
pub(super) struct Frame<'a> {
    pub(super) module: usize,
    params: HashMap<&'a str, Value>,
    taps: HashMap<String, Tap>,
    /// Taps in the order of definition, to take back those of a branch.
    order: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Tap {
    pub(super) value: NodeId,
    /// The name in `as name`.
    pub(super) span: Span,
}

impl<'a> Frame<'a> {
    pub(super) fn file(module: usize) -> Self {
        Self::block(module, HashMap::new())
    }

    pub(super) fn block(module: usize, params: HashMap<&'a str, Value>) -> Self {
        Self {
            module,
            params,
            taps: HashMap::new(),
            order: Vec::new(),
        }
    }

    pub(super) fn scope<'s>(
        &'s self,
        program: &'s Program,
        constants: &'s Constants,
    ) -> FrameScope<'s> {
        FrameScope {
            params: &self.params,
            file: constants.scope(program, self.module),
        }
    }

    pub(super) fn tap(&self, name: &str) -> Option<NodeId> {
        self.taps.get(name).map(|t| t.value)
    }

    pub(super) fn tap_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.taps.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Defines a tap; the place of the other one if the name is taken by another `as`.
    pub(super) fn define(&mut self, name: &Ident, value: NodeId) -> Option<Span> {
        let tap = Tap {
            value,
            span: name.span,
        };
        match self.taps.insert(name.node.clone(), tap) {
            None => {
                self.order.push(name.node.clone());
                None
            }
            // The same `as`, repeated: the last one counts.
            Some(earlier) => Some(earlier.span).filter(|&s| s != name.span),
        }
    }

    /// How many taps are defined.
    pub(super) fn count(&self) -> usize {
        self.order.len()
    }

    /// Hides the taps defined since there were `count` of them.
    pub(super) fn hide(&mut self, count: usize) -> Vec<(String, Tap)> {
        let hidden = self.order.split_off(count);
        hidden
            .into_iter()
            .filter_map(|name| self.taps.remove_entry(&name))
            .collect()
    }
}

/// Parameters of the block, then what the file can use.
pub(super) struct FrameScope<'a> {
    params: &'a HashMap<&'a str, Value>,
    file: FileScope<'a>,
}

impl Scope for FrameScope<'_> {
    fn lookup(&self, name: &Ident, errors: &mut Vec<Diagnostic>) -> Option<Value> {
        match self.params.get(name.node.as_str()) {
            Some(value) => Some(value.clone()),
            None => self.file.lookup(name, errors),
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.params.keys().map(|&n| n.to_owned()).collect();
        names.sort_unstable();
        names.extend(self.file.names());
        names
    }
}
