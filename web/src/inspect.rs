//! What the compiler says about the text in the editor.

use crate::places::place;
use netc_compiler::grammar::{Code, Diagnostic, Severity};
use netc_compiler::graph::{Graph, Node};
use netc_compiler::{Options, Output, RecipeChoice, Train, compile, emit, format, layers, params};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAME: &str = "network.net";

/// Compiles the text, which stands alone.
pub(crate) fn compiled(text: &str, options: &Options) -> Output {
    let mut no_files = BTreeMap::<String, Vec<u8>>::new();
    compile(NAME, text.as_bytes().to_vec(), options, &mut no_files)
}

/// As [`compiled`], without errors: the first of them otherwise.
pub(crate) fn accepted(text: &str, options: &Options) -> Result<Output, String> {
    let output = compiled(text, options);
    let mut errors = output.diagnostics.iter().filter(|d| d.is_error());
    match errors.next() {
        Some(first) => Err(format!("{}: {}", first.code.as_str(), first.headline)),
        None if output.library => Err("the text holds no network".to_owned()),
        None => Ok(output),
    }
}

/// The words of the language, and what the page begins with.
pub(crate) fn words() -> Value {
    let layers = layers::LAYERS.iter().map(|layer| {
        json!({
            "name": layer.name,
            "aliases": layer.aliases,
            "example": layer.example,
            "about": layer.about,
        })
    });
    json!({ "layers": layers.collect::<Vec<_>>(), "network": crate::LENET5 })
}

/// Everything that is shown while one types.
pub(crate) fn inspect(text: &str) -> Value {
    let options = Options {
        estimate: true,
        ..Options::default()
    };
    let output = compiled(text, &options);
    let diagnostics = output.diagnostics.iter().map(|d| diagnostic(text, d));
    let mut answer = json!({
        "diagnostics": diagnostics.collect::<Vec<_>>(),
        "rendered": output.rendered(),
        "library": output.library,
    });
    if let (Some(graph), Some(plan), false) = (&output.graph, &output.plan, output.has_errors()) {
        let nodes = graph.nodes.iter();
        let total = params::total(graph);
        answer["network"] = json!({
            "name": graph.name,
            "svg": emit::svg(graph),
            "summary": emit::summary(graph, plan, output.training.as_ref()),
            "params": total.params,
            "macs": total.macs,
            "layers": nodes.map(|node| layer(text, node, graph)).collect::<Vec<_>>(),
        });
    }
    answer
}

fn diagnostic(text: &str, d: &Diagnostic) -> Value {
    let labels = d
        .labels
        .iter()
        .map(|label| json!({ "text": label.text, "place": place(text, label.span) }));
    let helps = d.helps.iter().map(|help| {
        let edit = help.edit.as_ref();
        let edit = edit.map(|(span, new)| json!({ "place": place(text, *span), "text": new }));
        json!({ "text": help.text, "edit": edit })
    });
    json!({
        "code": d.code.as_str(),
        "title": d.code.title(),
        "error": d.severity == Severity::Error,
        "message": d.headline,
        "place": place(text, d.span()),
        "labels": labels.collect::<Vec<_>>(),
        "notes": d.notes,
        "helps": helps.collect::<Vec<_>>(),
    })
}

fn layer(text: &str, node: &Node, graph: &Graph) -> Value {
    let count = params::count(node, graph);
    let inputs = node.inputs.iter().map(|id| graph.node(*id));
    let tensors = params::of(node, graph, None);
    let tensors = tensors
        .iter()
        .map(|tensor| json!({ "name": tensor.name, "shape": tensor.shape }));
    json!({
        "name": node.name,
        "text": layers::text(&node.layer),
        "about": layers::find(layers::kind(&node.layer)).map(|spec| spec.about),
        "inputs": inputs.map(|node| json!({ "name": node.name, "shape": node.shape.to_string() })).collect::<Vec<_>>(),
        "output": node.shape.to_string(),
        "params": count.params,
        "trainable": count.trainable,
        "macs": count.macs,
        "tensors": tensors.collect::<Vec<_>>(),
        "place": place(text, node.used_at.last().copied().unwrap_or(node.span)),
    })
}

/// The Rust, of inference or of training.
pub(crate) fn code(text: &str, train: bool) -> Result<Value, String> {
    let train = train.then(|| Train {
        recipe: RecipeChoice::Default,
        ..Train::default()
    });
    let options = Options {
        code: true,
        train,
        ..Options::default()
    };
    let output = accepted(text, &options)?;
    Ok(json!({ "code": output.code }))
}

/// The text as the formatter writes it.
pub(crate) fn format(text: &str) -> Result<Value, String> {
    match format::format(NAME, text) {
        Ok(text) => Ok(json!({ "text": text })),
        Err(_) => Err("a text with syntax errors is not formatted".to_owned()),
    }
}

/// The long text of a diagnostic.
pub(crate) fn explain(code: &str) -> Result<Value, String> {
    let code = Code::parse(code).ok_or_else(|| format!("there is no code `{code}`"))?;
    Ok(json!({ "title": code.title(), "text": code.explanation() }))
}
