//! Expansion: blocks, repeats and bare layers become nodes.

use super::constants::Constants;
use super::frame::{Flow, Frame};
use super::habits;
use super::mistakes::unknown_layer;
use super::modules::{Def, Defined, Program};
use super::table::{Served, Table};
use crate::graph::{Block, Head, Layer, Node, NodeId, Shape};
use crate::layers::{self, LayerKind, LayerSpec};
use crate::limits::MAX_STAGES;
use crate::names::{Counter, is_all_caps};
use crate::options::bind;
use crate::report::{Report, within};
use crate::text::thousands;
use crate::value::{Argument, Scope as _, Value, Valued, evaluate};
use netc_grammar::ast::{Arg, Call, Chain, Expr, Ident, StageKind};
use netc_grammar::{Code, Diagnostic, Sources, Span};
use netc_plan::Pixels;
use std::collections::HashSet;

/// What the chain and the heads of a file come to.
pub(super) struct Network {
    pub(super) nodes: Vec<Node>,
    pub(super) blocks: Vec<Block>,
    /// The end of the chain.
    pub(super) output: NodeId,
    pub(super) heads: Vec<Head>,
    /// How pixels become inputs.
    pub(super) pixels: Pixels,
}

/// Expands the network's chain and its heads; then, for their errors only, the blocks that it does not use.
pub(super) fn expand(
    program: &Program,
    constants: &Constants,
    chain: Option<&Chain>,
    sources: &Sources,
    report: &mut Report,
) -> Option<Network> {
    let table = Table::new(program.root(), report);
    let mut expander = Expander::new(program, constants, sources, report, table);
    let network = chain.and_then(|chain| expander.network(chain));
    expander.check_unused_blocks();
    network
}

pub(super) struct Expander<'a, 'r> {
    pub(super) program: &'a Program,
    pub(super) constants: &'a Constants,
    sources: &'a Sources,
    pub(super) report: &'a mut Report<'r>,
    pub(super) nodes: Vec<Node>,
    blocks: Vec<Block>,
    counter: Counter,
    /// The `as` of single layers: they rename once all names are known.
    pub(super) renames: Vec<(NodeId, Ident)>,
    table: Table<'a>,
    pixels: Pixels,
    /// Blocks that are being expanded, outermost first.
    pub(super) active: Vec<Def>,
    /// Where they are used, outermost first.
    pub(super) used_at: Vec<Span>,
    /// Blocks that have been expanded at least once.
    pub(super) expanded: HashSet<Def>,
    /// Blocks, groups and branches that are open.
    pub(super) depth: usize,
    stages: usize,
    /// Too many stages: expansion is over.
    pub(super) exhausted: bool,
}

