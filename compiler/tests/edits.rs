//! Every edit that a diagnostic suggests, applied: fewer mistakes are left than before.
//!
//! Applied to every file of the two folders of mistakes, and to thousands of generated ones: a valid file with one slip in it.
#![allow(clippy::unwrap_used, reason = "a test")]

use netc_compiler::{Files, Options, Output, compile};
use netc_grammar::{Code, Diagnostic, Severity, Span};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The `.net` files of a folder, in order.
fn files(path: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(path)).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "net"))
        .collect();
    files.sort();
    files
}

fn run(root: &Path, text: &[u8]) -> Output {
    let root = root.to_owned();
    compile(
        "edited.net",
        text.to_vec(),
        &Options::default(),
        &mut Files { root },
    )
}

/// Errors of shapes, claims and losses are found only where nothing is wrong before: an edit may bring them to light.
fn stage(code: Code) -> u8 {
    match code {
        _ if (Code::E0401..=Code::E0411).contains(&code) => 1,
        Code::E0503 | Code::E0607 | Code::E0608 | Code::E0609 => 2,
        _ => 0,
    }
}

/// How many diagnostics of this severity there are, up to a stage. Warnings count only beside no more errors.
fn left(output: &Output, of: &Diagnostic) -> (usize, usize) {
    let upto = stage(of.code);
    let found = output.diagnostics.iter();
    let (errors, warnings): (Vec<_>, Vec<_>) = found
        .filter(|d| stage(d.code) <= upto)
        .partition(|d| d.is_error());
    match of.severity {
        Severity::Error => (errors.len(), 0),
        Severity::Warning => (errors.len(), warnings.len()),
    }
}

fn applied(text: &str, (span, replacement): &(Span, String)) -> String {
    let (start, end) = (span.start as usize, span.end as usize);
    format!("{}{replacement}{}", &text[..start], &text[end..])
}

/// Applies the edits of a text one by one; what each that does not help says and leaves.
fn useless(root: &Path, bytes: &[u8]) -> Vec<(Code, String)> {
    let before = run(root, bytes);
    let Some((id, source)) = before.sources.iter().next() else {
        return Vec::new();
    };
    // The spans of a text that begins with a byte-order mark do not count it.
    let text = &source.text;
    let mut useless = Vec::new();
    for diagnostic in &before.diagnostics {
        let edits = diagnostic
            .helps
            .iter()
            .filter_map(|help| help.edit.as_ref());
        for edit in edits.filter(|(span, _)| span.file == id) {
            let mended = applied(text, edit);
            let after = run(root, mended.as_bytes());
            if left(&after, diagnostic) >= left(&before, diagnostic) {
                let report = format!(
                    "---- {edit:?}\n{text}\n---- said\n{}\n---- edited\n{mended}\n---- says\n{}",
                    before.rendered(),
                    after.rendered()
                );
                useless.push((diagnostic.code, report));
            }
        }
    }
    useless
}

fn assert_none(useless: Vec<(Code, String)>) {
    let mut by_code: BTreeMap<Code, Vec<String>> = BTreeMap::new();
    for (code, report) in useless {
        by_code.entry(code).or_default().push(report);
    }
    let shown: Vec<String> = by_code
        .iter()
        .map(|(code, reports)| {
            let shown: Vec<&str> = reports.iter().take(25).map(String::as_str).collect();
            format!("{code:?}: {} edits\n{}", reports.len(), shown.join("\n"))
        })
        .collect();
    assert!(by_code.is_empty(), "{}", shown.join("\n======== "));
}

#[test]
fn edits_of_the_files_of_mistakes_help() {
    let mut all = Vec::new();
    for (folder_of, syntax) in [
        ("tests/fail", false),
        ("../grammar/tests/diagnostics", true),
    ] {
        let paths = files(folder_of);
        // Large on purpose: slow without optimisation, or with more errors than are shown.
        let small = paths.iter().filter(|path| {
            !path.ends_with("too_many_stages.net") && !path.ends_with("too_many.net")
        });
        for path in small {
            let bytes = std::fs::read(path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let found = useless(&folder("tests/fail"), &bytes).into_iter();
            all.extend(found.map(|(code, report)| (code, format!("{name}\n{report}"))));
        }
    }
    assert_none(all);
}

/// A small generator, so that a failure can be repeated: xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % n.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Words, runs of space, comments, and single signs.
fn tokens(text: &str) -> Vec<String> {
    let kind = |c: char| {
        (
            c.is_alphanumeric() || c == '_' || c == '.',
            c.is_whitespace(),
        )
    };
    let mut tokens: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        let (code, comment) = line.find("//").map_or((line, ""), |at| line.split_at(at));
        let mut last = None;
        for c in code.chars() {
            let this = kind(c);
            match tokens.last_mut() {
                Some(token) if last == Some(this) && this != (false, false) => token.push(c),
                Some(token) if token == "=" && c == '>' => token.push(c),
                _ => tokens.push(c.to_string()),
            }
            last = Some(this);
        }
        tokens.extend((!comment.is_empty()).then(|| comment.to_owned()));
    }
    tokens
}

