//! The netc language: `net.pest`, the syntax tree with spans, the parser, the diagnostic type and its renderers.

pub mod ast;
mod codes;
mod decode;
mod diagnostic;
pub mod limits;
mod parse;
mod render;
mod reports;
mod scan;
mod span;
mod suggest;

pub use codes::Code;
pub use decode::{NotUtf8, decode};
pub use diagnostic::{Diagnostic, Help, Label, Severity};
pub use parse::{Parsed, parse, parse_value};
pub use render::{render, render_github, render_json};
pub use span::{FileId, LineCol, Source, Sources, Span, Spanned};
pub use suggest::nearest;
