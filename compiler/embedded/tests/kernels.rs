//! The kernels for microcontrollers, run here, give the bits of the executor.

#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::Case;
use netc_embedded::{
    Add, Added, Conv, Ending, Filter, MaxPool, Mean, Memory, Place, Quantise, Table, Window,
    Workspace,
};
use netc_embedded_build as build;
use netc_embedded_build::{Kernel, Network, Step};
use netc_plan::random::SplitMix64;
use netc_plan::{Element, Slot, View};
use std::path::Path;

/// Enough for every network here.
const INPUT: usize = 1 << 16;
const ARENA: usize = 1 << 17;

fn leak<T>(all: Vec<T>) -> &'static [T] {
    Vec::leak(all)
}

fn place(view: &View) -> Place {
    let Slot::Arena(offset) = view.slot else {
        return Place::input(view.shape);
    };
    let place = match view.element {
        Element::U8 => Place::bytes(offset + view.channel, view.shape),
        _ => Place::floats(offset + 4 * view.channel, view.shape),
    };
    place.in_pixels_of(view.pixel)
}

fn window(kernel: [usize; 2], stride: [usize; 2], pad: [usize; 4], dilation: [usize; 2]) -> Window {
    Window {
        kernel,
        stride,
        pad: [pad[0], pad[2]],
        dilation,
    }
}

fn words(weights: &[i8]) -> Vec<u32> {
    let (fours, _) = weights.as_chunks::<4>();
    let word = |four: &[i8; 4]| u32::from_le_bytes(four.map(i8::cast_unsigned));
    fours.iter().map(word).collect()
}

/// Computes a step.
fn run(step: &Step, memory: &mut Memory<'_, INPUT, ARENA>) {
    let (input, output) = (place(&step.inputs[0]), place(&step.output));
    match &step.kernel {
        Kernel::Conv {
            d,
            weights,
            zero,
            filters,
            added,
            ending,
        } => Conv {
            input,
            zero: *zero,
            output,
            window: window(d.kernel, d.stride, d.pad, d.dilation),
            groups: d.groups,
            weights: leak(words(&build::ordered(d, weights))),
            filters: leak(
                filters
                    .iter()
                    .map(|[scale, bias]| Filter {
                        scale: *scale,
                        bias: *bias,
                    })
                    .collect(),
            ),
            added: added.map(|scale| Added {
                place: place(&step.inputs[1]),
                scale,
            }),
            ending: match ending {
                build::Ending::Bytes(low, high) => Ending::Bytes(*low, *high),
                build::Ending::Steps(steps) => Ending::Steps(Box::leak(steps.clone())),
                build::Ending::Numbers([low, high]) => Ending::Numbers(*low, *high),
            },
        }
        .layer::<INPUT, ARENA>()
        .run(memory),
        Kernel::MaxPool { d, empty, table } => MaxPool {
            input,
            output,
            window: window(d.window, d.stride, d.pad, [1, 1]),
            empty: *empty,
            table: table.clone().map(|table| &*Box::leak(table)),
        }
        .layer::<INPUT, ARENA>()
        .run(memory),
        Kernel::Mean { unit, zero } => Mean {
            input,
            output,
            unit: *unit,
            zero: *zero,
        }
        .layer::<INPUT, ARENA>()
        .run(memory),
        Kernel::Add {
            scales,
            shift,
            bounds,
        } => Add {
            inputs: [input, place(&step.inputs[1])],
            output,
            scales: *scales,
            shift: *shift,
            bounds: (bounds[0], bounds[1]),
        }
        .layer::<INPUT, ARENA>()
        .run(memory),
        Kernel::Table(tables) => Table {
            input,
            output,
            tables: leak(tables.clone()),
        }
        .layer::<INPUT, ARENA>()
        .run(memory),
        Kernel::Quantise { scale, zero } => Quantise {
            input,
            output,
            scale: *scale,
            zero: *zero,
        }
        .layer::<INPUT, ARENA>()
        .run(memory),
    }
}

/// The numbers at a dense place, in turn, as there are of another count in each network.
fn output(network: &Network, memory: &Memory<'_, INPUT, ARENA>) -> Vec<f32> {
    let Slot::Arena(offset) = network.output.slot else {
        panic!("the output is the input")
    };
    let all = 0..network.output.len();
    all.map(|i| {
        let mut number = [0.0];
        memory.read(Place::floats(offset + 4 * i, [1, 1, 1]), &mut number);
        number[0]
    })
    .collect()
}