const ARROWS: &[&str] = &[
    "->", "→", "==>", "= >", "-->", "~>", ">", ",", "", ">>", "|>", "=", "=>=>",
];
const SIGNS: &[&str] = &[
    "(", ")", "[", "]", "{", "}", "|", ",", ";", "=", ":", "*", "/", "x", "'", "\"", "#", "%",
    "=>", "-", "+", ".",
];
const WORDS: &[&str] = &[
    "CONV",
    "Conv2d",
    "conv",
    "Dense",
    "relu",
    "ReLU",
    "MaxPooling2D",
    "let",
    "block",
    "as",
    "same",
    "'same'",
    "\"same\"",
    "true",
    "True",
    "x3",
    "stem",
    "3x3",
    "3*3",
    "(3,3)",
    "3 x 3",
    "64",
    "0.5",
    ".5",
    "1O",
    "1,024",
];

/// A word with a slip of the finger in it.
fn slip(word: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = random.below(letters.len());
    match random.below(6) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 if at + 1 < letters.len() => letters.swap(at, at + 1),
        3 => return word.to_ascii_lowercase(),
        4 => return word.to_ascii_uppercase(),
        _ => {
            letters[at] = random
                .pick(&["a", "O", "l", "0", "e", "x", "_", "-"])
                .chars()
                .next()
                .unwrap()
        }
    }
    letters.into_iter().collect()
}

/// One slip.
fn mistaken(text: &str, random: &mut Random) -> String {
    let mut tokens = tokens(text);
    let is_word = |t: &String| t.starts_with(|c: char| c.is_alphanumeric());
    let choose = |tokens: &[String], random: &mut Random, fits: &dyn Fn(&String) -> bool| {
        let fitting: Vec<usize> = (0..tokens.len()).filter(|&i| fits(&tokens[i])).collect();
        fitting.get(random.below(fitting.len())).copied()
    };
    let spaces = |t: &String| t.trim().is_empty() || t.starts_with("//");
    let Some(any) = choose(&tokens, random, &|t| !spaces(t)) else {
        return String::new();
    };
    match random.below(9) {
        0 | 1 => {
            if let Some(at) = choose(&tokens, random, &is_word) {
                tokens[at] = slip(&tokens[at], random);
            }
        }
        2 => {
            if let Some(at) = choose(&tokens, random, &|t| t == "=>") {
                tokens[at] = random.pick(ARROWS).to_owned();
            }
        }
        3 => drop(tokens.remove(any)),
        4 => tokens.insert(any, random.pick(SIGNS).to_owned()),
        5 => tokens[any] = random.pick(SIGNS).to_owned(),
        6 => {
            if let Some(at) = choose(&tokens, random, &is_word) {
                tokens[at] = random.pick(WORDS).to_owned();
            }
        }
        7 => tokens.insert(any, format!(" {} ", random.pick(WORDS))),
        _ => tokens.insert(any, tokens[any].clone()),
    }
    tokens.concat()
}

/// Valid texts that are small enough to be compiled thousands of times without optimisation.
fn seeds() -> Vec<(PathBuf, String)> {
    let small = ["alexnet", "lenet", "allc", "mini", "squeeze"];
    let models = files("../models").into_iter().filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        small.iter().any(|begin| name.starts_with(begin))
    });
    models
        .chain(files("tests/pass"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.parent().unwrap().to_owned(), text)
        })
        .collect()
}

const MISTAKES: usize = 2_000;

#[test]
fn edits_of_generated_mistakes_help() {
    let seeds = seeds();
    let mut random = Random(0x5eed);
    let mut all = Vec::new();
    for _ in 0..MISTAKES {
        let (root, text) = &seeds[random.below(seeds.len())];
        let text = mistaken(text, &mut random);
        all.extend(useless(root, text.as_bytes()));
    }
    assert_none(all);
}
