//! What a file says of its model as a whole: its input, its outputs, the version of its operators.

use crate::layout::{Axis, Layout};
use crate::network::Labels;
use crate::onnx::message::{Graph, Model, Node, ValueInfo};
use crate::onnx::tensor::Tensor;
use crate::refusal::Refusal;
use netc_compiler::graph::{NodeId, Shape};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The versions of the operators that are read.
const OPSETS: std::ops::RangeInclusive<i64> = 7..=26;

/// The model as a whole.
pub(super) struct Outline<'a> {
    pub(super) opset: i64,
    pub(super) input: Input<'a>,
    pub(super) outputs: Vec<&'a str>,
    /// Images in a batch, as the file fixes it; 1 where it is open.
    pub(super) batch: usize,
    pub(super) notes: Vec<String>,
    name: &'a str,
    producer: String,
}

/// What goes in.
pub(super) struct Input<'a> {
    pub(super) name: &'a str,
    pub(super) shape: Shape,
    pub(super) layout: Layout,
}

impl<'a> Outline<'a> {
    pub(super) fn of(
        model: &'a Model,
        graph: &'a Graph,
        constants: &BTreeMap<String, Rc<Tensor>>,
        asked: Option<[usize; 3]>,
    ) -> Result<Self, Refusal> {
        let mut notes = Vec::new();
        let opset = opset(model, &mut notes)?;
        check_order(graph, constants)?;
        let is_constant = |info: &&ValueInfo| {
            info.name
                .as_ref()
                .is_some_and(|name| constants.contains_key(name))
        };
        let inputs: Vec<&ValueInfo> = graph
            .inputs
            .iter()
            .filter(|info| !is_constant(info))
            .collect();
        let info = match inputs[..] {
            [] => return Err(Refusal::new("it has no input")),
            [info] => info,
            _ => {
                let names = inputs
                    .iter()
                    .map(|info| info.name.clone().unwrap_or_default());
                return Err(
                    Refusal::new("it has several inputs, and networks of netc have one")
                        .details(names),
                );
            }
        };
        let (input, batch) = input(info, graph, asked, &mut notes)?;
        let names = graph
            .outputs
            .iter()
            .map(|info| info.name.as_deref().unwrap_or_default());
        let outputs: Vec<&str> = names.collect();
        if outputs.is_empty() {
            return Err(Refusal::new("it has no output"));
        }
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let producer = format!(
            "{} {}",
            text(&model.producer),
            text(&model.producer_version)
        );
        Ok(Self {
            opset,
            input,
            outputs,
            batch,
            notes,
            name: graph.name.as_deref().unwrap_or_default(),
            producer: producer.trim().to_owned(),
        })
    }

    /// The input is a picture from the start, with the numbers of the vector that it is in the file.
    pub(super) fn make_input(&mut self, picture: [usize; 3]) {
        let [h, w, c] = picture;
        let vector = [self.batch, h * w * c];
        let Some(layout) = Layout::nhwc(self.batch, picture).reshaped(&vector) else {
            return;
        };
        self.notes.push(format!(
            "its input `{}` is a vector of {} there, and a picture of {h}x{w}x{c} here",
            self.input.name, vector[1]
        ));
        self.input.shape = Shape::Picture(picture);
        self.input.layout = layout;
    }

    /// What the network is called, and the comment at its head.
    pub(super) fn labels(&self, file: &str, outputs: Vec<(String, NodeId)>) -> Labels {
        // Names that exporters give to everything.
        let common = [
            "",
            "main_graph",
            "main",
            "graph",
            "model",
            "torch_jit",
            "torch-jit-export",
            "tf2onnx",
        ];
        let name = if common.contains(&self.name) {
            file
        } else {
            self.name
        };
        let by = match self.producer.as_str() {
            "" => String::new(),
            producer => format!(", by {producer}"),
        };
        let printable = |c: &char| !c.is_control();
        let about = format!("Imported from ONNX (opset {}{by}).", self.opset);
        Labels {
            name: name.to_owned(),
            about: about.chars().filter(printable).take(200).collect(),
            outputs,
        }
    }
}

/// The version of ONNX's own operators.
fn opset(model: &Model, notes: &mut Vec<String>) -> Result<i64, Refusal> {
    let own = |domain: &Option<String>| matches!(domain.as_deref(), None | Some("" | "ai.onnx"));
    let mut versions = model.opsets.iter().filter(|opset| own(&opset.domain));
    let Some(version) = versions.find_map(|opset| opset.version) else {
        return Err(Refusal::new(
            "it is no ONNX model: it does not say the version of its operators",
        ));
    };
    let (first, last) = (OPSETS.start(), OPSETS.end());
    if version < *first {
        return Err(Refusal::new(format!(
            "its operators are of version {version}, and netc reads {first} and later"
        ))
        .help("`onnx.version_converter.convert_version(model, 17)` brings it up to date"));
    }
    if version > *last {
        notes.push(format!(
            "its operators are of version {version}; netc knows them up to {last}, and reads them as those"
        ));
    }
    Ok(version)
}

