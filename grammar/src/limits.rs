//! What a source text may ask of the compiler. Every limit has its own diagnostic, so that no input can exhaust memory, time or stack.

/// The largest source text, in bytes. A generated chain of 10,000 layers takes a tenth of it.
pub const MAX_FILE_BYTES: usize = 4 << 20;

/// How deep brackets and block comments may nest.
pub const MAX_NESTING: usize = 64;

/// How many operators may stand above one another in the tree of a value: `1 + 1 + 1` has two.
pub const MAX_EXPR_HEIGHT: usize = 128;

/// How many syntax errors of one file are reported before the rest is left for the next run.
pub const MAX_ERRORS: usize = 100;
