//! The language reference and the explanations of codes hold: every example does what its fence says, and the tables are those
//! that the compiler reads.
//!
//! ` ```net ` is a whole file that compiles without a word, ` ```net,E0401 ` gives this code and no other error, and
//! ` ```net,fragment ` is only shown. ` ```net,file=NAME ` is a whole file that its page names.
#![allow(clippy::unwrap_used, reason = "a test")]

mod pages;

use netc_compiler::layers::LAYERS;
use netc_compiler::options::{Choice, Kind, Opt};
use netc_compiler::recipe::KEYS;
use netc_grammar::{Code, Diagnostic};
use pages::{Fence, compiled, fences, page, pages_of_the_book};
use std::collections::BTreeSet;
use std::fmt::Write;

fn check(fence: &Fence) {
    if fence.says == "fragment" {
        return;
    }
    let output = compiled(&fence.text);
    let found: BTreeSet<&str> = output
        .diagnostics
        .iter()
        .filter(|d| fence.says.starts_with('W') || d.is_error())
        .map(|d| d.code.as_str())
        .collect();
    let says = fence.says.split(',');
    let expected: BTreeSet<&str> = says
        .filter(|s| !s.is_empty() && !s.starts_with("file="))
        .collect();
    assert_eq!(found, expected, "{}\n{}", fence.place, output.rendered());
    if expected.is_empty() {
        assert!(
            !output
                .diagnostics
                .iter()
                .any(|d: &Diagnostic| !d.is_error()),
            "{}\n{}",
            fence.place,
            output.rendered()
        );
    }
}

#[test]
fn the_reference_is_true() {
    let fences = fences("language.md", &page("language.md"));
    assert!(fences.len() > 20, "only {} examples", fences.len());
    fences.iter().for_each(check);
}

/// Commands are run by the command line's own tests.
#[test]
fn the_pages_of_the_book_are_true() {
    let mut examples = 0;
    for name in pages_of_the_book() {
        let fences = fences(&name, &page(&name));
        fences.iter().for_each(check);
        examples += fences.len();
    }
    assert!(examples > 80, "only {examples} examples");
}

/// An explanation has an example that gives its code, and one that is mended; or, where one file cannot show it, only that.
#[test]
fn the_explanations_are_true() {
    let own = Code::ALL.iter().filter(|c| !c.as_str().starts_with("E01"));
    for code in own {
        let name = code.as_str();
        let mut fences = fences(name, code.explanation());
        match fences.as_mut_slice() {
            [_mended] => {}
            [wrong, _mended] => wrong.says = name.to_owned(),
            _ => panic!("{name} has {} examples", fences.len()),
        }
        fences.iter().for_each(check);
    }
}

#[test]
fn the_tables_are_the_compilers() {
    let reference = page("language.md");
    for table in [layers(), layer_options(), recipe_keys(), recipe_values()] {
        assert!(
            reference.contains(&table),
            "docs/language.md has another table than this:\n\n{table}"
        );
    }
}

fn layers() -> String {
    let mut table = String::from(
        "| layer | by position | by name only | what it does | other names |\n| --- | --- | --- | --- | --- |\n",
    );
    for layer in LAYERS {
        let (position, name) = layer.options.split_at(layer.positional);
        let aliases: Vec<&str> = layer.aliases.to_vec();
        writeln!(
            table,
            "| `{}` | {} | {} | {} | {} |",
            layer.name,
            names(position),
            names(name),
            layer.about,
            aliases.join(" ")
        )
        .unwrap();
    }
    table
}

fn names(options: &[Opt]) -> String {
    let names: Vec<String> = options.iter().map(|o| format!("`{}`", o.name)).collect();
    names.join(", ")
}

fn layer_options() -> String {
    let mut table = String::from(
        "| option | of | value | default | what it does | other names |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    let mut rows: Vec<(&Opt, Vec<&str>)> = Vec::new();
    for (layer, option) in LAYERS
        .iter()
        .flat_map(|l| l.options.iter().map(move |o| (l, o)))
    {
        let same = |o: &Opt| {
            (o.name, o.aliases, o.about, o.default.to_string())
                == (
                    option.name,
                    option.aliases,
                    option.about,
                    option.default.to_string(),
                )
        };
        match rows.iter_mut().find(|(o, _)| same(o)) {
            Some((_, layers)) => layers.push(layer.name),
            None => rows.push((option, vec![layer.name])),
        }
    }
    for (option, layers) in rows {
        writeln!(
            table,
            "| `{}` | {} | {} | {} | {} | {} |",
            option.name,
            layers.join(" "),
            option.kind,
            option.default,
            option.about,
            option.aliases.join(" ")
        )
        .unwrap();
    }
    table
}

fn recipe_keys() -> String {
    let mut table = String::from(
        "| key | value | default | what it says | other names |\n| --- | --- | --- | --- | --- |\n",
    );
    for key in KEYS.iter().map(|key| key.option) {
        let value = match key.kind {
            Kind::OneOf(_) => "see below".to_owned(),
            Kind::Pipeline(_) => "see below; several joined by `=>`".to_owned(),
            kind => kind.to_string(),
        };
        writeln!(
            table,
            "| `{}` | {value} | {} | {} | {} |",
            key.name,
            key.default,
            key.about,
            key.aliases.join(" ")
        )
        .unwrap();
    }
    table
}

fn recipe_values() -> String {
    let mut table = String::from(
        "| key | for example | options and their defaults | what it does |\n| --- | --- | --- | --- |\n",
    );
    for key in KEYS.iter().map(|key| key.option) {
        let (Kind::OneOf(choices) | Kind::Pipeline(choices)) = key.kind else {
            continue;
        };
        for choice in choices {
            writeln!(
                table,
                "| `{}` | `{}` | {} | {} |",
                key.name,
                choice.example,
                options(choice),
                choice.about
            )
            .unwrap();
        }
    }
    table
}

fn options(choice: &Choice) -> String {
    let shown = |o: &Opt| format!("`{}` ({}): {}", o.name, o.default, o.about);
    let options: Vec<String> = choice.options.iter().map(shown).collect();
    options.join("; ")
}
