//! Texts of the language.

#[path = "../../../grammar/tests/common/spans.rs"]
mod spans;

use netc_compiler::format::{Refusal, format};
use netc_compiler::graph::{Graph, Shape};
use netc_compiler::{Options, Output, analyse, compile, emit, print, try_edits};
use netc_grammar::{Diagnostic, FileId, Parsed, Sources, decode, parse, parse_value, render};
use netc_plan::validate;
use std::collections::BTreeMap;

/// Syntax: spans lie in the text, diagnostics can be drawn, and a tree that is printed is one again.
pub fn grammar(bytes: &[u8]) -> bool {
    let text = match decode(bytes.to_vec()) {
        Ok(text) => text,
        Err(error) => {
            let mut sources = Sources::default();
            let (_, diagnostic) = error.report(&mut sources, "fuzz.net");
            assert!(!render(&sources, &[diagnostic], true).is_empty());
            return false;
        }
    };
    let (tree, is_valid) = spans::surveyed(&text);
    changed(&text);
    let mut sources = Sources::default();
    let file = sources.add("value", text);
    let _ = parse_value(&sources, file);
    if is_valid {
        let printed = print::text(&tree, "");
        let file = sources.add("printed.net", printed.as_str());
        let (again, problems) = parse(&sources, file);
        assert!(
            !problems.iter().any(Diagnostic::is_error),
            "{printed}\n{}",
            render(&sources, &problems, false)
        );
        assert_eq!(print::text(&again, ""), printed);
    }
    is_valid
}

/// A text without its middle third, to which that is added, is parsed as the whole.
fn changed(text: &str) {
    let boundary = |at: usize| {
        (0..=at)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0)
    };
    let [from, to] = [1, 2].map(|third| boundary(text.len() * third / 3));
    let mut parsed = Parsed::new(&[&text[..from], &text[to..]].concat(), FileId(0));
    parsed.change(text);
    assert_eq!(parsed, Parsed::new(text, FileId(0)));
}

/// Formatting: what is valid gets a form that it keeps, and what is not is refused with its errors.
pub fn formatter(bytes: &[u8]) -> bool {
    let Ok(text) = decode(bytes.to_vec()) else {
        return false;
    };
    match format("fuzz.net", &text) {
        Ok(formatted) => {
            let again = format("fuzz.net", &formatted);
            assert_eq!(again.as_deref().ok(), Some(&formatted[..]), "from\n{text}");
            true
        }
        Err(Refusal::Broken(_, problems)) => {
            assert!(problems.iter().any(Diagnostic::is_error));
            false
        }
        Err(Refusal::Unsure) => panic!("the formatter would not have kept what this says:\n{text}"),
    }
}

/// Networks of more layers are only read: what is made of them takes its time, and other tests look at that.
const MOST_LAYERS: usize = 400;

/// The whole compiler: errors or a network with all that is made of it.
pub fn compiler(bytes: &[u8]) -> bool {
    let Ok(text) = decode(bytes.to_vec()) else {
        return false;
    };
    let parsed = Parsed::new(&text, FileId(0));
    let mut read = analyse("fuzz.net", &parsed, &mut used());
    let layers = read.graph.as_ref().map_or(0, |graph| graph.nodes.len());
    if read.has_errors() || layers > MOST_LAYERS {
        try_edits(&mut read, &parsed, &mut used());
        let _ = read.rendered();
        return false;
    }
    let options = Options {
        code: true,
        estimate: true,
        ..Options::default()
    };
    let output = compile("fuzz.net", bytes.to_vec(), &options, &mut used());
    assert!(!output.has_errors(), "{}", output.rendered());
    let Output {
        graph: Some(graph),
        plan: Some(plan),
        training,
        code: Some(code),
        ..
    } = output
    else {
        assert!(output.library);
        return false;
    };
    assert!(graph.nodes.iter().all(|node| node.shape != Shape::Unknown));
    let plans = training.iter().map(|training| &training.plan);
    for plan in plans.chain([&plan]) {
        assert_eq!(validate(plan), Ok(()));
    }
    let drawn = [
        code,
        emit::summary(&graph, &plan, training.as_ref()),
        emit::plan_json(&graph, &plan),
        emit::dot(&graph),
        emit::svg(&graph),
        emit::keras(&graph, None),
        print::arrow(&graph).unwrap(),
    ];
    assert!(drawn.iter().all(|text| !text.is_empty()));
    printed(&graph);
    true
}

/// A network that is printed is the same network again.
fn printed(graph: &Graph) {
    let text = print::net(graph).unwrap();
    let again = analyse("printed.net", &Parsed::new(&text, FileId(0)), &mut used());
    assert!(!again.has_errors(), "{text}\n{}", again.rendered());
    assert_eq!(print::net(&again.graph.unwrap()).unwrap(), text);
}

/// The files that a text may use.
fn used() -> BTreeMap<String, Vec<u8>> {
    let library = "let width = 8\nblock unit(n) = CONV(n, 3x3, same) => BN => RELU\n";
    let looped = "use \"loop.net\"\n";
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    [file("parts.net", library), file("loop.net", looped)].into()
}
