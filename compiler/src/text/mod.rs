//! Numbers and values as text: what diagnostics, tables, generated code and `.net` files all say in the same way.

pub(crate) mod expr;
pub(crate) mod numbers;

pub use numbers::{bytes, thousands};

/// The shortest form that reads back as the same number: `2`, `0.5`, `1e-5`.
pub(crate) fn number(value: f32) -> String {
    expr::text(&expr::single(value))
}