impl<'a, 'r> Expander<'a, 'r> {
    fn new(
        program: &'a Program,
        constants: &'a Constants,
        sources: &'a Sources,
        report: &'a mut Report<'r>,
        table: Table<'a>,
    ) -> Self {
        Self {
            program,
            constants,
            sources,
            report,
            nodes: Vec::new(),
            blocks: Vec::new(),
            counter: Counter::default(),
            renames: Vec::new(),
            table,
            pixels: Pixels::default(),
            active: Vec::new(),
            used_at: Vec::new(),
            expanded: HashSet::new(),
            depth: 0,
            stages: 0,
            exhausted: false,
        }
    }

    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        let used_at: Vec<Span> = self.used_at.iter().rev().copied().collect();
        self.report.push(within(diagnostic, &used_at));
    }

    pub(super) fn errors(&mut self, diagnostics: Vec<Diagnostic>) {
        diagnostics.into_iter().for_each(|d| self.error(d));
    }

    fn network(&mut self, chain: &'a Chain) -> Option<Network> {
        let mut frame = Frame::file(self.program.root_index());
        let end = self.chain(chain, Flow::Start, &mut frame);
        let end = self.single(end, chain.stages.last().map_or(chain.span, |s| s.span));
        let heads = self.heads(end, &mut frame);
        self.rename();
        if !self.exhausted {
            self.table.finish(self.report);
        }
        Some(Network {
            nodes: std::mem::take(&mut self.nodes),
            blocks: std::mem::take(&mut self.blocks),
            output: end?,
            heads,
            pixels: std::mem::take(&mut self.pixels),
        })
    }

    /// Expands every block that the chain does not reach, with unknown arguments: their mistakes count too.
    fn check_unused_blocks(&mut self) {
        for module in 0..self.program.modules.len() {
            for (def, defined) in self.program.defs(module) {
                let Defined::Block(block) = defined else {
                    continue;
                };
                if self.expanded.contains(&def) {
                    continue;
                }
                (self.nodes, self.stages, self.exhausted) = (Vec::new(), 0, false);
                let flow = if begins_with_input(&block.body) {
                    Flow::Start
                } else {
                    Flow::One(self.broken(block.name.span, Vec::new()))
                };
                let params = block
                    .params
                    .iter()
                    .flatten()
                    .map(|p| (p.node.as_str(), Value::Unknown))
                    .collect();
                self.block_body(def, params, flow);
            }
        }
    }

    /// Counts a stage; false when there are too many.
    pub(super) fn count_stage(&mut self, span: Span) -> bool {
        self.stages += 1;
        if self.stages > MAX_STAGES && !self.exhausted {
            self.exhausted = true;
            self.error(
                Diagnostic::error(Code::E0217, "the network is too large", span)
                    .primary(format!(
                        "here it passes {} stages",
                        thousands(MAX_STAGES as u64)
                    ))
                    .note("stages are counted after blocks and repeats are expanded"),
            );
        }
        !self.exhausted
    }

    /// Remembers that what is expanded in between is written as one; the name is a block's, or empty.
    pub(super) fn as_one(&mut self, name: &str, expand: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let (index, start) = (self.blocks.len(), self.nodes.len());
        self.blocks.push(Block {
            name: name.to_owned(),
            nodes: start..start,
        });
        let flow = expand(self);
        // Another chain is expanded since where the network was too large.
        if let Some(block) = self.blocks.get_mut(index) {
            block.nodes.end = self.nodes.len();
        }
        flow
    }

    /// Whether this chain is the file's own, not a block's.
    fn in_block(&self) -> bool {
        !self.active.is_empty()
    }

    pub(super) fn call(
        &mut self,
        call: &'a Call,
        flow: Flow,
        frame: &mut Frame<'a>,
        name: Option<&Ident>,
    ) -> Flow {
        if let Some(spec) = layers::find(&call.name.node) {
            return self.of_kind(spec, call, flow, frame, name);
        }
        let mut errors = Vec::new();
        let found = super::constants::lookup(self.program, frame.module, &call.name, &mut errors);
        self.errors(errors);
        match found.map(|def| def.and_then(|def| Some((def, self.program.get(def)?)))) {
            Some(Some((def, Defined::Block(_)))) => self.block(def, call, flow, frame),
            Some(Some((_, Defined::Let(constant)))) => {
                self.error(
                    Diagnostic::error(
                        Code::E0301,
                        format!("`{}` is a constant, not a block", call.name.node),
                        call.name.span,
                    )
                    .primary("a layer or a block is needed here")
                    .label(constant.name.span, "defined here"),
                );
                self.unknown_stage(call, flow)
            }
            Some(None) => self.unknown_stage(call, flow),
            None => {
                if self.may_be_imported(&call.name, frame) {
                    return self.unknown_stage(call, flow);
                }
                self.error(unknown_layer(self.program, frame.module, call));
                // Its arguments can be wrong too.
                match layers::find_in_any_case(&call.name.node) {
                    Some(spec) => self.of_kind(spec, call, flow, frame, name),
                    None => self.unknown_stage(call, flow),
                }
            }
        }
    }

    fn of_kind(
        &mut self,
        spec: &'static LayerSpec,
        call: &'a Call,
        flow: Flow,
        frame: &mut Frame<'a>,
        name: Option<&Ident>,
    ) -> Flow {
        match spec.kind {
            LayerKind::Skip => self.skip(call, flow),
            _ if spec.is_join() => self.join(spec, call, flow, frame, name),
            _ => self.layer(spec, call, flow, frame, name),
        }
    }

    /// Whether a name could come from a file that could not be read: nothing is said about it then.
    fn may_be_imported(&self, name: &Ident, frame: &Frame<'a>) -> bool {
        self.program.modules[frame.module].incomplete && !is_all_caps(&name.node)
    }

    /// What stands for a stage that could not be resolved. It may have been a join, so branches end in it.
    pub(super) fn unknown_stage(&mut self, call: &Call, flow: Flow) -> Flow {
        let inputs = match flow {
            Flow::Start => Vec::new(),
            Flow::One(id) => vec![id],
            Flow::Many { values, .. } => values,
        };
        Flow::One(self.broken(call.span, inputs))
    }

    fn layer(
        &mut self,
        spec: &'static LayerSpec,
        call: &'a Call,
        flow: Flow,
        frame: &Frame<'a>,
        name: Option<&Ident>,
    ) -> Flow {
        let (args, sized) = self.arguments(spec, call, frame).unzip();
        let sized = sized.flatten();
        let mut errors = Vec::new();
        let layer = args.and_then(|args| {
            let span = sized.unwrap_or(call.span);
            let bound = bind(spec.owner(), &args, span, &mut errors);
            if spec.kind == LayerKind::Input && bound.complete {
                self.pixels = layers::pixels(&bound);
                errors.extend(habits::warn_channels_first(&args));
            }
            layers::build(spec, &bound, &mut errors)
        });
        self.errors(errors);
        let inputs = self.inputs(spec, call, flow);
        let layer = layer.unwrap_or(Layer::Input(Shape::Unknown));
        Flow::One(self.push(spec, layer, inputs, call.span, sized, name))
    }

    /// What a layer reads. INPUT stands first, everything else does not.
    fn inputs(&mut self, spec: &LayerSpec, call: &Call, flow: Flow) -> Vec<NodeId> {
        let is_input = spec.kind == LayerKind::Input;
        match flow {
            Flow::Start if is_input => return Vec::new(),
            Flow::Start => {
                let id = self.missing_input(call.span);
                return vec![id];
            }
            Flow::One(_) | Flow::Many { .. } if is_input => self.second_input(call.span),
            Flow::One(_) | Flow::Many { .. } => {}
        }
        self.single(flow, call.span).into_iter().collect()
    }

    fn second_input(&mut self, span: Span) {
        let error = Diagnostic::error(
            Code::E0216,
            "INPUT stands only at the start of the chain",
            span,
        )
        .primary("not at the start");
        let first = self.nodes.first().map(|n| n.span).filter(|&s| s != span);
        self.error(match first {
            Some(first) => error.label(first, "the chain starts here"),
            None => error,
        });
    }

    /// Reports that the chain does not begin with INPUT, and stands in for it.
    pub(super) fn missing_input(&mut self, span: Span) -> NodeId {
        let start = Span {
            end: span.start,
            ..span
        };
        self.error(
            Diagnostic::error(Code::E0215, "the chain does not begin with INPUT", span)
                .primary("the network starts here")
                .edit(
                    "say what goes in, for example `INPUT(32x32x3) => `",
                    start,
                    "INPUT(32x32x3) => ",
                ),
        );
        self.broken(span, Vec::new())
    }

    /// A node of unknown shape, for what could not be resolved.
    pub(super) fn broken(&mut self, span: Span, inputs: Vec<NodeId>) -> NodeId {
        self.add(
            String::new(),
            Layer::Input(Shape::Unknown),
            inputs,
            span,
            None,
        )
    }

    pub(super) fn push(
        &mut self,
        spec: &'static LayerSpec,
        layer: Layer,
        inputs: Vec<NodeId>,
        span: Span,
        table: Option<Span>,
        name: Option<&Ident>,
    ) -> NodeId {
        let numbered = if spec.kind == LayerKind::Input {
            spec.prefix.to_owned()
        } else {
            self.counter.next(spec.prefix)
        };
        let id = self.add(numbered, layer, inputs, span, table);
        self.renames.extend(name.map(|name| (id, name.clone())));
        id
    }

    fn add(
        &mut self,
        name: String,
        layer: Layer,
        inputs: Vec<NodeId>,
        span: Span,
        table: Option<Span>,
    ) -> NodeId {
        let id = NodeId(self.nodes.len());
        let used_at = self.used_at.iter().rev().copied().collect();
        self.nodes.push(Node {
            name,
            layer,
            inputs,
            shape: Shape::Unknown,
            span,
            table,
            used_at,
        });
        id
    }

    /// A layer's arguments, and the table's entry that they come from. `None` if a row should give them and does not.
    fn arguments(
        &mut self,
        spec: &'static LayerSpec,
        call: &'a Call,
        frame: &Frame<'a>,
    ) -> Option<(Vec<Argument>, Option<Span>)> {
        if let Some(args) = &call.args {
            return Some((self.layer_args(spec, args, call.span, true, frame), None));
        }
        let served = if self.in_block() {
            Served::NoRow
        } else {
            self.table.next(spec, call.span)
        };
        match served {
            Served::Entry(entry) => {
                let args = self.layer_args(spec, &entry.args, entry.span, false, frame);
                Some((args, Some(entry.span)))
            }
            Served::NoRow if !spec.needs_arguments() => Some((Vec::new(), None)),
            Served::NoRow => {
                if self.in_block() {
                    self.needs_sizes(spec, call);
                } else {
                    self.table.lacks(spec, call.span);
                }
                None
            }
            Served::TooFew => None,
        }
    }

    fn needs_sizes(&mut self, spec: &LayerSpec, call: &Call) {
        let headline = format!("this {} has no sizes", spec.name);
        self.error(
            Diagnostic::error(Code::E0305, headline, call.span)
                .primary("written bare inside a block")
                .note("the `where` table serves the network's own chain; layers inside blocks need their own sizes")
                .help(format!("for example `{}`", spec.example)),
        );
    }

    /// The values of a layer's arguments, put right where others than netc's were written.
    fn layer_args(
        &mut self,
        spec: &'static LayerSpec,
        args: &[Arg],
        span: Span,
        is_call: bool,
        frame: &Frame<'a>,
    ) -> Vec<Argument> {
        let mut site = habits::Site {
            spec,
            span,
            is_call,
            sources: self.sources,
            errors: Vec::new(),
        };
        let scope = frame.scope(self.program, self.constants);
        let args = site.arguments(args, &|name| scope.names().iter().any(|n| n == name));
        let mut values = self.evaluate_args(&args, frame);
        site.values(&mut values);
        self.errors(site.errors);
        values
    }

    pub(super) fn evaluate_args(&mut self, args: &[Arg], frame: &Frame<'a>) -> Vec<Argument> {
        let mut errors = Vec::new();
        let scope = frame.scope(self.program, self.constants);
        let values = args
            .iter()
            .map(|arg| Argument::new(arg, &scope, &mut errors))
            .collect();
        self.errors(errors);
        values
    }

    pub(super) fn evaluate(&mut self, expr: &Expr, frame: &Frame<'a>) -> Valued {
        let mut errors = Vec::new();
        let value = evaluate(
            expr,
            &frame.scope(self.program, self.constants),
            &mut errors,
        );
        self.errors(errors);
        value
    }
}

fn begins_with_input(chain: &Chain) -> bool {
    let first = chain.stages.first().map(|stage| &stage.kind);
    matches!(first, Some(StageKind::Call(call)) if call.name.node == "INPUT")
}
