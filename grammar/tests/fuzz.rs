//! Broken texts: no panic, no hang, and spans that lie in the text. The random numbers are fixed, so that a failure comes back.

#[path = "common/inputs.rs"]
mod inputs;

use netc_grammar::{Sources, Span, ast, decode, limits, parse, render, render_github, render_json};
use netc_plan::random::SplitMix64 as Random;
use std::time::{Duration, Instant};

/// Parses a text, checks every span, and draws a few of the diagnostics.
fn survives(text: &str) {
    let started = Instant::now();
    let mut sources = Sources::default();
    let file = sources.add("fuzz.net", text);
    let (tree, diagnostics) = parse(&sources, file);
    let fits = |span: Span| {
        assert_eq!(span.file, file);
        assert!(
            text.get(span.start as usize..span.end as usize).is_some(),
            "{span:?} does not fit in {text:?}"
        );
    };
    for diagnostic in &diagnostics {
        diagnostic.labels.iter().for_each(|label| fits(label.span));
        diagnostic
            .helps
            .iter()
            .filter_map(|help| help.edit.as_ref())
            .for_each(|(span, _)| fits(*span));
    }
    tree.items.iter().for_each(|item| item_spans(item, &fits));
    let few = &diagnostics[..diagnostics.len().min(3)];
    let drawn = [
        render(&sources, few, false),
        render_json(&sources, few),
        render_github(&sources, few),
    ];
    assert_eq!(drawn.iter().any(String::is_empty), few.is_empty());
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{} bytes took {:?}",
        text.len(),
        started.elapsed()
    );
}

fn item_spans(item: &ast::Item, fits: &impl Fn(Span)) {
    match item {
        ast::Item::Net(name) => fits(name.span),
        ast::Item::Use(path) => fits(path.span),
        ast::Item::Let(constant) => {
            fits(constant.span);
            fits(constant.value.span);
        }
        ast::Item::Block(block) => {
            fits(block.span);
            chain_spans(&block.body, fits);
        }
        ast::Item::Chain(chain) => chain_spans(chain, fits),
        ast::Item::Where(table) => {
            fits(table.span);
            table
                .rows
                .iter()
                .flat_map(|row| &row.entries)
                .for_each(|entry| fits(entry.span));
        }
        ast::Item::Head(head) => {
            fits(head.span);
            if let Some(chain) = &head.chain {
                chain_spans(chain, fits);
            }
        }
        ast::Item::Expect(claim) => fits(claim.span),
        ast::Item::Train(recipe) => {
            fits(recipe.span);
            recipe.entries.iter().for_each(|entry| fits(entry.span));
        }
    }
}

fn chain_spans(chain: &ast::Chain, fits: &impl Fn(Span)) {
    fits(chain.span);
    assert!(!chain.stages.is_empty());
    for stage in &chain.stages {
        fits(stage.span);
        match &stage.kind {
            ast::StageKind::Call(call) => {
                fits(call.span);
                call.args
                    .iter()
                    .flatten()
                    .for_each(|arg| fits(arg.value.span));
            }
            ast::StageKind::Group(chain) => chain_spans(chain, fits),
            ast::StageKind::Branches(chains) => {
                chains.iter().for_each(|chain| chain_spans(chain, fits))
            }
        }
    }
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
