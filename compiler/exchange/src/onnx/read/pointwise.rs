//! Operators that work on each number: activations, and sums and products of values and constants.

use super::Reader;
use crate::layout::Axis;
use crate::network::usual::{standing, standing_layer};
use crate::onnx::step::{Done, Step, Trouble, Value, View};
use crate::onnx::tensor::Tensor;
use netc_compiler::graph::{Layer, Shape};
use netc_plan::{Act, Add, Mul, Op, Prelu, Scale, Softmax};

impl Reader<'_> {
    pub(super) fn activation(&mut self, step: &Step<'_>) -> Done {
        let act = act(step)?;
        self.activated(step.data(0)?, act)
    }

    fn activated(&mut self, view: &View, act: Act) -> Done {
        let node = self.net.plain(Layer::Activation(act), view.node)?;
        Ok(vec![view.at(node).into()])
    }

    pub(super) fn softmax(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let dims = view.dims();
        let old = step.opset < 13;
        let axis = step.axis(
            step.int("axis").unwrap_or(if old { 1 } else { -1 }),
            dims.len(),
        )?;
        // Before version 13 it ran over all axes from this one on.
        let own: Vec<usize> = match old {
            true => (axis..dims.len()).filter(|at| dims[*at] > 1).collect(),
            false => vec![axis],
        };
        let axis = match own[..] {
            [] => axis,
            [one] => one,
            _ => return Err("a softmax over several axes".into()),
        };
        let view = self.with_channels(view, axis)?;
        let layer = Layer::Op(Op::Softmax(Softmax::DEFAULT));
        let node = self.net.plain(layer, view.node)?;
        Ok(vec![view.at(node).into()])
    }

    pub(super) fn prelu(&mut self, step: &Step<'_>) -> Done {
        let slope = step.constant(1)?;
        let shared = slope.len() == 1;
        let view = self.with_channels_of(step.data(0)?, &[slope])?;
        let values = match shared {
            true => slope.to_floats(),
            false => self.per_channel(&view, slope)?,
        };
        let layer = Layer::Op(Op::Prelu(Prelu {
            shared,
            ..Prelu::DEFAULT
        }));
        let node = self
            .net
            .add(layer, &[view.node], vec![("weight", values)])?;
        Ok(vec![view.at(node).into()])
    }

    pub(super) fn negative(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?.clone();
        let [.., c] = self.net.hwc(view.node);
        Ok(vec![self.scaled(&view, vec![-1.0; c])?.into()])
    }

    /// Sums and products of values, and of a value and constants.
    pub(super) fn arithmetic(&mut self, step: &Step<'_>) -> Done {
        let mut made: Option<Value> = None;
        for value in step.inputs.iter().flatten() {
            made = Some(match (made, value) {
                (None, value) => value.clone(),
                (Some(Value::Data(a)), Value::Data(b)) => self.joined(step.op, &a, b)?.into(),
                (Some(Value::Data(a)), Value::Constant(b)) => {
                    self.with_constant(step.op, &a, b)?.into()
                }
                (Some(Value::Constant(a)), Value::Data(b)) => {
                    self.constant_first(step.op, &a, b)?.into()
                }
                _ => {
                    return Err("a sum of constants and values: netc needs the values first".into());
                }
            });
        }
        Ok(vec![made.ok_or("it reads nothing")?])
    }

    /// ADD or MUL of two values.
    fn joined(&mut self, op: &str, a: &View, b: &View) -> Done<View> {
        let (layer, is_mul) = match op {
            "Add" | "Sum" => (Layer::Op(Op::Add(Add::DEFAULT)), false),
            "Mul" => (Layer::Op(Op::Mul(Mul::DEFAULT)), true),
            "Sub" => {
                let [.., c] = self.net.hwc(b.node);
                let minus = self.scaled(
                    &View {
                        alone: false,
                        ..b.clone()
                    },
                    vec![-1.0; c],
                )?;
                return self.joined("Add", a, &minus);
            }
            op => return Err(format!("{op} of two values").into()),
        };
        let (a, b) = match a.dims().iter().product::<usize>() < b.dims().iter().product() {
            true => (b, a),
            false => (a, b),
        };
        if is_mul && self.is_spread(a, b) {
            let node = self.net.add(layer, &[a.node, b.node], Vec::new())?;
            return Ok(a.at(node));
        }
        let (da, db) = (a.dims(), b.dims());
        if da != db {
            let what = format!("{op} of {da:?} and {db:?}");
            return Err(Trouble::way(
                what,
                "netc adds values of one shape, and multiplies a picture with one number a channel",
            ));
        }
        let (a, b) = self.alike(a, b)?;
        let node = self.net.add(layer, &[a.node, b.node], Vec::new())?;
        Ok(a.at(node))
    }

    /// Two tensors of one shape whose values lie alike.
    fn alike(&mut self, a: &View, b: &View) -> Done<(View, View)> {
        if a.layout == b.layout && self.net.shape(a.node) == self.net.shape(b.node) {
            return Ok((a.clone(), b.clone()));
        }
        let ordered = |reader: &mut Self, view: &View| match view.layout.rank() {
            2 => reader.vector(view).map(|node| reader.flat(node)),
            rank => reader.picture(view).map(|node| reader.shown(node, rank)),
        };
        Ok((ordered(self, a)?, ordered(self, b)?))
    }

    /// Whether one number a channel meets a picture.
    fn is_spread(&self, a: &View, b: &View) -> bool {
        let ([_, _, c], [h, w, d]) = (self.net.hwc(a.node), self.net.hwc(b.node));
        let axis = a.layout.place(Axis::Channel, c);
        let one_each = |axis: usize| {
            let mut dims = b.dims();
            b.layout.rank() == a.layout.rank()
                && b.layout.is_whole(axis, Axis::Channel, d)
                && dims.remove(axis) == c
                && dims.iter().skip(1).all(|n| *n == 1)
        };
        let is_picture = matches!(self.net.shape(a.node), Shape::Picture(_));
        is_picture && h * w == 1 && c == d && axis.is_some_and(one_each)
    }

    fn with_constant(&mut self, op: &str, view: &View, tensor: &Tensor) -> Done<View> {
        if matches!(op, "Max" | "Min") {
            let relu = op == "Max" && tensor.to_floats().iter().all(|x| *x == 0.0);
            return match relu {
                true => Ok(view.at(self.net.plain(Layer::Activation(Act::Relu), view.node)?)),
                false => Err(format!("{op} of a value and a constant").into()),
            };
        }
        if is_neutral(op, tensor) && tensor.dims.len() <= view.layout.rank() {
            return Ok(view.clone());
        }
        let view = self.with_channels_of(view, &[tensor])?;
        let values = self.per_channel(&view, tensor)?;
        match op {
            "Add" | "Sum" => self.shifted(&view, values),
            "Sub" => self.shifted(&view, values.iter().map(|x| -x).collect()),
            "Mul" => self.scaled(&view, values),
            _ => self.scaled(&view, values.iter().map(|x| 1.0 / x).collect()),
        }
    }

    fn constant_first(&mut self, op: &str, tensor: &Tensor, view: &View) -> Done<View> {
        match op {
            "Div" => Err("a division by a value".into()),
            "Sub" => {
                let [.., c] = self.net.hwc(view.node);
                let minus = self.scaled(view, vec![-1.0; c])?;
                self.with_constant(
                    "Add",
                    &View {
                        alone: true,
                        ..minus
                    },
                    tensor,
                )
            }
            op => self.with_constant(op, view, tensor),
        }
    }

    /// The tensor with its channels where constants speak of one axis: a flattened picture becomes a vector first.
    fn with_channels_of(&mut self, view: &View, tensors: &[&Tensor]) -> Done<View> {
        let rank = view.layout.rank();
        let long = |t: &&Tensor| {
            (0..t.dims.len())
                .filter(|at| t.dims[*at] > 1)
                .collect::<Vec<_>>()
        };
        for tensor in tensors {
            if let ([at], Some(axis)) = (&long(tensor)[..], rank.checked_sub(tensor.dims.len())) {
                return self.with_channels(view, axis + at);
            }
        }
        Ok(view.clone())
    }

    /// A constant as one number a channel.
    fn per_channel(&self, view: &View, tensor: &Tensor) -> Done<Vec<f32>> {
        let [.., c] = self.net.hwc(view.node);
        if let Some(x) = tensor
            .number()
            .filter(|_| tensor.dims.len() <= view.layout.rank())
        {
            return Ok(vec![x; c]);
        }
        let way = "netc has one number a channel, or one for all";
        let other = || {
            let what = format!(
                "a constant of {:?} for values of {:?}",
                tensor.dims,
                view.dims()
            );
            Trouble::way(what, way)
        };
        let missing = view
            .layout
            .rank()
            .checked_sub(tensor.dims.len())
            .ok_or_else(other)?;
        let fits = tensor
            .dims
            .iter()
            .enumerate()
            .all(|(at, n)| *n == 1 || view.layout.is_whole(missing + at, Axis::Channel, c));
        match fits && tensor.len() == c {
            true => Ok(tensor.to_floats()),
            false => Err(other()),
        }
    }

    /// `x + shift`: the bias of the layer before, if nobody else reads it; otherwise a BN.
    fn shifted(&mut self, view: &View, shift: Vec<f32>) -> Done<View> {
        if view.alone && self.absorbed(view, &shift) {
            return Ok(view.clone());
        }
        let [.., c] = self.net.hwc(view.node);
        let tensors = standing(vec![1.0; c], shift);
        let node = self.net.add(standing_layer(), &[view.node], tensors)?;
        Ok(view.at(node))
    }

    /// `x * scale`: the gain of a normalisation before, if nobody else reads it; otherwise a SCALE.
    pub(super) fn scaled(&mut self, view: &View, scale: Vec<f32>) -> Done<View> {
        let (layer, tensors) = self.net.change(view.node);
        let has_gain = matches!(
            layer,
            Layer::BatchNorm { .. } | Layer::Op(Op::LayerNorm(_) | Op::GroupNorm(_))
        );
        if view.alone && has_gain {
            for (leaf, values) in tensors.iter_mut() {
                if matches!(*leaf, "weight" | "bias") {
                    values.iter_mut().zip(&scale).for_each(|(x, s)| *x *= s);
                }
            }
            return Ok(view.clone());
        }
        let layer = Layer::Op(Op::Scale(Scale::DEFAULT));
        let node = self.net.add(layer, &[view.node], vec![("weight", scale)])?;
        Ok(view.at(node))
    }

    /// Whether the layer takes the numbers as its bias.
    fn absorbed(&mut self, view: &View, shift: &[f32]) -> bool {
        let (layer, tensors) = self.net.change(view.node);
        match layer {
            Layer::Op(Op::Scale(_)) => {
                let scale = tensors.pop().map(|(_, values)| values).unwrap_or_default();
                *layer = standing_layer();
                *tensors = standing(scale, shift.to_vec());
                return true;
            }
            Layer::Conv(conv) => conv.bias = true,
            Layer::Deconv(deconv) => deconv.bias = true,
            Layer::Fc { bias, .. } => *bias = true,
            Layer::BatchNorm { .. } | Layer::Op(Op::LayerNorm(_) | Op::GroupNorm(_)) => {}
            _ => return false,
        }
        match tensors.iter_mut().find(|(leaf, _)| *leaf == "bias") {
            Some((_, values)) => values.iter_mut().zip(shift).for_each(|(x, s)| *x += s),
            None => tensors.push(("bias", shift.to_vec())),
        }
        true
    }
}

