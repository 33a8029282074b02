//! The formatter: on the catalogue, on every other network of the tests, and with spaces and comments wherever they may stand.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

#[path = "../../grammar/tests/common/programs.rs"]
mod programs;

use netc_compiler::format::{Refusal, WIDTH, format};
use netc_grammar::{Diagnostic, Sources, parse, render};
use netc_plan::random::SplitMix64 as Random;
use std::path::{Path, PathBuf};

/// The networks below a folder, in order.
fn networks(folder: &str) -> Vec<(PathBuf, String)> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == "net") {
            // One of the broken ones is no text at all.
            if let Ok(text) = std::fs::read_to_string(&path) {
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder}");
    found
}

/// The formatted text, which formats as itself.
fn stable(text: &str) -> Result<String, Refusal> {
    let formatted = format("a.net", text)?;
    let again = format("a.net", &formatted)?;
    assert_eq!(formatted, again, "\nfrom\n{text}");
    Ok(formatted)
}

#[test]
fn the_catalogue_is_formatted() {
    for (path, text) in networks("../models") {
        let formatted = stable(&text).unwrap();
        assert!(
            text == formatted,
            "`netc fmt {}` changes it",
            path.display()
        );
    }
}

#[test]
fn other_networks_format_once_and_for_all() {
    for folder in ["tests/pass", "tests/fail", "../grammar/tests"] {
        for (path, text) in networks(folder) {
            match stable(&text) {
                Ok(formatted) => {
                    let code = |line: &&str| !line.contains("//") && !line.contains('"');
                    let long = formatted.lines().filter(code).find(|l| l.len() > WIDTH);
                    assert_eq!(long, None, "{}", path.display());
                }
                Err(Refusal::Broken(..)) => assert_ne!(folder, "tests/pass"),
                Err(Refusal::Unsure) => panic!("{} would not stay the same", path.display()),
            }
        }
    }
}

/// The text with other white space, and with comments, between its tokens.
fn disturbed(text: &str, random: &mut Random) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let comment = rest.starts_with("//").then(|| rest.find('\n')).flatten();
        let quoted = rest.starts_with('"').then(|| rest[1..].find('"')).flatten();
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
        let mut len = match (comment, quoted, word) {
            (Some(end), ..) => end + 1,
            (_, Some(end), _) => end + 2,
            (_, _, Some(0)) if ["=>", ">=", "<="].iter().any(|sign| rest.starts_with(sign)) => 2,
            (_, _, Some(0)) => 1,
            (_, _, Some(end)) => end,
            (_, _, None) => rest.len(),
        };
        if rest.starts_with(|c: char| c.is_ascii_digit()) && rest[..len].ends_with('e') {
            // 1e-4
            len += 1 + rest[len + 1..].find(|c: char| !c.is_ascii_digit()).unwrap();
        }
        out += &rest[..len];
        rest = &rest[len..];
        let separate = [
            "\n",
            "\n\n",
            " // c\n",
            "\n// own\n",
            " /* b */ ",
            " /* b\n * c */ ",
            "  ",
        ];
        if random.below(6) == 0 {
            out += separate[random.below(separate.len())];
        }
    }
    out
}

#[test]
fn spaces_and_comments_may_stand_anywhere() {
    let mut random = Random(1);
    let mut networks = networks("tests/pass");
    networks.extend(self::networks("../models"));
    for _ in 0..8 {
        for (path, text) in &networks {
            let text = disturbed(text, &mut random);
            match stable(&text) {
                Ok(_) => {}
                Err(Refusal::Broken(sources, problems)) => {
                    panic!(
                        "{}: {}\n{text}",
                        path.display(),
                        render(&sources, &problems, false)
                    );
                }
                Err(Refusal::Unsure) => panic!("{}: unsure of\n{text}", path.display()),
            }
        }
    }
}

#[test]
fn a_rough_text_becomes_a_fine_one() {
    let rough = r#"
net    Rough  use "parts.net"
let a=1
let longer = 3x3/2   let b = n/2
block unit( n , k ) = CONVOLUTION2D(n,k,same)=>BatchNorm
  => RELU
block small = TANH
block wide(n) = GAP

INPUT(32x32x3) =>   // the picture
CONV2D(8, 3x3) => BATCHNORM => LEAKYRELU =>

// Smaller now.
CONV2D(16, longer) => RELU
=>[CONV(8, 1x1)=>RELU|CONV(16, 3x3, same)=>RELU /* why not */
|IDENTITY]=>CONCATENATE => (DENSE(10)=>RELU)*2 as last
where CONV2D=(8, 3x3)
  POOL = 2x2
expect params=10 expect accuracy>=0.5 // hoped for
train { data = mnist optimizer = sgd(lr = 0.1, momentum=0.9),
  augment = rotate( 8 ) => shift(0.1)
  // Ends here.
}
train b{data=mnist,batch=4}
// The end.
"#;
    insta::assert_snapshot!(stable(rough).unwrap());
}

