//! candle: the network's steps by candle-core and candle-nn. candle-onnx, which reads its file's weights anew in each pass, would be slower.

use crate::Pass;
use crate::network::{self, Array, Compute, Operation};
use anyhow::{Context, Result};
use candle_core::{Device, Module, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, Linear};

/// One forward pass of the network over the pictures.
pub fn engine(path: &str, shape: &[usize], pictures: Vec<f32>) -> Result<Pass> {
    let network = network::ready(path, prepare)?;
    let pictures = Tensor::from_vec(pictures, shape, &Device::Cpu)?;
    Ok(Box::new(move || {
        let answer = network.pass(pictures.clone())?;
        Ok(answer.flatten_all()?.to_vec1()?)
    }))
}

fn tensor(array: Array) -> Result<Tensor> {
    Ok(Tensor::from_vec(array.numbers, array.shape, &Device::Cpu)?)
}

/// A step of one input.
fn one(step: impl Fn(&Tensor) -> candle_core::Result<Tensor> + 'static) -> Compute<Tensor> {
    Box::new(move |inputs| Ok(step(inputs.first().context("a step without input")?)?))
}

fn prepare(operation: Operation) -> Result<Compute<Tensor>> {
    Ok(match operation {
        Operation::Conv {
            weights,
            bias,
            stride,
            padding,
            groups,
        } => {
            let config = Conv2dConfig {
                stride,
                padding,
                groups,
                ..Conv2dConfig::default()
            };
            let conv = Conv2d::new(tensor(weights)?, bias.map(tensor).transpose()?, config);
            one(move |x| conv.forward(x))
        }
        Operation::Linear { weights, bias } => {
            let linear = Linear::new(tensor(weights)?, Some(tensor(bias)?));
            one(move |x| linear.forward(x))
        }
        Operation::Scale { factor, summand } => {
            let (factor, summand) = (tensor(factor)?, tensor(summand)?);
            one(move |x| scale(x, &factor, &summand))
        }
        Operation::MaxPool {
            size,
            stride,
            padding,
        } => one(move |x| max_pool(x, size, stride, padding)),
        Operation::Lrn {
            size,
            alpha,
            beta,
            bias,
        } => one(move |x| lrn(x, size, alpha, beta, bias)),
        Operation::GlobalAveragePool => one(|x| x.mean_keepdim((2, 3))),
        Operation::Relu => one(Tensor::relu),
        Operation::Relu6 => one(|x| x.clamp(0f32, 6f32)),
        Operation::Sigmoid => one(candle_nn::ops::sigmoid),
        Operation::Softmax => one(candle_nn::ops::softmax_last_dim),
        Operation::Add => Box::new(|inputs| Ok((&inputs[0] + &inputs[1])?)),
        Operation::Concat => Box::new(|inputs| Ok(Tensor::cat(&inputs, 1)?)),
        Operation::Flatten => one(|x| x.flatten_from(1)),
    })
}

fn scale(x: &Tensor, factor: &Tensor, summand: &Tensor) -> candle_core::Result<Tensor> {
    let mut shape = vec![1; x.rank()];
    shape[1] = x.dim(1)?;
    x.broadcast_mul(&factor.reshape(shape.as_slice())?)?
        .broadcast_add(&summand.reshape(shape)?)
}

/// candle's own pools have no padding; doubling the edge changes no maximum.
fn max_pool(x: &Tensor, size: usize, stride: usize, padding: usize) -> candle_core::Result<Tensor> {
    x.pad_with_same(2, padding, padding)?
        .pad_with_same(3, padding, padding)?
        .max_pool2d_with_stride(size, stride)
}

fn lrn(x: &Tensor, size: usize, alpha: f64, beta: f64, bias: f64) -> candle_core::Result<Tensor> {
    let channels = x.dim(1)?;
    let squares = x.sqr()?.pad_with_zeros(1, (size - 1) / 2, size / 2)?;
    let mut sum = squares.narrow(1, 0, channels)?;
    for start in 1..size {
        sum = (sum + squares.narrow(1, start, channels)?)?;
    }
    x / sum.affine(alpha / size as f64, bias)?.powf(beta)?
}
