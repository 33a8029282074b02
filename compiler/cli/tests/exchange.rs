//! Models in and out.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod common;

use common::{Folder, npy, read_npy};

/// Images for TINY.
fn images() -> Vec<u8> {
    let numbers = (0..2 * 8 * 8 * 3).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0);
    let data: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
    npy("<f4", "False", "(2, 8, 8, 3)", &data)
}

fn ran(folder: &Folder, net: &str, weights: &str) -> Vec<f32> {
    folder
        .netc(["run", net, "-w", weights, "-i", "x.npy", "-o", "y.npy"])
        .succeeds();
    read_npy(&folder.read("y.npy")).1
}

#[test]
fn a_network_goes_out_and_comes_back() {
    let folder = Folder::tiny();
    folder.write("x.npy", images());
    let out = folder.netc([
        "export",
        "tiny.net",
        "-w",
        "tiny.safetensors",
        "-o",
        "t.onnx",
    ]);
    out.succeeds();
    assert!(out.err.contains("Wrote t.onnx ("), "{}", out.err);
    let back = folder.netc([
        "import",
        "t.onnx",
        "-o",
        "back.net",
        "--weights",
        "back.safetensors",
    ]);
    back.succeeds();
    let text = folder.text("back.net");
    assert!(
        text.starts_with("// Imported from ONNX (opset 17, by netc "),
        "{text}"
    );
    assert!(
        text.contains("net Tiny\n") && text.contains("expect params = "),
        "{text}"
    );
    let before = ran(&folder, "tiny.net", "tiny.safetensors");
    assert_eq!(ran(&folder, "back.net", "back.safetensors"), before);
    assert!(before.iter().any(|x| *x != before[0]));
}

#[test]
fn weights_go_out_as_arrays() {
    let folder = Folder::tiny();
    folder
        .netc([
            "export",
            "tiny.net",
            "-w",
            "tiny.safetensors",
            "-o",
            "t.npz",
        ])
        .succeeds();
    let bytes = folder.read("t.npz");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    assert!(names.contains(&"conv1.weight.npy".to_owned()), "{names:?}");
    let mut array = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name("fc2.bias.npy").unwrap(), &mut array).unwrap();
    let (header, values) = read_npy(&array);
    assert!(header.contains("'shape': (3,)"), "{header}");
    assert_eq!(values, [0.0; 3]);
}

#[test]
fn what_is_no_model_is_said_to_be_none() {
    let folder = Folder::tiny();
    folder.write("text.onnx", "hello");
    folder
        .netc(["import", "none.onnx", "-o", "x.net"])
        .fails(2, &["cannot read `none.onnx`"]);
    folder.netc(["import", "text.onnx", "-o", "x.net"]).fails(
        1,
        &["`text.onnx` cannot be imported: it is no ONNX model, or cut short"],
    );
    folder
        .netc(["import", "tiny.safetensors", "-o", "x.net"])
        .fails(1, &["no ONNX model"]);
    folder
        .netc(["import", "text.onnx", "-o", "x.net", "--input", "3"])
        .fails(2, &["224x224x3"]);
    folder
        .netc(["import", "text.onnx", "-o", "x.net", "--weights", "x.net"])
        .fails(
            2,
            &["the network and its weights cannot both be written to `x.net`"],
        );
    let out = |name| ["export", "tiny.net", "-w", "tiny.safetensors", "-o", name];
    folder
        .netc(out("t.pb"))
        .fails(2, &["does not say what to write", ".onnx"]);
    folder
        .netc(["export", "tiny.net", "-w", "text.onnx", "-o", "t.onnx"])
        .fails(1, &["text.onnx"]);
    assert!(
        !folder
            .files()
            .iter()
            .any(|name| name == "x.net" || name == "t.onnx")
    );
}

#[test]
fn a_state_dict_of_pytorch_is_read_and_nothing_of_it_is_run() {
    let folder = Folder::tiny();
    let refused = folder.netc(["weights", "show", "evil.pt"]);
    refused.fails(2, &["cannot read `evil.pt`"]);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file("evil/data.pkl", options).unwrap();
    let program = b"cos\nsystem\n(X\x0c\x00\x00\x00touch evil.ttR.";
    std::io::Write::write_all(&mut archive, program).unwrap();
    folder.write("evil.pt", archive.finish().unwrap().into_inner());
    let import = [
        "weights", "import", "evil.pt", "--for", "tiny.net", "-o", "w",
    ];
    folder.netc(import).fails(
        1,
        &["it holds a `os system`, not a state_dict", "torch.save"],
    );
    assert!(!folder.files().contains(&"evil.t".to_owned()));
}
