//! Two networks layer by layer: which layers of one are which of the other's.

use crate::graph::{Graph, Node, Shape};
use crate::layers;
use crate::params::{self, Count};
use crate::{Output, Training};
use netc_plan::Param;

/// A layer, as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `conv1`
    pub name: String,
    /// `CONV`
    pub kind: &'static str,
    /// `CONV(96, 11x11/4)`
    pub text: String,
    /// The shape of its value.
    pub output: Shape,
    /// Its numbers.
    pub count: Count,
}

/// A layer of one network, or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pair {
    /// In both: the same text, shape and numbers; names may differ.
    Same(Row, Row),
    /// In both: the same kind of layer.
    Changed(Row, Row),
    /// In the first alone.
    First(Row),
    /// In the second alone.
    Second(Row),
}

/// The numbers of a whole network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Its name.
    pub name: String,
    /// Layers, INPUT not counted.
    pub layers: u64,
    /// Parameters and MACs.
    pub count: Count,
    /// Bytes of weights.
    pub weights: u64,
    /// Bytes of values to infer one image.
    pub infer: u64,
    /// Bytes to train: fixed ones, and those of each image; none where it cannot be trained.
    pub train: Option<(u64, u64)>,
}

/// Two networks beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The first network.
    pub first: Totals,
    /// The second.
    pub second: Totals,
    /// The layers, in the order of both.
    pub layers: Vec<Pair>,
}

/// Compares two networks that compiled; `None` if one did not.
#[must_use]
pub fn compare(first: &Output, second: &Output) -> Option<Comparison> {
    let rows = |output: &Output| {
        let graph = output.graph.as_ref()?;
        Some(graph.nodes.iter().map(|node| row(node, graph)).collect())
    };
    Some(Comparison {
        first: totals(first)?,
        second: totals(second)?,
        layers: aligned(rows(first)?, rows(second)?),
    })
}

/// The bytes of weights, gradients and optimizer, and those of a picture on its way forward and back.
pub(crate) fn to_train(training: &Training) -> (u64, u64) {
    let params: usize = training.plan.params.iter().map(Param::len).sum();
    let tensors = 2 + training.recipe.optimizer.states().len();
    (4 * (params * tensors) as u64, training.plan.arena as u64)
}

fn totals(output: &Output) -> Option<Totals> {
    let graph = output.graph.as_ref()?;
    let count = params::total(graph);
    Some(Totals {
        name: graph.name.clone(),
        layers: graph.nodes.len().saturating_sub(1) as u64,
        count,
        weights: 4 * count.params,
        infer: output.plan.as_ref()?.arena as u64,
        train: output.training.as_ref().map(to_train),
    })
}

fn row(node: &Node, graph: &Graph) -> Row {
    Row {
        name: node.name.clone(),
        kind: layers::kind(&node.layer),
        text: layers::text(&node.layer),
        output: node.shape,
        count: params::count(node, graph),
    }
}

/// How many pairs of layers are weighed; beyond, layers are paired by their places. What is alike at both ends is not counted.
const MOST_PAIRS: usize = 50_000_000;

/// The longest common subsequence, in which layers of one kind count less than equal ones.
fn aligned(first: Vec<Row>, second: Vec<Row>) -> Vec<Pair> {
    let same = |(a, b): &(&Row, &Row)| is_same(a, b);
    let head = first.iter().zip(&second).take_while(same).count();
    let rest = (first.len().min(second.len())) - head;
    let tails = first.iter().rev().zip(second.iter().rev()).take(rest);
    let tail = tails.take_while(same).count();
    let (a, b) = (
        &first[head..first.len() - tail],
        &second[head..second.len() - tail],
    );
    let mut pairs = Vec::new();
    let pair = |a: &Row, b: &Row| match is_same(a, b) {
        true => Pair::Same(a.clone(), b.clone()),
        false => Pair::Changed(a.clone(), b.clone()),
    };
    pairs.extend(
        first
            .iter()
            .zip(&second)
            .take(head)
            .map(|(a, b)| pair(a, b)),
    );
    let steps = if a.len().saturating_mul(b.len()) > MOST_PAIRS {
        by_place(a, b)
    } else {
        by_weight(a, b)
    };
    let (mut i, mut j) = (0, 0);
    for step in steps {
        match step {
            Step::Both => pairs.push(pair(&a[i], &b[j])),
            Step::First => pairs.push(Pair::First(a[i].clone())),
            Step::Second => pairs.push(Pair::Second(b[j].clone())),
        }
        i += usize::from(step != Step::Second);
        j += usize::from(step != Step::First);
    }
    let ends = (first.len() - tail, second.len() - tail);
    let ends = first[ends.0..].iter().zip(&second[ends.1..]);
    pairs.extend(ends.map(|(a, b)| pair(a, b)));
    pairs
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Both,
    First,
    Second,
}

fn by_place(a: &[Row], b: &[Row]) -> Vec<Step> {
    let (mut steps, mut i, mut j) = (Vec::new(), 0, 0);
    while i < a.len() || j < b.len() {
        let step = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) if x.kind == y.kind => Step::Both,
            (Some(_), _) => Step::First,
            _ => Step::Second,
        };
        i += usize::from(step != Step::Second);
        j += usize::from(step != Step::First);
        steps.push(step);
    }
    steps
}

fn by_weight(a: &[Row], b: &[Row]) -> Vec<Step> {
    let width = b.len() + 1;
    // The best step from each place on; weights are kept for two rows alone.
    let mut steps = vec![Step::Second; (a.len() + 1) * width];
    let mut below = vec![0_u32; width];
    for i in (0..a.len()).rev() {
        let mut row = vec![0_u32; width];
        steps[i * width + b.len()] = Step::First;
        for j in (0..b.len()).rev() {
            let both = weight(&a[i], &b[j]).map(|weight| below[j + 1] + weight);
            let options = [
                (both.unwrap_or(0), Step::Both),
                (below[j], Step::First),
                (row[j + 1], Step::Second),
            ];
            let allowed = &options[usize::from(both.is_none())..];
            let first = allowed[0];
            let best = allowed
                .iter()
                .fold(first, |x, y| if y.0 > x.0 { *y } else { x });
            (row[j], steps[i * width + j]) = best;
        }
        below = row;
    }
    let (mut path, mut i, mut j) = (Vec::new(), 0, 0);
    while i < a.len() || j < b.len() {
        let step = steps[i * width + j];
        i += usize::from(step != Step::Second);
        j += usize::from(step != Step::First);
        path.push(step);
    }
    path
}

/// How much two layers have in common; `None` for layers of two kinds.
fn weight(a: &Row, b: &Row) -> Option<u32> {
    let shape = u32::from(a.output == b.output);
    match a.text == b.text {
        true => Some(4 + shape),
        false => (a.kind == b.kind).then_some(1 + shape),
    }
}

fn is_same(a: &Row, b: &Row) -> bool {
    a.text == b.text && a.output == b.output && a.count == b.count
}
