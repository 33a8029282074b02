//! The networks that netc writes as ONNX, as a list of steps: for the peers that are libraries of operations and read no ONNX themselves.

use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};
use tract_onnx::prelude::Framework;

/// Numbers with their shape.
#[derive(Clone)]
pub struct Array {
    pub shape: Vec<usize>,
    pub numbers: Vec<f32>,
}

/// What a step computes. Pictures are [n, c, h, w]; strides and padding are the same in both directions.
pub enum Operation {
    Conv {
        weights: Array,
        bias: Option<Array>,
        stride: usize,
        padding: usize,
        groups: usize,
    },
    /// The weights are [outputs, inputs].
    Linear {
        weights: Array,
        bias: Array,
    },
    /// A factor and a summand for each channel: a batch normalisation whose statistics are known.
    Scale {
        factor: Array,
        summand: Array,
    },
    MaxPool {
        size: usize,
        stride: usize,
        padding: usize,
    },
    /// `alpha` is for the sum over `size` channels' mean, as ONNX has it.
    Lrn {
        size: usize,
        alpha: f64,
        beta: f64,
        bias: f64,
    },
    GlobalAveragePool,
    Relu,
    Relu6,
    Sigmoid,
    /// Over the last axis of [n, classes].
    Softmax,
    Add,
    /// Along the channels.
    Concat,
    Flatten,
}

struct Step {
    operation: Operation,
    /// Numbers of values: 0 are the pictures, 1 is what the first step gives, and so on.
    inputs: Vec<usize>,
}

/// A step that an engine has made ready.
pub type Compute<T> = Box<dyn Fn(Vec<T>) -> Result<T>>;

/// A network that an engine has made ready: its steps, with the values that each reads.
pub struct Ready<T>(Vec<(Compute<T>, Vec<Read>)>);

struct Read {
    value: usize,
    /// Nothing reads the value afterwards: an engine may compute in place.
    last: bool,
}

/// Reads the network, and has `prepare` make each of its steps ready.
pub fn ready<T>(path: &str, prepare: impl Fn(Operation) -> Result<Compute<T>>) -> Result<Ready<T>> {
    let steps = fold(read(path)?);
    let mut last = HashMap::new();
    for (number, step) in steps.iter().enumerate() {
        last.extend(step.inputs.iter().map(|&value| (value, number)));
    }
    let ready = steps.into_iter().enumerate().map(|(number, step)| {
        let reads = step.inputs.iter().map(|&value| Read {
            value,
            last: last[&value] == number,
        });
        let reads = reads.collect();
        Ok((prepare(step.operation)?, reads))
    });
    Ok(Ready(ready.collect::<Result<_>>()?))
}

impl<T: Clone> Ready<T> {
    /// One forward pass: what the last step gives.
    pub fn pass(&self, pictures: T) -> Result<T> {
        let mut values = vec![Some(pictures)];
        for (compute, reads) in &self.0 {
            let inputs = reads.iter().map(|read| match read.last {
                true => values[read.value].take(),
                false => values[read.value].clone(),
            });
            let inputs: Option<Vec<T>> = inputs.collect();
            values.push(Some(compute(inputs.context("a value is gone")?)?));
        }
        values.pop().flatten().context("the network has no steps")
    }
}

/// The file's nodes as they stand.
fn read(path: &str) -> Result<Vec<Step>> {
    let graph = tract_onnx::onnx().proto_model_for_path(path)?.graph;
    let graph = graph.context("the file has no graph")?;
    let tensors: HashMap<&str, &TensorProto> = graph
        .initializer
        .iter()
        .map(|tensor| (tensor.name.as_str(), tensor))
        .collect();
    let mut values = HashMap::from([("input", 0)]);
    let mut steps = Vec::new();
    for node in &graph.node {
        let operation = operation(node, &tensors).with_context(|| node.op_type.clone())?;
        let inputs = node
            .input
            .iter()
            .filter_map(|name| values.get(name.as_str()));
        let inputs = inputs.copied().collect();
        steps.push(Step { operation, inputs });
        values.insert(&node.output[0], steps.len());
    }
    Ok(steps)
}

