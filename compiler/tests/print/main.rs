//! Printed networks are read again as the same graph.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod random;

use netc_compiler::graph::Graph;
use netc_compiler::layers::LAYERS;
use netc_compiler::options::{Default, Kind, Opt};
use netc_compiler::resolve::{Resolved, resolve};
use netc_compiler::{Files, Options, compile, print, shape};
use netc_grammar::{Diagnostic, Sources, Span, parse, render};
use std::path::{Path, PathBuf};

fn nets(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap_or_else(|e| panic!("{folder}: {e}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "net"))
        .collect();
    files.sort();
    files
}

/// The graph of a text; `None` for a library.
fn graph(name: &str, text: &str, root: &Path) -> Option<Graph> {
    let root = root.to_owned();
    let output = compile(name, text.into(), &Options::default(), &mut Files { root });
    assert!(!output.has_errors(), "{text}\n{}", output.rendered());
    output.graph
}

/// The graph of a text that uses no files, whether its claims hold or not.
fn resolved(text: &str) -> Graph {
    let mut sources = Sources::default();
    let root = sources.add("random.net", text.to_owned());
    let (tree, mut problems) = parse(&sources, root);
    let resolved = resolve(
        &mut sources,
        root,
        tree,
        &mut Files::default(),
        &mut problems,
    );
    let Some(Resolved::Net(mut graph)) = resolved else {
        panic!("{text}\n{}", render(&sources, &problems, false));
    };
    shape::infer(&mut graph, &mut problems);
    let wrong = problems.iter().any(Diagnostic::is_error);
    assert!(!wrong, "{text}\n{}", render(&sources, &problems, false));
    *graph
}

fn without_spans(mut graph: Graph) -> Graph {
    for node in &mut graph.nodes {
        node.span = Span::default();
        node.table = None;
        node.used_at.clear();
    }
    for head in &mut graph.heads {
        head.span = Span::default();
    }
    // The printer finds blocks of its own.
    graph.blocks.clear();
    for claim in &mut graph.claims {
        (claim.span, claim.value_span) = (Span::default(), Span::default());
    }
    for recipe in &mut graph.recipes {
        (recipe.span, recipe.head) = (Span::default(), Span::default());
        for given in &mut recipe.given {
            given.span = Span::default();
        }
    }
    graph
}

/// Prints a graph, reads it, and compares.
fn check(graph: Graph) {
    let graph = without_spans(graph);
    let text = print::net(&graph).unwrap_or_else(|e| panic!("{}: {e}", graph.name));
    let again = without_spans(resolved(&text));
    for (a, b) in graph.nodes.iter().zip(&again.nodes) {
        assert_eq!(a, b, "\n{text}");
    }
    assert_eq!(graph, again, "\n{text}");
    assert_eq!(text, print::net(&again).unwrap(), "printed twice");
    let long = text
        .lines()
        .find(|line| line.chars().count() > 100 && !line.starts_with("//"));
    assert_eq!(long, None);
}

#[test]
fn the_catalogue_prints_as_itself() {
    let all = [
        "../models",
        "../models/torchvision",
        "../tests/networks",
        "tests/pass",
    ];
    let mut count = 0;
    for path in all.iter().flat_map(|folder| nets(folder)) {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap();
        if let Some(graph) = graph(name, &text, path.parent().unwrap()) {
            check(graph);
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}

/// A value that is nobody's default.
fn unusual(option: &Opt) -> Option<&'static str> {
    Some(match option.kind {
        // LRN's window is odd, and DECONV's example has a stride of 2.
        Kind::Whole(..) if option.name == "n" => "3",
        Kind::Whole(..) if option.name == "output_pad" => "1",
        Kind::Whole(..) => "4",
        Kind::Number(_) | Kind::Maybe(_) | Kind::PerChannel(_) => "0.125",
        Kind::Bool if matches!(option.default, Default::Is("true")) => "false",
        Kind::Bool => "true",
        Kind::Factor => "3x1",
        Kind::Pad | Kind::Cells => "(1, 0, 0, 1)",
        Kind::Word(words) => words[1],
        Kind::Connect => "[[0], [1, 2], [3], [0, 1, 2, 3]]",
        Kind::Init => "normal(0.125)",
        // Always given; and what belongs to recipes.
        Kind::Window | Kind::Shape => return None,
        Kind::OneOf(_) | Kind::Pipeline(_) | Kind::Losses | Kind::Layers | Kind::Text => {
            return None;
        }
    })
}

/// A new layer, and a new option, are printed: an option that is told survives.
#[test]
fn every_option_of_every_layer_is_printed() {
    for spec in LAYERS.iter().filter(|spec| !spec.options.is_empty()) {
        let (_, given) = spec.example.split_once('(').unwrap_or(("", ""));
        let given: Vec<&str> = given.trim_end_matches(')').split(", ").collect();
        let given = if given == [""] { vec![] } else { given };
        let with = |option: &str| {
            let mut args: Vec<String> = given.iter().map(|arg| (*arg).to_owned()).collect();
            if spec.name == "CONV" {
                args[0] = "4".to_owned();
            }
            args.extend((!option.is_empty()).then(|| option.to_owned()));
            let args = args.join(", ");
            let args = if args.is_empty() {
                args
            } else {
                format!("({args})")
            };
            let layer = format!("{}{args}", spec.name);
            match spec.name {
                "INPUT" => format!("net A {layer} => RELU"),
                _ => format!("net A INPUT(32x32x4) => {layer}"),
            }
        };
        let usual = without_spans(resolved(&with("")));
        check(usual.clone());
        // A size that has a stride takes no other.
        let has_stride = spec.example.contains('/');
        let others = spec.options.iter().skip(given.len());
        for option in others.filter(|option| option.name != "stride" || !has_stride) {
            if let Some(value) = unusual(option) {
                let graph = without_spans(resolved(&with(&format!("{}={value}", option.name))));
                assert!(graph != usual, "{} of {}", option.name, spec.name);
                check(graph);
            }
        }
    }
}
