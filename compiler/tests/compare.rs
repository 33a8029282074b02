//! Two networks beside each other.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use netc_compiler::compare::{Comparison, Pair, compare};
use netc_compiler::{Files, Options, Output, compile, emit};

fn compiled(text: &str) -> Output {
    let options = Options {
        estimate: true,
        ..Options::default()
    };
    let output = compile("a.net", text.into(), &options, &mut Files::default());
    assert!(!output.has_errors(), "{}", output.rendered());
    output
}

fn compared(a: &str, b: &str) -> Comparison {
    compare(&compiled(a), &compiled(b)).unwrap()
}

/// A letter a pair: same, changed, removed, added.
fn changes(comparison: &Comparison) -> String {
    let letter = |pair: &Pair| match pair {
        Pair::Same(..) => 's',
        Pair::Changed(..) => 'c',
        Pair::First(_) => 'r',
        Pair::Second(_) => 'a',
    };
    comparison.layers.iter().map(letter).collect()
}

const OLD: &str = "net Old INPUT(32x32x3) => CONV(8, 3x3, same) => RELU => POOL(2x2)
=> CONV(16, 3x3, same) => RELU => POOL(2x2) => (CONV(16, 3x3, same) => BN => RELU) * 4 => FC(64) => RELU => FC(10)";
const NEW: &str = "net New INPUT(32x32x3) => CONV(8, 3x3, same) => BN => RELU => POOL(2x2)
=> CONV(24, 3x3, same) => RELU => POOL(2x2) => (CONV(16, 3x3, same) => BN => RELU) * 4 => FC(10)";

#[test]
fn layers_are_paired() {
    let same = compared(OLD, OLD);
    assert!(changes(&same).chars().all(|c| c == 's'));
    assert!(emit::comparison(&same, 80).contains("The 22 layers are the same."));
    let comparison = compared(OLD, NEW);
    // A BN more; a wider convolution, whose followers have other shapes; two layers fewer.
    assert_eq!(
        changes(&comparison),
        "ssasscccc".to_owned() + "sssssssssss" + "rrc"
    );
    let back = changes(&compared(NEW, OLD));
    assert_eq!(back.matches('r').count(), 1);
    assert_eq!(back.matches('a').count(), 2);
}

#[test]
fn the_table_reads_well() {
    let comparison = compared(OLD, NEW);
    for width in [80, 120] {
        let text = emit::comparison(&comparison, width);
        assert!(
            text.lines().all(|line| line.chars().count() <= width),
            "{text}"
        );
        insta::assert_snapshot!(format!("table_{width}"), text);
    }
    insta::assert_snapshot!("json", emit::comparison_json(&comparison));
}

#[test]
fn large_networks_are_compared_too() {
    let chain = |n: usize, last: &str| {
        format!("INPUT(16) => (FC(16) => RELU) * {n} => {last} => (FC(16) => TANH) * {n} => FC(2)")
    };
    let comparison = compared(&chain(1_500, "ELU"), &chain(1_600, "GELU"));
    let changes = changes(&comparison);
    assert_eq!(changes.matches('s').count(), 2 + 2 * 3_000);
}
