//! Graphs made by hand, so that the back end is tested without the front end.

use netc_compiler::graph::*;
use netc_grammar::Span;
use netc_plan::{
    Act, Add, DropPath, GlobalPool, GroupNorm, LayerNorm, Lrn, Mul, Op, Pad, Pixels, Prelu, Scale,
    Slice, Softmax, Upsample,
};
use std::collections::BTreeMap;

/// A graph under construction.
pub(crate) struct Builder {
    nodes: Vec<Node>,
    counts: BTreeMap<&'static str, usize>,
}

impl Builder {
    pub(crate) fn new(input: [usize; 3]) -> Self {
        let shape = Shape::Picture(input);
        let mut builder = Self {
            nodes: Vec::new(),
            counts: BTreeMap::new(),
        };
        builder.push("input", Layer::Input(shape), vec![], shape);
        builder
    }

    pub(crate) fn shape(&self, id: NodeId) -> [usize; 3] {
        self.nodes[id.0].shape.hwc().expect("shapes are known")
    }

    fn push(
        &mut self,
        kind: &'static str,
        layer: Layer,
        inputs: Vec<NodeId>,
        shape: Shape,
    ) -> NodeId {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        self.nodes.push(Node {
            name: if kind == "input" {
                kind.into()
            } else {
                format!("{kind}{count}")
            },
            layer,
            inputs,
            shape,
            span: Span::default(),
            table: None,
            used_at: Vec::new(),
        });
        NodeId(self.nodes.len() - 1)
    }

    pub(crate) fn rename(&mut self, id: NodeId, name: &str) {
        self.nodes[id.0].name = name.into();
    }

    pub(crate) fn conv(
        &mut self,
        x: NodeId,
        filters: usize,
        kernel: usize,
        stride: usize,
        pad: usize,
        groups: usize,
    ) -> NodeId {
        let [h, w, _] = self.shape(x);
        let size = |n: usize| (n + 2 * pad - kernel) / stride + 1;
        let layer = Layer::Conv(Conv {
            filters,
            kernel: [kernel; 2],
            stride: [stride; 2],
            pad: padding([pad; 4]),
            dilation: [1, 1],
            groups,
            bias: true,
            connect: None,
            depthwise: false,
            weights: WeightOptions::default(),
        });
        self.push(
            "conv",
            layer,
            vec![x],
            Shape::Picture([size(h), size(w), filters]),
        )
    }

    /// 2x2/2: twice as high and wide.
    pub(crate) fn deconv(&mut self, x: NodeId, filters: usize) -> NodeId {
        let [h, w, _] = self.shape(x);
        let layer = Layer::Deconv(Deconv {
            filters,
            kernel: [2; 2],
            stride: [2; 2],
            pad: padding([0; 4]),
            output_pad: [0; 2],
            dilation: [1; 2],
            groups: 1,
            bias: true,
            weights: WeightOptions::default(),
        });
        self.push(
            "deconv",
            layer,
            vec![x],
            Shape::Picture([2 * h, 2 * w, filters]),
        )
    }

    pub(crate) fn pool(
        &mut self,
        x: NodeId,
        kind: PoolKind,
        window: usize,
        stride: usize,
        pad: usize,
    ) -> NodeId {
        let [h, w, c] = self.shape(x);
        let size = |n: usize| (n + 2 * pad - window) / stride + 1;
        let layer = Layer::Pool(Pool {
            kind,
            window: [window; 2],
            stride: [stride; 2],
            pad: padding([pad; 4]),
            ceil: false,
            overhang: [0; 2],
            count_pad: false,
        });
        self.push(
            "pool",
            layer,
            vec![x],
            Shape::Picture([size(h), size(w), c]),
        )
    }

    pub(crate) fn fc(&mut self, x: NodeId, units: usize) -> NodeId {
        let layer = Layer::Fc {
            units,
            bias: true,
            weights: WeightOptions::default(),
        };
        self.push("fc", layer, vec![x], Shape::Vector(units))
    }

    pub(crate) fn act(&mut self, x: NodeId, act: Act) -> NodeId {
        self.same("relu", Layer::Activation(act), x)
    }

    pub(crate) fn relu(&mut self, x: NodeId) -> NodeId {
        self.act(x, Act::Relu)
    }

    pub(crate) fn bn(&mut self, x: NodeId) -> NodeId {
        let layer = Layer::BatchNorm {
            eps: 1e-3,
            momentum: 0.99,
        };
        self.same("bn", layer, x)
    }

    pub(crate) fn lrn(&mut self, x: NodeId) -> NodeId {
        self.same("lrn", Layer::Op(Lrn::DEFAULT.into()), x)
    }

    pub(crate) fn dropout(&mut self, x: NodeId) -> NodeId {
        self.same("dropout", Layer::Dropout { p: 0.5 }, x)
    }

    /// Layers with parameters, or random numbers, that keep the shape.
    pub(crate) fn learnt(&mut self, x: NodeId, which: usize) -> NodeId {
        let all: [(&str, Op); 5] = [
            ("ln", LayerNorm::DEFAULT.into()),
            ("groupnorm", GroupNorm::DEFAULT.into()),
            ("scale", Scale::DEFAULT.into()),
            ("prelu", Prelu::DEFAULT.into()),
            ("drop_path", DropPath::DEFAULT.into()),
        ];
        let (kind, op) = all[which % all.len()];
        self.same(kind, Layer::Op(op), x)
    }

    pub(crate) fn softmax(&mut self, x: NodeId) -> NodeId {
        self.same("softmax", Layer::Op(Softmax::DEFAULT.into()), x)
    }

