//! The back end: optimise, schedule, emit, on graphs made by hand and at random.
#![allow(missing_docs, reason = "a test")]

mod builder;
mod models;
mod random;
mod training;

use builder::alexnet;
use netc_compiler::emit::{self, EmitInfo, rust};
use netc_compiler::graph::Graph;
use netc_compiler::layers;
use netc_compiler::lower::Purpose;
use netc_compiler::plan;
use netc_compiler::print;
use netc_plan::{Plan, validate};

fn info() -> EmitInfo {
    EmitInfo {
        file: "/somewhere/models/alexnet.net".into(),
        ..EmitInfo::default()
    }
}

/// A plan to infer.
fn inferred(graph: &Graph, optimised: bool) -> Plan {
    plan(graph, Purpose::Infer(&[]), optimised)
}

#[test]
fn alexnet_becomes_rust() {
    let plan = inferred(&alexnet(), true);
    validate(&plan).expect("a valid plan");
    let mut info = info();
    info.about = alexnet().about;
    let text = rust(&plan, &info);
    syn::parse_file(&text).expect("Rust");
    assert!(text.contains("// conv1: CONV(96, 11x11/4) + RELU, 227x227x3 -> 55x55x96"));
    assert!(!text.contains("somewhere") && !text.contains("__netc"));
    if std::env::var_os("SHOW").is_some() {
        println!("{text}");
    }
    validate(&inferred(&alexnet(), false)).expect("a valid plan");
}

#[test]
fn every_model_is_planned_and_printed() {
    for name in models::names() {
        let graph = models::model(&name);
        let plan = inferred(&graph, true);
        let plain = inferred(&graph, false);
        for plan in [&plan, &plain] {
            validate(plan).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            assert!(
                !plan.forward.iter().any(|step| step.op.name() == "Copy"),
                "{name} copies"
            );
        }
        let text = rust(&plan, &EmitInfo::of(&graph, &format!("{name}.net")));
        syn::parse_file(&text).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        for (i, step) in plan.forward.iter().enumerate() {
            let call = format!("// {}: {}", step.name, step.text);
            let in_block = plan.blocks.iter().any(|block| block.steps.contains(&i));
            assert!(in_block || text.contains(&call), "{name} lacks {call}");
        }
        // A folder to look at what is printed.
        if let Some(folder) = std::env::var_os("NETC_PRINT") {
            let file = |extension: &str, text: String| {
                let path = std::path::Path::new(&folder).join(format!("{name}.{extension}"));
                std::fs::write(path, text).expect("a folder to write to");
            };
            file("rs", text);
            file("txt", emit::summary(&graph, &plan, None));
            file("keras", emit::keras(&graph, None));
            file("json", emit::plan_json(&graph, &plan));
            file("svg", emit::svg(&graph));
            file("dot", emit::dot(&graph));
        }
    }
}

/// The bare line has the same layers with the same connections.
#[test]
fn arrow_lines_describe_the_same_graph() {
    for name in models::names() {
        let graph = models::model(&name);
        check_arrow(&name, &graph);
    }
    for seed in 0..300 {
        let mut random = random::Random(seed);
        let layers = 1 + random.below(16);
        let text = random::text(&mut random, layers);
        check_arrow(&text, &models::graph("random.net", &text));
    }
}

/// Reads the bare line back with a table that gives each layer its sizes, and compares the edges.
fn check_arrow(name: &str, graph: &Graph) {
    let line = print::arrow(graph).expect(name);
    let again = models::resolved("again.net", &format!("net Again\n{line}\n{}", table(graph)));
    let edges = |graph: &Graph| -> Vec<(String, Vec<usize>)> {
        let nodes = graph.nodes.iter();
        nodes
            .map(|node| {
                let kind = layers::kind(&node.layer).to_string();
                (kind, node.inputs.iter().map(|input| input.0).collect())
            })
            .collect()
    };
    assert_eq!(edges(graph), edges(&again), "{name}\n{line}");
}

/// Sizes for the layers that have no defaults: which ones does not matter to the connections.
fn table(graph: &Graph) -> String {
    let sizes = [
        ("INPUT", "9x9x8"),
        ("CONV", "(8, 3x3, same)"),
        ("DWCONV", "(3x3, same)"),
        ("FC", "8"),
        ("POOL", "(1x1, same)"),
        ("AVGPOOL", "(1x1, same)"),
        ("DROPOUT", "0.5"),
        ("PAD", "1"),
        ("SUBSAMPLE", "1x1"),
        ("RBF", "8"),
    ];
    let used = sizes.iter().filter(|(kind, _)| {
        graph
            .nodes
            .iter()
            .any(|node| layers::kind(&node.layer) == *kind)
    });
    let rows: Vec<String> = used
        .map(|(kind, size)| format!("    {kind} = {size}\n"))
        .collect();
    format!("where\n{}", rows.concat())
}

