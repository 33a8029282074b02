//! The files of a new crate.

mod manifest;
mod name;

use crate::failure::{Failure, Outcome};
use manifest::Manifest;
use netc_compiler::{Files, Options, compile};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const NET: &str = include_str!("../../templates/digits.net");
const WEIGHTS: &[u8] = include_bytes!("../../templates/digits.safetensors");
const DIGIT: &str = include_str!("../../templates/digit.txt");
const MAIN: &str = include_str!("../../templates/main.rs");
const BUILD: &str = "\
//! Compiles the network whenever it changes.

fn main() {
    netc_compiler::build(\"models/digits.net\");
}
";
const IGNORED: &str = "/target\n/runs\n";

/// How the network gets into the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `net!("models/digits.net")`
    Macro,
    /// `netc_compiler::build` in `build.rs`
    BuildScript,
    /// `netc models/digits.net -o src/digits.rs`, before cargo is asked
    Cli,
}

/// Where the crates of netc come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// From a clone of its repository.
    Clone(PathBuf),
    /// From the registry.
    Registry,
}

/// The name of the crate in a folder, if a crate can be called so.
pub(crate) fn name(folder: &Path) -> Outcome<String> {
    let shown = folder.display();
    let Some(name) = folder.file_name().and_then(|name| name.to_str()) else {
        return Err(Failure::tool(format!("`{shown}` names no crate")));
    };
    match name::problem(name) {
        None => Ok(name.to_owned()),
        Some(problem) => Err(Failure::tool(format!(
            "a crate cannot be called `{}`: {problem}",
            name.escape_default()
        ))),
    }
}

impl Origin {
    /// The clone that was named; or else the one that this netc was built in, if it is still there; or else the registry.
    pub(crate) fn find(named: Option<&Path>) -> Outcome<Self> {
        let is_clone = |folder: &Path| folder.join("runtime/Cargo.toml").is_file();
        if let Some(folder) = named {
            let folder = folder.canonicalize().ok().filter(|folder| is_clone(folder));
            return folder.map(Self::Clone).ok_or_else(|| {
                Failure::tool(
                    "`--netc` names no clone of netc: there is no runtime/Cargo.toml in it",
                )
            });
        }
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let built_in = built_in.canonicalize().ok();
        let built_in = built_in.filter(|folder| is_clone(folder));
        Ok(built_in.map_or(Self::Registry, Self::Clone))
    }
}

/// The files of the crate by their paths below its folder. `alone`: it must not become a part of the workspace around it.
pub(crate) fn files(
    name: &str,
    way: Way,
    origin: &Origin,
    alone: bool,
) -> Outcome<BTreeMap<&'static str, Vec<u8>>> {
    let manifest = Manifest {
        name,
        way,
        origin,
        alone,
    };
    let mut files = BTreeMap::from([
        ("Cargo.toml", manifest.text().into_bytes()),
        (".gitignore", IGNORED.into()),
        ("digit.txt", DIGIT.into()),
        ("models/digits.net", NET.into()),
        ("models/digits.safetensors", WEIGHTS.to_vec()),
        (
            "src/main.rs",
            MAIN.replace("{network}", network(way)).into_bytes(),
        ),
    ]);
    match way {
        Way::Macro => {}
        Way::BuildScript => {
            files.insert("build.rs", BUILD.into());
        }
        Way::Cli => {
            files.insert("src/digits.rs", code()?.into_bytes());
        }
    }
    Ok(files)
}

/// How `main.rs` gets `Digits`.
fn network(way: Way) -> &'static str {
    match way {
        Way::Macro => {
            "use netc_macros::net;\n\nnet!(\"models/digits.net\"); // relative to Cargo.toml"
        }
        Way::BuildScript => {
            "mod digits {\n    netc_runtime::include_net!(\"digits\"); // build.rs makes it\n}\n\nuse digits::Digits;"
        }
        Way::Cli => {
            "#[rustfmt::skip] // generated: `netc models/digits.net -o src/digits.rs`\nmod digits;\n\nuse digits::Digits;"
        }
    }
}

/// What `netc models/digits.net` writes.
fn code() -> Outcome<String> {
    let options = Options {
        code: true,
        ..Options::default()
    };
    let output = compile(
        "models/digits.net",
        NET.into(),
        &options,
        &mut Files::default(),
    );
    output.code.ok_or_else(|| {
        Failure::tool("the network of new crates does not compile: please report it")
    })
}
