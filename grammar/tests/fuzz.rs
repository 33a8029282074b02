//! Broken texts: no panic, no hang, and spans that lie in the text. The random numbers are fixed, so that a failure comes back.

#[path = "common/inputs.rs"]
mod inputs;
#[path = "common/spans.rs"]
mod spans;

use netc_grammar::{Sources, decode, limits, parse, render};
use netc_plan::random::SplitMix64 as Random;
use spans::surveyed;
use std::time::{Duration, Instant};

/// Whatever it says.
fn survives(text: &str) {
    let _ = surveyed(text);
}

/// All texts of the other tests.
fn seeds() -> Vec<String> {
    ["tests/trees", "tests/diagnostics"]
        .into_iter()
        .flat_map(inputs::read)
        .filter_map(|(_, bytes)| decode(bytes).ok())
        .filter(|text| text.len() < 4096)
        .collect()
}

/// Words, runs of space, and single signs.
fn tokens(text: &str) -> Vec<String> {
    let kind = |c: char| (c.is_alphanumeric() || c == '_', c.is_whitespace());
    let mut tokens: Vec<String> = Vec::new();
    let mut last = None;
    for c in text.chars() {
        let this = kind(c);
        match tokens.last_mut() {
            Some(token) if last == Some(this) && this != (false, false) => token.push(c),
            _ => tokens.push(c.to_string()),
        }
        last = Some(this);
    }
    tokens
}

#[test]
fn mutated_texts() {
    let seeds = seeds();
    let pool: Vec<String> = seeds.iter().flat_map(|seed| tokens(seed)).collect();
    let mut random = Random(1);
    for _ in 0..800 {
        let mut text = tokens(&seeds[random.below(seeds.len())]);
        for _ in 0..=random.below(6) {
            let at = random.below(text.len());
            match random.below(5) {
                _ if text.is_empty() => {}
                0 => drop(text.remove(at)),
                1 => text.insert(at, text[at].clone()),
                2 => {
                    let other = random.below(text.len());
                    text.swap(at, other);
                }
                3 => text.insert(at, pool[random.below(pool.len())].clone()),
                _ => text.truncate(at),
            }
        }
        survives(&text.concat());
    }
}

#[test]
fn random_bytes() {
    let signs: Vec<char> =
        " \n\t\r()[]{}|=><,:;+-*/.\"'\\_#xX0123456789aAINPUTletuseblockwhere×→é\u{202e}\u{feff}\0"
            .chars()
            .collect();
    let mut random = Random(2);
    for _ in 0..600 {
        let len = random.below(120);
        let text: String = (0..len).map(|_| signs[random.below(signs.len())]).collect();
        survives(&text);
        let bytes: Vec<u8> = (0..len).map(|_| random.bits() as u8).collect();
        match decode(bytes) {
            Ok(text) => survives(&text),
            Err(error) => {
                let mut sources = Sources::default();
                let (_, diagnostic) = error.report(&mut sources, "bytes.net");
                assert!(!render(&sources, &[diagnostic], true).is_empty());
            }
        }
    }
}

/// Texts that would be slow or deep for a careless parser, repeated up to the size given.
#[test]
fn long_and_deep() {
    let units = [
        "(",
        "[",
        "{",
        ")",
        "]",
        "}",
        "f(",
        "f(1 ",
        "[a|",
        "(a=>",
        "a(b=",
        "=>",
        "|",
        ",",
        ";",
        "\"",
        "\"\\\"),",
        "'",
        "'\\",
        "`",
        "/*",
        "/*/",
        "*/",
        "//",
        "#",
        "-",
        "-(",
        "+",
        "~",
        "=",
        "= ",
        "->",
        "× ",
        "1×",
        "1 x ",
        "1x",
        "1.",
        ".1",
        "1,000,",
        "a ",
        "A => ",
        "A(1) ",
        "let ",
        "let a = ",
        "block b = ",
        "where ",
        "where A = ",
        "A = 1, ",
        "expect a = ",
        "train { ",
        "train { a = ",
        "net ",
        "use ",
        "as ",
        "* ",
        "A * 2 as b ",
        "é",
        "\u{202e}",
        "\0",
        "\r",
        "\n",
        "let a = f(",
        "let a = [[A | ",
        "[f(a=>b)|",
        "(1,",
        "({",
        "{{",
        "use \"",
        "\\",
    ];
    for unit in units {
        survives(&unit.repeat(6_000 / unit.len()));
        survives(&format!("INPUT(4) => {}", unit.repeat(100)));
        survives(&format!("let a = ({}", unit.repeat(100)));
        survives(&format!("train {{ a = f({}", unit.repeat(100)));
    }
}

#[test]
fn nesting_up_to_the_limit_is_fine() {
    let depth = limits::MAX_NESTING - 1;
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("f(", "1", ")"),
        ("-(", "1", ")"),
        ("f(a=", "1", ")"),
    ] {
        let text = format!(
            "let a = {}{inner}{}",
            open.repeat(depth),
            close.repeat(depth)
        );
        let mut sources = Sources::default();
        let file = sources.add("deep.net", text.as_str());
        assert_eq!(parse(&sources, file).1, [], "{text}");
    }
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("(RELU => ", ")"),
        ("[RELU | ", "] => ADD"),
    ] {
        let text = format!(
            "INPUT(4) => {}RELU{}",
            open.repeat(depth),
            close.repeat(depth)
        );
        let mut sources = Sources::default();
        let file = sources.add("deep.net", text.as_str());
        assert_eq!(parse(&sources, file).1, [], "{text}");
    }
}

/// Time grows with the length, not with its square: ten times the layers may take thirty times as long on a busy machine, not more.
#[test]
fn time_is_linear() {
    let chain = |layers: usize| {
        let stages = [
            "=> CONV(64, 3x3, same) => BN => RELU\n",
            "=> RELU => FC(10, bias=false)",
        ];
        let mut text = String::from("INPUT(32x32x3)\n");
        (0..layers / 4).for_each(|i| text.push_str(stages[i % 2]));
        text
    };
    let time = |text: &str| {
        let mut sources = Sources::default();
        let file = sources.add("long.net", text);
        let once = || {
            let started = Instant::now();
            assert_eq!(parse(&sources, file).1, []);
            started.elapsed()
        };
        (0..3).map(|_| once()).min().unwrap_or_default()
    };
    let (short, long) = (time(&chain(2_000)), time(&chain(20_000)));
    assert!(
        long < short * 30 + Duration::from_millis(50),
        "2,000 layers: {short:?}; 20,000 layers: {long:?}"
    );
}
