//! The corpus of the fuzz targets (`fuzz/`), once through each reader: what was found once stays mended.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use netc_exchange::{keras, torch};

/// The files of a target's corpus.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn every_model_ends_with_a_network_or_a_refusal() {
    let read = corpus("onnx").into_iter().map(common::import);
    assert!(read.filter(Result::is_ok).count() >= 3);
}

#[test]
fn every_archive_ends_with_tensors_or_a_refusal() {
    let read = corpus("torch")
        .into_iter()
        .map(|bytes| torch::tensors(&bytes));
    assert!(read.filter(Result::is_ok).count() >= 1);
}

#[test]
fn every_model_of_keras_ends_with_a_network_or_a_refusal() {
    let files = corpus("keras");
    let read = files.iter().map(|bytes| {
        keras::import(keras::Source {
            name: "model",
            bytes,
            input: Some([8, 8, 3]),
        })
    });
    assert!(read.filter(Result::is_ok).count() >= 2);
}
