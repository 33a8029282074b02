//! Every crate but the runtime forbids unsafe code, and the runtime's lints are the others' else.

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

#[test]
fn unsafe_code_is_forbidden_but_in_the_runtime() {
    const FORBIDS: &str = r#"unsafe_code = "forbid""#;
    let workspace = manifest(".");
    assert!(table(&workspace, "workspace.lints.rust").contains(FORBIDS));
    let members = workspace.lines().map(str::trim);
    let members = members.filter_map(|line| line.strip_prefix('"')?.strip_suffix("\","));
    let members: Vec<&str> = members.collect();
    assert!(members.len() > 8, "{members:?}");
    for member in members.into_iter().filter(|member| *member != "runtime") {
        let manifest = manifest(member);
        let inherits = table(&manifest, "lints").contains("workspace = true");
        let forbids = table(&manifest, "lints.rust").contains(FORBIDS);
        assert!(inherits || forbids, "{member} may hold unsafe code");
    }
    let runtime = manifest("runtime");
    for kind in ["rust", "clippy"] {
        let mut expected = table(&workspace, &format!("workspace.lints.{kind}"));
        expected.remove(FORBIDS);
        assert_eq!(table(&runtime, &format!("lints.{kind}")), expected);
    }
}
