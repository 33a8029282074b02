//! Compiles the network whenever it changes.

fn main() {
    netc_compiler::build("models/gestures.net");
}
