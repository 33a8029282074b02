//! The part of a text around a change that is parsed again.
//!
//! The grammar reads forward only: what it makes of a place depends on the text from there on, and it looks a few words ahead, but never
//! past a whole stage with its arrow. So a part is parsed alone that begins with a stage before the change and ends with one behind it.
//! If both come out as they were, what stands before and behind is as it was too. Items serve as stages do. Where that is not certain,
//! the whole text is parsed.

use super::change::Change;
use super::rules::Rule;
use super::shift::Shift;
use super::walk::Walk;
use super::walked;
use crate::ast::{Chain, File, Item, Stage, StageKind};
use crate::reports::Reports;
use crate::scan::Scanned;
use crate::{Code, Diagnostic, FileId, Span};

/// How many stages further a second try goes to both sides.
const WIDER: usize = 2;

/// A part of the old text.
#[derive(Clone, Debug)]
pub(super) struct Window {
    inside: Inside,
    left: Side,
    right: Side,
}

/// What a window is a part of.
#[derive(Clone, Debug)]
enum Inside {
    /// The items of the file.
    Items,
    /// A chain in a group or a branch: its item, then stage and branch for each level.
    Chain { item: usize, path: Vec<[usize; 2]> },
}

/// Where a window begins or ends.
#[derive(Clone, Copy, Debug)]
struct Side {
    anchor: Anchor,
    /// The place of the anchor.
    span: Span,
}

/// What must come out as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    /// Nothing: the text begins or ends here.
    Edge,
    Item(usize),
    /// A stage of an item's chain, or of the chain that the window is in.
    Stage(usize, usize),
}

/// What stands in a window after the change.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) items: Vec<Item>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Windows around a change, those first that hold least.
pub(super) fn around(tree: &File, change: &Change, length: usize) -> Vec<Window> {
    let tries = [0, WIDER];
    let mut windows = Vec::new();
    for (item, path) in nested(tree, change).into_iter().rev() {
        let in_chain = |more: &usize| Window::in_chain(tree, item, &path, change, *more);
        windows.extend(tries.iter().filter_map(in_chain));
    }
    windows.extend(tries.map(|more| Window::in_items(tree, change, length, more)));
    windows
}

/// The chains in groups and branches that hold a change, outermost first.
fn nested(tree: &File, change: &Change) -> Vec<(usize, Vec<[usize; 2]>)> {
    let chains = tree.items.iter().map(chain);
    let holding = |chain: &Option<&Chain>| chain.is_some_and(|chain| holds(chain.span, change));
    let mut found = Vec::new();
    let Some((item, Some(mut chain))) = chains.enumerate().find(|(_, chain)| holding(chain)) else {
        return found;
    };
    let mut path = Vec::new();
    loop {
        let before = |stage: &Stage| (stage.span.end as usize) < change.old.start;
        let at = chain.stages.partition_point(before);
        let Some(stage) = chain.stages.get(at) else {
            return found;
        };
        let inner = inner_chains(stage);
        let Some(branch) = inner.iter().position(|chain| holds(chain.span, change)) else {
            return found;
        };
        chain = &inner[branch];
        path.push([at, branch]);
        found.push((item, path.clone()));
    }
}

/// The chain of an item that has one.
fn chain(item: &Item) -> Option<&Chain> {
    match item {
        Item::Block(block) => Some(&block.body),
        Item::Chain(chain) => Some(chain),
        Item::Head(head) => head.chain.as_ref(),
        _ => None,
    }
}

fn chain_mut(item: &mut Item) -> Option<&mut Chain> {
    match item {
        Item::Block(block) => Some(&mut block.body),
        Item::Chain(chain) => Some(chain),
        Item::Head(head) => head.chain.as_mut(),
        _ => None,
    }
}

fn inner_chains(stage: &Stage) -> &[Chain] {
    match &stage.kind {
        StageKind::Call(_) => &[],
        StageKind::Group(chain) => std::slice::from_ref(chain),
        StageKind::Branches(chains) => chains,
    }
}

fn span_of(item: &Item) -> Span {
    match item {
        Item::Net(name) | Item::Use(name) => name.span,
        Item::Let(item) => item.span,
        Item::Block(item) => item.span,
        Item::Chain(item) => item.span,
        Item::Where(item) => item.span,
        Item::Head(item) => item.span,
        Item::Expect(item) => item.span,
        Item::Train(item) => item.span,
    }
}

