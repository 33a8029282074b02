//! Numbers, places and names as Rust says them.

use crate::network::Step;
use netc_plan::{Conv, Element, Literal, MaxPool, Slot, View, grouped};
use std::fmt::Write;

/// `CONV(6, 5x5) + RELU, 28x28x1 -> 24x24x6`
pub(crate) fn shown(step: &Step) -> String {
    let shape = |view: &View| {
        let [h, w, c] = view.shape;
        match [h, w] {
            [1, 1] => c.to_string(),
            _ => format!("{h}x{w}x{c}"),
        }
    };
    let (from, to) = (shape(&step.inputs[0]), shape(&step.output));
    let text = plain(&step.text);
    match from == to {
        true => format!("{text}, {to}"),
        false => format!("{text}, {from} -> {to}"),
    }
}

/// Text that ends no comment.
pub(crate) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn constant(name: &str) -> String {
    name.to_uppercase()
}

pub(crate) fn literal(value: usize) -> String {
    grouped(value as u64, '_')
}

pub(crate) fn float(value: f32) -> String {
    match value {
        f32::INFINITY => "f32::INFINITY".to_owned(),
        f32::NEG_INFINITY => "f32::NEG_INFINITY".to_owned(),
        value => format!("{value:?}"),
    }
}

pub(crate) fn place(view: &View) -> String {
    let Slot::Arena(offset) = view.slot else {
        return format!("Place::input({})", view.shape.literal());
    };
    let (kind, bytes) = match view.element {
        Element::U8 => ("bytes", 1),
        _ => ("floats", 4),
    };
    let offset = literal(offset + view.channel * bytes);
    let mut text = format!("Place::{kind}({offset}, {})", view.shape.literal());
    if !view.is_dense() {
        let _ = write!(text, ".in_pixels_of({})", view.pixel);
    }
    text
}

/// What differs from a kernel of one cell.
fn window(kernel: [usize; 2], stride: [usize; 2], pad: [usize; 4], dilation: [usize; 2]) -> String {
    let pad = [pad[0], pad[2]];
    let all = [
        ("kernel", kernel, [1, 1]),
        ("stride", stride, [1, 1]),
        ("pad", pad, [0, 0]),
        ("dilation", dilation, [1, 1]),
    ];
    let said = all.iter().filter(|(_, value, usual)| value != usual);
    let said: Vec<String> = said
        .map(|(name, value, _)| format!("{name}: {}", value.literal()))
        .collect();
    match said.len() {
        0 => "Window::ONE".to_owned(),
        4 => format!("Window {{ {} }}", said.join(", ")),
        _ => format!("Window {{ {}, ..Window::ONE }}", said.join(", ")),
    }
}

pub(crate) fn conv_window(d: &Conv) -> String {
    window(d.kernel, d.stride, d.pad, d.dilation)
}

pub(crate) fn pool_window(d: &MaxPool) -> String {
    window(d.window, d.stride, d.pad, [1, 1])
}
