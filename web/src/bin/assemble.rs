//! Puts the page together, one file that needs no server: `assemble MODULE.wasm PAGE.html`.

#![allow(clippy::print_stdout, reason = "it says how large the page is")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;

const FRAME: &str = include_str!("../../page/index.html");
const STYLE: &str = include_str!("../../page/style.css");
const WORKER: &str = include_str!("../../page/worker.js");
const SCRIPTS: [&str; 7] = [
    include_str!("../../page/module.js"),
    include_str!("../../page/highlight.js"),
    include_str!("../../page/editor.js"),
    include_str!("../../page/network.js"),
    include_str!("../../page/draw.js"),
    include_str!("../../page/train.js"),
    include_str!("../../page/start.js"),
];
const WEIGHTS: &[u8] = include_bytes!("../../lenet5.safetensors");
/// Networks to begin with.
const EXAMPLES: [(&str, &str); 5] = [
    ("LeNet-5 for digits", include_str!("../../lenet5.net")),
    (
        "A small net for digits",
        include_str!("../../../models/lenet_digits.net"),
    ),
    ("AlexNet", include_str!("../../../models/alexnet.net")),
    ("GoogLeNet", include_str!("../../../models/googlenet.net")),
    ("ResNet-18", include_str!("../../../models/resnet18.net")),
];

fn packed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A text as a script holds it.
fn literal(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace("</", "<\\/")
}

fn page(module: &[u8]) -> std::io::Result<String> {
    let names = EXAMPLES.map(|(name, text)| format!("[{}, {}]", literal(name), literal(text)));
    let data = format!(
        "const MODULE = \"{}\";\nconst WEIGHTS = \"{}\";\nconst WORKER = {};\nconst EXAMPLES = [{}];",
        STANDARD.encode(packed(module)?),
        STANDARD.encode(packed(WEIGHTS)?),
        literal(WORKER),
        names.join(", ")
    );
    let scripts = SCRIPTS.join("\n");
    Ok(FRAME
        .replace("/* style.css */", STYLE)
        .replace("/* data */", &data)
        .replace("/* scripts */", &scripts))
}

/// Written beside, and renamed.
fn write(target: &Path, text: &str) -> std::io::Result<()> {
    let beside = target.with_extension("html.part");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, target)
}

fn main() -> Result<(), String> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [module, target] = &args[..] else {
        return Err("write: assemble MODULE.wasm PAGE.html".to_owned());
    };
    let bytes = std::fs::read(module).map_err(|e| format!("`{module}` cannot be read: {e}"))?;
    let text = page(&bytes).map_err(|e| e.to_string())?;
    write(Path::new(target), &text).map_err(|e| format!("`{target}` cannot be written: {e}"))?;
    let sent = packed(text.as_bytes()).map_err(|e| e.to_string())?.len();
    println!(
        "{target}: {} kB, {} kB compressed",
        text.len() / 1000,
        sent / 1000
    );
    Ok(())
}