#[test]
fn long_lines_are_broken_where_they_may_be() {
    let chain = ["CONV(64, 3x3, same) => BN => RELU"; 5].join(" => ");
    let bare = ["CONV", "RELU", "POOL"].repeat(12).join(" => ");
    let branches = ["CONV(16, 3x3, same, bias=false) => RELU"; 3].join(" | ");
    let connect = ["[0, 1, 2, 3]"; 16].join(", ");
    let sum = ["width_of_a_layer * 2"; 8].join(" + ");
    let long = format!(
        "block five(n) = {chain}\nlet sum = {sum}\nINPUT(32x32x3) => {chain} => [ {branches} ] => CONCAT \
         => CONV(16, 5x5, connect=[{connect}]) => ({chain}) * 2 => {bare}\n\
         where CONV = {}\ntrain {{ augment = {} }}",
        ["(64, 3x3, same)"; 12].join(", "),
        ["rotate(8)"; 12].join(" => "),
    );
    let formatted = stable(&long).unwrap();
    assert!(
        formatted.lines().all(|line| line.len() <= WIDTH),
        "{formatted}"
    );
    insta::assert_snapshot!(formatted);
}

/// Names of layers, and other names that people write for them.
const ALIASES: [(&str, &str); 4] = [
    ("CONV", "CONV2D"),
    ("FC", "DENSE"),
    ("FC", "LINEAR"),
    ("SKIP", "IDENTITY"),
];

/// A text in parts: words, comments, strings, and what stands between.
fn parts(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = if rest.starts_with("\r\n") {
            2
        } else if rest.starts_with("//") {
            rest.find(['\r', '\n']).unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            let (mut depth, mut at) = (1, 2);
            while depth > 0 {
                let (down, up) = (rest[at..].find("*/").unwrap(), rest[at..].find("/*"));
                let deeper = up.is_some_and(|up| up < down);
                at += if deeper { up.unwrap() } else { down } + 2;
                depth = if deeper { depth + 1 } else { depth - 1 };
            }
            at
        } else if first == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.unwrap() + 2
        } else if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        parts.push(&rest[..len]);
        rest = &rest[len..];
    }
    parts
}

fn is_comment(part: &&str) -> bool {
    part.starts_with("//") || part.starts_with("/*")
}

/// The comments of a text, but for white space at the ends of their lines.
fn comments(text: &str) -> Vec<String> {
    let lines = |comment: &str| {
        comment
            .lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    };
    parts(text)
        .into_iter()
        .filter(is_comment)
        .map(lines)
        .collect()
}

/// The tree of a text as text, without places; `None` where it has errors.
fn tree(text: &str) -> Option<String> {
    let mut sources = Sources::default();
    let file = sources.add("a.net", text);
    let (tree, diagnostics) = parse(&sources, file);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return None;
    }
    let all = format!("{tree:?}");
    let mut pieces = all.split("Span { file: FileId(0)");
    let mut kept = pieces.next()?.to_owned();
    pieces.for_each(|piece| kept += piece.split_once('}').map_or("", |(_, behind)| behind));
    Some(kept)
}

/// The text with other names for its layers, with more of odd white space, and now and then in a single line or without comments.
fn odd(text: &str, random: &mut Random) -> String {
    let (one_line, bare) = (random.below(4) == 0, random.below(3) == 0);
    let (mut odd, mut before) = (String::new(), "");
    for part in parts(text) {
        let (own, alias) = ALIASES[random.below(ALIASES.len())];
        // A comment ends with its line.
        let free = !before.starts_with("//");
        odd += match part {
            comment if bare && is_comment(&comment) => " ",
            word if word == own => alias,
            "\n" | "\r\n" if one_line && free => " ",
            " " | "\n" if free && random.below(8) == 0 => {
                random.pick(&["  ", "\t", "\n\n\n", " \t \n", "\r\n\r\n"])
            }
            part => part,
        };
        before = part;
    }
    odd
}

/// Whether a line, which is too long, could have been broken: between its stages.
fn could_be_shorter(line: &str) -> bool {
    line.trim().trim_start_matches("=> ").contains(" => ")
}

/// How many files are drawn where `NETC_RANDOM_FILES` does not say more: with 10,000 nothing else is found.
const FILES: u64 = 1_000;

#[test]
fn random_files() {
    let count = std::env::var("NETC_RANDOM_FILES").map_or(FILES, |n| n.parse().unwrap());
    let mut random = Random(3);
    let (mut formatted, mut commented) = (0, 0);
    let mut seed = 0;
    while formatted < count {
        seed += 1;
        let text = programs::program(seed);
        let Some(expected) = tree(&text) else {
            continue;
        };
        let text = odd(&text, &mut random);
        // An arrow in a comment can be what makes braces valid.
        if tree(&text).is_none() {
            continue;
        }
        let result = match stable(&text) {
            Ok(result) => result,
            Err(why) => panic!("program {seed}: {why:?}\n{text}"),
        };
        assert_eq!(
            tree(&result).as_ref(),
            Some(&expected),
            "program {seed}\n{text}\n{result}"
        );
        let kept = comments(&text);
        assert_eq!(comments(&result), kept, "program {seed}\n{text}\n{result}");
        // Comments are left as they are, and lines with them too.
        let long = |line: &&str| kept.is_empty() && line.chars().count() > WIDTH;
        for line in result.lines().filter(long) {
            assert!(
                !could_be_shorter(line),
                "program {seed}\n{line}\nof\n{text}"
            );
        }
        formatted += 1;
        commented += u64::from(kept.len() > 2);
    }
    assert!(
        seed < count * 3 / 2,
        "only {count} of {seed} programs are valid"
    );
    assert!(
        commented > count / 4,
        "only {commented} have three comments"
    );
}
