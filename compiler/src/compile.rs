//! The whole compiler on one screen.

use crate::emit::{self, EmitInfo};
use crate::graph::Graph;
use crate::loader::Loader;
use crate::lower::lower;
use crate::optimise::optimise;
use crate::resolve::{Resolved, resolve};
use crate::schedule::schedule;
use crate::{claims, shape};
use netc_grammar::{Diagnostic, Sources, decode, parse, render};
use netc_plan::Plan;

/// What to make of a network.
#[derive(Clone, Debug)]
pub struct Options {
    /// Rewrite for inference: fold BN, fuse activations, drop DROPOUT. Without it the plan has one step a layer.
    pub optimise: bool,
    /// Layers whose values stay readable after the forward pass ([`Plan::kept`]).
    pub keep: Vec<String>,
    /// Write Rust.
    pub code: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            optimise: true,
            keep: Vec::new(),
            code: false,
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
    /// The network as Rust, if it was asked for and there are no errors.
    pub code: Option<String>,
    /// The file holds blocks and constants for others to use, and no network.
    pub library: bool,
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
    match resolved {
        Some(Resolved::Net(mut graph)) => {
            shape::infer(&mut graph, &mut diagnostics);
            if !diagnostics.iter().any(Diagnostic::is_error) {
                claims::check(&graph, &mut diagnostics);
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

impl Output {
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
            self.code = Some(emit::rust(&plan, &info));
        }
        self.graph = Some(graph);
        self.plan = Some(plan);
    }
}