/// Whether nothing changes.
fn is_neutral(op: &str, tensor: &Tensor) -> bool {
    let neutral = match op {
        "Add" | "Sum" | "Sub" => 0.0,
        _ => 1.0,
    };
    tensor.len() == 1 && tensor.number() == Some(neutral)
}

fn is_near(x: f32, y: f32) -> bool {
    (x - y).abs() <= 1e-6 * y.abs().max(1.0)
}

/// The activation of a node.
fn act(step: &Step<'_>) -> Done<Act> {
    let float = |name, usual| step.float(name).unwrap_or(usual);
    Ok(match step.op {
        "Relu" => Act::Relu,
        "LeakyRelu" => Act::LeakyRelu(float("alpha", 0.01)),
        "Elu" => Act::Elu(float("alpha", 1.0)),
        "Celu" if float("alpha", 1.0) == 1.0 => Act::Elu(1.0),
        "Sigmoid" => Act::Sigmoid,
        "Tanh" => Act::Tanh,
        "Gelu" if matches!(step.text("approximate"), None | Some("none")) => Act::Gelu,
        "Gelu" => {
            return Err(Trouble::way(
                "Gelu by its approximation with tanh",
                "GELU is the exact one; the two differ by up to 0.0005",
            ));
        }
        "Swish" if float("alpha", 1.0) == 1.0 => Act::Silu,
        "HardSwish" => Act::HardSwish,
        "HardSigmoid" if is_near(float("alpha", 0.2), 1.0 / 6.0) && float("beta", 0.5) == 0.5 => {
            Act::HardSigmoid
        }
        "HardSigmoid" => {
            return Err(Trouble::way(
                "HardSigmoid of another slope than 1/6",
                "HARD_SIGMOID is min(max(x + 3, 0), 6) / 6",
            ));
        }
        "Clip" => return clip(step),
        "LogSoftmax" => {
            return Err(Trouble::way(
                "LogSoftmax",
                "SOFTMAX gives the probabilities themselves, and logits are as good for a decision: export the model without it",
            ));
        }
        "Selu" | "Mish" | "Softplus" | "Softsign" | "ThresholdedRelu" => {
            return Err(Trouble::way(
                step.op,
                "netc has RELU, LEAKY_RELU, ELU, GELU, SILU, SIGMOID, TANH, HARD_SIGMOID and HARD_SWISH",
            ));
        }
        "Loop" | "If" | "Scan" => {
            return Err(Trouble::way(
                step.op,
                "a network of netc is a fixed list of layers",
            ));
        }
        op => return Err(format!("operator {op}").into()),
    })
}

/// Clip is RELU6 or RELU.
fn clip(step: &Step<'_>) -> Done<Act> {
    let bound = |name: &str, at: usize| {
        let given = step.given(at)?.and_then(Tensor::number);
        Ok::<_, Trouble>(step.float(name).or(given))
    };
    match (bound("min", 1)?, bound("max", 2)?) {
        (Some(0.0), Some(6.0)) => Ok(Act::Relu6),
        (Some(0.0), None) => Ok(Act::Relu),
        (Some(0.0), Some(max)) if max >= f32::MAX => Ok(Act::Relu),
        (min, max) => {
            let shown = |bound: Option<f32>| bound.map_or("nothing".to_owned(), |x| x.to_string());
            let what = format!("Clip between {} and {}", shown(min), shown(max));
            Err(Trouble::way(
                what,
                "RELU6 is between 0 and 6, RELU from 0 on",
            ))
        }
    }
}
