//! The parser that pest generates from `net.pest`.

use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "../net.pest"]
pub(crate) struct NetParser;
