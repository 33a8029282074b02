//! Training steps go through NVIDIA's compiler, which needs no GPU: those of small and of large networks, with each optimizer once.

use netc_compiler::{Options, RecipeChoice, Train};
use netc_runtime::cuda::{Precision, Usage, training_text};
use netc_tests::networks::{compile_file, compile_text, path};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

/// From Turing to Blackwell.
const ARCHITECTURES: [&str; 5] = ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"];

const RESIDUAL: &str = "
    INPUT(16x16x3) => CONV(16, 3x3, same) => BN => RELU as stem
    => CONV(16, 3x3, same) => BN => RELU => CONV(16, 3x3, same) => BN => ADD(stem) => RELU
    => DWCONV(3x3, same) => BN => SILU => POOL(3x3/2) => LN => GLOBALPOOL => DROPOUT(0.2) => FC(10) => SOFTMAX";

const NETWORKS: [(&str, &str); 4] = [
    ("lenet5_mnist", "adam(lr=0.001)"),
    ("lenet_cifar", "rmsprop(lr=0.001)"),
    ("alexnet_cifar_14", "sgd(lr=0.01, momentum=0.9)"),
    (RESIDUAL, "sgd(lr=0.01)"),
];

#[test]
fn every_kernel_compiles_of_training_steps() {
    if std::env::var_os("NETC_NVRTC").is_none() {
        eprintln!("SKIPPED: kernels are not compiled: NETC_NVRTC has to name NVIDIA's libnvrtc");
        return;
    }
    for (network, optimizer) in NETWORKS {
        let options = Options {
            train: Some(Train {
                recipe: RecipeChoice::BuiltIn,
                overrides: BTreeMap::from([("optimizer".into(), optimizer.into())]),
            }),
            ..Options::default()
        };
        let output = match network.contains('=') {
            true => compile_text(network, &options),
            false => compile_file(&path(network), &options),
        };
        let training = output.training.expect("a network that can be trained");
        let plan = &training.plan;
        let text = training_text(plan, &training.recipe.optimizer, 32, Precision::F32);
        let text = text.expect("a valid plan");
        // The larger one on the oldest and the newest, as CI has not the time for all; two at a time, as it has two cores.
        let architectures = match network {
            "alexnet_cifar_14" => &[ARCHITECTURES[0], ARCHITECTURES[4]][..],
            _ => &ARCHITECTURES,
        };
        for pair in architectures.chunks(2) {
            std::thread::scope(|scope| {
                for architecture in pair {
                    scope.spawn(|| compiles(&plan.name, &text, architecture));
                }
            });
        }
    }
}

fn compiles(name: &str, text: &str, architecture: &str) {
    let start = Instant::now();
    let usages = Usage::of(text, architecture);
    let usages = usages.unwrap_or_else(|error| {
        let file = std::env::temp_dir().join("netc-training.cu");
        let _ = std::fs::write(&file, text);
        panic!("{name} {architecture}, {}: {error}", file.display())
    });
    let most = usages.iter().map(|usage| usage.registers).max();
    let _ = writeln!(
        std::io::stderr(),
        "{architecture} {name}: {} kernels, at most {} registers, {:.1} s",
        usages.len(),
        most.unwrap_or(0),
        start.elapsed().as_secs_f64()
    );
    let spilled: Vec<_> = usages.iter().filter(|usage| usage.local > 0).collect();
    assert!(
        spilled.is_empty(),
        "{name} {architecture}: in local memory: {spilled:?}"
    );
}
