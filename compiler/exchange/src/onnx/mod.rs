//! ONNX in and out.
//!
//! # Reading
//! `message` has the file's messages. `patterns` finds operators that exporters write in pieces, `read` goes through the nodes that
//! the outputs depend on: what does not depend on the input is computed (`fold`), the rest becomes layers. A picture there is
//! `[n, c, h, w]` and here `[h, w, c]`; `Layout` (`layout.rs`) keeps how a tensor there lies in a value here, so
//! that reshaping and transposing are no layers, and weights of what follows a flatten are put into netc's order.
//!
//! # Writing
//! `write` has a node for a layer where ONNX has one, and several where it has not. What is written is read again as the same layers, but for
//! those that do nothing in inference.

mod fold;
mod message;
mod patterns;
mod read;
mod shapes;
mod step;
mod tensor;
mod write;

pub use read::{Source, import};
pub use write::export;
