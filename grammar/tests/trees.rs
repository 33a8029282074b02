//! The tree of every file in `tests/trees`, against its snapshot.

#[path = "common/dump.rs"]
mod dump;

use netc_grammar::{Sources, parse};

#[test]
fn trees() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/trees");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("trees/*.net", |path| {
            let text = std::fs::read_to_string(path).unwrap();
            let mut sources = Sources::default();
            let file = sources.add(path.file_name().unwrap().to_string_lossy(), text);
            let (tree, diagnostics) = parse(&sources, file);
            assert_eq!(diagnostics, [], "{}", path.display());
            insta::assert_snapshot!(dump::dump(&tree));
        });
    });
}
