//! The netc language: `net.pest`, the syntax tree with spans, the parser and the diagnostic type.

pub mod ast;
mod codes;
mod diagnostic;
pub mod limits;
mod parse;
mod reports;
mod scan;
mod span;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Help, Label, Severity};
pub use parse::parse;
pub use span::{FileId, Source, Sources, Span, Spanned};
