//! Products with matrices.

use super::Reader;
use crate::layout::{Axis, places};
use crate::network::usual::pixelwise;
use crate::onnx::shapes::{broadcast, spread};
use crate::onnx::step::{Done, Step, Trouble, View};
use crate::onnx::tensor::Tensor;
use netc_compiler::graph::{Layer, Shape, WeightOptions};

/// Weights `[out, in]` and, perhaps, a bias.
struct Linear {
    units: usize,
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
}

/// A matrix, turned into `[out, in]`, and its outputs.
fn matrix(tensor: &Tensor, turned: bool) -> Done<(usize, usize, Vec<f32>)> {
    let [rows, columns] = tensor.dims[..] else {
        return Err(format!("a product with a tensor of {} axes", tensor.dims.len()).into());
    };
    let values = tensor.to_floats();
    if !turned {
        return Ok((rows, columns, values));
    }
    let at = |o: usize| (0..rows).map(move |i| i * columns + o);
    let weight = (0..columns)
        .flat_map(at)
        .map(|place| values[place])
        .collect();
    Ok((columns, rows, weight))
}

impl Linear {
    fn tensors(self) -> crate::network::Tensors {
        let mut tensors = vec![("weight", self.weight)];
        tensors.extend(self.bias.map(|bias| ("bias", bias)));
        tensors
    }
}

impl Reader<'_> {
    pub(super) fn gemm(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        if step.flag("transA") {
            return Err("Gemm of a turned input".into());
        }
        let (units, inputs, mut weight) = matrix(step.constant(1)?, !step.flag("transB"))?;
        let alpha = step.float("alpha").unwrap_or(1.0);
        let beta = step.float("beta").unwrap_or(1.0);
        weight
            .iter_mut()
            .filter(|_| alpha != 1.0)
            .for_each(|x| *x *= alpha);
        let bias = match step.given(2)? {
            None => None,
            Some(tensor) => {
                let row = broadcast(&tensor.dims, &[1, units]).filter(|dims| *dims == [1, units]);
                let row = row.ok_or("Gemm that adds something else to each image")?;
                let values = tensor.to_floats();
                let places = spread(&tensor.dims, &row).into_iter();
                Some(places.map(|at| values[at] * beta).collect())
            }
        };
        let linear = Linear {
            units,
            weight,
            bias,
        };
        self.fc(view, inputs, linear)
    }

    pub(super) fn matmul(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        if step
            .input(1)
            .is_some_and(|v| matches!(v, crate::onnx::step::Value::Data(_)))
        {
            return Err(Trouble::way(
                "MatMul of two computed values",
                "netc multiplies with weights: there is no attention",
            ));
        }
        let (units, inputs, weight) = matrix(step.constant(1)?, true)?;
        let linear = Linear {
            units,
            weight,
            bias: None,
        };
        if view.layout.rank() == 2 {
            return self.fc(view, inputs, linear);
        }
        self.per_pixel(view, inputs, linear)
    }

    /// FC, with its columns in the order in which the picture before it lies here.
    fn fc(&mut self, view: &View, inputs: usize, mut linear: Linear) -> Done {
        let hwc = self.net.hwc(view.node);
        let run = view.layout.run();
        if view.layout.rank() != 2
            || !view.layout.batch_first(self.batch)
            || view.dims()[1] != inputs
        {
            let dims = view.dims();
            return Err(format!("a product of {dims:?} with a matrix of {inputs} rows").into());
        }
        let places = places(&run, hwc);
        if places.len() != inputs {
            return Err("a product with a part of a picture".into());
        }
        if inputs > 0 && !places.iter().copied().eq(0..inputs) {
            let mut row = vec![0.0; inputs];
            for theirs in linear.weight.chunks_exact_mut(inputs) {
                places
                    .iter()
                    .zip(&*theirs)
                    .for_each(|(at, x)| row[*at] = *x);
                theirs.copy_from_slice(&row);
            }
        }
        let layer = Layer::Fc {
            units: linear.units,
            bias: linear.bias.is_some(),
            weights: WeightOptions::default(),
        };
        let node = self.net.add(layer, &[view.node], linear.tensors())?;
        Ok(vec![self.flat(node).into()])
    }

    /// A product over the last axis, which is the channels': a convolution of 1x1.
    fn per_pixel(&mut self, view: &View, inputs: usize, linear: Linear) -> Done {
        let last = view.layout.rank().saturating_sub(1);
        let [.., c] = self.net.hwc(view.node);
        if !view.layout.is_whole(last, Axis::Channel, c) || c != inputs {
            let dims = view.dims();
            let way = "netc multiplies the channels of each pixel, or a vector";
            return Err(Trouble::way(
                format!("a product over the last axis of {dims:?}"),
                way,
            ));
        }
        let units = linear.units;
        let layer = match self.net.shape(view.node) {
            Shape::Vector(_) => Layer::Fc {
                units,
                bias: false,
                weights: WeightOptions::default(),
            },
            _ => pixelwise(units, false),
        };
        let node = self.net.add(layer, &[view.node], linear.tensors())?;
        let layout = view.layout.resized(Axis::Channel, units, last);
        Ok(vec![View::new(node, layout).into()])
    }
}