fn operation(node: &NodeProto, tensors: &HashMap<&str, &TensorProto>) -> Result<Operation> {
    let tensor = |number: usize| -> Result<Array> {
        let name = node.input.get(number).context("an input is missing")?;
        array(tensors.get(name.as_str()).context("no constant")?)
    };
    let attributes = Attributes(&node.attribute);
    Ok(match node.op_type.as_str() {
        "Conv" => Operation::Conv {
            weights: tensor(1)?,
            bias: (node.input.len() > 2).then(|| tensor(2)).transpose()?,
            stride: attributes.same("strides", 1)?,
            padding: attributes.same("pads", 0)?,
            groups: attributes.whole("group", 1),
        },
        "Gemm" => Operation::Linear {
            weights: tensor(1)?,
            bias: tensor(2)?,
        },
        "BatchNormalization" => scale(
            [tensor(1)?, tensor(2)?, tensor(3)?, tensor(4)?],
            attributes.real("epsilon", 1e-5),
        ),
        "MaxPool" => Operation::MaxPool {
            size: attributes.same("kernel_shape", 1)?,
            stride: attributes.same("strides", 1)?,
            padding: attributes.same("pads", 0)?,
        },
        "LRN" => Operation::Lrn {
            size: attributes.whole("size", 1),
            alpha: attributes.real("alpha", 1e-4).into(),
            beta: attributes.real("beta", 0.75).into(),
            bias: attributes.real("bias", 1.0).into(),
        },
        "Clip" => {
            ensure!(
                tensor(1)?.numbers == [0.0] && tensor(2)?.numbers == [6.0],
                "not from 0 to 6"
            );
            Operation::Relu6
        }
        "GlobalAveragePool" => Operation::GlobalAveragePool,
        "Relu" => Operation::Relu,
        "Sigmoid" => Operation::Sigmoid,
        "Softmax" => Operation::Softmax,
        "Add" => Operation::Add,
        "Concat" => Operation::Concat,
        "Flatten" => Operation::Flatten,
        _ => bail!("an operator that the catalogue's networks do not have"),
    })
}

fn array(tensor: &TensorProto) -> Result<Array> {
    let shape: Vec<usize> = tensor.dims.iter().map(|&size| size as usize).collect();
    let (numbers, _) = tensor.raw_data.as_chunks::<4>();
    let numbers: Vec<f32> = numbers
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    ensure!(
        numbers.len() == shape.iter().product::<usize>(),
        "the tensor is not raw f32"
    );
    Ok(Array { shape, numbers })
}

struct Attributes<'a>(&'a [AttributeProto]);

impl Attributes<'_> {
    fn find(&self, name: &str) -> Option<&AttributeProto> {
        self.0.iter().find(|attribute| attribute.name == name)
    }

    fn whole(&self, name: &str, default: usize) -> usize {
        self.find(name)
            .map_or(default, |attribute| attribute.i as usize)
    }

    fn real(&self, name: &str, default: f32) -> f32 {
        self.find(name).map_or(default, |attribute| attribute.f)
    }

    /// A number that stands there for each direction.
    fn same(&self, name: &str, default: usize) -> Result<usize> {
        let all = self
            .find(name)
            .map_or(&[][..], |attribute| attribute.ints.as_slice());
        ensure!(
            all.iter().all(|&one| one == all[0]),
            "{name} differ: {all:?}"
        );
        Ok(all.first().map_or(default, |&one| one as usize))
    }
}

fn scale([weight, bias, mean, variance]: [Array; 4], epsilon: f32) -> Operation {
    let (mut factor, mut summand) = (weight, bias);
    for channel in 0..factor.numbers.len() {
        factor.numbers[channel] /= (variance.numbers[channel] + epsilon).sqrt();
        summand.numbers[channel] -= mean.numbers[channel] * factor.numbers[channel];
    }
    Operation::Scale { factor, summand }
}

/// Moves each scale into the convolution before it, where nothing else reads that: to the peers' advantage, which do not do it themselves.
fn fold(steps: Vec<Step>) -> Vec<Step> {
    let mut readers = vec![0; steps.len() + 1];
    steps
        .iter()
        .flat_map(|step| &step.inputs)
        .for_each(|&value| readers[value] += 1);
    // Of each value of the file the value that stands for it now.
    let mut moved = vec![0];
    let mut folded: Vec<Step> = Vec::new();
    for Step { operation, inputs } in steps {
        let inputs: Vec<usize> = inputs.iter().map(|&value| moved[value]).collect();
        let single = inputs.first().is_some_and(|&value| value == folded.len());
        match (operation, folded.last_mut().map(|step| &mut step.operation)) {
            (Operation::Scale { factor, summand }, Some(Operation::Conv { weights, bias, .. }))
                if single && readers[moved.len() - 1] == 1 =>
            {
                scale_conv(weights, bias, &factor, summand);
            }
            (operation, _) => folded.push(Step { operation, inputs }),
        }
        moved.push(folded.len());
    }
    folded
}

fn scale_conv(weights: &mut Array, bias: &mut Option<Array>, factor: &Array, summand: Array) {
    let kernel = weights.numbers.len() / factor.numbers.len();
    for (kernel, factor) in weights
        .numbers
        .chunks_exact_mut(kernel)
        .zip(&factor.numbers)
    {
        kernel.iter_mut().for_each(|weight| *weight *= factor);
    }
    let mut shifted = summand;
    if let Some(bias) = bias {
        for channel in 0..bias.numbers.len() {
            shifted.numbers[channel] += bias.numbers[channel] * factor.numbers[channel];
        }
    }
    *bias = Some(shifted);
}
