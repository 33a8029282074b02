//! Documentation of generated items.

use netc_plan::Plan;
use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::EmitInfo;
use crate::text::numbers::{bytes, shape, thousands};

/// The documentation of the network's struct.
pub(super) fn network(plan: &Plan, info: &EmitInfo) -> TokenStream {
    let mut text = format!(
        "{}: {} -> {}, {} parameters, {} MACs.\n",
        plan.name,
        shape(&plan.input),
        shape(&plan.output),
        thousands(info.params),
        thousands(info.macs)
    );
    if !info.about.trim().is_empty() {
        text.push('\n');
        text.push_str(&prose(&info.about));
    }
    let weights = bytes(4 * info.params);
    let memory = bytes(plan.arena as u64);
    text.push_str(&format!(
        "\nThe weights take {weights}, a workspace {memory} per image.\n\n"
    ));
    text.push_str(&usage(plan));
    lines(&text)
}

/// Not a doc test: it would need weights and pictures.
fn usage(plan: &Plan) -> String {
    let name = &plan.name;
    let file = name.to_lowercase();
    let call = if plan.output.iter().filter(|size| **size > 1).count() <= 1 {
        "let best = model.predict(&mut workspace, &images)?; // a class and its probability per image"
    } else {
        "let outputs = model.forward(&mut workspace, &images)?;"
    };
    format!(
        "```text\n\
         let model = {name}::from_file(\"{file}.safetensors\")?;\n\
         let mut workspace = model.workspace(1);\n\
         {call}\n\
         ```\n"
    )
}

/// Somebody's comment as Markdown that says the same and nothing else: no links, lists, code blocks or HTML.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for line in text.trim().lines() {
        let line = line.trim();
        let number = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        for (i, c) in line.char_indices() {
            let starts_something = i == 0 && "-*+>#=~|`:".contains(c);
            let numbers_a_list = i > 0 && i == number && ".)".contains(c);
            if starts_something || numbers_a_list || "[]<>\\".contains(c) {
                out.push('\\');
            }
            out.push(if c.is_control() { ' ' } else { c });
        }
        out.push('\n');
    }
    out
}

/// Documentation of these lines.
pub(super) fn lines(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| {
        let line = if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        };
        quote!(#[doc = #line])
    });
    quote!(#(#lines)*)
}

/// The last part of a path, of whatever system.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
