//! The whole compiler on one screen: [`compile`] is the front of the pipeline, [`plan`] its back.

use crate::check::check;
use crate::differentiate::differentiate;
use crate::edits;
use crate::emit::{self, EmitInfo};
use crate::graph::Graph;
use crate::loader::Loader;
use crate::lower::{Purpose, lower};
use crate::optimise::optimise;
use crate::recipe::{self, Recipe};
use crate::resolve::{Resolved, resolve};
use crate::schedule::schedule;
use crate::train::{RecipeChoice, fitting};
use netc_grammar::ast::File;
use netc_grammar::{Diagnostic, FileId, Parsed, Sources, decode, parse, render};
use netc_plan::Plan;
use std::collections::BTreeMap;

/// What to make of a network.
#[derive(Clone, Debug)]
pub struct Options {
    /// Rewrite the plan of inference: fold BN, fuse activations, merge padding. Training is always rewritten.
    pub optimise: bool,
    /// Layers whose values stay readable after the forward pass ([`Plan::kept`]).
    pub keep: Vec<String>,
    /// Write Rust.
    pub code: bool,
    /// Plan training as well. The Rust is that of training then.
    pub train: Option<Train>,
    /// Plan training where it is not asked for, by the file's recipe or the built-in one, to tell what it would take: no error where
    /// neither fits, and no Rust.
    pub estimate: bool,
}

/// How to train.
#[derive(Clone, Debug, Default)]
pub struct Train {
    /// By which recipe.
    pub recipe: RecipeChoice,
    /// Values that hold in place of the recipe's, by their keys: `adam(lr=0.01)` for `optimizer`. Diagnostics point into the values,
    /// as if each were a file of its key's name.
    pub overrides: BTreeMap<String, String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            optimise: true,
            keep: Vec::new(),
            code: false,
            train: None,
            estimate: false,
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
    /// The network in training, if it was asked for or to be estimated, and there are no errors.
    pub training: Option<Training>,
    /// The network as Rust, if it was asked for and there are no errors.
    pub code: Option<String>,
    /// The file holds blocks and constants for others to use, and no network.
    pub library: bool,
}

/// A network in training.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// All five parts as steps over memory.
    pub plan: Plan,
    /// The recipe with every default filled in.
    pub recipe: netc_plan::Recipe,
}

/// Compiles one network.
///
/// `name` is what diagnostics call the root file; `use` paths are relative to it, and are read through `loader`. Nothing
/// else is read or written, and equal inputs give equal outputs.
///
/// Each pass runs on what the one before it made, and a pass that needs the whole network runs only while there are no errors.
pub fn compile(name: &str, text: Vec<u8>, options: &Options, loader: &mut dyn Loader) -> Output {
    let mut output = Output {
        files: vec![name.to_owned()],
        ..Output::default()
    };
    if let Some(graph) = output.read(name, text, loader) {
        output.train(&graph, options);
        output.generate(graph, options);
    }
    output.diagnostics.sort_by_key(Diagnostic::span);
    output
}

/// The front of the pipeline alone, for editors, which keep the tree: what is known of a text, even where it has errors. Its diagnostics
/// are in no order, and their edits are not tried, before [`try_edits`]. The text is the first of the sources, so its tree must be that of file 0.
pub fn analyse(name: &str, parsed: &Parsed, loader: &mut dyn Loader) -> Output {
    let mut output = Output {
        files: vec![name.to_owned()],
        ..Output::default()
    };
    let root = output.sources.add(name, parsed.text());
    output.diagnostics = parsed.diagnostics().to_vec();
    output.graph = output.front(root, parsed.tree().clone(), loader);
    output
}

