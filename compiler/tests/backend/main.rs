//! The back end: optimise, schedule, emit, on graphs made by hand and at random.
#![allow(missing_docs, reason = "a test")]

mod builder;

use builder::alexnet;
use netc_compiler::emit::{EmitInfo, rust};
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