fn holds(span: Span, change: &Change) -> bool {
    span.start as usize <= change.old.start && change.old.end <= span.end as usize
}

/// The last stage whose arrow stands before a change.
fn left_stage(chain: &Chain, change: &Change, more: usize) -> Option<usize> {
    let begun = |stage: &Stage| stage.span.start as usize <= change.old.start;
    let next = chain.stages.partition_point(begun);
    Some(next.checked_sub(2)?.saturating_sub(more))
}

/// The first stage whose arrow stands behind a change.
fn right_stage(chain: &Chain, change: &Change, more: usize) -> Option<usize> {
    let over = |stage: &Stage| (stage.span.end as usize) < change.old.end;
    let stage = chain.stages.partition_point(over) + 1;
    let last = chain.stages.len().checked_sub(1)?;
    (stage <= last).then(|| (stage + more).min(last))
}

impl Window {
    fn in_chain(
        tree: &File,
        item: usize,
        path: &[[usize; 2]],
        change: &Change,
        more: usize,
    ) -> Option<Self> {
        let chain = chain_at(&tree.items[item], path)?;
        let side = |stage: usize| Side {
            anchor: Anchor::Stage(item, stage),
            span: chain.stages[stage].span,
        };
        Some(Self {
            inside: Inside::Chain {
                item,
                path: path.to_vec(),
            },
            left: side(left_stage(chain, change, more)?),
            right: side(right_stage(chain, change, more)?),
        })
    }

    fn in_items(tree: &File, change: &Change, length: usize, more: usize) -> Self {
        let items = || tree.items.iter().enumerate();
        let left = items()
            .rev()
            .filter_map(|(i, item)| Side::left_of(item, i, change, more));
        let right = items().filter_map(|(i, item)| Side::right_of(item, i, change, more));
        Self {
            inside: Inside::Items,
            left: Side::nearest(left, more).unwrap_or(Side::edge(0)),
            right: Side::nearest(right, more).unwrap_or(Side::edge(length)),
        }
    }

    /// Where it ended before the change.
    pub(super) fn end(&self) -> u32 {
        self.right.span.end
    }

    /// Whether a diagnostic speaks of nothing in this part of the old text.
    pub(super) fn is_outside(&self, d: &Diagnostic) -> bool {
        spans(d).all(|span| span.end < self.left.span.start || span.start > self.right.span.end)
    }

    /// Whether a diagnostic speaks only of what stands between the anchors; the right one is at `right`.
    fn is_between(&self, d: &Diagnostic, right: Span) -> bool {
        let left = self.left.anchor == Anchor::Edge;
        let edge = self.right.anchor == Anchor::Edge;
        spans(d).all(|span| {
            (left || span.start > self.left.span.end) && (edge || span.end < right.start)
        })
    }

    /// Parses this part of the new text; `None` where more must be parsed. `found` is what the walk had to say about the old one.
    pub(super) fn parse(
        &self,
        tree: &File,
        found: &[Diagnostic],
        (text, scanned): (&str, &Scanned),
        change: &Change,
        file: FileId,
    ) -> Option<Part> {
        let shift = Shift {
            from: 0,
            by: change.shift(),
        };
        let mut right = self.right.span;
        shift.span(&mut right);
        let (start, end) = (self.left.span.start as usize, right.end as usize);
        let whole = self.left.anchor == Anchor::Edge && self.right.anchor == Anchor::Edge;
        if whole || scanned.cuts(start) || scanned.cuts(end) || !self.is_apart(found, scanned) {
            return None;
        }
        let (text, clean) = (text.get(start..end)?, scanned.clean.get(start..end)?);
        let mut reports = Reports::default();
        let mut part = walked(
            text,
            file,
            Rule::file,
            clean,
            &mut reports,
            |pairs, reports| Walk::new(text, clean, file, reports).file(pairs),
        );
        let mut diagnostics = reports.all()?.to_vec();
        let place = Shift::all(start);
        place.file(&mut part);
        diagnostics.iter_mut().for_each(|d| place.diagnostic(d));
        let items = part.items;
        // A brace here may be closed by one further on.
        let open = !diagnostics.is_empty() && clean.contains('{');
        let between = diagnostics.iter().all(|d| self.is_between(d, right));
        let fits = match &self.inside {
            Inside::Items => self.fit(tree, &items, shift),
            // In brackets with branches other signs are at home.
            Inside::Chain { .. } if self.in_branches(tree) && !diagnostics.is_empty() => false,
            Inside::Chain { item, path } => {
                self.fit_in_chain(&tree.items[*item], path, &items, shift)
            }
        };
        (!open && between && fits).then_some(Part { items, diagnostics })
    }

