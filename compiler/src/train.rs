//! The choice of a recipe: which one, and whether it can train the network.

use crate::graph::{Graph, Layer, Recipe};
use crate::recipe::{self, fit, typed};
use netc_grammar::{Code, Diagnostic};
use netc_plan::Data;

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

/// The recipe chosen for a network whose shapes are known, checked against it: as written, and with every default filled in. The
/// entries of `overrides` hold in place of its own.
pub(crate) fn fitting(
    graph: &Graph,
    which: &Which,
    overrides: Option<&Recipe>,
) -> Result<(Recipe, netc_plan::Recipe), Vec<Diagnostic>> {
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
    Ok((chosen, recipe))
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
