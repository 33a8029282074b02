//! Every edit that a diagnostic suggests, applied: fewer mistakes are left than before.
//!
//! Applied to every file of the two folders of mistakes, and to thousands of generated ones: a valid file with one slip in it.
#![allow(clippy::unwrap_used, reason = "a test")]

use netc_compiler::resolve::{Resolved, resolve};
use netc_compiler::{Files, Options, Output, claims, compile, shape};
use netc_grammar::{Code, Diagnostic, Severity, Sources, Span, parse};
use netc_plan::random::SplitMix64 as Random;
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

/// What the front of the pipeline says, by itself: no edit is tried.
fn found(root: &Path, text: &str) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    let file = sources.add("edited.net", text);
    let (tree, mut found) = parse(&sources, file);
    let mut files = Files {
        root: root.to_owned(),
    };
    let resolved = resolve(&mut sources, file, tree, &mut files, &mut found);
    if let Some(Resolved::Net(mut graph)) = resolved {
        shape::infer(&mut graph, &mut found);
        if !found.iter().any(Diagnostic::is_error) {
            claims::check(&graph, &mut found);
        }
    }
    found
}

/// How many diagnostics of this severity there are, up to a stage. Warnings count only beside no more errors.
fn left(found: &[Diagnostic], of: &Diagnostic) -> (usize, usize) {
    let upto = stage(of.code);
    let (errors, warnings): (Vec<_>, Vec<_>) = found
        .iter()
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
    let output = run(root, bytes);
    let Some((id, source)) = output.sources.iter().next() else {
        return Vec::new();
    };
    // The spans of a text that begins with a byte-order mark do not count it.
    let text = &source.text;
    let before = found(root, text);
    let mut useless = Vec::new();
    for diagnostic in &output.diagnostics {
        let edits = diagnostic
            .helps
            .iter()
            .filter_map(|help| help.edit.as_ref());
        for edit in edits.filter(|(span, _)| span.file == id) {
            let mended = applied(text, edit);
            let after = found(root, &mended);
            if left(&after, diagnostic) >= left(&before, diagnostic) {
                let report = format!(
                    "---- {edit:?}\n{text}\n---- said\n{}\n---- edited\n{mended}\n---- says\n{}",
                    output.rendered(),
                    run(root, mended.as_bytes()).rendered()
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
    for folder_of in ["tests/fail", "../grammar/tests/diagnostics"] {
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

/// What people type, and the text that the edits lead to, applied one after the other.
const TYPED: &[(&str, &str)] = &[
    (
        "INPUT(32x32x3) => CONV(8, 3*3) => FC(10)",
        "INPUT(32x32x3) => CONV(8, 3x3) => FC(10)",
    ),
    (
        "INPUT(32x32x3) => CONV(3, 64, kernel_size=7) => FC(10)",
        "INPUT(32x32x3) => CONV(64, kernel_size=7x7) => FC(10)",
    ),
    (
        "INPUT(32x32x3) => Conv2d(3, 64, 7, 2, 3) => BatchNorm2d(64) => ReLU(inplace=True) => FC(10)",
        "INPUT(32x32x3) => CONV(64, 7x7/2, 3) => BN => RELU() => FC(10)",
    ),
    (
        "INPUT(32x32x3) => Flatten() => Linear(3072, 10)",
        "INPUT(32x32x3) => FLATTEN() => FC(10)",
    ),
    (
        "INPUT(32x32x3) => MaxPooling2D(pool_size=(2,2), strides=2) => Dense(10, use_bias=False, activation='softmax')",
        "INPUT(32x32x3) => POOL(pool_size=2x2, strides=2) => FC(10, use_bias=false) => SOFTMAX",
    ),
    (
        "block Res(n) { CONV(n, 3x3, same) => RELU }\nINPUT(32x32x3) => Res(8) => FC(10)",
        "block Res(n) = CONV(n, 3x3, same) => RELU\nINPUT(32x32x3) => Res(8) => FC(10)",
    ),
    (
        "INPUT(32x32x3) => CONV(8, 3x3, same) x 3 => FC(10)",
        "INPUT(32x32x3) => CONV(8, 3x3, same) * 3 => FC(10)",
    ),
    (
        "INPUT(32x32x3) => CONV(8, 3x3, same) x3 => FC(10)",
        "INPUT(32x32x3) => CONV(8, 3x3, same) * 3 => FC(10)",
    ),
    (
        "INPUT(32x32x3) => 2*CONV(8, 3x3, same) => FC(10)",
        "INPUT(32x32x3) => CONV(8, 3x3, same) * 2 => FC(10)",
    ),
    (
        "const k = 3x3\nINPUT(32x32x3) => CONV(8, k) => FC(10)",
        "let k = 3x3\nINPUT(32x32x3) => CONV(8, k) => FC(10)",
    ),
    ("input = INPUT(784) => FC(10)", "INPUT(784) => FC(10)"),
    ("let model = INPUT(784) => FC(10)", "INPUT(784) => FC(10)"),
    ("INPUT(3) = FC(2)", "INPUT(3) => FC(2)"),
    (
        "INPUT(32x32x3) => CONV(8, 3x3),\n=> RELU",
        "INPUT(32x32x3) => CONV(8, 3x3)\n=> RELU",
    ),
    (
        "INPUT(32x32x3) => CONV(8, 3x3, pad='same')",
        "INPUT(32x32x3) => CONV(8, 3x3, pad=same)",
    ),
    (
        "INPUT(32x32x3) => CONV(8, 3x3, \"same\")",
        "INPUT(32x32x3) => CONV(8, 3x3, same)",
    ),
    (
        "INPUT(784) => FC(10)\nexpect accuracy > 98%",
        "INPUT(784) => FC(10)\nexpect accuracy > 0.98",
    ),
    (
        "INPUT[28x28x1] => CONV[8, 3x3]",
        "INPUT(28x28x1) => CONV(8, 3x3)",
    ),
    (
        "INPUT(28x28x1) => CONV(8,3x3,relu)",
        "INPUT(28x28x1) => CONV(8,3x3) => RELU",
    ),
    (
        "INPUT(28x28x1) => CONV(8, 3x3, activation='relu', padding='same')",
        "INPUT(28x28x1) => CONV(8, 3x3, padding=same) => RELU",
    ),
    (
        "INPUT(28x28x1) => POOL(3x3//2) => FC(10)",
        "INPUT(28x28x1) => POOL(3x3/2) => FC(10)",
    ),
    ("INPUT(3, 224, 224) => FC(10)", "INPUT(224x224x3) => FC(10)"),
    ("INPUT(28, 28, 1) => FC(10)", "INPUT(28x28x1) => FC(10)"),
    (
        "INPUT(shape=(28,28,1)) => FC(10)",
        "INPUT(shape=28x28x1) => FC(10)",
    ),
    (
        "INPUT(28x28x1) => CONV(8, kernel=(3,3))",
        "INPUT(28x28x1) => CONV(8, kernel=3x3)",
    ),
    (
        "INPUT(28x28x1) => CONV(8, 3x3, padding=(1,2), stride=(2,2))",
        "INPUT(28x28x1) => CONV(8, 3x3, padding=(1, 1, 2, 2), stride=2)",
    ),
    (
        "net My-Net\nINPUT(784) => FC(10)",
        "net MyNet\nINPUT(784) => FC(10)",
    ),
    (
        "net Foo {\n    INPUT(784) => FC(10)\n}",
        "net Foo \n    INPUT(784) => FC(10)\n",
    ),
    (
        "INPUT(784) |> FC(10) >> RELU",
        "INPUT(784) => FC(10) => RELU",
    ),
    (
        "INPUT(784) => FC(10)\ntrain { data = \"mnist\" }",
        "INPUT(784) => FC(10)\ntrain { data = mnist }",
    ),
    ("INPUT(784) => FC(1O)", "INPUT(784) => FC(10)"),
    (
        "INPUT(784) => FC(10)\nexpct params = 7850",
        "INPUT(784) => FC(10)\nexpect params = 7850",
    ),
    (
        "INPUT(32x32x3) => BN(3) => FC(10)",
        "INPUT(32x32x3) => BN => FC(10)",
    ),
    (
        "INPUT(32x32x3) => POOL(3x3, 2) => FC(10)",
        "INPUT(32x32x3) => POOL(3x3/2) => FC(10)",
    ),
    (
        "INPUT(32x32x3) => AVGPOOL(3x3, 1) => FC(10)",
        "INPUT(32x32x3) => AVGPOOL(3x3/1) => FC(10)",
    ),
    (
        "INPUT(32x32x3) => CONV(8, 3x3, 2) => FC(10)",
        "INPUT(32x32x3) => CONV(8, 3x3/2) => FC(10)",
    ),
    ("INPUT(3x32x32) => FC(10)", "INPUT(32x32x3) => FC(10)"),
    (
        "INPUT(32x32x3) => AdaptiveAvgPool2d((1, 1)) => FC(10)",
        "INPUT(32x32x3) => ADAPTIVE_AVGPOOL(1) => FC(10)",
    ),
    (
        "INPUT(32x32x3) => Activation(\"relu\") => FC(10)",
        "INPUT(32x32x3) => RELU => FC(10)",
    ),
    (
        "INPUT(32x32x3) => FC(10)\ntrain { data = mnist, optimizer = Adam(learning_rate=0.1) }",
        "INPUT(32x32x3) => FC(10)\ntrain { data = mnist, optimizer = adam(learning_rate=0.1) }",
    ),
];

#[test]
fn what_people_type_is_understood() {
    let misunderstood: Vec<String> = TYPED
        .iter()
        .filter_map(|(typed, meant)| misunderstood(typed, meant))
        .collect();
    assert!(
        misunderstood.is_empty(),
        "{}",
        misunderstood.join("\n====\n")
    );
}

fn misunderstood(typed: &str, meant: &str) -> Option<String> {
    let mut text = typed.to_owned();
    for _ in 0..20 {
        let output = run(Path::new(""), text.as_bytes());
        let helps = output.diagnostics.iter().flat_map(|d| &d.helps);
        match helps.filter_map(|help| help.edit.as_ref()).next() {
            Some(edit) => text = applied(&text, edit),
            None => break,
        }
    }
    let left = run(Path::new(""), text.as_bytes());
    let first = run(Path::new(""), typed.as_bytes());
    (!left.diagnostics.is_empty() || text != meant).then(|| {
        format!(
            "{typed}\nbecame\n{text}\nand not\n{meant}\n{}\n{}",
            first.rendered(),
            left.rendered()
        )
    })
}

/// Names that work as they do elsewhere, without a word.
#[test]
fn options_have_other_names() {
    let text = "INPUT(input_shape=32x32x3)
        => CONV(out_channels=8, kernel_size=3x3, padding=same, strides=2, dilation_rate=1, use_bias=false)
        => BN(epsilon=1e-5) => LEAKY_RELU(negative_slope=0.1)
        => MAXPOOL2D(pool_size=2x2, strides=2) => DROPOUT(rate=0.5) => UPSAMPLE(scale_factor=2)
        => DENSE(out_features=10)
        train { data = mnist, batch_size = 64, optimizer = adam(learning_rate=0.1, epsilon=1e-8) }";
    let output = run(Path::new(""), text.as_bytes());
    assert!(output.diagnostics.is_empty(), "{}", output.rendered());
    let graph = output.graph.unwrap();
    assert_eq!(graph.recipes[0].values.batch, 64);
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
