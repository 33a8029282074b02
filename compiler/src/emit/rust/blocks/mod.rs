//! Structs for what stands in a network several times.
//!
//! `choose` says which steps; `unify` finds what their uses differ in, over the values that `values` numbers; `print` writes a struct
//! whose `new` takes the differences, with `texts` as documentation.

mod choose;
mod print;
mod texts;
mod unify;
mod values;

use std::ops::Range;

use netc_plan::{Plan, Step};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use self::print::{Printer, about_use};
use self::unify::{Unified, unify};
use super::comments::Comments;
use super::names::{Names, snake_case as snake};
use crate::schedule::names::type_name;

/// Uses up to this many are listed even where a function of their number would give them.
const FEW: usize = 3;

/// Blocks of the plan with one struct for all of them.
struct BlockStruct {
    /// The struct.
    name: Ident,
    /// The block's name in the file; empty for a group.
    source: String,
    /// The steps of each use, in order.
    uses: Vec<Range<usize>>,
    unified: Unified,
}

impl BlockStruct {
    /// The steps of the first use.
    fn steps<'p>(&self, plan: &'p Plan) -> &'p [Step] {
        &plan.forward[self.uses[0].clone()]
    }

    /// Which of its steps may be computed by rows.
    fn by_rows(&self, plan: &Plan) -> Vec<Range<usize>> {
        by_rows(plan, &self.uses[0])
    }
}

/// A part of the network.
pub(super) enum Item {
    /// A layer on its own.
    Step(usize),
    /// Uses of a struct, one after the other.
    Uses(Uses),
}

/// Uses of a struct that follow on each other.
pub(super) struct Uses {
    /// The field.
    pub(super) field: Ident,
    block: usize,
    /// Which of the struct's uses.
    which: Range<usize>,
}

/// All structs of a network.
pub(super) struct Blocks {
    blocks: Vec<BlockStruct>,
}

impl Blocks {
    pub(super) fn of(plan: &Plan, names: &Names) -> Self {
        let mut taken: Vec<String> = Vec::new();
        let chosen = choose::choose(plan).into_iter();
        let blocks = chosen.map(|alike| {
            let name = struct_name(alike.name, names, &taken);
            taken.push(name.clone());
            BlockStruct {
                name: format_ident!("{name}"),
                source: alike.name.to_owned(),
                unified: unify(plan, &alike.uses, names),
                uses: alike.uses,
            }
        });
        Self {
            blocks: blocks.collect(),
        }
    }

    /// The network in order: its layers, and uses of structs in place of theirs.
    pub(super) fn items(&self, plan: &Plan, names: &Names) -> Vec<Item> {
        let mut counts = vec![0; self.blocks.len()];
        let mut items = Vec::new();
        let mut step = 0;
        while step < plan.forward.len() {
            let Some((block, index)) = self.at(step) else {
                items.push(Item::Step(step));
                step += 1;
                continue;
            };
            let uses = &self.blocks[block].uses;
            step = uses[index].end;
            if let Some(Item::Uses(last)) = items.last_mut()
                && last.block == block
            {
                last.which.end += 1;
                continue;
            }
            counts[block] += 1;
            let wanted = format!(
                "{}{}",
                snake(&self.blocks[block].name.to_string()),
                counts[block]
            );
            items.push(Item::Uses(Uses {
                field: names.free(&wanted),
                block,
                which: index..index + 1,
            }));
        }
        items
    }

    /// The use that starts at a step.
    fn at(&self, step: usize) -> Option<(usize, usize)> {
        self.blocks.iter().enumerate().find_map(|(i, block)| {
            let index = block.uses.iter().position(|steps| steps.start == step)?;
            Some((i, index))
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Whether any of the structs has steps that are computed by rows.
    pub(super) fn run_by_rows(&self, plan: &Plan) -> bool {
        let mut blocks = self.blocks.iter();
        blocks.any(|block| !block.by_rows(plan).is_empty())
    }

    /// Whether any of the structs needs memory while it runs.
    pub(super) fn has_scratch(&self, plan: &Plan) -> bool {
        let mut steps = self.blocks.iter().flat_map(|block| block.steps(plan));
        steps.any(|step| step.op.has_scratch(false))
    }

    /// The structs.
    pub(super) fn printed(
        &self,
        plan: &Plan,
        names: &Names,
        comments: &Comments,
    ) -> Vec<TokenStream> {
        let blocks = self.blocks.iter();
        blocks
            .map(|block| Printer::new(plan, names, comments, block).item())
            .collect()
    }

    /// The parts of the printed network that stand for some uses.
    pub(super) fn uses<'a>(
        &'a self,
        uses: &'a Uses,
        plan: &'a Plan,
        names: &'a Names,
        comments: &'a Comments,
    ) -> PrintedUses<'a> {
        PrintedUses {
            block: &self.blocks[uses.block],
            uses,
            plan,
            names,
            comments,
        }
    }
}

/// Some uses of a struct, as Rust.
pub(super) struct PrintedUses<'a> {
    block: &'a BlockStruct,
    uses: &'a Uses,
    plan: &'a Plan,
    names: &'a Names,
    comments: &'a Comments,
}

