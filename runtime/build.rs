//! Tells build scripts of crates that use the runtime how it is compiled (`DEP_NETC_RUNTIME_OPT_LEVEL`), so that
//! `netc_compiler::build` can say when kernels are not optimised.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    println!("cargo::metadata=OPT_LEVEL={level}");
}
