//! Whether a recipe and a network can go together.

use netc_plan::{Freeze, Loss};

use super::HeadTraining;
use super::freeze;
use crate::graph::{Graph, Head, Layer, Node, NodeId, Shape};
use crate::names::listed;
use crate::params;
use crate::recipe::Recipe;
use netc_grammar::{Code, Diagnostic, Span, nearest};

/// Reports what keeps the recipes from training the network, whose shapes are known.
pub(crate) fn check(graph: &Graph, diagnostics: &mut Vec<Diagnostic>) {
    if graph.nodes.iter().any(|node| node.shape.is_unknown()) {
        return;
    }
    let recipes = graph.recipes.iter();
    diagnostics.extend(
        recipes.filter_map(|recipe| misfit(recipe, graph).or_else(|| untrained(recipe, graph))),
    );
}

/// What keeps a recipe from training the network.
pub(crate) fn misfit(recipe: &Recipe, graph: &Graph) -> Option<Diagnostic> {
    if params::total(graph).trainable == 0 {
        return Some(nothing_to_train(recipe, graph));
    }
    if let Some(misfit) = freeze_misfit(recipe, graph) {
        return Some(misfit);
    }
    let of = Misfit {
        recipe,
        key: "loss",
        at: recipe.span_of("loss").unwrap_or(recipe.head),
    };
    of.judged(recipe.values.loss, graph, graph.output)
        .or_else(|| unknown_head(recipe, graph))
        .or_else(|| {
            let mut heads = graph.heads.iter();
            heads.find_map(|head| head_misfit(head, recipe, graph))
        })
}

/// A warning about outputs with layers of their own that nothing trains, and that `losses` does not name.
fn untrained(recipe: &Recipe, graph: &Graph) -> Option<Diagnostic> {
    let learns = |head: &&Head| HeadTraining::of(head, &recipe.values).weight > 0.0;
    let ends = graph.heads.iter().filter(learns).map(|head| head.node);
    let trained = graph.needed(ends.chain([graph.output]));
    let said = |head: &Head| {
        recipe
            .values
            .losses
            .iter()
            .any(|said| said.head == head.name)
    };
    let moves_alone = |head: &Head| {
        let needed = graph.needed([head.node]);
        let mut nodes = graph.nodes.iter().zip(needed.into_iter().zip(&trained));
        nodes.any(|(node, (needed, trained))| {
            needed && !trained && params::count(node, graph).trainable > 0
        })
    };
    let heads = graph.heads.iter();
    let heads: Vec<&Head> = heads
        .filter(|head| !head.auxiliary && !said(head) && moves_alone(head))
        .collect();
    let first = heads.first()?;
    let name = &first.name;
    let headline = match &recipe.values.name {
        Some(recipe) => format!("the recipe `{recipe}` does not train `{name}`"),
        None => format!("the recipe does not train `{name}`"),
    };
    let headline = match heads.len() - 1 {
        0 => headline,
        1 => format!("{headline} and another output"),
        others => format!("{headline} and {others} other outputs"),
    };
    let at = recipe.span_of("losses").unwrap_or(recipe.head);
    let warning = Diagnostic::warning(Code::W0008, headline, at).primary("there is no loss for it");
    let warning = heads.iter().fold(warning, |warning, head| {
        warning.label(head.span, "its own layers stay as they start")
    });
    Some(if learns_from_labels(graph, first) {
        warning.help(format!(
            "name it in `losses`: `{name}: 1` trains it, `{name}: 0` says that it is meant"
        ))
    } else {
        warning
            .note("there are labels only for outputs of the shape of the network's own")
            .help(format!(
                "name it in `losses`: `{name}: 0` says that it is meant"
            ))
    })
}

/// A name of `losses` that no output has.
fn unknown_head(recipe: &Recipe, graph: &Graph) -> Option<Diagnostic> {
    let names = || graph.heads.iter().map(|head| head.name.as_str());
    let mut said = recipe.values.losses.iter();
    let unknown = said.find(|said| names().all(|name| name != said.head))?;
    let headline = format!("{} has no output `{}`", graph.name, unknown.head);
    let error =
        Diagnostic::error(Code::E0610, headline, recipe.span_of("losses")?).primary("named here");
    Some(match nearest(&unknown.head, names()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if graph.heads.is_empty() => {
            error.help("the end of the chain has `loss`; `output` and `auxiliary` name others")
        }
        None => error.note(format!("the others are {}", listed(names()))),
    })
}

/// What keeps a head from learning by the labels of the network's own output.
fn head_misfit(head: &Head, recipe: &Recipe, graph: &Graph) -> Option<Diagnostic> {
    let HeadTraining { loss, weight } = HeadTraining::of(head, &recipe.values);
    if weight == 0.0 {
        return None;
    }
    let of = Misfit {
        recipe,
        key: "losses",
        at: recipe.span_of("losses").unwrap_or(recipe.head),
    };
    if !learns_from_labels(graph, head) {
        let (own, other) = (graph.node(graph.output), graph.node(head.node));
        let headline = format!(
            "`{}` cannot learn from the labels of the network's own output",
            head.name
        );
        let error = Diagnostic::error(Code::E0610, headline, of.at)
            .primary(format!("this recipe gives it the weight {weight}"))
            .label(head.span, format!("this gives {}", other.shape))
            .label(own.span, format!("the output is {}", own.shape));
        return Some(error.help(format!(
            "leave it out, `losses = ({}: 0)`, or give it the output's shape",
            head.name
        )));
    }
    of.judged(loss, graph, head.node)
}

