//! The whole compiler on one screen.

use crate::emit::{self, EmitInfo};
use crate::graph::Graph;
use crate::loader::Loader;
use crate::lower::lower;
use crate::optimise::optimise;
use crate::recipe::{self, fit};
use crate::resolve::{Resolved, resolve};
use crate::schedule::schedule;
use crate::train::{Which, train_by};
use crate::{claims, edits, shape};
use netc_grammar::{Diagnostic, Sources, decode, parse, render};
use netc_plan::{Plan, TrainPlan};

/// What to make of a network.
#[derive(Clone, Debug)]
pub struct Options {
    /// Rewrite for inference: fold BN, fuse activations, drop DROPOUT. Without it the plan has one step a layer.
    pub optimise: bool,
    /// Layers whose values stay readable after the forward pass ([`Plan::kept`]).
    pub keep: Vec<String>,
    /// Write Rust.
    pub code: bool,
    /// Plan training as well. The Rust is that of training then.
    pub train: Option<Train>,
}

/// How to train.
#[derive(Clone, Debug, Default)]
pub struct Train {
    /// By which recipe.
    pub recipe: Which,
    /// Entries that hold in place of the recipe's: `batch = 64 optimizer = adam(lr=0.01)`. Diagnostics call the text
    /// `overrides`.
    pub overrides: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            optimise: true,
            keep: Vec::new(),
            code: false,
            train: None,
        }
    }
}

/// What the compiler made of a network.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The texts that diagnostics point into, the root file first.
    pub sources: Sources,
    /// Errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were read, the root first, so that others can watch them.
    pub files: Vec<String>,
    /// The network with its shapes; `None` if there are errors.
    pub graph: Option<Graph>,
    /// The network as steps over memory; `None` if there are errors.
    pub plan: Option<Plan>,
    /// The network in training, if it was asked for and there are no errors.
    pub training: Option<Training>,
    /// The network as Rust, if it was asked for and there are no errors.
    pub code: Option<String>,
    /// The file holds blocks and constants for others to use, and no network.
    pub library: bool,
}

/// A network in training.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Forward, loss and backward as steps over memory.
    pub plan: TrainPlan,
    /// The recipe with every default filled in.
    pub recipe: netc_plan::Recipe,
}

impl Output {
    /// Whether the input has errors.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The diagnostics as text, without colours.
    #[must_use]
    pub fn rendered(&self) -> String {
        render(&self.sources, &self.diagnostics, false)
    }
}

/// Compiles one network.
///
/// `name` is what diagnostics call the root file; `use` paths are relative to it, and are read through `loader`. Nothing
/// else is read or written, and equal inputs give equal outputs.
pub fn compile(name: &str, text: Vec<u8>, options: &Options, loader: &mut dyn Loader) -> Output {
    let mut output = Output {
        files: vec![name.to_owned()],
        ..Output::default()
    };
    let root = match decode(text) {
        Ok(text) => output.sources.add(name, text),
        Err(broken) => {
            let (_, diagnostic) = broken.report(&mut output.sources, name);
            output.diagnostics.push(diagnostic);
            return output;
        }
    };
    let (tree, mut diagnostics) = parse(&output.sources, root);
    let resolved = resolve(&mut output.sources, root, tree, loader, &mut diagnostics);
    output.files.extend(
        output
            .sources
            .iter()
            .skip(1)
            .map(|(_, source)| source.name.clone()),
    );
    let resolved = check(resolved, &mut diagnostics);
    let layers = match &resolved {
        Some(Resolved::Net(graph)) => graph.nodes.len(),
        _ => 0,
    };
    edits::try_all(&output.sources, root, layers, loader, &mut diagnostics);
    match resolved {
        Some(Resolved::Net(graph)) => {
            if !diagnostics.iter().any(Diagnostic::is_error)
                && let Some(how) = &options.train
            {
                output.train(&graph, how, &mut diagnostics);
            }
            if !diagnostics.iter().any(Diagnostic::is_error) {
                output.generate(*graph, options);
            }
        }
        Some(Resolved::Library) => output.library = true,
        None => {}
    }
    diagnostics.sort_by_key(Diagnostic::span);
    output.diagnostics = diagnostics;
    output
}

/// The end of the front of the pipeline: shapes, and what the file claims.
pub(crate) fn check(
    mut resolved: Option<Resolved>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Resolved> {
    if let Some(Resolved::Net(graph)) = &mut resolved {
        shape::infer(graph, diagnostics);
        if !diagnostics.iter().any(Diagnostic::is_error) {
            claims::check(graph, diagnostics);
            fit::check(graph, diagnostics);
        }
    }
    resolved
}

impl Output {
    /// The pipeline of training, beside that of inference.
    fn train(&mut self, graph: &Graph, how: &Train, diagnostics: &mut Vec<Diagnostic>) {
        let overrides = match how.overrides.trim() {
            "" => Ok(None),
            text => recipe::entries("options", text, &mut self.sources).map(Some),
        };
        let trained =
            overrides.and_then(|overrides| train_by(graph, &how.recipe, overrides.as_ref()));
        match trained {
            Ok((plan, recipe)) => self.training = Some(Training { plan, recipe }),
            Err(problems) => diagnostics.extend(problems),
        }
    }

    /// The back of the pipeline, for a graph without errors.
    fn generate(&mut self, graph: Graph, options: &Options) {
        let program = if options.optimise {
            optimise(&graph, &options.keep)
        } else {
            lower(&graph, &options.keep)
        };
        let plan = schedule(&program);
        if options.code {
            let info = EmitInfo::of(&graph, &self.files[0]);
            self.code = Some(match &self.training {
                Some(Training { plan, recipe }) => emit::train_rust(plan, recipe, &info),
                None => emit::rust(&plan, &info),
            });
        }
        self.graph = Some(graph);
        self.plan = Some(plan);
    }
}
