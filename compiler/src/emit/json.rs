//! The network as JSON, for scripts. The writer is a few lines, so that no crate that uses `net!` compiles a JSON library.

use netc_plan::{Plan, Slot, Step, View};

use crate::graph::Graph;
use crate::layers;
use crate::params;

/// A JSON value under construction.
pub(super) enum Json {
    Number(u64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
    Null,
}

/// `{name, input, output, outputs: [{name, output}], auxiliary: [{name, output}], params, trainable, macs, layers: [{name, kind, output,
/// params, macs}]}`: a contract.
#[must_use]
pub fn json(graph: &Graph) -> String {
    Json::Object(network(graph)).print()
}

/// As [`json`], and the plan: its memory and its steps.
#[must_use]
pub fn plan_json(graph: &Graph, plan: &Plan) -> String {
    let mut all = network(graph);
    all.extend([
        ("arena", Json::Number(plan.arena as u64)),
        ("result", view(&plan.result)),
        (
            "forward",
            Json::List(plan.forward.iter().map(step).collect()),
        ),
    ]);
    Json::Object(all).print()
}

fn network(graph: &Graph) -> Vec<(&'static str, Json)> {
    let total = params::total(graph);
    let input = graph.nodes.first().map(|node| node.shape.sizes());
    let layers = graph.nodes.iter().skip(1).map(|node| {
        let count = params::count(node, graph);
        Json::Object(vec![
            ("name", Json::Text(node.name.clone())),
            ("kind", Json::Text(layers::kind(&node.layer).into())),
            ("output", sizes(&node.shape.sizes())),
            ("params", Json::Number(count.params)),
            ("macs", Json::Number(count.macs)),
        ])
    });
    let heads = |auxiliary| {
        let heads = graph.heads.iter();
        let heads = heads.filter(|head| head.auxiliary == auxiliary);
        heads
            .map(|head| {
                let shape = graph.node(head.node).shape.sizes();
                Json::Object(vec![
                    ("name", Json::Text(head.name.clone())),
                    ("output", sizes(&shape)),
                ])
            })
            .collect()
    };
    vec![
        ("name", Json::Text(graph.name.clone())),
        ("input", sizes(&input.unwrap_or_default())),
        ("output", sizes(&graph.node(graph.output).shape.sizes())),
        ("outputs", Json::List(heads(false))),
        ("auxiliary", Json::List(heads(true))),
        ("params", Json::Number(total.params)),
        ("trainable", Json::Number(total.trainable)),
        ("macs", Json::Number(total.macs)),
        ("layers", Json::List(layers.collect())),
    ]
}

fn step(step: &Step) -> Json {
    let source = match &step.source {
        None => Json::Null,
        Some(source) => Json::Object(vec![
            ("layer", Json::Text(source.layer.clone())),
            (
                "fold",
                source
                    .fold
                    .as_ref()
                    .map_or(Json::Null, |fold| Json::Text(fold.layer.clone())),
            ),
            ("chw", source.chw.map_or(Json::Null, |shape| sizes(&shape))),
            (
                "pointwise",
                (source.pointwise.as_ref())
                    .map_or(Json::Null, |conv| Json::Text(conv.layer.clone())),
            ),
        ]),
    };
    Json::Object(vec![
        ("name", Json::Text(step.name.clone())),
        ("op", Json::Text(step.op.name().into())),
        ("text", Json::Text(step.text.clone())),
        ("weights", source),
        ("inputs", Json::List(step.inputs.iter().map(view).collect())),
        ("output", view(&step.output)),
    ])
}

fn view(view: &View) -> Json {
    let offset = match view.slot {
        Slot::Input => Json::Null,
        Slot::Arena(offset) => Json::Number(offset as u64),
    };
    Json::Object(vec![
        ("offset", offset),
        ("shape", sizes(&view.shape)),
        ("pixel", Json::Number(view.pixel as u64)),
        ("channel", Json::Number(view.channel as u64)),
    ])
}

pub(super) fn sizes(sizes: &[usize]) -> Json {
    Json::List(
        sizes
            .iter()
            .map(|size| Json::Number(*size as u64))
            .collect(),
    )
}

impl Json {
    pub(super) fn print(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text.push('\n');
        text
    }

    /// Objects and lists of them over several lines, what holds no list of objects on one.
    fn write(&self, text: &mut String, indent: usize) {
        match self {
            Json::Number(value) => text.push_str(&value.to_string()),
            Json::Null => text.push_str("null"),
            Json::Text(value) => quote(text, value),
            Json::List(items) => {
                let items = items.iter().map(|item| (None, item));
                brackets(text, ('[', ']'), items.collect(), self.is_flat(), indent);
            }
            Json::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (Some(*name), value));
                brackets(text, ('{', '}'), fields.collect(), self.is_flat(), indent);
            }
        }
    }

    fn is_flat(&self) -> bool {
        match self {
            Json::List(items) => !items.iter().any(|item| matches!(item, Json::Object(_))),
            Json::Object(fields) => fields.iter().all(|(_, value)| match value {
                Json::List(_) => value.is_flat(),
                Json::Object(fields) => fields.len() < 5 && value.is_flat(),
                _ => true,
            }),
            _ => true,
        }
    }
}

fn brackets(
    text: &mut String,
    (open, close): (char, char),
    items: Vec<(Option<&str>, &Json)>,
    flat: bool,
    indent: usize,
) {
    let new_line = |text: &mut String, indent: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(indent));
    };
    text.push(open);
    for (i, (name, item)) in items.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        if !flat {
            new_line(text, indent + 1);
        } else if i > 0 {
            text.push(' ');
        }
        if let Some(name) = name {
            quote(text, name);
            text.push_str(": ");
        }
        item.write(text, indent + 1);
    }
    if !flat {
        new_line(text, indent);
    }
    text.push(close);
}

fn quote(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            c if c.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}
