//! A network in int8 step by step, with every number that it computes with: for who computes it elsewhere.

use super::places::Places;
use super::{Quantised, fingerprint};
use crate::cpu::int8::{Add, Conv, Map, MaxPool, Mean, Numbers, byte};
use crate::cpu::{Quantisation, act};
use crate::plan::{self, Act, Element, Op, Plan, Step, View};
use crate::{Error, ErrorKind, LayerWeights};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// A step of a network in int8.
#[derive(Clone, Debug)]
pub struct ByteStep {
    /// The layer's name.
    pub name: String,
    /// What the step stands for: `CONV(6, 5x5) + RELU`.
    pub text: String,
    /// What is read: bytes or floats, as the views' elements say. The network's input is floats.
    pub inputs: Vec<View>,
    /// What is written.
    pub output: View,
    /// What is computed.
    pub what: ByteOp,
}

/// What a step computes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ByteOp {
    /// A convolution or a fully connected layer: for each filter `sum * scale + bias`, where `sum` is that of the products of weights and
    /// bytes, less `input`'s zero point. To that a second input times `added` is added.
    Conv {
        /// The convolution; a fully connected layer is one of a single pixel.
        d: plan::Conv,
        /// `[filters, depth, kh, kw]`.
        weights: Vec<i8>,
        /// How the input is quantised: by this step, where it is floats.
        input: Quantisation,
        /// The scale and the bias of each filter.
        filters: Vec<[f32; 2]>,
        /// What a second input is multiplied by. Its zero point is in the biases.
        added: Option<f32>,
        /// What becomes of the sums.
        ending: ByteEnding,
    },
    /// The largest byte of each window.
    MaxPool {
        /// The pooling.
        d: plan::MaxPool,
        /// What a window of padding alone gives.
        empty: u8,
        /// What becomes of each byte then.
        table: Option<Box<[u8; 256]>>,
    },
    /// `sum * unit - zero` of all pixels.
    Mean {
        /// Multiplies the sum.
        unit: f32,
        /// Is taken away.
        zero: f32,
    },
    /// `(a * scales[0] + b * scales[1]) + shift` of the elements, rounded to a byte between the bounds if the output is bytes.
    Add {
        /// Multiply the elements.
        scales: [f32; 2],
        /// Is added.
        shift: f32,
        /// The lowest and the highest result.
        bounds: [f32; 2],
    },
    /// What becomes of each byte: one table for all channels, or one for each.
    Table(Vec<[u8; 256]>),
    /// An operation on floats, as the plan has it.
    Floats(Op),
}

/// What becomes of sums.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ByteEnding {
    /// The nearest byte, ties to even, between two.
    Bytes(u8, u8),
    /// How many of these 255 numbers are not above the result: an activation that never falls, and the byte of what it gives.
    Steps(Box<[f32; 255]>),
    /// The number itself between two.
    Numbers([f32; 2]),
    /// An activation, and then the byte of the number if the output is bytes, that cannot be said in one of these ways.
    Other(Act),
}

impl Quantised {
    /// How the network's input is quantised, where a first layer of bytes reads it.
    ///
    /// # Errors
    /// With [`ErrorKind::Weights`], if the file does not say it.
    pub fn input(&self) -> Result<Quantisation, Error> {
        self.range("").map(Quantisation::of)
    }

    /// The steps of the network, in order.
    ///
    /// # Errors
    /// With [`ErrorKind::Weights`], if it is another network's.
    pub fn steps(&self, plan: &Plan) -> Result<Vec<ByteStep>, Error> {
        if fingerprint(plan) != self.fingerprint {
            return Err(Error::new(ErrorKind::Weights, self.foreign(plan)));
        }
        let places = Places::of(plan, self)?;
        let steps = plan.forward.iter().enumerate();
        steps
            .map(|(i, step)| {
                let (inputs, output) = places.views(step, i);
                let what = match places.kernel(i) {
                    Some(_) => self.what(step, i, &places, [&inputs, &[output]])?,
                    None => ByteOp::Floats(step.op),
                };
                Ok(ByteStep {
                    name: step.name.clone(),
                    text: step.text.clone(),
                    inputs,
                    output,
                    what,
                })
            })
            .collect()
    }

