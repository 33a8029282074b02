//! From a file and options to an experiment: the network, how it learns, and what of that a run remembers.

use crate::cli::Overrides;
use crate::failure::{Failure, Outcome};
use crate::{files, source};
use netc_compiler::graph::Graph;
use netc_compiler::{Options, RecipeChoice, Train, Training};
use netc_grammar::Sources;
use netc_plan::{Optimizer, Plan};
use netc_train::{Error, ErrorKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Component, Path, PathBuf};

/// What of a recipe was chosen and changed on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variation {
    pub(crate) recipe: Option<String>,
    /// Values that hold in place of the recipe's, by key, as a file would say them.
    pub(crate) settings: BTreeMap<String, String>,
    /// The optimizer's learning rate.
    pub(crate) lr: Option<f64>,
}

/// The file in a run's folder that keeps it.
const KEPT: &str = "run.json";

impl Variation {
    pub(crate) fn new(recipe: Option<&String>, overrides: &Overrides) -> Self {
        Self {
            recipe: recipe.cloned(),
            settings: overrides.values.clone(),
            lr: overrides.lr,
        }
    }

    /// That of a run, with what is given now in its place.
    pub(crate) fn of_run(run: &Path, now: Self) -> Outcome<Self> {
        let path = run.join(KEPT);
        let kept: Value = serde_json::from_slice(&files::read(&path)?).map_err(|_| {
            Failure::input(format!("`{}` is not what a run leaves", path.display()))
        })?;
        let mut settings: BTreeMap<String, String> = kept["settings"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect();
        // A new optimizer has its own rate.
        let lr = match now.settings.contains_key("optimizer") {
            true => None,
            false => kept["lr"].as_f64(),
        };
        settings.extend(now.settings);
        Ok(Self {
            recipe: now.recipe.or(kept["recipe"].as_str().map(str::to_owned)),
            settings,
            lr: now.lr.or(lr),
        })
    }

    /// The file that keeps it in a run's folder.
    pub(crate) fn file(&self) -> (String, Vec<u8>) {
        let Self {
            recipe,
            settings,
            lr,
        } = self;
        let object = json!({ "recipe": recipe, "settings": settings, "lr": lr });
        (KEPT.to_owned(), format!("{object:#}\n").into_bytes())
    }

    /// As options, the recipe's name too: `--recipe augmented --epochs 3`.
    pub(crate) fn options(&self) -> String {
        let recipe = self.recipe.as_ref().map(|name| format!("--recipe {name}"));
        let settings = self.to_string();
        let parts = recipe.into_iter().chain([settings]);
        parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// By which recipe of the file.
    pub(crate) fn which(&self) -> RecipeChoice {
        match &self.recipe {
            Some(name) => RecipeChoice::Named(name.clone()),
            None => RecipeChoice::Default,
        }
    }
}

/// As options: `--epochs 3 --lr 0.01`.
impl fmt::Display for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self
            .settings
            .iter()
            .map(|(key, value)| (key.as_str(), value.clone()));
        let lr = self.lr.map(|lr| ("lr", lr.to_string()));
        for (i, (key, value)) in settings.chain(lr).enumerate() {
            let gap = if i > 0 { " " } else { "" };
            write!(f, "{gap}--{key} {value}")?;
        }
        Ok(())
    }
}

/// A network with its way of learning.
pub(crate) struct Setup {
    /// The files that it was read from.
    pub(crate) inputs: Vec<PathBuf>,
    pub(crate) sources: Sources,
    pub(crate) graph: Graph,
    pub(crate) plan: Plan,
    pub(crate) training: Training,
}

impl Setup {
    /// Compiles a file to be trained.
    pub(crate) fn compile(
        file: &Path,
        which: RecipeChoice,
        variation: &Variation,
    ) -> Outcome<Self> {
        let options = Options {
            train: Some(Train {
                recipe: which,
                overrides: variation.settings.clone(),
            }),
            ..Options::default()
        };
        let output = source::network(file, &options)?;
        let inputs = source::files(file, &output);
        let (Some(graph), Some(plan), Some(mut training)) =
            (output.graph, output.plan, output.training)
        else {
            return Err(source::incomplete(file));
        };
        if let Some(rate) = variation.lr {
            let optimizer = &mut training.recipe.optimizer;
            let (Optimizer::Sgd { lr, .. }
            | Optimizer::RmsProp { lr, .. }
            | Optimizer::Adam { lr, .. }) = optimizer;
            *lr = rate;
        }
        Ok(Self {
            inputs,
            sources: output.sources,
            graph,
            plan,
            training,
        })
    }

    /// The layers that the recipe freezes.
    pub(crate) fn frozen(&self) -> BTreeSet<&str> {
        let frozen = netc_compiler::frozen(&self.graph, &self.training.recipe);
        let nodes = self.graph.nodes.iter().zip(frozen);
        nodes
            .filter_map(|(node, frozen)| frozen.then_some(node.name.as_str()))
            .collect()
    }

    /// The text of the file itself.
    pub(crate) fn text(&self) -> &str {
        self.sources
            .iter()
            .next()
            .map_or("", |(_, source)| &source.text)
    }

    /// The files of the network for a run to keep, each by its path below the folder that holds all of them: so one finds
    /// the other by `use`. Those that are kept there already stay as they are.
    pub(crate) fn files(&self, run: &Path) -> Vec<(String, Vec<u8>)> {
        let texts = self.sources.iter().filter_map(|(_, source)| {
            // Overrides are no file; they are kept elsewhere.
            Path::new(&source.name).extension()?;
            Some((whole(Path::new(&source.name)), source.text.as_bytes()))
        });
        let texts: Vec<(PathBuf, &[u8])> = texts.collect();
        let mut root = texts.first().map_or(Path::new(""), |(path, _)| path);
        while let Some(parent) = root.parent() {
            root = parent;
            if texts.iter().all(|(path, _)| path.starts_with(root)) {
                break;
            }
        }
        let below = |path: &Path| {
            let below = path.strip_prefix(root).unwrap_or(path);
            below.to_string_lossy().into_owned()
        };
        let kept = texts
            .iter()
            .map(|(path, bytes)| (below(path), bytes.to_vec()));
        let there = |name: &str| {
            let place = run.join(name);
            let mut inputs = self.inputs.iter();
            inputs.any(|input| files::is_same(&place, input))
        };
        kept.filter(|(name, _)| !there(name)).collect()
    }
}

/// A path from the root of the file system, without `.` and `..`.
fn whole(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut whole = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            part => whole.push(part),
        }
    }
    whole
}

/// As many threads as asked for, or as the machine runs at once.
pub(crate) fn threads(asked: Option<u32>) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    asked.map_or_else(all, |n| n as usize)
}

/// What the training crate refused.
pub(crate) fn failure(e: &Error) -> Failure {
    match e.kind() {
        ErrorKind::Tool => Failure::tool(e.to_string()),
        ErrorKind::Interrupted => Failure::exit(130),
        ErrorKind::Input | ErrorKind::Diverged => Failure::input(e.to_string()),
    }
}
