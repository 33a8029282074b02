//! What the compiler prints for every network, locked: one snapshot a network in one folder a form.

use netc_compiler::{Options, emit};
use netc_tests::networks::{all, compile_file};

/// One snapshot for each network in `snapshots/<folder>/`.
fn lock(folder: &str, print: impl Fn(&netc_compiler::Output) -> String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../snapshots/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for path in all() {
            let options = Options {
                code: true,
                ..Options::default()
            };
            let output = compile_file(&path, &options);
            let stem = path
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .trim_end_matches(".net");
            insta::with_settings!({ description => path.clone() }, {
                insta::assert_snapshot!(stem, print(&output));
            });
        }
    });
}
