//! `expect` claims that the compiler can judge: params, trainable, macs, output, layers.

use crate::graph::{Claim, ClaimValue, Graph, Quantity};
use crate::params;
use crate::text::thousands;
use netc_grammar::ast::Relation;
use netc_grammar::{Code, Diagnostic};

/// Reports the claims that do not hold. Claims about a network of unknown shapes are left alone.
pub fn check(graph: &Graph, diagnostics: &mut Vec<Diagnostic>) {
    if graph.nodes.iter().any(|node| node.shape.is_unknown()) {
        return;
    }
    diagnostics.extend(graph.claims.iter().filter_map(|claim| broken(claim, graph)));
}

/// What the claim speaks of, as the network has it; `None` for what only an evaluation can tell.
fn actual(quantity: Quantity, graph: &Graph) -> Option<u64> {
    let total = params::total(graph);
    Some(match quantity {
        Quantity::Params => total.params,
        Quantity::Trainable => total.trainable,
        Quantity::Macs => total.macs,
        Quantity::Layers => graph.nodes.len() as u64 - 1,
        Quantity::Output | Quantity::Accuracy | Quantity::Loss => return None,
    })
}

fn broken(claim: &Claim, graph: &Graph) -> Option<Diagnostic> {
    if let ClaimValue::Size(sizes) = &claim.value {
        return wrong_output(claim, sizes, graph);
    }
    let ClaimValue::Int(claimed) = claim.value else {
        return None;
    };
    let actual = actual(claim.quantity, graph)?;
    if holds(actual, claim.relation, claimed) {
        return None;
    }
    let (one, noun) = match claim.quantity {
        Quantity::Params => ("has", "parameters"),
        Quantity::Trainable => ("has", "trainable parameters"),
        Quantity::Macs => ("needs", "multiply-accumulates for an image"),
        _ => ("has", "layers"),
    };
    let headline = format!(
        "the network {one} {} {noun}, not {}{}",
        thousands(actual),
        words(claim.relation),
        thousands(claimed)
    );
    let error =
        Diagnostic::error(Code::E0503, headline, claim.span).primary("this claim does not hold");
    if claim.relation != Relation::Eq {
        return Some(error);
    }
    let difference = if actual > claimed {
        format!("{} more than claimed", thousands(actual - claimed))
    } else {
        format!("{} less than claimed", thousands(claimed - actual))
    };
    let written = thousands(actual).replace(',', "_");
    Some(error.note(difference).edit(
        format!("if the network is right, write {written}"),
        claim.value_span,
        written,
    ))
}

fn holds(actual: u64, relation: Relation, claimed: u64) -> bool {
    match relation {
        Relation::Eq => actual == claimed,
        Relation::Ge => actual >= claimed,
        Relation::Le => actual <= claimed,
        Relation::Gt => actual > claimed,
        Relation::Lt => actual < claimed,
    }
}

fn words(relation: Relation) -> &'static str {
    match relation {
        Relation::Eq => "",
        Relation::Ge => "at least ",
        Relation::Le => "at most ",
        Relation::Gt => "more than ",
        Relation::Lt => "less than ",
    }
}

/// The claimed shape is the output's, or its number of elements where all but the channels are 1.
fn wrong_output(claim: &Claim, claimed: &[usize], graph: &Graph) -> Option<Diagnostic> {
    let output = graph.node(graph.output);
    let sizes = output.shape.sizes();
    let flat = matches!((claimed, sizes.as_slice()), ([n], [1, 1, c]) if n == c);
    if claimed == sizes || flat {
        return None;
    }
    let shown: Vec<String> = claimed.iter().map(usize::to_string).collect();
    let headline = format!(
        "the network's output is {}, not {}",
        output.shape,
        shown.join("x")
    );
    Some(
        Diagnostic::error(Code::E0503, headline, claim.span)
            .primary("this claim does not hold")
            .label(output.span, format!("this gives {}", output.shape))
            .edit(
                format!("if the network is right, write {}", output.shape),
                claim.value_span,
                output.shape.to_string(),
            ),
    )
}