    /// Whether what was wrong with the old text has nothing to do with this part, or is in it, and no mistake before it looks this far.
    fn is_apart(&self, found: &[Diagnostic], scanned: &Scanned) -> bool {
        let start = self.left.span.start;
        let braces = || scanned.clean[..start as usize].contains('{');
        found.iter().all(|d| {
            let ahead = spans(d).any(|span| span.end < start);
            self.is_between(d, self.right.span)
                || self.is_outside(d) && !(ahead && (d.code == Code::E0105 || braces()))
        })
    }

    /// Whether the last of the chains that it is in is a branch.
    fn in_branches(&self, tree: &File) -> bool {
        let Inside::Chain { item, path } = &self.inside else {
            return false;
        };
        let Some(([stage, _], outer)) = path.split_last() else {
            return false;
        };
        let chain = chain_at(&tree.items[*item], outer);
        let stage = chain.and_then(|chain| chain.stages.get(*stage));
        stage.is_some_and(|stage| matches!(stage.kind, StageKind::Branches(_)))
    }

    /// Whether the anchors in a chain are what they were.
    fn fit_in_chain(&self, item: &Item, path: &[[usize; 2]], new: &[Item], shift: Shift) -> bool {
        let ([Item::Chain(new)], Some(old)) = (new, chain_at(item, path)) else {
            return false;
        };
        let (Anchor::Stage(_, l), Anchor::Stage(_, r)) = (self.left.anchor, self.right.anchor)
        else {
            return false;
        };
        new.stages.len() > 1
            && new.stages.first() == Some(&old.stages[l])
            && new.stages.last() == Some(&moved(&old.stages[r], shift))
    }

    /// Whether the anchors among items are what they were.
    fn fit(&self, tree: &File, new: &[Item], shift: Shift) -> bool {
        let left = match (self.left.anchor, new.first()) {
            (Anchor::Edge, _) => true,
            (Anchor::Item(a), first) => first == Some(&tree.items[a]),
            (Anchor::Stage(a, l), Some(Item::Chain(new))) => {
                chain(&tree.items[a]).is_some_and(|old| new.stages.first() == old.stages.get(l))
            }
            (Anchor::Stage(..), _) => false,
        };
        let right = match (self.right.anchor, new.last()) {
            (Anchor::Edge, _) => true,
            (Anchor::Item(b), last) => {
                let mut old = tree.items[b].clone();
                shift.item(&mut old);
                last == Some(&old)
            }
            (Anchor::Stage(b, r), last) => {
                let new = last.and_then(chain).and_then(|new| new.stages.last());
                let old = chain(&tree.items[b]).map(|old| moved(&old.stages[r], shift));
                new.is_some() && new == old.as_ref()
            }
        };
        left && right && self.are_two(new)
    }

    /// Whether the anchors are two things.
    fn are_two(&self, new: &[Item]) -> bool {
        let one_chain = || {
            new.first()
                .and_then(chain)
                .is_some_and(|chain| chain.stages.len() > 1)
        };
        match (self.left.anchor, self.right.anchor) {
            (Anchor::Edge, _) | (_, Anchor::Edge) => true,
            (Anchor::Stage(..), Anchor::Stage(..)) if new.len() == 1 => one_chain(),
            _ => new.len() > 1,
        }
    }

    /// Puts what was parsed in place of what was there. Places in the tree are those of the new text already.
    pub(super) fn put(&self, tree: &mut File, mut new: Vec<Item>) {
        if let Inside::Chain { item, path } = &self.inside {
            let chain = chain_at_mut(&mut tree.items[*item], path);
            let stages = new.pop().and_then(|item| match item {
                Item::Chain(chain) => Some(chain.stages),
                _ => None,
            });
            if let (Some(chain), Some(stages), Anchor::Stage(_, l), Anchor::Stage(_, r)) =
                (chain, stages, self.left.anchor, self.right.anchor)
            {
                chain.stages.splice(l..=r, stages);
            }
            return;
        }
        if let Anchor::Stage(b, r) = self.right.anchor
            && let Some(old) = chain_mut(&mut tree.items[b])
            && let Some(last) = new.last_mut().and_then(chain_mut)
        {
            last.stages.extend(old.stages.split_off(r + 1));
        }
        if let Anchor::Stage(a, l) = self.left.anchor
            && let Some(Item::Chain(first)) = new.first_mut()
            && let Some(old) = chain_mut(&mut tree.items[a])
        {
            old.stages.truncate(l);
            old.stages.append(&mut first.stages);
            std::mem::swap(&mut new[0], &mut tree.items[a]);
        }
        new.iter_mut().for_each(close);
        let first = match self.left.anchor {
            Anchor::Edge => 0,
            Anchor::Item(a) | Anchor::Stage(a, _) => a,
        };
        let end = match self.right.anchor {
            Anchor::Edge => tree.items.len(),
            Anchor::Item(b) | Anchor::Stage(b, _) => b + 1,
        };
        tree.items.splice(first..end, new);
    }
}

