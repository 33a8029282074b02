//! From a graph to a syntax tree in which nothing is repeated or named yet but what the graph names.

use super::Unprintable;
use super::recipe::train;
use super::structure::{self, Stage};
use crate::graph::{self, Claim, ClaimValue, Graph, NodeId};
use crate::layers;
use crate::names::Counter;
use crate::resolve::quantity_name;
use crate::text::expr::{arg, call, expr, ident, real, size, whole, word};
use netc_grammar::ast::{self, Call, Chain, Expect, Expr, ExprKind, File, Item, StageKind};
use netc_grammar::{Span, Spanned};
use std::collections::BTreeSet;

/// The file that says the graph.
pub(super) fn tree(graph: &Graph) -> Result<File, Unprintable> {
    let unprintable = |id| Unprintable {
        layer: graph.node(id).name.clone(),
    };
    let stages = structure::structure(graph).map_err(unprintable)?;
    let heads = structure::heads(graph, &stages).map_err(unprintable)?;
    let mut named: BTreeSet<NodeId> = graph.heads.iter().map(|head| head.from).collect();
    let mut counter = Counter::default();
    for stages in heads.iter().chain([&stages]) {
        named.extend(join_names(stages));
    }
    for stages in [&stages].into_iter().chain(&heads) {
        renamed(graph, stages, &mut counter, &mut named);
    }
    let call = |id: NodeId| {
        let pixels = (id.0 == 0).then_some(&graph.pixels);
        layers::written(&graph.node(id).layer, pixels).call()
    };
    let name = |id| named.contains(&id).then(|| graph.node(id).name.clone());
    let chain = self::chain(&stages, &call, &name);
    let mut items = vec![Item::Net(ident(&graph.name)), Item::Chain(chain)];
    for (head, stages) in graph.heads.iter().zip(&heads) {
        items.push(Item::Head(self::head(head, stages, graph, &call, &name)));
    }
    items.extend(graph.claims.iter().map(|c| Item::Expect(expect(c))));
    items.extend(graph.recipes.iter().map(|r| Item::Train(train(r))));
    Ok(File { items })
}

/// The layers that others read by name, in the order of the chain.
pub(super) fn join_names(stages: &[Stage]) -> Vec<NodeId> {
    fn find(stages: &[Stage], taps: &mut BTreeSet<NodeId>) {
        for stage in stages {
            taps.extend(stage.taps());
            if let Stage::Branches(branches, ..) = stage {
                branches.iter().for_each(|branch| find(branch, taps));
            }
        }
    }
    let mut taps = BTreeSet::new();
    find(stages, &mut taps);
    taps.into_iter().collect()
}

/// Adds the layers that are not called by kind and number.
fn renamed(graph: &Graph, stages: &[Stage], counter: &mut Counter, named: &mut BTreeSet<NodeId>) {
    for stage in stages {
        if let Stage::Branches(branches, ..) = stage {
            for branch in branches {
                renamed(graph, branch, counter, named);
            }
        }
        let node = graph.node(stage.id());
        let prefix = layers::written(&node.layer, None).spec.prefix;
        let usual = if stage.id().0 == 0 {
            prefix.to_owned()
        } else {
            counter.next(prefix)
        };
        if node.name != usual {
            named.insert(stage.id());
        }
    }
}

/// Stages as a chain. `call` writes a layer without its taps, `name` says how a layer is called, if it is called at all.
pub(super) fn chain(
    stages: &[Stage],
    call: &dyn Fn(NodeId) -> Call,
    name: &dyn Fn(NodeId) -> Option<String>,
) -> Chain {
    let mut written = Vec::new();
    for stage in stages {
        if let Stage::Branches(branches, ..) = stage {
            let branches = branches.iter().map(|branch| chain(branch, call, name));
            written.push(plain(StageKind::Branches(branches.collect())));
        }
        let mut layer = call(stage.id());
        let taps = stage.taps().iter().filter_map(|tap| name(*tap));
        let taps: Vec<_> = taps.map(|tap| arg(None, word(&tap))).collect();
        if !taps.is_empty() {
            layer.args.get_or_insert_default().extend(taps);
        }
        let mut layer = plain(StageKind::Call(layer));
        layer.tap = name(stage.id()).map(|name| ident(&name));
        written.push(layer);
    }
    if written.is_empty() {
        written.push(plain(StageKind::Call(self::call("SKIP", Vec::new()))));
    }
    Chain {
        stages: written,
        span: Span::default(),
    }
}

/// A head, its tap first.
fn head(
    head: &graph::Head,
    stages: &[Stage],
    graph: &Graph,
    call: &dyn Fn(NodeId) -> Call,
    name: &dyn Fn(NodeId) -> Option<String>,
) -> ast::Head {
    let from = &graph.node(head.from).name;
    let is_tap = stages.is_empty() && *from == head.name;
    let chain = (!is_tap).then(|| {
        let tap = plain(StageKind::Call(self::call(from, Vec::new())));
        let mut written = vec![tap];
        if !stages.is_empty() {
            written.extend(chain(stages, call, name).stages);
        }
        Chain {
            stages: written,
            span: Span::default(),
        }
    });
    ast::Head {
        name: ident(&head.name),
        auxiliary: head.auxiliary,
        chain,
        span: Span::default(),
    }
}

/// A stage, once and without a name.
pub(super) fn plain(kind: StageKind) -> ast::Stage {
    ast::Stage {
        kind,
        repeat: None,
        tap: None,
        span: Span::default(),
    }
}

fn expect(claim: &Claim) -> Expect {
    Expect {
        quantity: ident(quantity_name(claim.quantity)),
        relation: Spanned {
            node: claim.relation,
            span: Span::default(),
        },
        value: claimed(&claim.value),
        span: Span::default(),
    }
}

fn claimed(value: &ClaimValue) -> Expr {
    match value {
        ClaimValue::Int(n) => expr(ExprKind::Int(*n)),
        ClaimValue::Float(x) => real(*x),
        ClaimValue::Size(sizes) => match sizes.as_slice() {
            [n] => whole(*n),
            sizes => size(sizes),
        },
    }
}