#[test]
fn plans_of_random_graphs_compute_what_the_graphs_say() {
    for seed in 0..800 {
        let mut random = random::Random(seed);
        let layers = 1 + random.below(24);
        let graph = random::graph(&mut random, layers);
        let keep: Vec<String> = graph
            .nodes
            .iter()
            .skip(1)
            .filter(|_| random.below(12) == 0)
            .map(|node| node.name.clone())
            .collect();
        let expected = random::oracle(&graph);
        for optimised in [true, false] {
            let plan = plan(&graph, Purpose::Infer(&keep), optimised);
            validate(&plan).unwrap_or_else(|problem| panic!("seed {seed}: {problem}\n{plan:#?}"));
            let machine = random::Machine::run(&plan);
            assert_eq!(
                machine.read(&plan.result),
                expected[graph.output.0],
                "seed {seed}\n{plan:#?}"
            );
            assert_eq!(plan.kept.len(), keep.len());
            for (name, view) in &plan.kept {
                let id = graph
                    .nodes
                    .iter()
                    .position(|node| node.name == *name)
                    .expect("a layer");
                assert_eq!(
                    machine.read(view),
                    expected[id],
                    "seed {seed}, {name}\n{plan:#?}"
                );
            }
        }
    }
}

#[test]
fn time_grows_with_the_number_of_layers() {
    let seconds = |layers: usize| {
        let mut b = builder::Builder::new([8, 8, 4]);
        let mut x = netc_compiler::graph::NodeId(0);
        for i in 0..layers / 5 {
            let start = x;
            x = b.conv(x, 4, 3, 1, 1, 1);
            x = b.bn(x);
            x = b.relu(x);
            x = b.add(&[x, start]);
            if i % 2 == 0 {
                let y = b.conv(x, 2, 1, 1, 0, 1);
                let z = b.conv(x, 2, 1, 1, 0, 1);
                x = b.concat(&[y, z]);
            } else {
                x = b.relu(x);
            }
        }
        let graph = b.finish("Deep", x);
        let start = std::time::Instant::now();
        let plan = inferred(&graph, true);
        assert!(plan.forward.len() * 5 > layers);
        let planned = start.elapsed().as_secs_f64();
        assert!(
            emit::svg(&graph).len() > layers
                && print::arrow(&graph).unwrap_or_default().len() > layers
        );
        assert!(emit::summary(&graph, &plan, None).len() > layers);
        if layers <= 1_000 {
            let text = rust(&plan, &EmitInfo::of(&graph, "deep.net"));
            assert!(text.len() > layers);
            if let Some(folder) = std::env::var_os("NETC_PRINT") {
                let path = std::path::Path::new(&folder).join("deep.rs");
                std::fs::write(path, text).expect("a folder to write to");
            }
        }
        let all = start.elapsed().as_secs_f64();
        println!("{layers} layers: {planned:.3} s to plan, {all:.3} s with drawing and tables");
        planned
    };
    // Generous, for an unoptimised build on a busy machine; a quadratic pass takes minutes.
    seconds(1_000);
    assert!(seconds(20_000) < 10.0);
}

#[test]
fn names_clash_with_nothing() {
    for (network, layer) in [
        ("Conv", "type"),
        ("Result", "stemConv"),
        ("Vec", "image"),
        ("Self", "self"),
        ("Error", "forward"),
        ("resnet_18", "relu1_"),
        ("Model", "Crate_Root"),
        ("Workspace", "w"),
        ("AsRef", "mem"),
    ] {
        let mut b = builder::Builder::new([8, 8, 4]);
        let x = b.conv(netc_compiler::graph::NodeId(0), 4, 3, 1, 1, 1);
        b.rename(x, layer);
        let x = b.fc(x, 3);
        let x = b.softmax(x);
        let plan = inferred(&b.finish(network, x), true);
        let text = rust(&plan, &info());
        syn::parse_file(&text)
            .unwrap_or_else(|problem| panic!("{network}, {layer}: {problem}\n{text}"));
        if let Some(folder) = std::env::var_os("NETC_PRINT") {
            let path = std::path::Path::new(&folder).join(format!("clash_{network}.rs"));
            std::fs::write(path, text).expect("a folder to write to");
        }
    }
}
