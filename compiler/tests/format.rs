//! The formatter: on the catalogue, on every other network of the tests, and with spaces and comments wherever they may stand.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use netc_compiler::format::{Refusal, WIDTH, format};
use netc_grammar::render;
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
