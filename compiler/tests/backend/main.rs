//! The back end: optimise, schedule, emit, on graphs made by hand and at random.
#![allow(missing_docs, reason = "a test")]

mod builder;
mod models;

use builder::alexnet;
use netc_compiler::emit::{self, EmitInfo, rust};
use netc_compiler::lower::lower;
use netc_compiler::optimise::optimise;
use netc_compiler::schedule::{schedule, validate};

fn info() -> EmitInfo {
    EmitInfo {
        file: "/somewhere/models/alexnet.net".into(),
        ..EmitInfo::default()
    }
}

#[test]
fn alexnet_becomes_rust() {
    let program = optimise(&alexnet(), &[]);
    let plan = schedule(&program);
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
    validate(&schedule(&lower(&alexnet(), &[]))).expect("a valid plan");
}

#[test]
fn every_model_is_planned_and_printed() {
    for name in models::names() {
        let graph = models::model(&name);
        let plan = schedule(&optimise(&graph, &[]));
        validate(&plan).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        let plain = schedule(&lower(&graph, &[]));
        validate(&plain).unwrap_or_else(|problem| panic!("{name}, plain: {problem}"));
        let text = rust(&plan, &EmitInfo::of(&graph, &format!("{name}.net")));
        syn::parse_file(&text).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        // The same layers in the same order, without their sizes.
        let arrow = emit::arrow(&graph);
        println!("{name}: {} steps, {} copies, arena {} plain {}\n{arrow}", plan.steps.len(),
            plan.steps.iter().filter(|s| s.op.name() == "Copy").count(), plan.arena, plain.arena);
        if let Ok(out) = std::env::var("OUT") {
            std::fs::create_dir_all(&out).unwrap();
            let w = |ext: &str, t: String| std::fs::write(format!("{out}/{name}.{ext}"), t).unwrap();
            w("rs", text); w("txt", emit::summary(&graph, &plan)); w("keras", emit::keras(&graph)); w("json", emit::plan_json(&graph, &plan)); w("svg", emit::svg(&graph)); w("dot", emit::dot(&graph));
        }
    }
}
