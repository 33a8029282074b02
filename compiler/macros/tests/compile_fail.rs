//! What rustc shows when a network inside `net!` has errors: each file in `compile_fail/` beside its expected output.

#[test]
fn errors_of_net() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
