//! Compiles the networks whenever they change.

fn main() {
    netc_compiler::build("../../models/lenet5_mnist.net");
    netc_compiler::build("../../models/mini_alexnet_mnist.net");
}
