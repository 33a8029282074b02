//! Every network of the catalogue compiles without a warning, and its claims hold.
#![allow(clippy::unwrap_used, reason = "a test")]

use netc_compiler::{Files, Options, RecipeChoice, Train, compile};
use netc_plan::validate;
use std::path::{Path, PathBuf};

fn nets(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap_or_else(|e| panic!("{folder}: {e}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "net"))
        .collect();
    files.sort();
    files
}

/// By each recipe of the file, and by the built-in one.
#[test]
fn networks_of_nobodys_catalogue_can_be_trained() {
    for path in nets("tests/networks") {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap();
        let trained = |recipe: RecipeChoice| {
            let options = Options {
                train: Some(Train {
                    recipe,
                    ..Train::default()
                }),
                ..Options::default()
            };
            let root = path.parent().unwrap().to_owned();
            let text = std::fs::read(&path).unwrap();
            let output = compile(name, text, &options, &mut Files { root });
            let training = output.training.as_ref();
            let training = training.unwrap_or_else(|| panic!("{name}\n{}", output.rendered()));
            validate(&training.plan).unwrap_or_else(|problem| panic!("{name}: {problem}"));
            output.graph.unwrap().recipes
        };
        for recipe in trained(RecipeChoice::BuiltIn) {
            trained(
                recipe
                    .values
                    .name
                    .map_or(RecipeChoice::Default, RecipeChoice::Named),
            );
        }
    }
}

#[test]
fn the_catalogue_holds_its_claims() {
    let folders = [
        "models",
        "models/tiny",
        "models/torchvision",
        "tests/networks",
    ];
    let all = folders.map(nets).concat();
    assert!(all.len() > 20);
    for path in all {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap();
        let root = path.parent().unwrap().to_owned();
        let output = compile(
            name,
            std::fs::read(&path).unwrap(),
            &Options::default(),
            &mut Files { root },
        );
        assert!(
            output.diagnostics.is_empty(),
            "{name}\n{}",
            output.rendered()
        );
        assert!(
            output.graph.is_some_and(|g| !g.claims.is_empty()),
            "{name} claims nothing"
        );
    }
}
