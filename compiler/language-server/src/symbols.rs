//! Names: where each is defined and used.

use netc_compiler::layers::{self, LayerKind};
use netc_grammar::ast::{Arg, Call, Chain, Expr, ExprKind, File, Ident, Item, Stage, StageKind};
use netc_grammar::{FileId, Span};

/// What a name stands for. Two occurrences with equal symbols are one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    Block(String),
    Constant(String),
    /// A parameter of the block that is the so-manieth item.
    Param(usize, String),
    /// A tap of the chain or block that is the so-manieth item.
    Tap(usize, String),
    /// A head of the network.
    Head(String),
}

impl Symbol {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Block(name)
            | Self::Constant(name)
            | Self::Param(_, name)
            | Self::Tap(_, name)
            | Self::Head(name) => name,
        }
    }

    /// What it is, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Block(_) => "block",
            Self::Constant(_) => "constant",
            Self::Param(..) => "parameter",
            Self::Tap(..) => "tap",
            Self::Head(_) => "output",
        }
    }
}

/// A name in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) symbol: Symbol,
    pub(crate) span: Span,
    /// It is defined here.
    pub(crate) defines: bool,
    /// What defines it, as a whole.
    pub(crate) item: Option<Span>,
}

/// All names of a file, in no order.
pub(crate) fn occurrences(tree: &File, file: FileId) -> Vec<Occurrence> {
    let mut walk = Walk {
        file,
        found: Vec::new(),
        scope: 0,
        params: Vec::new(),
        constants: Vec::new(),
        main: 0,
    };
    walk.constants
        .extend(tree.items.iter().filter_map(|item| match item {
            Item::Let(item) => Some(item.name.node.clone()),
            _ => None,
        }));
    let is_chain = |item: &Item| matches!(item, Item::Chain(_));
    walk.main = tree.items.iter().position(is_chain).unwrap_or(0);
    for (i, item) in tree.items.iter().enumerate() {
        walk.scope = i;
        walk.item(item);
    }
    walk.found
}

struct Walk {
    file: FileId,
    found: Vec<Occurrence>,
    /// The item that is being walked, and whose taps are visible.
    scope: usize,
    params: Vec<String>,
    constants: Vec<String>,
    /// The network's own chain.
    main: usize,
}

impl Walk {
    fn add(&mut self, symbol: Symbol, span: Span, item: Option<Span>) {
        let defines = item.is_some();
        self.found.push(Occurrence {
            symbol,
            span,
            defines,
            item,
        });
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Let(item) => {
                let symbol = Symbol::Constant(item.name.node.clone());
                self.add(symbol, item.name.span, Some(item.span));
                self.expr(&item.value);
            }
            Item::Block(block) => {
                let symbol = Symbol::Block(block.name.node.clone());
                self.add(symbol, block.name.span, Some(block.span));
                for param in block.params.iter().flatten() {
                    self.params.push(param.node.clone());
                    let symbol = Symbol::Param(self.scope, param.node.clone());
                    self.add(symbol, param.span, Some(param.span));
                }
                self.chain(&block.body);
                self.params.clear();
            }
            Item::Chain(chain) => self.chain(chain),
            Item::Where(table) => {
                let entries = table.rows.iter().flat_map(|row| &row.entries);
                entries.for_each(|entry| self.args(&entry.args));
            }
            Item::Head(head) => {
                let symbol = Symbol::Head(head.name.node.clone());
                self.add(symbol, head.name.span, Some(head.span));
                self.scope = self.main;
                match &head.chain {
                    Some(chain) => self.head(chain),
                    None => self.tap(&head.name),
                }
            }
            Item::Expect(claim) => self.expr(&claim.value),
            Item::Train(train) => train
                .entries
                .iter()
                .for_each(|entry| self.expr(&entry.value)),
            Item::Net(_) | Item::Use(_) => {}
        }
    }

    fn tap(&mut self, name: &Ident) {
        self.add(Symbol::Tap(self.scope, name.node.clone()), name.span, None);
    }

    /// The chain of a head begins with a tap.
    fn head(&mut self, chain: &Chain) {
        for (i, stage) in chain.stages.iter().enumerate() {
            match &stage.kind {
                StageKind::Call(call) if i == 0 => self.tap(&call.name),
                _ => self.stage(stage),
            }
        }
    }

    fn chain(&mut self, chain: &Chain) {
        chain.stages.iter().for_each(|stage| self.stage(stage));
    }

    fn stage(&mut self, stage: &Stage) {
        match &stage.kind {
            StageKind::Call(call) => self.stage_call(call),
            StageKind::Group(chain) => self.chain(chain),
            StageKind::Branches(branches) => branches.iter().for_each(|chain| self.chain(chain)),
        }
        stage.repeat.iter().for_each(|count| self.expr(count));
        if let Some(tap) = &stage.tap {
            let symbol = Symbol::Tap(self.scope, tap.node.clone());
            self.add(symbol, tap.span, Some(stage.span));
        }
    }

    fn stage_call(&mut self, call: &Call) {
        let args = call.args.as_deref().unwrap_or_default();
        match layers::find(&call.name.node) {
            Some(layer) if joins(layer.kind) => {
                for arg in args {
                    if let ExprKind::Name(name) = &arg.value.kind {
                        let symbol = Symbol::Tap(self.scope, name.clone());
                        self.add(symbol, arg.value.span, None);
                    }
                }
            }
            Some(_) => self.args(args),
            None => {
                self.add(Symbol::Block(call.name.node.clone()), call.name.span, None);
                self.args(args);
            }
        }
    }

    fn args(&mut self, args: &[Arg]) {
        args.iter().for_each(|arg| self.expr(&arg.value));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) if self.params.contains(name) => {
                self.add(Symbol::Param(self.scope, name.clone()), expr.span, None);
            }
            // Another file may define it; words of the language are none.
            ExprKind::Name(name) if self.constants.contains(name) || !is_word(name) => {
                self.add(Symbol::Constant(name.clone()), expr.span, None);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Pipeline(items) => {
                items.iter().for_each(|item| self.expr(item));
            }
            ExprKind::Neg(inner) => self.expr(inner),
            ExprKind::Binary(_, a, b) => [a, b].into_iter().for_each(|side| self.expr(side)),
            ExprKind::Pair(_, value) => self.expr(value),
            ExprKind::Call(call) => self.args(call.args.as_deref().unwrap_or_default()),
            _ => {}
        }
        debug_assert_eq!(expr.span.file, self.file);
    }
}

/// Whether the arguments of a layer are taps.
fn joins(kind: LayerKind) -> bool {
    match kind {
        LayerKind::Concat => true,
        LayerKind::Op(op) => op.arity() > 1,
        _ => false,
    }
}

/// Words that are values.
pub(crate) const WORDS: [&str; 13] = [
    "same", "valid", "true", "false", "hwc", "chw", "mean", "max", "nearest", "bilinear", "glorot",
    "he", "lecun",
];

fn is_word(name: &str) -> bool {
    WORDS.contains(&name)
}
