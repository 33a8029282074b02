//! Activations, and layers that are operations of the plan's table as they stand.

use super::window::{pads, pair};
use super::{Is, Writer};
use crate::refusal::Refusal;
use netc_compiler::graph::NodeId;
use netc_plan::{Act, AdaptiveAvgPool, GroupNorm, Interpolation, Op, Reduction, Upsample};

impl Writer<'_> {
    pub(super) fn operation(&mut self, id: NodeId, op: Op) -> Result<(), Refusal> {
        let source = self.source(id);
        let (input, output) = (self.value(source), self.value(id));
        match op {
            Op::GlobalPool(d) => {
                let op = match d.kind {
                    Reduction::Mean => "GlobalAveragePool",
                    Reduction::Max => "GlobalMaxPool",
                };
                self.node(op, &[&input], &output, &[]);
            }
            Op::AdaptiveAvgPool(d) => self.adaptive(id, d),
            Op::LayerNorm(d) => self.layer_norm(id, d.eps)?,
            Op::GroupNorm(d) => self.group_norm(id, d)?,
            Op::Lrn(d) => {
                let attributes = [
                    ("size", Is::Int(d.n as i64)),
                    // There alpha is divided by the channels of the window.
                    ("alpha", Is::Float(d.alpha * d.n as f32)),
                    ("beta", Is::Float(d.beta)),
                    ("bias", Is::Float(d.k)),
                ];
                self.node("LRN", &[&input], &output, &attributes);
            }
            Op::Scale(_) => {
                let dims = self.channels(id);
                let weight = self.parameter(id, "weight", &dims)?;
                self.node("Mul", &[&input, &weight], &output, &[]);
            }
            Op::Prelu(d) => {
                let dims = if d.shared { vec![1] } else { self.channels(id) };
                let weight = self.parameter(id, "weight", &dims)?;
                self.node("PRelu", &[&input, &weight], &output, &[]);
            }
            Op::Softmax(_) => self.node("Softmax", &[&input], &output, &[("axis", Is::Int(1))]),
            Op::DropPath(_) | Op::Dropout(_) | Op::Copy(_) => self.values[id.0] = input,
            Op::Pad(d) => {
                let pads = self.pads_tensor(d.pad, &output);
                self.node("Pad", &[&input, &pads], &output, &[]);
            }
            Op::Crop(d) => self.crop(id, d.crop),
            Op::Upsample(d) => self.upsample(id, d),
            Op::Shuffle(d) => self.shuffle(id, d.groups),
            Op::Slice(d) => self.slice(id, 1, d.from, d.to),
            Op::Add(_) => self.chain(id, "Add"),
            Op::Mul(_) => self.chain(id, "Mul"),
            other => {
                return Err(Refusal::new(format!(
                    "{} has no way to be said in ONNX",
                    other.name()
                )));
            }
        }
        Ok(())
    }

    pub(super) fn activation(&mut self, act: Act, input: &str, output: &str) {
        let mut number = |what: &str, x: f32| self.floats(&format!("{output}/{what}"), &[], &[x]);
        let (op, attributes): (&str, Vec<(&str, Is<'_>)>) = match act {
            Act::None => ("Identity", vec![]),
            Act::Relu => ("Relu", vec![]),
            Act::Relu6 => {
                let (low, high) = (number("min", 0.0), number("max", 6.0));
                return self.node("Clip", &[input, &low, &high], output, &[]);
            }
            Act::LeakyRelu(slope) => ("LeakyRelu", vec![("alpha", Is::Float(slope))]),
            Act::Elu(alpha) => ("Elu", vec![("alpha", Is::Float(alpha))]),
            Act::Gelu => {
                let root = number("root", std::f32::consts::FRAC_1_SQRT_2);
                let (one, half) = (number("one", 1.0), number("half", 0.5));
                let scaled = self.inner("Mul", &[input, &root], output, &[]);
                let error = self.inner("Erf", &[&scaled], output, &[]);
                let sum = self.inner("Add", &[&error, &one], output, &[]);
                let product = self.inner("Mul", &[input, &sum], output, &[]);
                return self.node("Mul", &[&product, &half], output, &[]);
            }
            Act::Silu => {
                let gate = self.inner("Sigmoid", &[input], output, &[]);
                return self.node("Mul", &[input, &gate], output, &[]);
            }
            Act::Sigmoid => ("Sigmoid", vec![]),
            Act::HardSigmoid => {
                let sixth = Is::Float(1.0 / 6.0);
                (
                    "HardSigmoid",
                    vec![("alpha", sixth), ("beta", Is::Float(0.5))],
                )
            }
            Act::HardSwish => ("HardSwish", vec![]),
            Act::Tanh => ("Tanh", vec![]),
            Act::LecunTanh => {
                let (slope, height) = (number("slope", 2.0 / 3.0), number("height", 1.7159));
                let scaled = self.inner("Mul", &[input, &slope], output, &[]);
                let tanh = self.inner("Tanh", &[&scaled], output, &[]);
                return self.node("Mul", &[&tanh, &height], output, &[]);
            }
        };
        self.node(op, &[input], output, &attributes);
    }

    /// ADD and MUL of two values or more.
    fn chain(&mut self, id: NodeId, op: &str) {
        let output = self.value(id);
        let to_picture = !self.is_vector(id);
        let inputs = self.graph.node(id).inputs.clone();
        let mut values = inputs
            .iter()
            .map(|input| self.as_rank(*input, to_picture, &output))
            .collect::<Vec<_>>()
            .into_iter();
        let Some(mut all) = values.next() else {
            return;
        };
        let count = values.len();
        for (at, value) in values.enumerate() {
            if at + 1 == count {
                self.node(op, &[&all, &value], &output, &[]);
            } else {
                all = self.inner(op, &[&all, &value], &output, &[]);
            }
        }
        if count == 0 {
            self.values[id.0] = all;
        }
    }

    /// Equal windows are a pool. Others are products with matrices of means: `rows * x * columns`.
    fn adaptive(&mut self, id: NodeId, d: AdaptiveAvgPool) {
        let source = self.source(id);
        let [h, w, _] = self.hwc(source);
        let [rows, columns] = d.size;
        let (input, output) = (self.value(source), self.value(id));
        if h.is_multiple_of(rows) && w.is_multiple_of(columns) {
            let window = [h / rows, w / columns];
            let attributes = [
                ("kernel_shape", pair(window)),
                ("strides", pair(window)),
                ("pads", pads([0; 4])),
            ];
            return self.node("AveragePool", &[&input], &output, &attributes);
        }
        let vertical = means(h, rows);
        let vertical = self.floats(&format!("{output}/rows"), &[rows, h], &vertical);
        let by_column = means(w, columns);
        let turned: Vec<f32> = (0..w)
            .flat_map(|from| by_column.iter().skip(from).step_by(w).copied())
            .collect();
        let horizontal = self.floats(&format!("{output}/columns"), &[w, columns], &turned);
        let narrow = self.inner("MatMul", &[&input, &horizontal], &output, &[]);
        self.node("MatMul", &[&vertical, &narrow], &output, &[]);
    }

    /// Over the channels of each pixel: the last axis for as long.
    fn layer_norm(&mut self, id: NodeId, eps: f32) -> Result<(), Refusal> {
        let [.., c] = self.hwc(id);
        let (input, output) = (self.value(self.source(id)), self.value(id));
        let weight = self.parameter(id, "weight", &[c])?;
        let bias = self.parameter(id, "bias", &[c])?;
        let attributes = [("axis", Is::Int(-1)), ("epsilon", Is::Float(eps))];
        if self.is_vector(id) {
            self.node(
                "LayerNormalization",
                &[&input, &weight, &bias],
                &output,
                &attributes,
            );
            return Ok(());
        }
        let there = [("perm", Is::Ints(vec![0, 2, 3, 1]))];
        let last = self.inner("Transpose", &[&input], &output, &there);
        let inputs = [last.as_str(), &weight, &bias];
        let normal = self.inner("LayerNormalization", &inputs, &output, &attributes);
        let back = [("perm", Is::Ints(vec![0, 3, 1, 2]))];
        self.node("Transpose", &[&normal], &output, &back);
        Ok(())
    }

    /// Normalisation of each group as an image of one channel, then the factors.
    fn group_norm(&mut self, id: NodeId, d: GroupNorm) -> Result<(), Refusal> {
        let (input, output) = (self.value(self.source(id)), self.value(id));
        let dims = self.channels(id);
        let weight = self.parameter(id, "weight", &dims)?;
        let bias = self.parameter(id, "bias", &dims)?;
        let [h, w, c] = self.hwc(id).map(|n| n as i64);
        let parted = self.ints(&format!("{output}/parted"), &[0, d.groups as i64, -1]);
        let shape = if self.is_vector(id) {
            vec![0, c]
        } else {
            vec![0, c, h, w]
        };
        let shape = self.ints(&format!("{output}/shape"), &shape);
        let ones = self.floats(&format!("{output}/ones"), &[d.groups], &vec![1.0; d.groups]);
        let zeros = self.floats(
            &format!("{output}/zeros"),
            &[d.groups],
            &vec![0.0; d.groups],
        );
        let eps = [("epsilon", Is::Float(d.eps))];
        let groups = self.inner("Reshape", &[&input, &parted], &output, &[]);
        let inputs = [groups.as_str(), &ones, &zeros];
        let normal = self.inner("InstanceNormalization", &inputs, &output, &eps);
        let whole = self.inner("Reshape", &[&normal, &shape], &output, &[]);
        let scaled = self.inner("Mul", &[&whole, &weight], &output, &[]);
        self.node("Add", &[&scaled, &bias], &output, &[]);
        Ok(())
    }

    fn crop(&mut self, id: NodeId, [top, bottom, left, right]: [usize; 4]) {
        let source = self.source(id);
        let [h, w, _] = self.hwc(source);
        let (input, output) = (self.value(source), self.value(id));
        let mut list = |what: &str, n: [usize; 2]| {
            self.ints(&format!("{output}/{what}"), &n.map(|n| n as i64))
        };
        let from = list("from", [top, left]);
        let to = list("to", [h - bottom, w - right]);
        let axes = list("axes", [2, 3]);
        self.node("Slice", &[&input, &from, &to, &axes], &output, &[]);
    }

    fn upsample(&mut self, id: NodeId, d: Upsample) {
        let (input, output) = (self.value(self.source(id)), self.value(id));
        let [h, w] = d.factor.map(|n| n as f32);
        let scales = self.floats(&format!("{output}/scales"), &[4], &[1.0, 1.0, h, w]);
        let attributes = match d.mode {
            Interpolation::Nearest => vec![
                ("mode", Is::Text("nearest")),
                ("coordinate_transformation_mode", Is::Text("asymmetric")),
                ("nearest_mode", Is::Text("floor")),
            ],
            Interpolation::Bilinear => vec![
                ("mode", Is::Text("linear")),
                ("coordinate_transformation_mode", Is::Text("half_pixel")),
            ],
        };
        self.node("Resize", &[&input, "", &scales], &output, &attributes);
    }

    fn shuffle(&mut self, id: NodeId, groups: usize) {
        let (input, output) = (self.value(self.source(id)), self.value(id));
        let [h, w, c] = self.hwc(id).map(|n| n as i64);
        let groups = groups as i64;
        let parted = self.ints(&format!("{output}/parted"), &[0, groups, c / groups, h * w]);
        let shape = if self.is_vector(id) {
            vec![0, c]
        } else {
            vec![0, c, h, w]
        };
        let shape = self.ints(&format!("{output}/shape"), &shape);
        let split = self.inner("Reshape", &[&input, &parted], &output, &[]);
        let turn = [("perm", Is::Ints(vec![0, 2, 1, 3]))];
        let mixed = self.inner("Transpose", &[&split], &output, &turn);
        self.node("Reshape", &[&mixed, &shape], &output, &[]);
    }
}

/// A matrix `[to, from]` whose rows are means: row `i` over the cells `floor(i * from / to) .. ceil((i + 1) * from / to)`.
fn means(from: usize, to: usize) -> Vec<f32> {
    let row = |i: usize| {
        let (first, last) = (i * from / to, ((i + 1) * from).div_ceil(to));
        let share = 1.0 / (last - first) as f32;
        (0..from).map(move |at| {
            if (first..last).contains(&at) {
                share
            } else {
                0.0
            }
        })
    };
    (0..to).flat_map(row).collect()
}