/// Compares two passes; whether the outputs are not all alike.
fn check(name: &str, case: &Case, network: &Network) -> bool {
    let mut says_something = false;
    for seed in 1..3 {
        let bytes = case.input(seed);
        let expected = case.expected(&bytes);
        let mut input: Box<[u8]> = vec![0; INPUT].into();
        input[..bytes.len()].copy_from_slice(&bytes);
        let input: Box<[u8; INPUT]> = input.try_into().unwrap();
        let mut workspace = Box::new(Workspace::<ARENA>::new());
        let mut memory = Memory::new(&input, &mut workspace);
        network.steps.iter().for_each(|step| run(step, &mut memory));
        let found = output(network, &memory);
        let bits = |all: &[f32]| all.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(
            bits(&found),
            bits(&expected),
            "{name}: {found:?} {expected:?}"
        );
        says_something |= expected.iter().any(|x| *x != expected[0]);
    }
    says_something
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn networks_for_microcontrollers() {
    for (name, arena) in [
        ("tiny/ds_cnn", 16_000),
        ("tiny/resnet8", 50_000),
        ("tiny/mobilenet_v1_025", 60_000),
        ("tiny/autoencoder", 4_000),
        ("lenet5_mnist", 6_000),
        ("lenet_digits", 40_000),
    ] {
        let case = Case::read(&root().join(format!("models/{name}.net")));
        let network =
            Network::of(&case.plan, &case.quantised).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(network.arena <= arena, "{name}: {} bytes", network.arena);
        assert!(check(name, &case, &network), "{name}");
    }
}

/// A network of random sizes: convolutions of all kinds, poolings, sums and parts that are joined.
fn random_network(seed: u64) -> String {
    let rng = &mut SplitMix64(seed);
    let mut size = |from: usize, to: usize| from + rng.below(to - from + 1);
    let (h, w, c) = (size(6, 17), size(6, 17), size(1, 4));
    let mut channels = size(1, 9);
    let mut text = format!("INPUT({h}x{w}x{c})\n=> CONV({channels}, 3x3, same) => RELU");
    for _ in 0..size(2, 5) {
        let act = ["RELU", "RELU6", "TANH", "SIGMOID", "LEAKY_RELU"][size(0, 4)];
        text += "\n=> ";
        let (kh, kw) = (size(1, 4), size(1, 4));
        match size(0, 6) {
            0 | 1 => {
                channels = size(1, 19);
                text += &format!("CONV({channels}, {kh}x{kw}, same) => {act}");
            }
            2 => text += &format!("DWCONV({kh}x{kw}, same) => {act}"),
            3 => text += "POOL(2x2/1)",
            4 => {
                // Without RELU before it, the sum is the convolution's own, in place.
                let before = ["", " => RELU"][size(0, 1)];
                text += &format!(
                    "[ CONV(3, 1x1) => RELU => CONV({channels}, 3x3, same){before} | SKIP ] => ADD => RELU"
                );
            }
            5 => {
                let (a, b) = (size(1, 7), size(1, 7));
                channels = a + b;
                text += &format!("[ CONV({a}, 1x1) => RELU | CONV({b}, 3x3, same) ] => CONCAT");
            }
            _ => {
                channels = 2 * size(1, 6);
                text += &format!(
                    "CONV({channels}, 3x3, same, dilation=2) => {act} => CONV({channels}, 3x3, same, groups=2)"
                );
            }
        }
    }
    text += match size(0, 2) {
        0 => "\n=> GLOBALPOOL => FC(5)",
        1 => "\n=> FC(9) => RELU => FC(4)",
        _ => "\n=> CONV(6, 2x2/2) => BN => RELU => FC(3) => SOFTMAX",
    };
    text
}

/// The last one of an odd number of pixels is added to once.
#[test]
fn sums_in_place_of_an_odd_number_of_pixels() {
    let text = "INPUT(5x7x2) => CONV(6, 3x3, same) => RELU
=> [ CONV(6, 3x3, same) => RELU => CONV(6, 3x3, same) | SKIP ] => ADD => RELU
=> [ CONV(4, 3x3, same) => RELU => CONV(9, 1x1) | CONV(9, 1x1) ] => ADD => GLOBALPOOL => FC(5)";
    let case = Case::of("odd.net", text);
    let network = Network::of(&case.plan, &case.quantised).unwrap();
    let in_place = |step: &&Step| {
        let adds = matches!(step.kernel, Kernel::Conv { added: Some(_), .. });
        adds && step.inputs[1] == step.output
    };
    assert!(network.steps.iter().filter(in_place).count() > 0);
    assert!(check(text, &case, &network));
}

#[test]
fn random_networks() {
    let mut written = 0;
    for seed in 0..60 {
        let text = random_network(seed);
        let case = Case::of(&format!("random{seed}.net"), &text);
        match Network::of(&case.plan, &case.quantised) {
            Ok(network) => {
                written += usize::from(check(&text, &case, &network));
            }
            Err(refusal) => println!("{text}\n{refusal}\n"),
        }
    }
    assert!(written > 40, "{written} of 60");
}
