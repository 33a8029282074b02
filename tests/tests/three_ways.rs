//! The command line, `net!` and build scripts go through one function and give the same code for every network.

use netc_compiler::Options;
use netc_tests::networks::{all, compile_file, workspace};

/// What `tests/build.rs` wrote, as a user's build script would.
fn from_build_script(stem: &str) -> String {
    let path = format!("{}/{stem}.rs", env!("OUT_DIR"));
    std::fs::read_to_string(&path).expect("the build script wrote it")
}

#[test]
fn build_scripts_and_the_compile_function_give_the_same_code() {
    for path in all() {
        let options = Options {
            code: true,
            ..Options::default()
        };
        let code = compile_file(&path, &options)
            .code
            .expect("code was asked for");
        let stem = path
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".net");
        assert!(code == from_build_script(stem), "{path}");
    }
}
