//! Descriptors and views as structs of constants in CUDA C++.

use crate::plan::{Act, Op, Slot, Value, View};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The descriptor of an operation: `struct Conv1 { static constexpr int input_h = 28, ...; };`
pub(super) fn descriptor(name: &str, op: &Op) -> String {
    let mut members = Vec::new();
    for field in op.fields() {
        match field.parts {
            Value::Sizes(sizes) => members.push(integers(field.name, &sizes)),
            Value::Real(value) => members.push(constant("float", field.name, &real(value))),
            Value::Flag(value) => members.push(constant("bool", field.name, &value.to_string())),
            Value::Word(ty, word) => {
                let ty = format!("netc::{ty}");
                members.push(constant(&ty, field.name, &format!("{ty}::{word}")));
            }
            Value::Act(act) => {
                let (word, parameter) = activation(act);
                let value = format!("netc::Act::{word}");
                members.push(constant("netc::Act", field.name, &value));
                let name = format!("{}_parameter", field.name);
                members.push(constant("float", &name, &real(parameter)));
            }
        }
    }
    let members: String = members.iter().map(|line| format!("    {line}\n")).collect();
    format!("struct {name} {{\n{members}}};\n")
}

/// A view: `netc::View<28, 28, 1, 1, 0>`.
pub(super) fn view(view: View) -> String {
    let [h, w, c] = view.shape;
    let aligned = match view.slot {
        Slot::Arena(offset) if offset % 16 != 0 => ", false",
        _ => "",
    };
    format!(
        "netc::View<{h}, {w}, {c}, {}, {}{aligned}>",
        view.pixel, view.channel
    )
}

/// Sizes under the names of their axes.
fn integers(name: &str, sizes: &[usize]) -> String {
    let axes: &[&str] = match sizes.len() {
        1 => &[""],
        2 => &["_h", "_w"],
        3 => &["_h", "_w", "_c"],
        _ => &["_top", "_bottom", "_left", "_right"],
    };
    let members = axes.iter().zip(sizes);
    let members: Vec<String> = members
        .map(|(axis, size)| format!("{name}{axis} = {size}"))
        .collect();
    format!("static constexpr int {};", members.join(", "))
}

fn constant(ty: &str, name: &str, value: &str) -> String {
    format!("static constexpr {ty} {name} = {value};")
}

/// The very number: in hexadecimal where decimals do not end.
pub(super) fn real(value: f32) -> String {
    let text = format!("{value:?}");
    match value {
        v if v.is_nan() => "netc::not_a_number".into(),
        v if v.is_infinite() => {
            let sign = if v < 0.0 { "-" } else { "" };
            format!("{sign}netc::infinity")
        }
        _ => format!("{text}f"),
    }
}

/// The name of an activation and its parameter, 0 where it has none.
pub(super) fn activation(act: Act) -> (&'static str, f32) {
    match act {
        Act::None => ("None", 0.0),
        Act::Relu => ("Relu", 0.0),
        Act::Relu6 => ("Relu6", 0.0),
        Act::LeakyRelu(slope) => ("LeakyRelu", slope),
        Act::Elu(alpha) => ("Elu", alpha),
        Act::Gelu => ("Gelu", 0.0),
        Act::Silu => ("Silu", 0.0),
        Act::Sigmoid => ("Sigmoid", 0.0),
        Act::HardSigmoid => ("HardSigmoid", 0.0),
        Act::HardSwish => ("HardSwish", 0.0),
        Act::Tanh => ("Tanh", 0.0),
        Act::LecunTanh => ("LecunTanh", 0.0),
    }
}
