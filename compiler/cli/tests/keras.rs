//! Models of Keras come in, and compute what Keras computes. `tests/reference/exchange_keras.py` wrote the files and the numbers.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod common;

use common::{Folder, npy, read_npy};
use safetensors::SafeTensors;
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// How far numbers may be apart, as a share of the largest.
const LIMIT: f32 = 1e-5;

fn kept(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/reference/keras");
    std::fs::read(PathBuf::from(folder).join(name)).unwrap()
}

/// The numbers of a tensor as an array of NumPy, and as they are.
fn array(numbers: &SafeTensors<'_>, name: &str) -> (Vec<u8>, Vec<f32>) {
    let tensor = numbers.tensor(name).unwrap();
    let shape: Vec<String> = tensor.shape().iter().map(usize::to_string).collect();
    let shape = format!("({},)", shape.join(", "));
    let values = tensor.data().as_chunks::<4>().0.iter();
    let values = values.map(|b| f32::from_le_bytes(*b)).collect();
    (npy("<f4", "False", &shape, tensor.data()), values)
}

fn imported(folder: &Folder, file: &str) -> String {
    let run = folder.netc(["import", file, "-o", "m.net", "--weights", "m.safetensors"]);
    run.succeeds();
    assert!(run.err.contains("Wrote m.net ("), "{}", run.err);
    folder.text("m.net")
}

#[test]
fn models_of_both_formats_compute_what_keras_computes() {
    let file = kept("numbers.safetensors");
    let numbers = SafeTensors::deserialize(&file).unwrap();
    let folder = Folder::new();
    for model in ["sequential", "residual", "nested", "long"] {
        let (input, _) = array(&numbers, &format!("{model}/input"));
        let (_, wanted) = array(&numbers, &format!("{model}/output"));
        folder.write("x.npy", input);
        let mut texts = Vec::new();
        for ending in ["keras", "h5"] {
            let name = format!("{model}.{ending}");
            folder.write(&name, kept(&name));
            texts.push(imported(&folder, &name));
            let run = [
                "run",
                "m.net",
                "-w",
                "m.safetensors",
                "-i",
                "x.npy",
                "-o",
                "y.npy",
            ];
            folder.netc(run).succeeds();
            let ours = read_npy(&folder.read("y.npy")).1;
            assert_eq!(ours.len(), wanted.len(), "{name}");
            let largest = wanted.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            let far = ours.iter().zip(&wanted).map(|(a, b)| (a - b).abs());
            let far = far.fold(0.0, f32::max) / largest;
            assert!(far <= LIMIT, "{name} differs by {far:e}");
        }
        assert_eq!(texts[0], texts[1], "{model}");
        insta::assert_snapshot!(format!("keras_{model}"), texts[0]);
    }
}

/// The archive of a model with another text in place of its configuration.
fn with_config(bytes: &[u8], config: &str) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut weights = Vec::new();
    let mut part = archive.by_name("model.weights.h5").unwrap();
    part.read_to_end(&mut weights).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in [
        ("config.json", config.as_bytes()),
        ("model.weights.h5", &weights),
    ] {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn what_cannot_be_said_stands_in_one_list() {
    let folder = Folder::new();
    let config = r#"{"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [null, 9, 9, 3]}},
        {"class_name": "Activation", "config": {"name": "a", "activation": "selu"}},
        {"class_name": "MaxPooling2D", "config": {"name": "p"}},
        {"class_name": "Conv2D", "config": {"name": "c", "activation": "mish"}},
        {"class_name": "Steal", "config": {"name": "s"}}]}}"#;
    folder.write("s.keras", with_config(&kept("sequential.keras"), config));
    let refused = folder.netc(["import", "s.keras", "-o", "s.net"]);
    refused.fails(
        1,
        &[
            "3 layers of it cannot be said in netc",
            "Activation `a`",
            "Conv2D `c`",
            "Steal `s`",
        ],
    );
    let config = r#"{"class_name": "Functional", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "name": "x", "config": {"name": "x", "batch_shape": [null, 9, 9, 3]}, "inbound_nodes": []},
        {"class_name": "Lambda", "name": "code", "config": {"name": "code"}, "inbound_nodes": [[["x", 0, 0, {}]]]},
        {"class_name": "Resizing", "name": "small", "config": {"name": "small"}, "inbound_nodes": [[["x", 0, 0, {}]]]},
        {"class_name": "Maximum", "name": "most", "config": {"name": "most"}, "inbound_nodes": [[["x", 0, 0, {}], ["x", 0, 0, {}]]]}],
        "input_layers": [["x", 0, 0]], "output_layers": [["code", 0, 0], ["small", 0, 0], ["most", 0, 0]]}}"#;
    folder.write("s.keras", with_config(&kept("sequential.keras"), config));
    let refused = folder.netc(["import", "s.keras", "-o", "s.net"]);
    refused.fails(
        1,
        &[
            "3 layers of it cannot be said in netc",
            "Lambda (it holds Python code: write what it does as layers): Lambda `code`",
            "Maximum (values are joined by ADD, MUL and CONCAT): Maximum `most`",
            "Resizing `small`",
        ],
    );
    assert!(!folder.files().iter().any(|name| name == "s.net"));
}

#[test]
fn rows_and_columns_that_are_open_are_asked_for() {
    let folder = Folder::new();
    let config = r#"{"class_name": "Sequential", "config": {"name": "net", "layers": [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [null, null, null, 3]}},
        {"class_name": "MaxPooling2D", "config": {"name": "p"}}]}}"#;
    folder.write("open.keras", with_config(&kept("sequential.keras"), config));
    let import = ["import", "open.keras", "-o", "open.net"];
    folder
        .netc(import)
        .fails(1, &["left open", "--input 224x224x3"]);
    let said = import.iter().chain(&["--input", "8x6x3"]);
    folder.netc(said).succeeds();
    assert!(folder.text("open.net").contains("INPUT(8x6x3)"));
}

#[test]
fn what_is_no_model_of_keras_is_said_to_be_none() {
    let folder = Folder::new();
    for (name, bytes, says) in [
        ("text.keras", b"hello".to_vec(), "it is no model of Keras"),
        ("empty.h5", Vec::new(), "it is empty"),
        (
            "cut.h5",
            kept("sequential.h5")[..3000].to_vec(),
            "cannot be imported",
        ),
        (
            "cut.keras",
            kept("sequential.keras")[..3000].to_vec(),
            "a broken archive",
        ),
    ] {
        folder.write(name, bytes);
        folder
            .netc(["import", name, "-o", "x.net"])
            .fails(1, &[says]);
    }
    assert!(!folder.files().iter().any(|name| name == "x.net"));
}
