//! The book's page of layers: each layer of the table has its section, which names its options and tensors, and its examples give what
//! they claim.
//!
//! A claim is the comment at the end of a line, up to a colon: the shape of what the line's last layer gives, and the parameters
//! and products of the line's layers, if they have any.
#![allow(clippy::unwrap_used, reason = "a test")]

mod pages;

use netc_compiler::graph::{Graph, Node};
use netc_compiler::layers::{LAYERS, LayerSpec};
use netc_compiler::text::thousands;
use netc_compiler::{Output, params};
use pages::{Fence, compiled, fences, page};

const PAGE: &str = "layers.md";

/// The part of the page about one layer.
fn section(spec: &LayerSpec) -> String {
    let page = page(PAGE);
    let heading = format!("\n### {}\n", spec.name);
    let mut parts = page.split(&heading).skip(1);
    let (Some(part), None) = (parts.next(), parts.next()) else {
        panic!("{} has not one section in docs/{PAGE}", spec.name);
    };
    let end = ["\n### ", "\n## "]
        .iter()
        .filter_map(|next| part.find(next));
    part[..end.min().unwrap_or(part.len())].to_owned()
}

/// Whether the code holds the layer's name as a word.
fn names(code: &str, layer: &str) -> bool {
    let mut words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.any(|word| word == layer)
}

/// The code of a line and its claim, if it has one.
fn parted(line: &str) -> (&str, Option<&str>) {
    match line.split_once("//") {
        Some((code, said)) if !code.trim().is_empty() => {
            let claim = said.split(": ").next().unwrap_or(said);
            (code, Some(claim.trim()))
        }
        Some((code, _)) => (code, None),
        None => (line, None),
    }
}

/// The layers that stand on a line of the example, in the order of the text.
fn of_line<'g>(output: &Output, graph: &'g Graph, line: usize) -> Vec<&'g Node> {
    let begins = |node: &Node| output.sources.line_col(node.span).0.line == line;
    let mut nodes: Vec<&Node> = graph.nodes.iter().filter(|node| begins(node)).collect();
    nodes.sort_by_key(|node| node.span.start);
    nodes
}

/// What the compiler finds on a line.
fn found(output: &Output, line: usize) -> String {
    let graph = output.graph.as_ref().unwrap();
    let nodes = of_line(output, graph, line);
    let counts = || nodes.iter().map(|node| params::count(node, graph));
    let (numbers, macs): (u64, u64) = (
        counts().map(|count| count.params).sum(),
        counts().map(|count| count.macs).sum(),
    );
    let mut parts: Vec<String> = nodes
        .last()
        .iter()
        .map(|node| node.shape.to_string())
        .collect();
    parts.extend((numbers > 0).then(|| format!("{} parameters", thousands(numbers))));
    parts.extend((macs > 0).then(|| format!("{} MACs", thousands(macs))));
    parts.join(", ")
}

/// Asserts the claims of an example; their number.
fn check(fence: &Fence) -> usize {
    let output = compiled(&fence.text);
    let mut claims = 0;
    for (index, line) in fence.text.lines().enumerate() {
        if let (_, Some(claim)) = parted(line) {
            assert_eq!(claim, found(&output, index + 1), "{}: {line}", fence.place);
            claims += 1;
        }
    }
    claims
}

#[test]
fn examples_give_what_they_claim() {
    let fences = fences(PAGE, &page(PAGE));
    let claims: usize = fences.iter().map(check).sum();
    assert!(claims > 2 * LAYERS.len(), "only {claims} claims");
}

#[test]
fn every_layer_has_its_section_and_nothing_else_has() {
    let page = page(PAGE);
    let headings = page.lines().filter_map(|line| line.strip_prefix("### "));
    let mut headings: Vec<&str> = headings.collect();
    let mut layers: Vec<&str> = LAYERS.iter().map(|layer| layer.name).collect();
    headings.sort_unstable();
    layers.sort_unstable();
    assert_eq!(headings, layers);
}

#[test]
fn sections_show_their_layer_and_say_what_it_gives() {
    for spec in LAYERS {
        let section = section(spec);
        let fences = fences(spec.name, &section);
        let lines = fences.iter().flat_map(|fence| fence.text.lines());
        let shown: Vec<_> = lines
            .map(parted)
            .filter(|(code, _)| names(code, spec.name))
            .collect();
        assert!(!shown.is_empty(), "no example shows {}", spec.name);
        for (code, claim) in shown {
            assert!(
                claim.is_some(),
                "{}: `{code}` does not say what it gives",
                spec.name
            );
        }
    }
}

#[test]
fn sections_name_every_option() {
    for spec in LAYERS {
        let section = section(spec);
        for option in spec.options {
            let name = option.name;
            let ways = [
                format!("`{name}`"),
                format!("`{name}="),
                format!("**{name}**"),
            ];
            assert!(
                ways.iter().any(|way| section.contains(way)),
                "the section of {} does not say what `{name}` does",
                spec.name
            );
        }
    }
}

/// The tensors are those of the first layer of the section's kind in the section's first example.
#[test]
fn sections_name_every_tensor_with_its_shape() {
    let mut tensors = 0;
    for spec in LAYERS {
        let section = section(spec);
        let example = fences(spec.name, &section).remove(0);
        let plan = compiled(&example.text).plan.unwrap();
        let own = format!("{}1.", spec.prefix);
        let params: Vec<_> = plan
            .params
            .iter()
            .filter(|param| param.name.starts_with(&own))
            .collect();
        for param in &params {
            let said = format!("`{}` {:?}", param.name, param.shape);
            assert!(
                section.contains(&said),
                "the section of {} does not say {said}",
                spec.name
            );
        }
        let said = section.matches(&format!("`{own}")).count();
        assert_eq!(
            said,
            params.len(),
            "tensors of the section of {}",
            spec.name
        );
        tensors += params.len();
    }
    assert!(tensors > 15, "only {tensors} tensors");
}
