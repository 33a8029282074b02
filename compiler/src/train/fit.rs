//! Whether a recipe and a network can go together.

use netc_plan::Loss;

use crate::graph::{Graph, Layer, Node, Shape};
use crate::params;
use crate::recipe::Recipe;
use netc_grammar::{Code, Diagnostic, Span};

/// Reports what keeps the recipes from training the network, whose shapes are known.
pub(crate) fn check(graph: &Graph, diagnostics: &mut Vec<Diagnostic>) {
    if graph.nodes.iter().any(|node| node.shape.is_unknown()) {
        return;
    }
    let recipes = graph.recipes.iter();
    diagnostics.extend(recipes.filter_map(|recipe| misfit(recipe, graph)));
}

/// What keeps a recipe from training the network.
pub(crate) fn misfit(recipe: &Recipe, graph: &Graph) -> Option<Diagnostic> {
    if params::total(graph).trainable == 0 {
        return Some(nothing_to_train(recipe, graph));
    }
    let last = graph.last();
    let rbf = matches!(last.op, Layer::Rbf { .. });
    let output = graph.node(graph.output);
    let pixels = matches!(output.shape, Shape::Picture([h, w, _]) if h * w > 1);
    let channels = output.shape.hwc().map_or(0, |[_, _, c]| c);
    let of = Misfit {
        recipe,
        at: recipe.span_of("loss").unwrap_or(recipe.head),
    };
    match recipe.values.loss {
        Loss::LeNet5 { .. } if !rbf => Some(of.error(
            "`lenet5` is a loss for the distances of RBF",
            last,
            "this is the output",
            "write `loss = cross_entropy`",
        )),
        chosen @ (Loss::CrossEntropy { .. } | Loss::Mse) if rbf => Some(of.error(
            format!(
                "RBF gives distances, and `{}` makes that of the right class large",
                if chosen == Loss::Mse {
                    "mse"
                } else {
                    "cross_entropy"
                }
            ),
            last,
            "the smallest distance wins",
            "write `loss = lenet5`",
        )),
        Loss::Mse if pixels => Some(of.error(
            format!(
                "`mse` compares one label an image, and the output is a picture of {}",
                output.shape
            ),
            output,
            "this is the output",
            "end in FC, or in GLOBALPOOL; `cross_entropy` takes a label for every pixel",
        )),
        Loss::CrossEntropy { .. } if channels < 2 => Some(of.error(
            "`cross_entropy` needs two classes or more: with one, the loss is 0",
            output,
            "this gives one",
            "give each class an output",
        )),
        _ => None,
    }
}

struct Misfit<'a> {
    recipe: &'a Recipe,
    /// Where the loss is chosen.
    at: Span,
}

impl Misfit<'_> {
    fn error(
        &self,
        headline: impl Into<String>,
        node: &Node,
        cause: &str,
        help: &str,
    ) -> Diagnostic {
        let error = Diagnostic::error(Code::E0607, headline, self.at);
        let error = if self.recipe.span_of("loss").is_none() {
            error.primary("says no loss, and so means `cross_entropy`")
        } else {
            error.primary("this loss")
        };
        error.label(node.span, cause).help(help)
    }
}

fn nothing_to_train(recipe: &Recipe, graph: &Graph) -> Diagnostic {
    let headline = format!("{} has no parameter that training could move", graph.name);
    Diagnostic::error(Code::E0608, headline, recipe.head)
        .primary("nothing to train")
        .note("CONV, DWCONV, FC, BN and SUBSAMPLE have such parameters")
}