    pub(crate) fn flatten(&mut self, x: NodeId, order: Order) -> NodeId {
        let n = self.shape(x).iter().product();
        self.push("flatten", Layer::Flatten(order), vec![x], Shape::Vector(n))
    }

    pub(crate) fn global_pool(&mut self, x: NodeId) -> NodeId {
        let [_, _, c] = self.shape(x);
        self.push(
            "globalpool",
            Layer::Op(GlobalPool::DEFAULT.into()),
            vec![x],
            Shape::Picture([1, 1, c]),
        )
    }

    pub(crate) fn pad(&mut self, x: NodeId, cells: [usize; 4]) -> NodeId {
        let [h, w, c] = self.shape(x);
        let shape = [h + cells[0] + cells[1], w + cells[2] + cells[3], c];
        let op = Pad {
            pad: cells,
            ..Pad::DEFAULT
        };
        self.push("pad", Layer::Op(op.into()), vec![x], Shape::Picture(shape))
    }

    pub(crate) fn upsample(&mut self, x: NodeId) -> NodeId {
        let [h, w, c] = self.shape(x);
        let layer = Layer::Op(Upsample::DEFAULT.into());
        self.push(
            "upsample",
            layer,
            vec![x],
            Shape::Picture([2 * h, 2 * w, c]),
        )
    }

    /// Channels from one to another, exclusively; at least one, at most those that there are.
    pub(crate) fn slice(&mut self, x: NodeId, from: usize, to: usize) -> NodeId {
        let [h, w, c] = self.shape(x);
        let to = to.clamp(from + 1, c);
        let op = Slice {
            from,
            to,
            ..Slice::DEFAULT
        };
        let shape = self.with_channels(x, [h, w, to - from]);
        self.push("slice", Layer::Op(op.into()), vec![x], shape)
    }

    pub(crate) fn split(&mut self, x: NodeId, parts: usize, part: usize) -> NodeId {
        let [h, w, c] = self.shape(x);
        let shape = self.with_channels(x, [h, w, c / parts]);
        self.push("split", Layer::Split { parts, part }, vec![x], shape)
    }

    fn with_channels(&self, x: NodeId, hwc: [usize; 3]) -> Shape {
        match self.nodes[x.0].shape {
            Shape::Vector(_) => Shape::Vector(hwc[2]),
            _ => Shape::Picture(hwc),
        }
    }

    pub(crate) fn add(&mut self, inputs: &[NodeId]) -> NodeId {
        let shape = self.nodes[inputs[0].0].shape;
        self.push(
            "add",
            Layer::Op(Add::DEFAULT.into()),
            inputs.to_vec(),
            shape,
        )
    }

    /// Of pictures, and of single pixels that are spread over them.
    pub(crate) fn mul(&mut self, inputs: &[NodeId]) -> NodeId {
        let shapes = inputs.iter().map(|input| self.nodes[input.0].shape);
        let shape = shapes.max_by_key(|shape| shape.elements());
        let shape = shape.expect("something to multiply");
        self.push(
            "mul",
            Layer::Op(Mul::DEFAULT.into()),
            inputs.to_vec(),
            shape,
        )
    }

    pub(crate) fn concat(&mut self, inputs: &[NodeId]) -> NodeId {
        let [h, w, _] = self.shape(inputs[0]);
        let c = inputs.iter().map(|input| self.shape(*input)[2]).sum();
        let shape = match self.nodes[inputs[0].0].shape {
            Shape::Vector(_) => Shape::Vector(c),
            _ => Shape::Picture([h, w, c]),
        };
        self.push("concat", Layer::Concat, inputs.to_vec(), shape)
    }

    fn same(&mut self, kind: &'static str, layer: Layer, x: NodeId) -> NodeId {
        let shape = self.nodes[x.0].shape;
        self.push(kind, layer, vec![x], shape)
    }

    pub(crate) fn finish(self, name: &str, output: NodeId) -> Graph {
        Graph {
            name: name.into(),
            about: String::new(),
            nodes: self.nodes,
            blocks: Vec::new(),
            output,
            pixels: Pixels::default(),
            claims: Vec::new(),
            recipes: Vec::new(),
            heads: Vec::new(),
        }
    }
}

fn padding(cells: [usize; 4]) -> Padding {
    let mode = if cells == [0; 4] {
        PadMode::Valid
    } else {
        PadMode::Cells
    };
    Padding { mode, cells }
}

/// AlexNet as published in 2012.
pub(crate) fn alexnet() -> Graph {
    let mut b = Builder::new([227, 227, 3]);
    let mut x = NodeId(0);
    for (filters, kernel, stride, pad, groups, pool) in [
        (96, 11, 4, 0, 1, true),
        (256, 5, 1, 2, 2, true),
        (384, 3, 1, 1, 1, false),
        (384, 3, 1, 1, 2, false),
        (256, 3, 1, 1, 2, true),
    ] {
        x = b.conv(x, filters, kernel, stride, pad, groups);
        x = b.relu(x);
        if pool && filters != 256 || kernel == 5 {
            x = b.lrn(x);
        }
        if pool {
            x = b.pool(x, PoolKind::Max, 3, 2, 0);
        }
    }
    for _ in 0..2 {
        x = b.fc(x, 4096);
        x = b.relu(x);
        x = b.dropout(x);
    }
    x = b.fc(x, 1000);
    x = b.softmax(x);
    let mut graph = b.finish("AlexNet", x);
    graph.about =
        "Krizhevsky, Sutskever, Hinton 2012.\n- two groups [for two GPUs] <b>\n```\n1. x".into();
    graph
}
