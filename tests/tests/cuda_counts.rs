//! What is counted of small networks on the emulated device stays within the targets that `docs/cuda-counts.md` explains.

use netc_emulated_device::emulated_or_skip;
use netc_runtime::cuda::Precision;
use netc_tests::counts::{Counts, Target};
use netc_tests::training_counts::{self, TrainingCounts};

/// Targets that are missed, by network, batch and kernel; `docs/cuda-counts.md` would say why. One that is met again has to leave the list.
const MISSED: &[(&str, usize, &str, Target)] = &[];

#[test]
fn small_networks_hold_their_targets() {
    let Some(session) = emulated_or_skip() else {
        return;
    };
    let mut missed = Vec::new();
    for (network, batch, precision) in [
        ("lenet5_mnist", 1, Precision::F32),
        ("lenet_cifar", 1, Precision::F32),
        ("lenet_cifar", 1, Precision::Tf32),
        ("lenet_cifar", 1, Precision::Bf16),
        ("lenet_cifar", 32, Precision::F32),
        ("mini_alexnet_mnist", 1, Precision::F32),
        ("alexnet_cifar_bn", 1, Precision::F32),
    ] {
        session.reset();
        let counts = Counts::of(&session, network, batch, precision);
        let counts = counts.unwrap_or_else(|e| panic!("{network}: {e}\n{}", session.reports()));
        assert_eq!(session.reports(), "", "{network}");
        assert!(
            counts.launches <= counts.most_launches(),
            "{network}: {} launches",
            counts.launches
        );
        for kernel in &counts.kernels {
            let name = kernel.counters.name.as_str();
            let targets = counts.missed(kernel).into_iter();
            missed.extend(targets.map(|target| (network, batch, name.to_owned(), target)));
        }
    }
    let known: Vec<_> = MISSED
        .iter()
        .map(|(network, batch, kernel, target)| (*network, *batch, (*kernel).to_owned(), *target))
        .collect();
    assert_eq!(missed, known);
}

#[test]
fn training_steps_take_few_launches() {
    let Some(session) = emulated_or_skip() else {
        return;
    };
    // Kernels are compiled, and not run.
    session.set("check", "0");
    for network in ["lenet5_mnist", "lenet_cifar", "mini_alexnet_mnist"] {
        let (steps, launches) = training_counts::launches(network).expect("the emulated device");
        let most = match network {
            "lenet5_mnist" => 3,
            _ => steps[0] + steps[1] + 3,
        };
        assert!(launches <= most, "{network}: {launches} launches");
    }
}

/// Kernels of training steps that read parts of sectors; `docs/cuda-counts.md` says why.
const WASTEFUL: &[(&str, &str)] = &[("lenet5_1998", "s0_conv1_backward_0")];

#[test]
fn training_steps_move_whole_sectors() {
    let Some(session) = emulated_or_skip() else {
        return;
    };
    let mut wasteful = Vec::new();
    for network in [
        "lenet5_mnist",
        "lenet5_1998",
        "lenet_cifar",
        "mini_alexnet_mnist",
    ] {
        session.reset();
        let counts = TrainingCounts::of(&session, network, 1);
        let counts = counts.unwrap_or_else(|e| panic!("{network}: {e}\n{}", session.reports()));
        assert_eq!(session.reports(), "", "{network}");
        let kernels = counts.wasteful().map(|kernel| kernel.counters.name.clone());
        wasteful.extend(kernels.map(|kernel| (network, kernel)));
    }
    let known = WASTEFUL
        .iter()
        .map(|&(network, kernel)| (network, kernel.to_owned()));
    assert_eq!(wasteful, known.collect::<Vec<_>>());
}
