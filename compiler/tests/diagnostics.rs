//! What is said about every file in `fail/`, and what becomes of every file in `pass/`, against their snapshots.
#![allow(clippy::unwrap_used, reason = "a test")]

use netc_compiler::graph::{Graph, Node};
use netc_compiler::{Files, Options, Output, RecipeChoice, Train, compile, layers, params};
use netc_grammar::Code;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// Files called `train_...` are to be trained by a recipe called `slow`.
fn compiled(path: &Path) -> Output {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap();
    let root = path.parent().unwrap().to_owned();
    let train = Train {
        recipe: RecipeChoice::Named("slow".into()),
        ..Train::default()
    };
    let options = Options {
        train: name.starts_with("train_").then_some(train),
        ..Options::default()
    };
    compile(
        name,
        std::fs::read(path).unwrap(),
        &options,
        &mut Files { root },
    )
}

fn snapshots(folder: &str, check: impl Fn(&Path, Output) -> String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("snapshots/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!(&format!("{folder}/*.net"), |path| insta::assert_snapshot!(
            folder,
            check(path, compiled(path))
        ));
    });
}

#[test]
fn pass() {
    snapshots("pass", |path, output| {
        assert!(
            !output.has_errors(),
            "{}\n{}",
            path.display(),
            output.rendered()
        );
        let graph = output
            .graph
            .as_ref()
            .map_or_else(|| "library\n".to_owned(), dump);
        format!("{}{graph}", output.rendered())
    });
}

#[test]
fn fail() {
    snapshots("fail", |path, output| {
        assert!(
            !output.diagnostics.is_empty(),
            "{} is valid",
            path.display()
        );
        assert!(output.plan.is_none() || !output.has_errors());
        output.rendered()
    });
}

/// One line a layer: name, layer, what it reads, its shape, its tensors.
fn dump(graph: &Graph) -> String {
    let mut text = format!("net {}\n", graph.name);
    if !graph.about.is_empty() {
        text += &format!("about {:?}\n", graph.about);
    }
    for node in &graph.nodes {
        writeln!(text, "{}", line(node, graph)).unwrap();
    }
    let total = params::total(graph);
    writeln!(
        text,
        "params {}, trainable {}, macs {}",
        total.params, total.trainable, total.macs
    )
    .unwrap();
    if graph.pixels != netc_plan::Pixels::default() {
        writeln!(text, "{:?}", graph.pixels).unwrap();
    }
    for recipe in &graph.recipes {
        let name = recipe.values.name.as_deref().unwrap_or_default();
        writeln!(text, "train {name}").unwrap();
        for given in &recipe.given {
            let key = given.key.option.name;
            writeln!(text, "    {key} = {}", given.key.text(&recipe.values)).unwrap();
        }
    }
    text
}

fn line(node: &Node, graph: &Graph) -> String {
    let inputs: Vec<&str> = node
        .inputs
        .iter()
        .map(|&id| graph.node(id).name.as_str())
        .collect();
    let mut line = format!(
        "{}: {} [{}] {}",
        node.name,
        layers::text(&node.layer),
        inputs.join(", "),
        node.shape
    );
    for param in params::of(node, graph, graph.default_recipe()) {
        let fixed = if param.trainable { "" } else { ", fixed" };
        write!(
            line,
            "\n    {} {:?} {:?}{fixed}",
            param.name, param.shape, param.init
        )
        .unwrap();
    }
    line
}

#[test]
fn every_code_of_the_compiler_has_a_file_and_an_explanation() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fail");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path());
    let seen: BTreeSet<Code> = files
        .filter(|path| path.extension().is_some_and(|e| e == "net"))
        .flat_map(|path| compiled(&path).diagnostics)
        .map(|d| d.code)
        .collect();
    let own = Code::ALL
        .iter()
        .filter(|code| !code.as_str().starts_with("E01"));
    for code in own {
        assert!(
            code.explanation().len() > 40,
            "{} is not explained",
            code.as_str()
        );
        assert!(
            seen.contains(code),
            "no file in tests/fail gives {}",
            code.as_str()
        );
    }
}