/// The rest of [`analyse`], for those who show the diagnostics.
pub fn try_edits(output: &mut Output, parsed: &Parsed, loader: &mut dyn Loader) {
    let layers = output.graph.as_ref().map_or(0, |graph| graph.nodes.len());
    let (sources, diagnostics) = (&output.sources, &mut output.diagnostics);
    if let Some((root, _)) = sources.iter().next() {
        edits::try_all(sources, root, Some(parsed), layers, loader, diagnostics);
    }
    diagnostics.sort_by_key(Diagnostic::span);
}

/// The back of the pipeline: the plan of a graph without errors.
#[must_use]
pub fn plan(graph: &Graph, purpose: Purpose<'_>, optimised: bool) -> Plan {
    let mut program = lower(graph, purpose);
    if optimised {
        program = optimise(program);
    }
    let backward = differentiate(&program);
    schedule(&program, &backward)
}

/// The training of a graph without errors. The entries of `overrides` hold in place of the recipe's.
///
/// # Errors
/// What keeps the recipe from training the network.
pub fn training(
    graph: &Graph,
    which: &RecipeChoice,
    overrides: Option<&Recipe>,
) -> Result<Training, Vec<Diagnostic>> {
    let recipe = fitting(graph, which, overrides)?;
    let plan = plan(graph, Purpose::Train(&recipe), true);
    Ok(Training { plan, recipe })
}

impl Output {
    /// The front of the pipeline: from text to a graph with shapes; none for a library, and where there is nothing to go on with.
    fn read(&mut self, name: &str, text: Vec<u8>, loader: &mut dyn Loader) -> Option<Graph> {
        let root = match decode(text) {
            Ok(text) => self.sources.add(name, text),
            Err(broken) => {
                let (_, diagnostic) = broken.report(&mut self.sources, name);
                self.diagnostics.push(diagnostic);
                return None;
            }
        };
        let (tree, diagnostics) = parse(&self.sources, root);
        self.diagnostics = diagnostics;
        let graph = self.front(root, tree, loader);
        let layers = graph.as_ref().map_or(0, |graph| graph.nodes.len());
        edits::try_all(
            &self.sources,
            root,
            None,
            layers,
            loader,
            &mut self.diagnostics,
        );
        graph
    }

    /// From the tree of the root file to the graph.
    fn front(&mut self, root: FileId, tree: File, loader: &mut dyn Loader) -> Option<Graph> {
        let resolved = resolve(&mut self.sources, root, tree, loader, &mut self.diagnostics);
        let used = self.sources.iter().skip(1);
        self.files
            .extend(used.map(|(_, source)| source.name.clone()));
        let checked = check(resolved, &mut self.diagnostics);
        self.library = matches!(checked, Some(Resolved::Library));
        match checked {
            Some(Resolved::Net(graph)) => Some(*graph),
            _ => None,
        }
    }

    /// The plan of training, if it is asked for.
    fn train(&mut self, graph: &Graph, options: &Options) {
        if self.has_errors() {
            return;
        }
        let trained = match &options.train {
            Some(train) => recipe::entries(&train.overrides, &mut self.sources)
                .and_then(|overrides| training(graph, &train.recipe, Some(&overrides))),
            None if options.estimate => training(graph, &RecipeChoice::Default, None)
                .or_else(|_| training(graph, &RecipeChoice::BuiltIn, None))
                .or(Err(Vec::new())),
            None => return,
        };
        match trained {
            Ok(training) => self.training = Some(training),
            Err(problems) => self.diagnostics.extend(problems),
        }
    }

    /// The plan of inference, and the Rust.
    fn generate(&mut self, graph: Graph, options: &Options) {
        if self.has_errors() {
            return;
        }
        let plan = plan(&graph, Purpose::Infer(&options.keep), options.optimise);
        if options.code {
            let info = EmitInfo::of(&graph, &self.files[0]);
            self.code = Some(match &self.training {
                Some(Training { plan, recipe }) if options.train.is_some() => {
                    emit::train_rust(plan, recipe, &info)
                }
                _ => emit::rust(&plan, &info),
            });
        }
        self.graph = Some(graph);
        self.plan = Some(plan);
    }

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
