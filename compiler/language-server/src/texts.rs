//! What layers and options are, as Markdown.

use netc_compiler::layers::LayerSpec;
use netc_compiler::options::{Default, Opt};

/// What a layer is, as Markdown.
pub(crate) fn layer_text(layer: &LayerSpec) -> String {
    let mut text = format!("`{}`: {}\n", layer.example, layer.about);
    for option in layer.options {
        text += &format!("\n- {}", option_text(option));
    }
    text
}

/// What an option is, as Markdown.
pub(crate) fn option_text(option: &Opt) -> String {
    let default = match option.default {
        Default::Required => String::new(),
        Default::Is(text) => format!(" (`{text}`)"),
        Default::Written(text) => format!(" (`{}`)", text()),
        Default::Described(text) => format!(" ({text})"),
    };
    format!("`{}`: {}{default}", option.name, option.about)
}
