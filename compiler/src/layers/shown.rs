//! Layers as text: what diagnostics, tables, generated code and pictures say of them.

use super::written;
use crate::graph::Layer;
use crate::options::Kind;
use crate::text::expr::{call_text, word};
use netc_grammar::ast::{Call, ExprKind};

/// `CONV`: the layer's word.
#[must_use]
pub fn kind(layer: &Layer) -> &'static str {
    written(layer, None).spec.name
}

/// `CONV(96, 11x11/4)`: the layer as a file would say it; what matters to training alone is left out, and so are long tables.
#[must_use]
pub fn text(layer: &Layer) -> String {
    let mut written = written(layer, None);
    let trains = ["l2", "momentum"];
    written.keep(|option| option.kind != Kind::Init && !trains.contains(&option.name));
    let Call { name, args, span } = written.call();
    let args = args.map(|args| args.into_iter());
    let args = args.map(|args| {
        let short = args.map(|mut arg| {
            if let ExprKind::List(items) = &mut arg.value.kind {
                *items = vec![word("..")];
            }
            arg
        });
        short.collect()
    });
    call_text(&Call { name, args, span })
}
