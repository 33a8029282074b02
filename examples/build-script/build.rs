//! Compiles the network whenever it, or a file that it uses, changes.

fn main() {
    netc_compiler::build("models/tiny_resnet.net");
}
