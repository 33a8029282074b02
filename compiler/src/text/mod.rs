//! Numbers, values and layers as text: what diagnostics, tables, generated code and `.net` files all say in the same way.

pub(crate) mod expr;
pub(crate) mod numbers;

pub use numbers::{bytes, thousands};

use crate::graph::Layer;
use crate::layers;
use crate::options::Kind;
use netc_grammar::ast::{Call, ExprKind};

/// `CONV`: the layer's word.
#[must_use]
pub fn kind(layer: &Layer) -> &'static str {
    layers::written(layer, None).spec.name
}

/// `CONV(96, 11x11/4)`: the layer as a file would say it; what matters to training alone is left out, and so are long tables.
#[must_use]
pub fn layer(layer: &Layer) -> String {
    let mut written = layers::written(layer, None);
    let trains = ["l2", "momentum"];
    written.keep(|option| option.kind != Kind::Init && !trains.contains(&option.name));
    let Call { name, args, span } = written.call();
    let args = args.map(|args| args.into_iter());
    let args = args.map(|args| {
        let short = args.map(|mut arg| {
            if let ExprKind::List(items) = &mut arg.value.kind {
                *items = vec![expr::word("..")];
            }
            arg
        });
        short.collect()
    });
    expr::call_text(&Call { name, args, span })
}

/// The shortest form that reads back as the same number: `2`, `0.5`, `1e-5`.
pub(crate) fn number(value: f32) -> String {
    expr::text(&expr::single(value))
}