impl PrintedUses<'_> {
    fn steps(&self) -> Range<usize> {
        let uses = &self.block.uses[self.uses.which.clone()];
        uses[0].start..uses[uses.len() - 1].end
    }

    /// `conv6 .. add3, 56x56x256`
    pub(super) fn about(&self) -> String {
        about_use(self.plan, &self.steps())
    }

    /// The type of the field.
    pub(super) fn ty(&self) -> TokenStream {
        let name = &self.block.name;
        match self.uses.which.len() {
            1 => quote!(#name),
            count => print::repeated(&quote!(#name), count),
        }
    }

    /// The value of the field.
    pub(super) fn value(&self) -> TokenStream {
        let printer = Printer::new(self.plan, self.names, self.comments, self.block);
        if self.uses.which.len() == 1 {
            return printer.made(self.uses.which.start);
        }
        if self.uses.which.len() > FEW
            && let Some(use_) = printer.progression(&self.uses.which)
        {
            return quote!(core::array::from_fn(|i| #use_));
        }
        let rows = self.uses.which.clone().map(|index| {
            let about = about_use(self.plan, &self.block.uses[index]);
            let note = self.comments.element(about);
            let value = printer.made(index);
            quote!(#note, #value)
        });
        quote!([#(#rows),*])
    }

    /// The call, or the loop of calls.
    pub(super) fn run(&self) -> TokenStream {
        let field = &self.uses.field;
        let note = self.comments.line(format!("{field}: {}", self.about()));
        match self.uses.which.len() {
            1 => quote!(#note self.#field.run(mem);),
            _ => quote!(#note for block in &self.#field { block.run(mem); }),
        }
    }

    /// Whether there are several.
    pub(super) fn is_array(&self) -> bool {
        self.uses.which.len() > 1
    }

    /// Whether any needs memory while it runs.
    pub(super) fn has_scratch(&self) -> bool {
        let mut steps = self.block.steps(self.plan).iter();
        steps.any(|step| step.op.has_scratch(false))
    }

    /// The first step.
    pub(super) fn start(&self) -> usize {
        self.steps().start
    }

    /// Whether a CONCAT is completed inside.
    pub(super) fn completes(&self, join: &netc_plan::Join) -> bool {
        let steps = self.steps();
        steps.start < join.after && join.after <= steps.end
    }
}

/// Which of some steps may be computed by rows, counted from the first of them: those whose group lies among them as a whole.
fn by_rows(plan: &Plan, steps: &Range<usize>) -> Vec<Range<usize>> {
    let inside = |group: &&Range<usize>| steps.start <= group.start && group.end <= steps.end;
    let groups = plan.by_rows.iter().filter(inside);
    let counted = groups.map(|group| group.start - steps.start..group.end - steps.start);
    counted.collect()
}

/// `bottleneck` is `Bottleneck`; groups are `Block1`, `Block2`.
fn struct_name(block: &str, names: &Names, taken: &[String]) -> String {
    let free = |name: &String| !names.is_type(name) && !taken.contains(name);
    if block.is_empty() {
        let numbered = (1..).map(|number| format!("Block{number}"));
        return numbered.into_iter().find(free).unwrap_or_default();
    }
    let camel = type_name(block);
    let others = (2..).map(|number| format!("{camel}{number}"));
    let suffixed = format!("{camel}Block");
    let mut names = [camel.clone(), suffixed].into_iter().chain(others);
    names.find(free).unwrap_or_default()
}
