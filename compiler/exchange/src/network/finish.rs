//! From layers to a file of the language and its weights.

use super::{Network, graph, order};
use crate::refusal::Refusal;
use netc_compiler::graph::{Claim, ClaimValue, Graph, Head, NodeId, Quantity};
use netc_compiler::{Loader, Options, compile, params, print, shape};
use netc_grammar::Span;
use netc_grammar::ast::Relation;
use std::collections::BTreeMap;

/// A network that came from elsewhere.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The network in arrow notation.
    pub net: String,
    /// The network again, as that text says it: with names, shapes and outputs.
    pub graph: Graph,
    /// Its weights by their names, row by row, in the order of the layers.
    pub weights: Vec<(String, Vec<f32>)>,
    /// What a reader should know: what was left out, or is computed otherwise.
    pub notes: Vec<String>,
}

/// What a network is called, and what leaves it.
pub(crate) struct Labels {
    /// The network's name; made into one of the language.
    pub(crate) name: String,
    /// The comment at the head of the file.
    pub(crate) about: String,
    /// What leaves the network, and how the file calls it.
    pub(crate) outputs: Vec<(String, NodeId)>,
}

impl Network {
    /// The text of the network and its weights. What is printed is compiled again: it has the layers and tensors that went in.
    pub(crate) fn finish(self, labels: &Labels, notes: Vec<String>) -> Result<Imported, Refusal> {
        let mut last = Refusal::new("it has no output");
        // The chain's end is the first output that the others can branch off.
        for main in 0..labels.outputs.len() {
            match self.with_main(main, labels) {
                Ok((graph, net, weights)) => {
                    return Ok(Imported {
                        net,
                        graph,
                        weights,
                        notes,
                    });
                }
                Err(refusal) => last = refusal,
            }
        }
        Err(last)
    }

    fn with_main(&self, main: usize, labels: &Labels) -> Result<Parts, Refusal> {
        let mut outputs: Vec<&(String, NodeId)> = labels.outputs.iter().collect();
        let chain = outputs.remove(main);
        outputs.retain(|(_, id)| *id != chain.1);
        let mut ends = vec![chain.1];
        ends.extend(outputs.iter().map(|(_, id)| *id));
        let order = order::of(&self.nodes, &ends);
        let place: BTreeMap<NodeId, NodeId> = order
            .iter()
            .enumerate()
            .map(|(at, id)| (*id, NodeId(at)))
            .collect();
        let mut nodes: Vec<_> = order.iter().map(|id| self.nodes[id.0].clone()).collect();
        for node in &mut nodes {
            node.inputs = node.inputs.iter().map(|id| place[id]).collect();
        }
        if order.first() != Some(&Self::INPUT) {
            return Err(Refusal::new("its output does not depend on its input"));
        }
        order::name(&mut nodes);
        let mut graph = graph(type_name(&labels.name), nodes, place[&chain.1]);
        graph.about.clone_from(&labels.about);
        graph.pixels.clone_from(&self.pixels);
        for (name, id) in outputs {
            let head = self.head(&graph, name, place[id])?;
            // A layer of the chain that is an output as it stands has the output's name.
            let named = graph.heads.iter().any(|other| other.node == head.node);
            if head.from == head.node && !named {
                graph.nodes[head.node.0].name.clone_from(&head.name);
            }
            graph.heads.push(head);
        }
        shape::infer(&mut graph, &mut Vec::new());
        graph.claims.push(claim(params::total(&graph).params));
        let (net, graph) = checked(&graph)?;
        let weights = order.iter().zip(&graph.nodes).flat_map(|(id, node)| {
            let tensors = self.weights[id.0].iter();
            tensors.map(|(leaf, values)| (format!("{}.{leaf}", node.name), values.clone()))
        });
        let weights = weights.collect();
        Ok((graph, net, weights))
    }

    /// A value that leaves the network beside the chain's end.
    fn head(&self, graph: &Graph, name: &str, node: NodeId) -> Result<Head, Refusal> {
        let chain = order::of(&graph.nodes, &[graph.output]);
        let mut from = node;
        while !chain.contains(&from) {
            let inputs = &graph.node(from).inputs;
            from = *inputs.first().ok_or_else(|| {
                Refusal::new(format!("its output `{name}` does not depend on its input"))
            })?;
        }
        let used = |name: &str| {
            graph.heads.iter().any(|head| head.name == name)
                || graph.nodes.iter().any(|node| node.name == name)
        };
        let mut name = value_name(name);
        while used(&name) {
            name.push_str("_out");
        }
        Ok(Head {
            name,
            from,
            node,
            auxiliary: false,
            span: Span::default(),
        })
    }
}

type Parts = (Graph, String, Vec<(String, Vec<f32>)>);

/// The file claims as many numbers as were read.
fn claim(count: u64) -> Claim {
    Claim {
        quantity: Quantity::Params,
        relation: Relation::Eq,
        value: ClaimValue::Int(count),
        span: Span::default(),
        value_span: Span::default(),
    }
}

/// The text of a graph, and the graph that the compiler reads from it: the same layers, and the same tensors.
fn checked(graph: &Graph) -> Result<(String, Graph), Refusal> {
    let net = print::net(graph).map_err(|e| {
        Refusal::new(format!(
            "its layers hang together in a way that arrows cannot say: {e}"
        ))
    })?;
    let options = Options {
        optimise: false,
        ..Options::default()
    };
    let compiled = compile("import", net.clone().into_bytes(), &options, &mut Nothing);
    let Some(read) = compiled.graph.clone().filter(|_| !compiled.has_errors()) else {
        let headlines = compiled.diagnostics.iter().filter(|d| d.is_error());
        return Err(Refusal::new("it is more than netc compiles")
            .details(headlines.map(|d| d.headline.clone())));
    };
    let all = |graph| {
        params::all(graph, None)
            .into_iter()
            .map(|p| (p.name, p.shape))
    };
    if read.nodes.len() != graph.nodes.len() || !all(&read).eq(all(graph)) {
        return Err(Refusal::new(
            "netc wrote another network than it read, which is a mistake in netc: please report it",
        ));
    }
    Ok((net, read))
}

/// An imported network uses no other files.
struct Nothing;

impl Loader for Nothing {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("`{path}` is not read"))
    }
}

/// A name of the language for a network: `torch-jit-export` is `TorchJitExport`.
fn type_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    };
    let name: String = words.map(capital).collect();
    match name.chars().next() {
        None => "Net".to_owned(),
        Some(first) if first.is_ascii_digit() || name == "Self" => format!("Net{name}"),
        Some(_) => name,
    }
}

/// A name of the language for a value: `boxes/Conv:0` is `boxes_conv_0`. One that is taken gets a beginning: `max` is `out_max`.
fn value_name(name: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '_',
    };
    let name: String = name.chars().map(plain).collect();
    let name = name.trim_matches('_');
    match netc_compiler::is_free_name(name) {
        true => name.to_owned(),
        false => format!("out_{name}").trim_end_matches('_').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_the_language() {
        for (given, ours) in [
            ("torch-jit-export", "TorchJitExport"),
            ("resnet18", "Resnet18"),
            ("14", "Net14"),
            ("größe", "GrE"),
            ("", "Net"),
        ] {
            assert_eq!(type_name(given), ours, "{given}");
        }
        for (given, ours) in [
            ("boxes/Conv:0", "boxes_conv_0"),
            ("1234", "out_1234"),
            ("max", "out_max"),
            ("::", "out"),
        ] {
            assert_eq!(value_name(given), ours, "{given}");
        }
    }
}
