//! A digit through a network, with the values of its layers.

use crate::answer::Answer;
use crate::digits::{input, padding};
use crate::inspect::accepted;
use netc_compiler::graph::{Graph, Layer};
use netc_compiler::{Options, layers};
use netc_plan::{Param, Plan};
use netc_runtime::{Executor, Model, Weights, Workspace};
use serde_json::{Value, json};

/// A network with weights.
pub(crate) struct Classifier {
    graph: Graph,
    executor: Executor,
    workspace: Workspace,
    pad: usize,
    shown: Vec<String>,
}

/// The layers whose values are pictures worth a look.
fn shown(graph: &Graph) -> Vec<String> {
    let nodes = graph.nodes.iter().skip(1);
    let nodes =
        nodes.filter(|node| !matches!(node.layer, Layer::Dropout { .. } | Layer::Flatten(_)));
    nodes.map(|node| node.name.clone()).collect()
}

fn weights(plan: &Plan, bytes: &[u8]) -> Result<Weights, String> {
    let params: &[Param] = &plan.params;
    Weights::from_bytes(bytes, params).map_err(|e| e.to_string())
}

impl Classifier {
    pub(crate) fn new(text: &str, bytes: &[u8]) -> Result<Self, String> {
        let graph = accepted(text, &Options::default())?.graph;
        let graph = graph.ok_or("there is no network")?;
        let shown = shown(&graph);
        let options = Options {
            keep: shown.clone(),
            ..Options::default()
        };
        let plan = accepted(text, &options)?.plan;
        let plan = plan.ok_or("there is no network")?;
        let pad = padding(&plan.input)?;
        let executor = Executor::new(&plan, &weights(&plan, bytes)?).map_err(|e| e.to_string())?;
        Ok(Self {
            workspace: executor.workspace(1),
            graph,
            executor,
            pad,
            shown,
        })
    }

    pub(crate) fn about(&self) -> Value {
        let classes: usize = self.executor.output().iter().product();
        json!({ "name": self.graph.name, "classes": classes })
    }

    pub(crate) fn classify(&mut self, pixels: &[f32]) -> Result<Answer, String> {
        let side = crate::digits::SIDE;
        if pixels.len() != side * side {
            return Err(format!(
                "{} pixels, a digit has {}",
                pixels.len(),
                side * side
            ));
        }
        let mut images = Vec::new();
        input(pixels, self.pad, &self.executor.plan().pixels, &mut images);
        let outputs = self.executor.forward(&mut self.workspace, &images);
        let outputs = outputs.map_err(|e| e.to_string())?.to_vec();
        let mut numbers = outputs.clone();
        let mut shown = Vec::new();
        for name in &self.shown {
            let Some(values) = self.executor.kept(&self.workspace, name) else {
                continue;
            };
            let values = values.map_err(|e| e.to_string())?;
            let Some(node) = self.graph.nodes.iter().find(|node| node.name == *name) else {
                continue;
            };
            shown.push(json!({
                "name": name,
                "text": layers::text(&node.layer),
                "shape": node.shape.sizes(),
                "first": numbers.len(),
            }));
            numbers.extend(values);
        }
        Ok(Answer {
            json: json!({
                "outputs": outputs.len(),
                "probabilities": self.executor.scores().probabilities(&outputs),
                "layers": shown,
            }),
            blob: numbers.iter().flat_map(|x| x.to_le_bytes()).collect(),
        })
    }
}
