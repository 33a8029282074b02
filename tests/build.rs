//! Compiles every network of `models/`, `models/tiny/` and `tests/networks/` as a user's build script would, and lists the results, so that
//! the tests run the generated code itself.

use netc_compiler::{Files, Options, RecipeChoice, Train, compile};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let mut list = String::new();
    let mut by_macro = String::from(
        "/// What `net!` makes of every network.\nconst BY_MACRO: &[(&str, &str)] = &[\n",
    );
    for folder in ["../models", "../models/tiny", "networks"] {
        println!("cargo::rerun-if-changed={folder}");
        for path in networks(Path::new(folder)) {
            netc_compiler::build(&path);
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let code =
                std::fs::read_to_string(out.join(&stem).with_extension("rs")).unwrap_or_default();
            let name = code
                .lines()
                .find_map(|line| line.strip_prefix("pub struct ")?.split([' ', ';']).next())
                .unwrap_or_default();
            let _ = writeln!(
                list,
                "/// Generated from `{stem}.net`.\npub mod {stem} {{ netc_runtime::include_net!({stem:?}); }}\n\
                 impl crate::generated::Generated for {stem}::{name} {{\n\
                     fn load(bytes: &[u8]) -> Result<Self, netc_runtime::Error> {{ Self::from_bytes(bytes) }}\n\
                     fn seeded(seed: u64) -> Self {{ Self::random(seed) }}\n\
                 }}"
            );
            let _ = writeln!(list, "// {stem} {name}");
            let file = path.display();
            let _ = writeln!(
                by_macro,
                "    ({stem:?}, netc_macros::net_code!(\"{file}\")),"
            );
        }
    }
    let names: Vec<&str> = list.lines().filter_map(|l| l.strip_prefix("// ")).collect();
    let mut table = String::from(
        "/// Runs one check on the generated code of every network.\npub fn each(check: &mut impl crate::generated::Check) {\n",
    );
    for row in names {
        if let Some((stem, name)) = row.split_once(' ') {
            let _ = writeln!(table, "    check.network::<{stem}::{name}>({stem:?});");
        }
    }
    table.push_str("}\n");
    by_macro.push_str("];\n");
    for (file, text) in [("networks.rs", list + &table), ("by_macro.rs", by_macro)] {
        if let Err(e) = std::fs::write(out.join(file), text) {
            println!("cargo::error=cannot write {file}: {e}");
        }
    }
    for path in TRAINED {
        if let Err(e) = train(Path::new(path), &out) {
            println!("cargo::error={path}: {e}");
        }
    }
}

/// Networks whose generated training code is tested; `tests/generated_training.rs` has the same list.
const TRAINED: &[&str] = &[
    "../models/alexnet_cifar_bn.net",
    "../models/lenet5_1998.net",
    "../models/lenet5_mnist.net",
    "networks/heads.net",
    "networks/residual_mlp.net",
    "networks/sepnet.net",
    "networks/striped.net",
    "networks/unet.net",
];

/// Writes the training code of a network to `train_NAME.rs`.
fn train(path: &Path, out: &Path) -> Result<(), String> {
    let options = Options {
        code: true,
        train: Some(Train {
            recipe: RecipeChoice::BuiltIn,
            overrides: include!("tests/generated_training_recipe.in")
                .map(|(key, value): (&str, &str)| (key.to_owned(), value.to_owned()))
                .into(),
        }),
        ..Options::default()
    };
    let text = std::fs::read(path).map_err(|e| e.to_string())?;
    let root = path.parent().unwrap_or(Path::new("")).to_owned();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let output = compile(&name, text, &options, &mut Files { root });
    let code = output.code.as_ref().ok_or_else(|| output.rendered())?;
    let stem = name.trim_end_matches(".net");
    std::fs::write(out.join(format!("train_{stem}.rs")), code).map_err(|e| e.to_string())
}

/// The networks of a folder, in order of their names.
fn networks(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "net"))
        .collect();
    paths.sort();
    paths
}
