//! The choice of a recipe: which one, and whether it can train the network.

pub(crate) mod fit;
mod freeze;

pub use freeze::frozen;

use crate::graph::{Graph, Head, Layer};
use crate::names::listed;
use crate::recipe::Recipe;
use netc_grammar::{Code, Diagnostic, nearest};
use netc_plan::{Data, Loss, Optimizer};

/// Which recipe to train by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RecipeChoice {
    /// The recipe without a name; the built-in one if the file has no recipe at all.
    #[default]
    Default,
    /// The recipe of this name.
    Named(String),
    /// The built-in recipe, whatever the file says: folders of pictures, the loss that fits the output, SGD with a learning rate
    /// of 0.01 and a momentum of 0.9.
    BuiltIn,
}

/// What a head learns by under a recipe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct HeadTraining {
    pub(crate) loss: Loss,
    /// 0: it does not learn.
    pub(crate) weight: f32,
}

impl HeadTraining {
    pub(crate) fn of(head: &Head, recipe: &netc_plan::Recipe) -> Self {
        let said = recipe.losses.iter().find(|said| said.head == head.name);
        let usual = match said {
            // Szegedy et al. 2014, section 5.
            _ if head.auxiliary => 0.3,
            Some(_) => 1.0,
            None => 0.0,
        };
        Self {
            loss: said.and_then(|said| said.loss).unwrap_or(recipe.loss),
            weight: said.and_then(|said| said.weight).unwrap_or(usual),
        }
    }
}

/// The recipe chosen for a network whose shapes are known, checked against it. What `overrides` gives holds in place of its own.
pub(crate) fn fitting(
    graph: &Graph,
    which: &RecipeChoice,
    overrides: Option<&Recipe>,
) -> Result<netc_plan::Recipe, Vec<Diagnostic>> {
    let mut chosen = choose(graph, which).map_err(|error| vec![*error])?;
    if let Some(overrides) = overrides {
        chosen.take(overrides);
    }
    let problems: Vec<Diagnostic> = [fit::misfit(&chosen, graph), without_data(&chosen)]
        .into_iter()
        .flatten()
        .collect();
    if problems.is_empty() {
        Ok(chosen.values)
    } else {
        Err(problems)
    }
}

fn choose(graph: &Graph, which: &RecipeChoice) -> Result<Recipe, Box<Diagnostic>> {
    let name = match which {
        RecipeChoice::BuiltIn => return Ok(built_in(graph)),
        RecipeChoice::Default if graph.recipes.is_empty() => return Ok(built_in(graph)),
        RecipeChoice::Default => None,
        RecipeChoice::Named(name) => Some(name),
    };
    let found = graph
        .recipes
        .iter()
        .find(|recipe| recipe.values.name.as_ref() == name);
    found
        .cloned()
        .ok_or_else(|| Box::new(not_found(graph, name)))
}

/// The file has no recipe of this name, or none without a name.
fn not_found(graph: &Graph, name: Option<&String>) -> Diagnostic {
    let named = || {
        graph
            .recipes
            .iter()
            .filter_map(|recipe| recipe.values.name.as_deref())
    };
    let headline = match name {
        Some(name) => format!("{} has no recipe `{name}`", graph.name),
        None => format!(
            "{} has several recipes, and none without a name",
            graph.name
        ),
    };
    let Some(first) = graph.recipes.first() else {
        return Diagnostic::error(Code::E0606, headline, graph.node(graph.output).span)
            .primary("the network has no recipe at all")
            .help("write `train name { data = mnist ... }` below it");
    };
    let error = Diagnostic::error(Code::E0606, headline, first.head).primary("this is a recipe");
    let error = graph.recipes[1..]
        .iter()
        .fold(error, |error, recipe| error.label(recipe.head, "and this"));
    match name.and_then(|name| nearest(name, named())) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if named().next().is_some() => {
            error.note(format!("the names are {}", listed(named())))
        }
        None => error,
    }
}

fn built_in(graph: &Graph) -> Recipe {
    // What is wrong with the network is shown at its end.
    let mut recipe = Recipe::at(graph.node(graph.output).span);
    recipe.values.data = Some(Data::Folder {
        resize: None,
        crop: true,
    });
    recipe.values.optimizer = Optimizer::Sgd {
        lr: 0.01,
        momentum: 0.9,
        nesterov: false,
        weight_decay: 0.0,
        decay: 0.0,
    };
    if let Layer::Rbf { .. } = graph.last().layer {
        recipe.values.loss = Loss::LeNet5 { j: 1.0 };
    }
    recipe
}

fn without_data(recipe: &Recipe) -> Option<Diagnostic> {
    let error = Diagnostic::error(
        Code::E0609,
        "the recipe does not say what to learn from",
        recipe.head,
    );
    recipe.values.data.is_none().then(|| {
        error.primary("`data` is missing").help(
            "write `data = mnist`, `cifar10`, `folder` or `npz`, which `--data DIR` says where to find, or `data = digits`, which netc has in itself",
        )
    })
}
