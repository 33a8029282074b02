//! The language server: what editors ask, answered from what the compiler knows.
//!
//! Each feature is a file and a pure function of an [`Analysis`]: the text, its syntax tree, the graph with its shapes, the
//! diagnostics. [`serve`] is the adapter between them and a connection. JSON is written as the protocol's specification has it
//! (<https://microsoft.github.io/language-server-protocol>), without a crate of its types.

mod actions;
mod analysis;
mod completion;
mod definition;
mod diagnostics;
mod hints;
mod hover;
mod outline;
mod position;
mod server;
mod symbols;
mod texts;
mod tokens;

pub use analysis::Analysis;
pub use server::serve;