impl Side {
    fn edge(at: usize) -> Self {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span {
            start: at,
            end: at,
            ..Span::default()
        };
        Self {
            anchor: Anchor::Edge,
            span,
        }
    }

    /// The last anchor before a change that this item, the so-manieth, has.
    fn left_of(item: &Item, at: usize, change: &Change, more: usize) -> Option<Self> {
        let stage = chain(item).and_then(|chain| {
            let stage = left_stage(chain, change, more)?;
            Some(Self {
                anchor: Anchor::Stage(at, stage),
                span: chain.stages[stage].span,
            })
        });
        // The place of the others is not where they begin.
        let whole = !matches!(item, Item::Net(_) | Item::Use(_));
        let span = span_of(item);
        stage.or(
            (whole && (span.end as usize) < change.old.start).then_some(Self {
                anchor: Anchor::Item(at),
                span,
            }),
        )
    }

    /// The first anchor behind a change that this item, the so-manieth, has.
    fn right_of(item: &Item, at: usize, change: &Change, more: usize) -> Option<Self> {
        let stage = chain(item).and_then(|chain| {
            let stage = right_stage(chain, change, more)?;
            Some(Self {
                anchor: Anchor::Stage(at, stage),
                span: chain.stages[stage].span,
            })
        });
        let span = span_of(item);
        stage.or((span.start as usize > change.old.end).then_some(Self {
            anchor: Anchor::Item(at),
            span,
        }))
    }

    /// The first of them, or in a second try the one behind it; a stage has taken that into account.
    fn nearest(mut sides: impl Iterator<Item = Self>, more: usize) -> Option<Self> {
        let first = sides.next()?;
        match first.anchor {
            Anchor::Item(_) if more > 0 => sides.next(),
            _ => Some(first),
        }
    }
}

/// The places that a diagnostic speaks of.
fn spans(d: &Diagnostic) -> impl Iterator<Item = Span> {
    let labels = d.labels.iter().map(|label| label.span);
    let edits = d.helps.iter().filter_map(|help| help.edit.as_ref());
    labels.chain(edits.map(|(span, _)| *span))
}

fn moved(stage: &Stage, shift: Shift) -> Stage {
    let mut stage = stage.clone();
    shift.stage(&mut stage);
    stage
}

/// The chain of an item, or one in its groups and branches.
fn chain_at<'t>(item: &'t Item, path: &[[usize; 2]]) -> Option<&'t Chain> {
    path.iter()
        .try_fold(chain(item)?, |chain, [stage, branch]| {
            inner_chains(chain.stages.get(*stage)?).get(*branch)
        })
}

fn chain_at_mut<'t>(item: &'t mut Item, path: &[[usize; 2]]) -> Option<&'t mut Chain> {
    path.iter()
        .try_fold(chain_mut(item)?, |chain, [stage, branch]| match &mut chain
            .stages
            .get_mut(*stage)?
            .kind
        {
            StageKind::Call(_) => None,
            StageKind::Group(chain) => Some(chain),
            StageKind::Branches(chains) => chains.get_mut(*branch),
        })
}

/// Lets an item end where its chain does.
fn close(item: &mut Item) {
    let Some(chain) = chain_mut(item) else {
        return;
    };
    if let (Some(first), Some(last)) = (chain.stages.first(), chain.stages.last()) {
        chain.span = first.span.to_end_of(last.span);
    }
    let end = chain.span;
    match item {
        Item::Block(block) => block.span = block.span.to_end_of(end),
        Item::Head(head) => head.span = head.span.to_end_of(end),
        _ => {}
    }
}