/// That each node reads what stands before it, so that nothing goes in circles.
fn check_order(graph: &Graph, constants: &BTreeMap<String, Rc<Tensor>>) -> Result<(), Refusal> {
    let inputs = graph.inputs.iter().filter_map(|info| info.name.as_deref());
    let mut known: BTreeSet<&str> = inputs.chain(constants.keys().map(String::as_str)).collect();
    known.insert("");
    for node in &graph.nodes {
        if let Some(missing) = node
            .inputs
            .iter()
            .find(|name| !known.contains(name.as_str()))
        {
            let op = node.op.as_deref().unwrap_or("?");
            return Err(Refusal::new(format!(
                "its nodes are not in order: {op} reads `{missing}`, which nothing before it makes"
            )));
        }
        known.extend(node.outputs.iter().map(String::as_str));
    }
    Ok(())
}

/// The input's shape and how it lies, and the images in a batch.
fn input<'a>(
    info: &'a ValueInfo,
    graph: &'a Graph,
    asked: Option<[usize; 3]>,
    notes: &mut Vec<String>,
) -> Result<(Input<'a>, usize), Refusal> {
    let name = info.name.as_deref().unwrap_or_default();
    let tensor = info.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
    let dims = tensor
        .and_then(|tensor| tensor.shape.as_ref())
        .map(|shape| &shape.dims);
    let known = |value: Option<i64>| {
        let size = value.and_then(|n| usize::try_from(n).ok());
        size.filter(|n| (1..=1 << 30).contains(n))
    };
    let dims: Vec<Option<usize>> = match dims {
        Some(dims) => dims.iter().map(|dim| known(dim.value)).collect(),
        None if asked.is_some() => vec![None; 4],
        None => return Err(unknown(name)),
    };
    let batch = dims.first().copied().flatten().unwrap_or(1);
    let axes = axes(name, graph, dims.len(), notes)?;
    let size = |axis: Axis| axes.iter().position(|a| *a == axis).map(|at| dims[at]);
    let sides = [Axis::Height, Axis::Width, Axis::Channel].map(size);
    let hwc = sizes(name, sides, asked)?;
    let [h, w, c] = hwc;
    let sized = axes.iter().map(|axis| match axis {
        Axis::Batch => (Axis::Batch, batch),
        Axis::Height => (Axis::Height, h),
        Axis::Width => (Axis::Width, w),
        Axis::Channel => (Axis::Channel, c),
    });
    let layout = Layout::of(&sized.collect::<Vec<_>>());
    let shape = match dims.len() {
        2 => Shape::Vector(c),
        _ => Shape::Picture(hwc),
    };
    Ok((
        Input {
            name,
            shape,
            layout,
        },
        batch,
    ))
}

/// Height, width and channels. An axis that is not there has one cell; one that is open is what was asked for.
fn sizes(
    name: &str,
    sides: [Option<Option<usize>>; 3],
    asked: Option<[usize; 3]>,
) -> Result<[usize; 3], Refusal> {
    let mut hwc = [1; 3];
    for (at, side) in sides.into_iter().enumerate() {
        hwc[at] = match (side, asked) {
            (None, _) => 1,
            (Some(Some(n)), Some(asked)) if n != asked[at] => {
                return Err(Refusal::new(format!(
                    "its input `{name}` has {n} cells where the shape that was asked for has {}",
                    asked[at]
                )));
            }
            (Some(Some(n)), _) => n,
            (Some(None), Some(asked)) => asked[at],
            (Some(None), None) => return Err(unknown(name)),
        };
    }
    Ok(hwc)
}

fn unknown(name: &str) -> Refusal {
    Refusal::new(format!(
        "its input `{name}` leaves its size open, and networks of netc have one"
    ))
    .help("say it: `--input 224x224x3`, height x width x channels")
}

/// What the axes of the input are. Channels come first, unless all that is done with the input is to bring them there.
fn axes(
    name: &str,
    graph: &Graph,
    rank: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<Axis>, Refusal> {
    let usual = [Axis::Batch, Axis::Channel, Axis::Height, Axis::Width];
    if !(2..=4).contains(&rank) {
        return Err(Refusal::new(format!(
            "its input `{name}` has {rank} axes, and netc knows pictures (4), rows (3) and vectors (2)"
        )));
    }
    let reads = |node: &&Node| node.inputs.iter().any(|input| input == name);
    let mut readers = graph.nodes.iter().filter(reads);
    let perm = |node: &Node| {
        let is_transpose = node.op.as_deref() == Some("Transpose");
        let attribute = node
            .attributes
            .iter()
            .find(|a| a.name.as_deref() == Some("perm"));
        attribute.filter(|_| is_transpose).map(|a| a.ints.clone())
    };
    let perms: Option<BTreeSet<Vec<i64>>> = readers.by_ref().map(perm).collect();
    let moved = perms
        .filter(|all| all.len() == 1)
        .and_then(|mut all| all.pop_first());
    let mut axes = usual[..rank].to_vec();
    if let Some(perm) = moved.filter(|perm| perm.len() == rank && perm.first() == Some(&0)) {
        for (to, from) in perm.iter().enumerate() {
            let from = usize::try_from(*from).ok().filter(|from| *from < rank);
            let from = from.ok_or_else(|| Refusal::new("it transposes axes that are not there"))?;
            axes[from] = usual[to];
        }
        if axes[1] == Axis::Width {
            notes.push(format!(
                "its input `{name}` has columns before rows: netc's has rows first, as all pictures here have"
            ));
        }
    }
    Ok(axes)
}
