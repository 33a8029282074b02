//! burn: the network's steps by its tensors, on whichever of its devices for CPUs. What burn-onnx would generate calls the same functions.

use crate::Pass;
use crate::network::{self, Array, Compute, Operation};
use anyhow::{Context, Result, bail, ensure};
use burn::nn::LocalResponseNormConfig;
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData, activation, module};

/// A value: burn's tensors know their rank when they are compiled.
#[derive(Clone)]
enum Value {
    Picture(Tensor<4>),
    Row(Tensor<2>),
}

/// One forward pass of the network over the pictures.
pub fn engine(device: Device, path: &str, shape: &[usize], pictures: Vec<f32>) -> Result<Pass> {
    ensure!(shape.len() == 4, "pictures are [n, c, h, w]");
    let network = network::ready(path, |operation| prepare(operation, &device))?;
    let pictures = Tensor::<4>::from_data(TensorData::new(pictures, shape.to_vec()), &device);
    Ok(Box::new(move || {
        let answer = match network.pass(Value::Picture(pictures.clone()))? {
            Value::Picture(x) => x.into_data(),
            Value::Row(x) => x.into_data(),
        };
        answer.try_into_vec().ok().context("the answer is not f32")
    }))
}

fn tensor<const RANK: usize>(array: Array, device: &Device) -> Tensor<RANK> {
    Tensor::from_data(TensorData::new(array.numbers, array.shape), device)
}

/// A step from picture to picture.
fn picture(step: impl Fn(Tensor<4>) -> Tensor<4> + 'static) -> Compute<Value> {
    Box::new(move |inputs| match inputs.into_iter().next() {
        Some(Value::Picture(x)) => Ok(Value::Picture(step(x))),
        _ => bail!("a step that expects a picture"),
    })
}

/// A step from row to row.
fn row(step: impl Fn(Tensor<2>) -> Tensor<2> + 'static) -> Compute<Value> {
    Box::new(move |inputs| match inputs.into_iter().next() {
        Some(Value::Row(x)) => Ok(Value::Row(step(x))),
        _ => bail!("a step that expects a row"),
    })
}

/// A step for either.
fn either(
    pictures: fn(Tensor<4>) -> Tensor<4>,
    rows: fn(Tensor<2>) -> Tensor<2>,
) -> Compute<Value> {
    Box::new(move |inputs| match inputs.into_iter().next() {
        Some(Value::Picture(x)) => Ok(Value::Picture(pictures(x))),
        Some(Value::Row(x)) => Ok(Value::Row(rows(x))),
        None => bail!("a step without input"),
    })
}

/// A step that makes one picture of several.
fn several(step: impl Fn(Vec<Tensor<4>>) -> Tensor<4> + 'static) -> Compute<Value> {
    Box::new(move |inputs| {
        let inputs = inputs.into_iter().map(|value| match value {
            Value::Picture(x) => Ok(x),
            Value::Row(_) => bail!("a step that expects pictures"),
        });
        Ok(Value::Picture(step(inputs.collect::<Result<_>>()?)))
    })
}

fn prepare(operation: Operation, device: &Device) -> Result<Compute<Value>> {
    Ok(match operation {
        Operation::Conv {
            weights,
            bias,
            stride,
            padding,
            groups,
        } => {
            let weights = tensor::<4>(weights, device);
            let bias = bias.map(|bias| tensor::<1>(bias, device));
            let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
            picture(move |x| module::conv2d(x, weights.clone(), bias.clone(), options.clone()))
        }
        Operation::Linear { weights, bias } => {
            let (weights, bias) = (tensor::<2>(weights, device), tensor::<1>(bias, device));
            let weights = weights.transpose();
            row(move |x| module::linear(x, weights.clone(), Some(bias.clone())))
        }
        Operation::Scale { factor, summand } => scale(factor, summand, device),
        Operation::MaxPool {
            size,
            stride,
            padding,
        } => {
            let options = MaxPoolOptions::new([size; 2])
                .with_stride([stride; 2])
                .with_padding([padding; 2]);
            picture(move |x| module::max_pool2d(x, options.clone()))
        }
        Operation::Lrn {
            size,
            alpha,
            beta,
            bias,
        } => {
            let norm = LocalResponseNormConfig::new(size);
            let norm = norm.with_alpha(alpha).with_beta(beta).with_k(bias).init();
            picture(move |x| norm.forward(x))
        }
        Operation::GlobalAveragePool => picture(|x| module::adaptive_avg_pool2d(x, [1, 1])),
        Operation::Relu => either(activation::relu, activation::relu),
        Operation::Relu6 => either(activation::relu6, activation::relu6),
        Operation::Sigmoid => either(activation::sigmoid, activation::sigmoid),
        Operation::Softmax => row(|x| activation::softmax(x, 1)),
        Operation::Add => several(|inputs| inputs.into_iter().reduce(|a, b| a + b).expect("two")),
        Operation::Concat => several(|inputs| Tensor::cat(inputs, 1)),
        Operation::Flatten => Box::new(|inputs| match inputs.into_iter().next() {
            Some(Value::Picture(x)) => Ok(Value::Row(x.flatten(1, 3))),
            _ => bail!("a step that expects a picture"),
        }),
    })
}

fn scale(factor: Array, summand: Array, device: &Device) -> Compute<Value> {
    let (factor, summand) = (tensor::<1>(factor, device), tensor::<1>(summand, device));
    let channels = factor.dims()[0];
    Box::new(move |inputs| match inputs.into_iter().next() {
        Some(Value::Picture(x)) => {
            let shape = [1, channels, 1, 1];
            let factor = factor.clone().reshape(shape);
            Ok(Value::Picture(x * factor + summand.clone().reshape(shape)))
        }
        Some(Value::Row(x)) => {
            let shape = [1, channels];
            let factor = factor.clone().reshape(shape);
            Ok(Value::Row(x * factor + summand.clone().reshape(shape)))
        }
        None => bail!("a step without input"),
    })
}
