//! Every diagnostic code is explained, with an example in the language; those of this crate come with an example that gives the code
//! and one that is valid.

use netc_grammar::{Code, Sources, parse};

/// The texts of the ```net fences.
fn examples(explanation: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let mut current: Option<String> = None;
    for line in explanation.lines() {
        match (&mut current, line) {
            (None, "```net") => current = Some(String::new()),
            (Some(_), "```") => examples.extend(current.take()),
            (Some(text), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(current.is_none(), "a fence is not closed");
    examples
}

fn codes_of(text: &str) -> Vec<Code> {
    let mut sources = Sources::default();
    let file = sources.add("example.net", text);
    parse(&sources, file).1.iter().map(|d| d.code).collect()
}

#[test]
fn every_code_is_explained() {
    for &code in Code::ALL {
        let text = code.explanation();
        assert!(text.len() > 120, "the explanation of {code:?} is too short");
        assert!(
            !examples(text).is_empty(),
            "the explanation of {code:?} has no ```net example"
        );
    }
}

#[test]
fn the_examples_of_syntax_errors_are_right() {
    let grammar = Code::ALL
        .iter()
        .filter(|code| code.as_str().starts_with("E01"));
    for &code in grammar {
        let examples = examples(code.explanation());
        if let [wrong, right] = &examples[..] {
            assert_eq!(
                codes_of(wrong).first(),
                Some(&code),
                "the wrong example of {code:?}"
            );
            assert_eq!(codes_of(right), [], "the right example of {code:?}");
        } else {
            let size_or_bytes = [
                Code::E0108,
                Code::E0109,
                Code::E0130,
                Code::E0131,
                Code::E0133,
                Code::E0134,
            ];
            assert!(
                size_or_bytes.contains(&code),
                "{code:?} needs a wrong and a right example"
            );
        }
    }
}

#[test]
fn codes_are_in_order_and_found_by_name() {
    assert!(Code::ALL.is_sorted());
    for &code in Code::ALL {
        assert_eq!(Code::parse(&code.as_str().to_lowercase()), Some(code));
        assert!(!code.title().is_empty());
    }
    assert_eq!(Code::parse("E9999"), None);
}
