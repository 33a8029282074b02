//! Every crate but the runtime, that of microcontrollers, two of the tests, the page in the browser and the parser for tree-sitter forbids unsafe code, and the lints of these are the others' else.

use std::collections::BTreeSet;
use std::path::Path;

fn manifest(folder: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(folder).join("Cargo.toml")).expect("a manifest")
}

/// The lines of a table.
fn table<'m>(manifest: &'m str, name: &str) -> BTreeSet<&'m str> {
    let lines = manifest
        .lines()
        .skip_while(|line| *line != format!("[{name}]"));
    let lines = lines.skip(1).take_while(|line| !line.starts_with('['));
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// Those that touch memory directly, call C, or are called.
const UNSAFE: [&str; 6] = [
    "editors/tree-sitter-netc",
    "runtime",
    "runtime/embedded",
    "tests/emulated-device",
    "tests/wasm",
    "web",
];

#[test]
fn unsafe_code_is_forbidden_but_where_it_must_be() {
    const FORBIDS: &str = r#"unsafe_code = "forbid""#;
    let workspace = manifest(".");
    assert!(table(&workspace, "workspace.lints.rust").contains(FORBIDS));
    let members = workspace.lines().map(str::trim);
    let members = members.filter_map(|line| line.strip_prefix('"')?.strip_suffix("\","));
    let members: Vec<&str> = members.collect();
    assert!(members.len() > 8, "{members:?}");
    for member in members
        .into_iter()
        .filter(|member| !UNSAFE.contains(member))
    {
        let manifest = manifest(member);
        let inherits = table(&manifest, "lints").contains("workspace = true");
        let forbids = table(&manifest, "lints.rust").contains(FORBIDS);
        assert!(inherits || forbids, "{member} may hold unsafe code");
    }
    for member in UNSAFE {
        let manifest = manifest(member);
        for kind in ["rust", "clippy"] {
            let mut expected = table(&workspace, &format!("workspace.lints.{kind}"));
            expected.remove(FORBIDS);
            assert_eq!(table(&manifest, &format!("lints.{kind}")), expected);
        }
    }
}