/// Whether the labels of the network's own output are as many as the head's values, of as many classes.
fn learns_from_labels(graph: &Graph, head: &Head) -> bool {
    let labels = |id| {
        let shape = graph.node(id).shape.hwc();
        shape.map(|[h, w, classes]| (h * w, classes))
    };
    labels(graph.output) == labels(head.node)
}

struct Misfit<'a> {
    recipe: &'a Recipe,
    /// The key that chooses the loss.
    key: &'static str,
    /// Where the loss is chosen.
    at: Span,
}

impl Misfit<'_> {
    /// What keeps a loss from judging the value of a layer.
    fn judged(&self, loss: Loss, graph: &Graph, end: NodeId) -> Option<Diagnostic> {
        let last = graph.last_before(end);
        let rbf = matches!(last.layer, Layer::Rbf { .. });
        let output = graph.node(end);
        let pixels = matches!(output.shape, Shape::Picture([h, w, _]) if h * w > 1);
        let channels = output.shape.hwc().map_or(0, |[_, _, c]| c);
        match loss {
            Loss::LeNet5 { .. } if !rbf => Some(self.error(
                "`lenet5` is a loss for the distances of RBF",
                last,
                "this is the output",
                "write `loss = cross_entropy`",
            )),
            Loss::CrossEntropy { .. } | Loss::Mse if rbf => Some(self.error(
                format!(
                    "RBF gives distances, and `{}` makes that of the right class large",
                    if loss == Loss::Mse {
                        "mse"
                    } else {
                        "cross_entropy"
                    }
                ),
                last,
                "the smallest distance wins",
                "write `loss = lenet5`",
            )),
            Loss::Mse if pixels => Some(self.error(
                format!(
                    "`mse` compares one label an image, and the output is a picture of {}",
                    output.shape
                ),
                output,
                "this is the output",
                "end in FC, or in GLOBALPOOL; `cross_entropy` takes a label for every pixel",
            )),
            Loss::CrossEntropy { .. } if channels < 2 => Some(self.error(
                "`cross_entropy` needs two classes or more: with one, the loss is 0",
                output,
                "this gives one",
                "give each class an output",
            )),
            _ => None,
        }
    }

    fn error(
        &self,
        headline: impl Into<String>,
        node: &Node,
        cause: &str,
        help: &str,
    ) -> Diagnostic {
        let error = Diagnostic::error(Code::E0607, headline, self.at);
        let error = if self.recipe.span_of(self.key).is_none() {
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

/// What keeps a recipe from freezing layers: names that no layer has, layers without parameters, and that nothing would be left to train.
fn freeze_misfit(recipe: &Recipe, graph: &Graph) -> Option<Diagnostic> {
    let span = recipe.span_of("freeze")?;
    let entries = recipe.values.freeze.iter();
    let wrong = entries.filter(|entry| !freeze::meant(graph, entry).contains(&true));
    if let Some(entry) = wrong.into_iter().next() {
        return Some(freezes_nothing(entry, span, graph));
    }
    let frozen = freeze::frozen(graph, &recipe.values);
    let moves = |(node, frozen): (&Node, bool)| !frozen && params::count(node, graph).trainable > 0;
    let all = !graph.nodes.iter().zip(frozen).any(moves);
    all.then(|| {
        let headline = format!("the recipe freezes every layer of {}", graph.name);
        Diagnostic::error(Code::E0608, headline, span).primary("nothing is left to train")
    })
}

/// An entry of `freeze` that means no layer with parameters.
fn freezes_nothing(entry: &Freeze, span: Span, graph: &Graph) -> Diagnostic {
    let (Freeze::Layer(name) | Freeze::Before(name)) = entry;
    if let Some(node) = graph.nodes.iter().find(|node| node.name == *name) {
        let (headline, there) = match entry {
            Freeze::Layer(_) => (
                format!("`{name}` has no parameters to freeze"),
                "this layer",
            ),
            Freeze::Before(_) => (
                format!("no layer before `{name}` has parameters to freeze"),
                "before this layer",
            ),
        };
        return Diagnostic::error(Code::E0611, headline, span)
            .primary("named here")
            .label(node.span, there)
            .help(
                "name layers such as CONV, FC and BN; `netc summary` shows which have parameters",
            );
    }
    let headline = format!("{} has no layer `{name}`", graph.name);
    let error = Diagnostic::error(Code::E0611, headline, span).primary("named here");
    let able = graph
        .nodes
        .iter()
        .filter(|node| params::count(node, graph).trainable > 0);
    let able: Vec<&str> = able.map(|node| node.name.as_str()).collect();
    match nearest(name, able.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.note("`netc summary` shows the names of the layers"),
    }
}
