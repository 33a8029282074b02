//! Training: a recipe is chosen, checked against the network, and both become a training plan.

use crate::differentiate::{Parameters, differentiate};
use crate::graph::{Graph, Layer, Recipe};
use crate::optimise::optimise_to_train;
use crate::params;
use crate::recipe::{self, fit, typed};
use netc_grammar::{Code, Diagnostic};
use netc_plan::{Data, Loss, TrainPlan};

/// Which recipe to train by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// The recipe without a name; the built-in one if the file has no recipe at all.
    #[default]
    Default,
    /// The recipe of this name.
    Named(String),
    /// The built-in recipe, whatever the file says: folders of pictures, the loss that fits the output, SGD with a learning rate
    /// of 0.01 and a momentum of 0.9.
    BuiltIn,
}

/// The plan of training a network whose shapes are known, and the recipe with every default filled in. `recipe` is the name of
/// one of the file's recipes; `None` the one without a name, or the built-in one if there is no recipe at all.
///
/// # Errors
/// What keeps the recipe from training the network.
pub fn train(
    graph: &Graph,
    recipe: Option<&str>,
) -> Result<(TrainPlan, netc_plan::Recipe), Vec<Diagnostic>> {
    let which = recipe.map_or(Which::Default, |name| Which::Named(name.to_owned()));
    train_by(graph, &which, None)
}

/// As [`train`]; the entries of `overrides` hold in place of the recipe's.
///
/// # Errors
/// What keeps the recipe from training the network.
pub fn train_by(
    graph: &Graph,
    which: &Which,
    overrides: Option<&Recipe>,
) -> Result<(TrainPlan, netc_plan::Recipe), Vec<Diagnostic>> {
    let mut chosen = choose(graph, which).map_err(|error| vec![*error])?;
    if let Some(overrides) = overrides {
        chosen.take(overrides);
    }
    let problems: Vec<Diagnostic> = [fit::misfit(&chosen, graph), without_data(&chosen)]
        .into_iter()
        .flatten()
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let anything = Data::Folder {
        resize: None,
        crop: true,
    };
    let recipe = typed::typed(&chosen, anything);
    Ok((plan(graph, &chosen, recipe.loss), recipe))
}

/// The pipeline of training, for a recipe that fits.
fn plan(graph: &Graph, recipe: &Recipe, loss: Loss) -> TrainPlan {
    let program = optimise_to_train(graph, loss);
    differentiate(graph, &program, loss, parameters(graph, recipe))
}

fn parameters(graph: &Graph, recipe: &Recipe) -> Parameters {
    let mut parameters = Parameters {
        all: Vec::new(),
        l2: Vec::new(),
    };
    for node in &graph.nodes {
        let tensors = params::with_recipe(node, graph, Some(recipe));
        let factors = tensors
            .iter()
            .map(|tensor| params::l2(tensor, node, Some(recipe)));
        parameters.l2.extend(factors);
        parameters.all.extend(tensors);
    }
    parameters
}

fn choose(graph: &Graph, which: &Which) -> Result<Recipe, Box<Diagnostic>> {
    let name = match which {
        Which::BuiltIn => return Ok(built_in(graph)),
        Which::Default if graph.recipes.is_empty() => return Ok(built_in(graph)),
        Which::Default => None,
        Which::Named(name) => Some(name),
    };
    let found = graph
        .recipes
        .iter()
        .find(|recipe| recipe.name.as_ref() == name);
    found
        .cloned()
        .ok_or_else(|| Box::new(recipe::not_found(graph, name)))
}

fn built_in(graph: &Graph) -> Recipe {
    let loss = match graph.last().op {
        Layer::Rbf { .. } => "lenet5",
        _ => "cross_entropy",
    };
    let mut recipe = recipe::parsed(&format!(
        "data = folder\noptimizer = sgd(lr=0.01, momentum=0.9)\nloss = {loss}\n"
    ));
    // What is wrong with the network is shown at its end.
    let end = graph.node(graph.output).span;
    (recipe.span, recipe.head) = (end, end);
    for entry in &mut recipe.entries {
        entry.span = end;
    }
    recipe
}

fn without_data(recipe: &Recipe) -> Option<Diagnostic> {
    let error = Diagnostic::error(
        Code::E0609,
        "the recipe does not say what to learn from",
        recipe.head,
    );
    recipe.get("data").is_none().then(|| {
        error.primary("`data` is missing").help(
            "write `data = mnist`, `cifar10`, `folder` or `npz`; `--data DIR` says where it lies",
        )
    })
}
