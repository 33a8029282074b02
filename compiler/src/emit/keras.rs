//! The table that Keras 2 prints for the same network: its rows, names and totals.
//!
//! Keras has rows where netc has none (FLATTEN before the first FC, zero padding), and names layers by class.

use std::collections::BTreeMap;

use netc_plan::{Act, Op, Reduction};

use crate::graph::{Graph, Layer, Node, NodeId, PadMode, Padding, Pool, PoolKind};
use crate::layers;
use crate::params;

use crate::text::thousands;

/// Keras' `model.summary()`. With a width the table is no wider, if it can be, as with Keras' `line_length`: long cells take several lines.
#[must_use]
pub fn keras(graph: &Graph, width: Option<usize>) -> String {
    let model = Model::of(graph);
    model.print(graph, width)
}

struct Row {
    name: String,
    class: &'static str,
    /// Without the batch.
    output: Vec<usize>,
    params: u64,
    /// Indices of rows.
    inputs: Vec<usize>,
}

struct Model {
    rows: Vec<Row>,
    sequential: bool,
}

impl Model {
    fn of(graph: &Graph) -> Self {
        let sequential = graph
            .nodes
            .iter()
            .enumerate()
            .skip(1)
            .all(|(i, node)| node.inputs == [NodeId(i - 1)]);
        let mut rows = Rows {
            graph,
            rows: Vec::new(),
            counts: BTreeMap::new(),
            row_of: Vec::with_capacity(graph.nodes.len()),
            vectors: pooled_to_vectors(graph),
        };
        for id in 0..graph.nodes.len() {
            rows.node(id);
        }
        let mut rows = rows.rows;
        if sequential {
            rows.remove(0);
        }
        Self { rows, sequential }
    }
}

/// GLOBALPOOL gives a vector in Keras, unless something that needs a picture reads it.
fn pooled_to_vectors(graph: &Graph) -> Vec<bool> {
    let mut vector = vec![true; graph.nodes.len()];
    for (id, node) in graph.nodes.iter().enumerate().rev() {
        let tolerant = match node.layer {
            Layer::Fc { .. } | Layer::Flatten(_) | Layer::Rbf { .. } => true,
            Layer::Dropout { .. }
            | Layer::Activation(_)
            | Layer::Op(Op::Softmax(_))
            | Layer::BatchNorm { .. } => vector[id],
            _ => false,
        };
        if !tolerant {
            for input in &node.inputs {
                vector[input.0] = false;
            }
        }
    }
    vector
}

struct Rows<'a> {
    graph: &'a Graph,
    rows: Vec<Row>,
    counts: BTreeMap<&'static str, usize>,
    /// The row that holds each node's value.
    row_of: Vec<usize>,
    vectors: Vec<bool>,
}

impl Rows<'_> {
    fn node(&mut self, id: usize) {
        let node = &self.graph.nodes[id];
        let mut inputs: Vec<usize> = node
            .inputs
            .iter()
            .map(|input| self.row_of[input.0])
            .collect();
        if let Some(row) = self.before(node, &inputs) {
            inputs = vec![row];
        }
        let (class, name) = class(&node.layer);
        let output = self.output(id);
        let count = params::count(node, self.graph).params;
        let row = self.push(class, name, output, count, inputs);
        self.row_of.push(row);
    }

    /// The row that Keras needs before this layer: flattening for a dense one, zeros around a picture.
    fn before(&mut self, node: &Node, inputs: &[usize]) -> Option<usize> {
        let read = &self.rows.get(*inputs.first()?)?.output;
        match (&node.layer, &read[..]) {
            (Layer::Fc { .. } | Layer::Rbf { .. }, [_, _, _]) => {
                let flat = vec![read.iter().product()];
                Some(self.push("Flatten", "flatten", flat, 0, inputs.to_vec()))
            }
            // As `same` pads at stride 1, Keras pads by itself.
            (Layer::Conv(conv), _)
                if conv.stride == [1, 1]
                    && (0..2).all(|axis| {
                        let all = conv.dilation[axis] * (conv.kernel[axis] - 1);
                        conv.pad.cells[2 * axis..2 * axis + 2] == [all / 2, all - all / 2]
                    }) =>
            {
                None
            }
            (Layer::Conv(conv), [h, w, c]) => {
                let padded = padded([*h, *w, *c], &conv.pad)?;
                Some(self.push(
                    "ZeroPadding2D",
                    "zero_padding2d",
                    padded,
                    0,
                    inputs.to_vec(),
                ))
            }
            (
                Layer::Pool(Pool {
                    kind: PoolKind::Max,
                    pad,
                    ..
                }),
                [h, w, c],
            ) => {
                let padded = padded([*h, *w, *c], pad)?;
                Some(self.push(
                    "ZeroPadding2D",
                    "zero_padding2d",
                    padded,
                    0,
                    inputs.to_vec(),
                ))
            }
            _ => None,
        }
    }

    fn output(&self, id: usize) -> Vec<usize> {
        let sizes = self.graph.nodes[id].shape.sizes();
        match sizes[..] {
            [1, 1, c] if self.is_pooled_vector(id) => vec![c],
            _ => sizes,
        }
    }

    /// Whether the value comes from a GLOBALPOOL that is a vector in Keras.
    fn is_pooled_vector(&self, mut id: usize) -> bool {
        loop {
            if !self.vectors[id] {
                return false;
            }
            let node = &self.graph.nodes[id];
            match (&node.layer, node.inputs.first()) {
                (Layer::Op(Op::GlobalPool(_)), _) => return true,
                (
                    Layer::Dropout { .. }
                    | Layer::Activation(_)
                    | Layer::Op(Op::Softmax(_))
                    | Layer::BatchNorm { .. },
                    Some(input),
                ) => id = input.0,
                _ => return false,
            }
        }
    }

    fn push(
        &mut self,
        class: &'static str,
        name: &'static str,
        output: Vec<usize>,
        params: u64,
        inputs: Vec<usize>,
    ) -> usize {
        let count = self.counts.entry(name).or_default();
        let name = match *count {
            // Keras counts inputs from 1 and everything else from nothing.
            0 if name != "input" => name.to_string(),
            0 => {
                *count += 1;
                "input_1".to_string()
            }
            n => format!("{name}_{n}"),
        };
        *count += 1;
        self.rows.push(Row {
            name,
            class,
            output,
            params,
            inputs,
        });
        self.rows.len() - 1
    }
}

