//! The netc language for [tree-sitter](https://tree-sitter.github.io): the parser that editors load, and its queries.
//!
//! ```
//! let mut parser = tree_sitter::Parser::new();
//! parser.set_language(&tree_sitter_netc::LANGUAGE.into())?;
//! let tree = parser.parse("INPUT(28x28x1) => CONV(8, 3x3) => RELU => FC(10)", None);
//! assert!(tree.is_some_and(|tree| !tree.root_node().has_error()));
//! # Ok::<(), tree_sitter::LanguageError>(())
//! ```

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_netc() -> *const ();
}

/// The language.
// SAFETY: `tree_sitter_netc` is the function that tree-sitter's generator wrote for this language.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_netc) };

/// The kinds of nodes, as JSON.
pub const NODE_TYPES: &str = include_str!("../../src/node-types.json");

/// The query for colours.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");

/// The query for scopes, definitions and references.
pub const LOCALS_QUERY: &str = include_str!("../../queries/locals.scm");
