//! What `tests/embedded/run` puts into a program: a network with random weights, an input, and the bits that the host computes from it.
//!
//! ```sh
//! cargo run -p netc-embedded-build --example firmware -- models/tiny/ds_cnn.net FOLDER
//! ```

#![allow(clippy::print_stdout, reason = "a command prints")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::Case;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder] = &arguments[..] else {
        return Err("firmware FILE FOLDER".into());
    };
    let folder = Path::new(folder);
    let case = Case::read(Path::new(file));
    let name = &case.plan.name;
    let embedded =
        netc_embedded_build::embedded(&case.plan, &case.quantised, file, "network.weights")?;
    let input = case.input(1);
    let bits = case.expected(&input).into_iter();
    let bits: String = bits.map(|x| format!("{:08x}\n", x.to_bits())).collect();
    let firmware = format!("include!(\"network.rs\");\npub use {name} as Net;\n");
    for (file, bytes) in [
        ("network.rs", embedded.code.as_bytes()),
        ("network.weights", &embedded.weights),
        ("firmware.rs", firmware.as_bytes()),
        ("input.bin", &input),
        ("expected", bits.as_bytes()),
    ] {
        std::fs::write(folder.join(file), bytes)?;
    }
    println!("{} {}", embedded.weights.len(), embedded.arena);
    Ok(())
}
