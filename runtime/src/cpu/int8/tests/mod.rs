//! Every instruction set against the definition, bit for bit, over many shapes.

use super::{Add, Conv, Layer, Map, MaxPool, Mean, Quantisation};
use crate::cpu::act;
use crate::cpu::simd::{self, Level};
use crate::plan::random::SplitMix64 as Rng;
use crate::plan::{self, Act, Element, Op, Operation, View};
use crate::{Mem, Scratch, Workspace};
use alloc::vec;
use alloc::vec::Vec;

mod products;
mod steps;

const ACTS: [Act; 5] = [
    Act::None,
    Act::Relu,
    Act::Relu6,
    Act::Sigmoid,
    Act::LeakyRelu(0.1),
];

/// Bytes as they are: what images of bytes hold, and views that they are copied to.
const PLAIN: Quantisation = Quantisation {
    scale: 1.0,
    zero_point: 0,
};

fn quantisation(rng: &mut Rng) -> Quantisation {
    Quantisation::of([-rng.number().abs(), 0.01 + rng.number().abs()])
}

fn bytes(rng: &mut Rng, n: usize) -> Vec<u8> {
    (0..n).map(|_| rng.below(256) as u8).collect()
}

/// A view of floats or of bytes in a buffer of its own, which may be wider.
fn place(rng: &mut Rng, end: &mut usize, shape: [usize; 3], element: Element, dense: bool) -> View {
    let (before, after) = match dense {
        true => (0, 0),
        false => (rng.pick(&[0, 0, 3, 16]), rng.pick(&[0, 0, 1])),
    };
    let view = View::arena(*end, shape).channels(before, before + shape[2] + after);
    let view = View { element, ..view };
    *end = (*end + view.bytes()).next_multiple_of(4);
    view
}

/// Writes bytes, one image after the other, into a view of bytes: the images of the pass hold them as numbers.
fn fill(mem: &mut Mem<'_, '_>, view: View) {
    let [_, _, c] = view.shape;
    let op = plan::Conv {
        input: view.shape,
        filters: c,
        groups: c,
        ..plan::Conv::DEFAULT
    };
    let layer = Layer {
        weight: vec![1; c],
        scale: vec![1.0; c],
        bias: vec![0.0; c],
    };
    let copy = Conv::new(
        op.into(),
        &layer,
        PLAIN,
        false,
        [None, Some(PLAIN)],
        Level::Portable,
    );
    copy.run(mem, &[View::input(view.shape)], view);
}

/// The elements of a view after a pass as bits, and nothing written beside them in its buffer.
fn read(workspace: &Workspace, view: View, batch: usize) -> Vec<u32> {
    let all: Vec<u32> = match view.element {
        Element::U8 => {
            let words = View::arena(offset(view), [1, 1, view.image().div_ceil(4)]);
            let words = workspace.read(words);
            let all = words.iter().flat_map(|word| word.to_le_bytes());
            all.map(u32::from).take(view.image() * batch).collect()
        }
        _ => {
            let [h, w, _] = view.shape;
            let numbers = workspace.read(View::arena(offset(view), [h, w, view.pixel]));
            numbers.iter().map(|x| x.to_bits()).collect()
        }
    };
    let mut kept = Vec::new();
    for pixel in all.chunks_exact(view.pixel) {
        let (before, rest) = pixel.split_at(view.channel);
        let (inside, after) = rest.split_at(view.shape[2]);
        assert!(
            before.iter().chain(after).all(|x| *x == 0),
            "written outside the view"
        );
        kept.extend(inside);
    }
    kept
}

fn offset(view: View) -> usize {
    match view.slot {
        plan::Slot::Arena(offset) => offset,
        plan::Slot::Input => 0,
    }
}

fn run(
    images: &[f32],
    batch: usize,
    arena: usize,
    scratch: Scratch,
    threads: usize,
    y: View,
    body: impl Fn(&mut Mem<'_, '_>),
) -> Vec<u32> {
    let image = images.len() / batch;
    let mut workspace = Workspace::new(
        image,
        arena,
        batch,
        [
            scratch,
            Scratch {
                shared: image * batch + 64,
                worker: 0,
            },
        ],
    )
    .with_threads(threads);
    body(&mut workspace.begin(images).expect("whole images"));
    read(&workspace, y, batch)
}

/// A number as the output has it, as bits.
fn output(number: f32, y: Option<Quantisation>) -> u32 {
    match y {
        None => number.to_bits(),
        Some(y) => {
            let [scale, zero] = y.to_bytes();
            super::byte(number, scale, zero).into()
        }
    }
}
