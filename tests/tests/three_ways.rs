//! The command line, `net!` and build scripts go through one function and give the same code for every network. (The command
//! line's own test is in its crate.)

use netc_compiler::Options;
use netc_tests::networks::{all, compile_file};

include!(concat!(env!("OUT_DIR"), "/by_macro.rs"));

/// What `tests/build.rs` wrote, as a user's build script would.
fn from_build_script(stem: &str) -> String {
    let path = format!("{}/{stem}.rs", env!("OUT_DIR"));
    std::fs::read_to_string(&path).expect("the build script wrote it")
}

#[test]
fn macro_build_script_and_compile_function_give_the_same_code() {
    let all = all();
    assert_eq!(all.len(), BY_MACRO.len());
    for path in all {
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
        assert!(code == from_build_script(stem), "build script: {path}");
        let (_, by_macro) = BY_MACRO
            .iter()
            .find(|(name, _)| *name == stem)
            .expect("in the list");
        assert!(code == *by_macro, "macro: {path}");
    }
}