    fn what(
        &self,
        step: &Step,
        index: usize,
        places: &Places,
        [inputs, output]: [&[View]; 2],
    ) -> Result<ByteOp, Error> {
        let x = |k: usize| places.input(index, k);
        let y = places.output(index);
        let is_bytes = |view: &View| view.element == Element::U8;
        let written = is_bytes(&output[0]).then_some(y);
        let read = |k: usize| inputs.get(k).filter(|view| is_bytes(view)).map(|_| x(k));
        Ok(match step.op {
            Op::Conv(_) | Op::ConvAdd(_) | Op::Fc(_) => {
                let layer = &self.layers[&step.name];
                let numbers = Conv::numbers(step.op, layer, x(0), [read(1), written]);
                let (d, numbers) = numbers.ok_or_else(|| Error::plan(step.op.name()))?;
                ByteOp::Conv {
                    d,
                    weights: layer.weight.clone(),
                    input: x(0),
                    added: (inputs.len() > 1).then_some(numbers.added_scale),
                    ending: ending(&numbers),
                    filters: pairs(&numbers),
                }
            }
            Op::MaxPool(d) => {
                let pool = MaxPool::new(d, [x(0), y]);
                let (empty, table) = pool.numbers();
                let table = table.map(|table| Box::new(*table));
                ByteOp::MaxPool { d, empty, table }
            }
            Op::GlobalPool(d) => {
                let [unit, zero] = Mean::new(d, x(0)).numbers();
                ByteOp::Mean { unit, zero }
            }
            Op::Add(d) => {
                let terms = Add::new(d, [read(0), read(1)], written).terms();
                ByteOp::Add {
                    scales: terms.scales,
                    shift: terms.shift,
                    bounds: terms.bounds,
                }
            }
            Op::Activation(d) => ByteOp::Table(Map::activation(step.op, d.act, [x(0), y]).tables()),
            Op::Copy(_) => ByteOp::Table(Map::activation(step.op, Act::None, [x(0), y]).tables()),
            Op::BatchNorm(d) => {
                let source = step.source.as_ref();
                let source = source.ok_or_else(|| Error::plan("a step without parameters"))?;
                let layer = LayerWeights::of(&self.rest, source);
                let (scale, shift) = layer.normalisation(d.input[2], d.eps);
                let map = Map::affine(step.op, [&scale, &shift], d.act, [x(0), y]);
                ByteOp::Table(map.tables())
            }
            op => return Err(Error::plan(op.name())),
        })
    }
}

/// The scale and the bias of each filter.
fn pairs(numbers: &Numbers) -> Vec<[f32; 2]> {
    let pairs = numbers.scale.iter().zip(&numbers.bias);
    pairs.map(|(scale, bias)| [*scale, *bias]).collect()
}

fn ending(numbers: &Numbers) -> ByteEnding {
    let [low, high] = numbers.bounds;
    match (numbers.is_late, numbers.bytes) {
        (false, Some(_)) => ByteEnding::Bytes(low as u8, high as u8),
        (false, None) => ByteEnding::Numbers(numbers.bounds),
        (true, Some(to_bytes)) => {
            let bounded = |x: f32| x.max(low).min(high);
            let of = |x: f32| late(numbers.late, bounded(x), to_bytes);
            match steps(of) {
                Some(steps) => ByteEnding::Steps(steps),
                None => ByteEnding::Other(numbers.late),
            }
        }
        (true, None) => ByteEnding::Other(numbers.late),
    }
}

/// The byte of `act(x)`.
fn late(act: Act, x: f32, [scale, zero]: [f32; 2]) -> u8 {
    let mut number = [x];
    act::apply(act, &mut number);
    byte(number[0], scale, zero)
}

/// For each byte but 0 the smallest number that gives it or a larger one; `None` if there is a number above it that gives a smaller one.
fn steps(of: impl Fn(f32) -> u8) -> Option<Box<[f32; 255]>> {
    /// Numbers in order, of which the function is looked at.
    fn number(key: i32) -> f32 {
        let bits = if key < 0 { !key | i32::MIN } else { key };
        f32::from_bits(bits as u32)
    }
    let end = f32::INFINITY.to_bits() as i32;
    let mut steps = Box::new([f32::INFINITY; 255]);
    let mut from = !end;
    for (step, byte) in steps.iter_mut().zip(1..=u8::MAX) {
        let (mut low, mut high) = (i64::from(from), i64::from(end));
        while low < high {
            let middle = (low + high) >> 1;
            match of(number(middle as i32)) >= byte {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        from = low as i32;
        *step = number(from);
    }
    rises(&of, &steps).then_some(steps)
}

/// Whether the steps are all there is to the function: at places all over its range, and near each step.
fn rises(of: impl Fn(f32) -> u8, steps: &[f32; 255]) -> bool {
    let count = |x: f32| steps.partition_point(|step| *step <= x) as u8;
    let wide = (-400..400).map(|i| i as f32 * 0.05);
    let sizes = core::iter::successors(Some(1e-14_f32), |x| Some(x * 1.5));
    let far = sizes.take(200).flat_map(|x| [x, -x]);
    let near = steps.iter().filter(|step| step.is_finite());
    let near = near.flat_map(|step| {
        let ulp = f32::EPSILON * step.abs();
        (-64..64).map(move |i| step + i as f32 * ulp)
    });
    wide.chain(far).chain(near).all(|x| of(x) == count(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_as_steps() {
        let bytes = |low: f32, high: f32| Quantisation::of([low, high]).to_bytes();
        for (act, to_bytes) in [
            (Act::Sigmoid, bytes(0.0, 1.0)),
            (Act::Sigmoid, bytes(0.0, 0.6)),
            (Act::Tanh, bytes(-1.0, 1.0)),
            (Act::LecunTanh, bytes(-1.2, 1.7)),
            (Act::LeakyRelu(0.1), bytes(-0.5, 6.0)),
            (Act::Elu(1.0), bytes(-1.0, 3.0)),
            (Act::HardSigmoid, bytes(0.0, 1.0)),
        ] {
            let of = |x: f32| late(act, x, to_bytes);
            let steps = steps(of).unwrap_or_else(|| panic!("{act:?} falls somewhere"));
            assert!(steps.is_sorted(), "{act:?}");
        }
        for act in [Act::Gelu, Act::Silu, Act::HardSwish] {
            let of = |x: f32| late(act, x, bytes(-0.3, 4.0));
            assert!(steps(of).is_none(), "{act:?}");
        }
    }
}
