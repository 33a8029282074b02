//! Valid files with something changed: whatever comes of it, the compiler neither panics nor hangs, and what it accepts is whole.
#![allow(clippy::unwrap_used, reason = "a test")]

use netc_compiler::graph::Shape;
use netc_compiler::{Files, Options, Output, compile};
use netc_plan::random::SplitMix64 as Random;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pass")
}

fn run(text: &str) -> Output {
    let mut files = Files { root: root() };
    compile(
        "mutated.net",
        text.as_bytes().to_vec(),
        &Options::default(),
        &mut files,
    )
}

fn seeds() -> Vec<String> {
    let mut files: Vec<PathBuf> = [root(), root().join("../fail")]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|f| f.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "net"))
        // Large on purpose, and slow without optimisation.
        .filter(|path| !path.ends_with("too_many_stages.net"))
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

/// Splits into words, numbers and single characters, spaces kept with what they follow.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let mut last = None;
    for (i, c) in text.char_indices() {
        if i > start && !(word(c) && last.is_some_and(word)) {
            tokens.push(&text[start..i]);
            start = i;
        }
        last = Some(c);
    }
    tokens.push(&text[start..]);
    tokens
}

const ROUNDS: usize = 400;

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "7",
    "-1",
    "0.5",
    "1e30",
    "65536",
    "1073741824",
    "9223372036854775807",
    "18446744073709551615",
    "3x3",
    "0x0",
    "1x1/2",
    "3x3x3",
    "1000000x1000000",
    "same",
    "true",
    "he",
];
const WORDS: &[&str] = &[
    "CONV", "FC", "POOL", "ADD", "CONCAT", "SKIP", "INPUT", "UPSAMPLE", "PAD", "RBF", "DWCONV",
    "BN", "FLATTEN", "stem", "width", "=>", "|", "[", "]", "(", ")", "*", "/", "as", ",", "=",
    "let", "block",
];

fn mutate(text: &str, random: &mut Random) -> String {
    let mut tokens: Vec<String> = tokens(text).into_iter().map(str::to_owned).collect();
    for _ in 0..=random.below(8) / 5 {
        let at = random.below(tokens.len());
        match random.below(6) {
            0 => tokens[at] = format!(" {} ", random.pick(NUMBERS)),
            1 => tokens[at] = format!(" {} ", random.pick(WORDS)),
            2 => tokens[at] = String::new(),
            3 => tokens.insert(at, format!(" {} ", random.pick(WORDS))),
            4 => {
                let other = random.below(tokens.len());
                tokens.swap(at, other);
            }
            _ => {
                let digits = tokens
                    .iter()
                    .position(|t| t.as_bytes().first().is_some_and(u8::is_ascii_digit));
                let number = random.pick(NUMBERS).to_owned();
                tokens[digits.unwrap_or(at)] = number;
            }
        }
    }
    tokens.concat()
}

#[test]
fn mutations_are_answered() {
    let seeds = seeds();
    let mut random = Random(0x5eed);
    let mut accepted = 0;
    for _ in 0..ROUNDS {
        let text = mutate(&seeds[random.below(seeds.len())], &mut random);
        let begun = Instant::now();
        let output = run(&text);
        assert!(begun.elapsed() < Duration::from_secs(20), "{text}");
        if let Some(graph) = &output.graph {
            accepted += 1;
            assert!(
                graph.nodes.iter().all(|n| n.shape != Shape::Unknown),
                "{text}"
            );
        }
        // Labels lie in their files: rendering them must not panic either.
        let _ = output.rendered();
    }
    assert!(accepted > 0, "only {accepted} files were accepted");
}

/// Without the back half of the pipeline, which has a test of its own.
fn seconds(layers: usize) -> f64 {
    let mut text = "INPUT(8x8x2)\n".to_owned();
    for _ in 0..layers / 2 {
        text += "=> CONV(2, 3x3, same) => RELU\n";
    }
    let begun = Instant::now();
    let output = run(&text);
    assert!(output.graph.is_some(), "{}", output.rendered());
    begun.elapsed().as_secs_f64()
}

/// Ten times the layers take at most some thirty times as long: room for a busy machine, none for a square.
#[test]
fn time_grows_with_the_number_of_layers() {
    let small = (0..3).map(|_| seconds(500)).fold(f64::INFINITY, f64::min);
    let large = seconds(5_000);
    assert!(large < 30.0 * small + 0.5, "{small} s and {large} s");
}