fn padded([h, w, c]: [usize; 3], pad: &Padding) -> Option<Vec<usize>> {
    let [top, bottom, left, right] = pad.cells;
    let explicit = pad.mode == PadMode::Cells && pad.cells != [0; 4];
    explicit.then(|| vec![h + top + bottom, w + left + right, c])
}

/// Keras' class, and the name that its layers get.
fn class(layer: &Layer) -> (&'static str, &'static str) {
    match layer {
        Layer::Input(_) => ("InputLayer", "input"),
        Layer::Conv(conv) if conv.depthwise => ("DepthwiseConv2D", "depthwise_conv2d"),
        Layer::Conv(_) => ("Conv2D", "conv2d"),
        Layer::Deconv(_) => ("Conv2DTranspose", "conv2d_transpose"),
        Layer::Fc { .. } => ("Dense", "dense"),
        Layer::Pool(Pool {
            kind: PoolKind::Max,
            ..
        }) => ("MaxPooling2D", "max_pooling2d"),
        Layer::Pool(Pool {
            kind: PoolKind::Avg,
            ..
        }) => ("AveragePooling2D", "average_pooling2d"),
        Layer::Op(Op::GlobalPool(d)) => match d.kind {
            Reduction::Mean => ("GlobalAveragePooling2D", "global_average_pooling2d"),
            Reduction::Max => ("GlobalMaxPooling2D", "global_max_pooling2d"),
        },
        Layer::BatchNorm { .. } => ("BatchNormalization", "batch_normalization"),
        Layer::Dropout { .. } => ("Dropout", "dropout"),
        Layer::Activation(Act::LeakyRelu(_)) => ("LeakyReLU", "leaky_re_lu"),
        Layer::Activation(_) | Layer::Op(Op::Softmax(_)) => ("Activation", "activation"),
        Layer::Flatten(_) => ("Flatten", "flatten"),
        Layer::Op(Op::Pad(_)) => ("ZeroPadding2D", "zero_padding2d"),
        Layer::Op(Op::Upsample(_)) => ("UpSampling2D", "up_sampling2d"),
        Layer::Op(Op::Mul(_)) => ("Multiply", "multiply"),
        Layer::Op(Op::LayerNorm(_)) => ("LayerNormalization", "layer_normalization"),
        Layer::Op(Op::GroupNorm(_)) => ("GroupNormalization", "group_normalization"),
        Layer::Op(Op::Prelu(_)) => ("PReLU", "p_re_lu"),
        Layer::Concat => ("Concatenate", "concatenate"),
        // Keras has none of these; people write them as layers of their own.
        Layer::Op(Op::Lrn(_)) => ("LRN", "lrn"),
        Layer::Subsample { .. } => ("Subsample", "subsample"),
        Layer::Rbf { .. } => ("RBF", "rbf"),
        Layer::Split { .. } => ("Split", "split"),
        Layer::Op(op) => (op.name(), layers::written(layer, None).spec.prefix),
    }
}

/// The widths of Keras' columns: `model.summary()` of a Sequential, and of a model with connections.
const SEQUENTIAL: [usize; 4] = [29, 26, 10, 0];
const FUNCTIONAL: [usize; 4] = [32, 22, 11, 33];

