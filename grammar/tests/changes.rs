//! A changed text has the tree and the mistakes that it has when it is parsed alone, whatever it was before. The random numbers are
//! fixed, so that a failure comes back.

#[path = "common/inputs.rs"]
mod inputs;
#[path = "common/programs.rs"]
mod programs;

use netc_grammar::{FileId, Parsed, decode};
use netc_plan::random::SplitMix64 as Random;
use std::fmt::Write as _;

const FILE: FileId = FileId(0);

/// What is typed, pasted and put in by mistake.
const TYPED: [&str; 56] = [
    " ",
    "\n",
    "\t",
    "\r",
    "\r\n",
    "x",
    "3",
    "R",
    "_",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    "=",
    ">",
    "=>",
    " => ",
    ",",
    ":",
    "*",
    "+",
    "-",
    "/",
    ".",
    "\"",
    "\"a\"",
    "//",
    "// c\n",
    "/*",
    "*/",
    "/* c */",
    "#",
    ";",
    "→",
    "×",
    "é",
    "'",
    "\u{200b}",
    "RELU",
    " => RELU",
    "RELU => ",
    "CONV(8, 3x3, same)",
    "[ RELU | SKIP ] => ADD",
    "(RELU => BN) * 2",
    " * 2",
    " as a",
    "let a = 3\n",
    "\nblock b(n) = CONV(n) => RELU\n",
    "\nINPUT(4) =>",
    "where CONV = 3x3\n",
    "expect ",
    "train { epochs = 3 }\n",
    "net ",
];

/// A text with one change: a piece goes, a piece comes, or both.
fn changed(text: &str, random: &mut Random) -> String {
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = random.below(text.len() + 1);
    let length = match random.below(8) {
        0..=2 => 0,
        3..=5 => 1 + random.below(3),
        6 => random.below(30),
        _ => random.below(text.len() + 1),
    };
    let (start, end) = (boundary(start), boundary((start + length).min(text.len())));
    let new = match random.below(8) {
        0 | 1 => "",
        2 => {
            let from = boundary(random.below(text.len() + 1));
            &text[from..boundary((from + random.below(40)).min(text.len()))]
        }
        _ => TYPED[random.below(TYPED.len())],
    };
    [&text[..start], new, &text[end..]].concat()
}

/// Changes a text again and again; how often most of the tree was kept.
fn types(text: &str, changes: usize, random: &mut Random) -> usize {
    let mut parsed = Parsed::new(text, FILE);
    let mut kept = 0;
    let mut text = text.to_owned();
    for _ in 0..changes {
        let new = changed(&text, random);
        kept += usize::from(parsed.change(&new));
        let whole = Parsed::new(&new, FILE);
        assert_eq!(
            parsed.diagnostics(),
            whole.diagnostics(),
            "\nfrom\n{text}\nto\n{new}"
        );
        assert_eq!(parsed.tree(), whole.tree(), "\nfrom\n{text}\nto\n{new}");
        // Back where too much is broken, as people are.
        let broken = whole.diagnostics().len() > 4;
        if broken {
            kept += usize::from(parsed.change(&text));
            let whole = Parsed::new(&text, FILE);
            assert_eq!(parsed, whole, "\nfrom\n{new}\nback to\n{text}");
        } else {
            text = new;
        }
    }
    kept
}

#[test]
fn random_programs() {
    let mut random = Random(7);
    let mut kept = 0;
    for seed in 0..200 {
        kept += types(&programs::program(seed), 20, &mut random);
    }
    assert!(kept > 800, "only {kept} of 4,000 changes are patched");
}

#[test]
fn every_text_of_the_tests() {
    let mut random = Random(8);
    let mut kept = 0;
    for (_, bytes) in ["tests/trees", "tests/diagnostics"]
        .into_iter()
        .flat_map(inputs::read)
    {
        if let Ok(text) = decode(bytes)
            && text.len() < 4096
        {
            kept += types(&text, 30, &mut random);
        }
    }
    assert!(kept > 250, "only {kept} changes are patched");
}

/// Chains with groups, branches and blocks, as they are written.
#[test]
fn long_networks() {
    let mut random = Random(9);
    let mut kept = 0;
    for _ in 0..30 {
        let mut text = String::from("net Long\nlet n = 8\n");
        for i in 0..random.below(4) {
            writeln!(text, "block b{i}(m) = CONV(m, 3x3, same) => BN => (RELU => BN => RELU => BN) * 2 => [ BN => RELU => BN | SKIP ] => ADD").unwrap_or_default();
        }
        text += "INPUT(32x32x3)\n";
        for _ in 0..random.below(12) {
            text += random.pick(&[
                "=> CONV(n, 3x3, same) => BN => RELU // a comment\n",
                "=> (CONV(n, 1x1) => RELU => BN => [ RELU => BN => RELU | BN => BN => BN ] => ADD => RELU) * 3\n",
                "=> [ CONV(8, 1x1) => RELU => BN => RELU | SKIP ] /* two */ => CONCAT as here\n",
                "=> POOL(2x2)\n",
            ]);
        }
        text += random.pick(&[
            "",
            "where CONV = 3x3\n",
            "expect params = 10\n",
            "train { epochs = 3 }",
        ]);
        kept += types(&text, 40, &mut random);
    }
    assert!(kept > 600, "only {kept} of 1,200 changes are patched");
}

/// What is typed into a long chain is patched, even where it is wrong.
#[test]
fn what_is_typed_in_a_chain_is_patched() {
    let stage = "=> CONV(8, 3x3, same) => RELU\n";
    let text = format!("INPUT(16x16x8)\n{}", stage.repeat(100));
    let at = "INPUT(16x16x8)\n".len() + 50 * stage.len();
    let mut parsed = Parsed::new(&text, FILE);
    let typed = "=> CONV(16, 1x1)  // wider\n";
    for end in 1..=typed.len() {
        let new = [&text[..at], &typed[..end], &text[at..]].concat();
        assert!(
            parsed.change(&new),
            "{:?} is parsed from the beginning",
            &typed[..end]
        );
        assert_eq!(parsed, Parsed::new(&new, FILE));
    }
    let end = format!("{text}=> FC(10)");
    assert!(parsed.change(&text) && parsed.change(&end));
    assert_eq!(parsed, Parsed::new(&end, FILE));
}