impl Model {
    fn print(&self, graph: &Graph, width: Option<usize>) -> String {
        let head = ["Layer (type)", "Output Shape", "Param #", "Connected to"].map(str::to_string);
        let rows: Vec<Vec<[String; 4]>> = self.rows.iter().map(|row| self.row(row)).collect();
        let (title, mut widths) = if self.sequential {
            ("sequential", SEQUENTIAL)
        } else {
            ("model", FUNCTIONAL)
        };
        // Without a limit a column grows where Keras would break a long name over two lines.
        for line in rows.iter().flatten() {
            for (width, cell) in widths.iter_mut().zip(line) {
                if *width > 0 {
                    *width = (*width).max(cell.len() + 2);
                }
            }
        }
        let rows = match width.filter(|limit| *limit < widths.iter().sum()) {
            Some(limit) => {
                widths = narrowed(widths, limit);
                let broken =
                    |row: Vec<[String; 4]>| row.iter().flat_map(|l| broken(l, widths)).collect();
                rows.into_iter().map(broken).collect()
            }
            None => rows,
        };
        let width = widths.iter().sum();
        let (thin, thick) = ("_".repeat(width), "=".repeat(width));
        let rows: Vec<String> = rows
            .iter()
            .map(|lines| lines.iter().map(|cells| line(cells, widths)).collect())
            .collect();
        let total = params::total(graph);
        format!(
            "Model: \"{title}\"\n{thin}\n{}{thick}\n{}{thick}\n\
             Total params: {}\nTrainable params: {}\nNon-trainable params: {}\n{thin}\n",
            line(&head, widths),
            rows.join("\n"),
            thousands(total.params),
            thousands(total.trainable),
            thousands(total.params - total.trainable)
        )
    }

    /// The lines of a row: one, and another for each input after the first.
    fn row(&self, row: &Row) -> Vec<[String; 4]> {
        let sizes: Vec<String> = row.output.iter().map(usize::to_string).collect();
        let mut shape = format!("(None, {})", sizes.join(", "));
        if row.class == "InputLayer" {
            shape = format!("[{shape}]");
        }
        let name = format!("{} ({})", row.name, row.class);
        let mut lines = vec![[name, shape, row.params.to_string(), "[]".into()]];
        for (i, input) in row.inputs.iter().enumerate() {
            let open = if i == 0 { "[" } else { " " };
            let close = if i + 1 == row.inputs.len() { "]" } else { "," };
            let connection = format!("{open}'{}[0][0]'{close}", self.input(*input));
            match lines.last_mut().filter(|_| i == 0) {
                Some(first) => first[3] = connection,
                None => lines.push([String::new(), String::new(), String::new(), connection]),
            }
        }
        if self.sequential {
            lines.truncate(1);
        }
        lines
    }

    fn input(&self, row: usize) -> &str {
        self.rows.get(row).map_or("", |row| &row.name)
    }
}

/// The columns of a table of this width: numbers stay whole, the others have Keras' shares of the rest.
fn narrowed(widths: [usize; 4], limit: usize) -> [usize; 4] {
    let usual = if widths[3] == 0 {
        SEQUENTIAL
    } else {
        FUNCTIONAL
    };
    let (numbers, rest) = (widths[2], limit.saturating_sub(widths[2]));
    let whole = usual.iter().sum::<usize>() - usual[2];
    let mut narrow = usual.map(|width| width * rest / whole);
    narrow[2] = numbers;
    // What division leaves goes to the names.
    narrow[0] += limit.saturating_sub(narrow.iter().sum());
    narrow
}

/// A line as several, where cells are wider than their columns.
fn broken(cells: &[String; 4], widths: [usize; 4]) -> Vec<[String; 4]> {
    let mut lines: Vec<[String; 4]> = Vec::new();
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let room = width.saturating_sub(2).max(1);
        for (n, piece) in pieces(cell, room).into_iter().enumerate() {
            if lines.len() <= n {
                lines.push(Default::default());
            }
            lines[n][i] = piece;
        }
    }
    lines
}

/// The text in pieces of at most this length, cut after spaces where there are any.
fn pieces(text: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest: Vec<char> = text.chars().collect();
    while rest.len() > room {
        let space = rest[..=room].iter().rposition(|c| *c == ' ');
        let cut = space.filter(|at| *at > 0).map_or(room, |at| at + 1);
        let after = rest.split_off(cut.min(rest.len()));
        pieces.push(rest.iter().collect::<String>().trim_end().to_owned());
        rest = after;
    }
    pieces.push(rest.into_iter().collect());
    pieces
}

/// Each cell after a space, filled up to its column's width; columns without a width are left out.
fn line(cells: &[String; 4], widths: [usize; 4]) -> String {
    let mut text = String::new();
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let space = if i == 0 { " " } else { "" };
        if width > 0 {
            text.push_str(&format!("{:<width$}", format!("{space}{cell}")));
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_cells_take_several_lines() {
        assert_eq!(pieces("conv2d (Conv2D)", 20), ["conv2d (Conv2D)"]);
        assert_eq!(
            pieces("batch_normalization (BatchNormalization)", 24),
            ["batch_normalization", "(BatchNormalization)"]
        );
        assert_eq!(pieces("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(narrowed(FUNCTIONAL, 80).iter().sum::<usize>(), 80);
    }
}
