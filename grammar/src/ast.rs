//! The syntax tree: what a `.net` file says, before any name or size is looked up.
//!
//! The tree keeps everything the text says, spans included, and decides nothing: whether `CONV` exists, takes a `pad`, or
//! fits its input is the compiler's business. `docs/language.md` is the reference for the constructs named here.

use crate::span::{Span, Spanned};

/// A name as written: a layer (`CONV`), a block, a constant, an option (`stride`).
pub type Ident = Spanned<String>;

/// One parsed file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// The items in the order in which they stand.
    pub items: Vec<Item>,
}

/// A top-level item.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `net AlexNet`
    Net(Ident),
    /// `use "blocks.net"`: the path as written, without quotes.
    Use(Spanned<String>),
    /// `let width = 64`
    Let(Let),
    /// `block fire(s, e) = CONV(s, 1x1) => ...`
    Block(Block),
    /// `INPUT(...) => CONV(...) => ...`
    Chain(Chain),
    /// `where` and its rows.
    Where(Where),
    /// `output boxes = fine => CONV(18, 1x1)`
    Head(Head),
    /// `expect params = 60_965_224`
    Expect(Expect),
    /// `train { ... }`
    Train(Train),
}

/// `let name = value`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// The constant's name.
    pub name: Ident,
    /// Its value.
    pub value: Expr,
    /// The whole item.
    pub span: Span,
}

/// `block name(params) = body`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The block's name.
    pub name: Ident,
    /// Parameter names; `None` where the block was written without parentheses.
    pub params: Option<Vec<Ident>>,
    /// The chain that a use of the block stands for.
    pub body: Chain,
    /// The whole item.
    pub span: Span,
}

/// `output name`, `auxiliary name = tap => stages`
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// What it is called.
    pub name: Ident,
    /// Written with `auxiliary`: only training has it.
    pub auxiliary: bool,
    /// What computes it, the name of a tap first; `None`: the tap of its name.
    pub chain: Option<Chain>,
    /// The whole item.
    pub span: Span,
}

/// Stages joined by `=>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The stages, at least one.
    pub stages: Vec<Stage>,
    /// From the first stage to the last.
    pub span: Span,
}

/// One stage of a chain: `CONV(64, 3x3) * 2 as stem`.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// What the stage is.
    pub kind: StageKind,
    /// `* 3`: how often the stage is repeated.
    pub repeat: Option<Expr>,
    /// `as stem`: the name of the stage's output.
    pub tap: Option<Ident>,
    /// The whole stage.
    pub span: Span,
}

/// What a stage is.
#[derive(Clone, Debug, PartialEq)]
pub enum StageKind {
    /// A layer or a block, with or without arguments: `RELU`, `CONV(64, 3x3)`, `fire(16, 64)`.
    Call(Call),
    /// `( a => b )`
    Group(Chain),
    /// `[ a => b | c | SKIP ]`; the stage after it joins.
    Branches(Vec<Chain>),
}

/// A name with optional arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The layer, block or function.
    pub name: Ident,
    /// `None`: written bare (`CONV`); `Some(vec![])`: written with empty parentheses.
    pub args: Option<Vec<Arg>>,
    /// From the name to the closing parenthesis.
    pub span: Span,
}

/// One argument, positional or named.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// `stride` in `stride=2`.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
    /// The whole argument.
    pub span: Span,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What the value is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A whole number: `96`, `60_965_224`. Literals above `u64::MAX` are a diagnostic of the parser.
    Int(u64),
    /// A number with a point or an exponent: `0.5`, `1e-4`.
    Float(f64),
    /// `11x11`, `227x227x3`: two or more numbers joined by `x`.
    Size(Vec<u64>),
    /// `"labels.txt"`
    Str(String),
    /// A name: a constant, a parameter, a tap, `same`, `valid`, `true`.
    Name(String),
    /// `(a, b)`: two or more values in parentheses. A single value in parentheses is that value itself.
    Tuple(Vec<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `-a`
    Neg(Box<Expr>),
    /// `a / b`; after a size, `/` is the stride.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `adam(lr=0.001)`, `mnist(pad=2)`
    Call(Call),
    /// `2: 0.8`, in schedules.
    Pair(Box<Expr>, Box<Expr>),
    /// `rotate(8) => shift(0.1)`, in recipes.
    Pipeline(Vec<Expr>),
    /// What a constant has instead of a value that could not be read, so that its name is still known.
    Unknown,
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

/// `where` and its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Where {
    /// `CONV = (32, 3x3, same), (64, 3x3)`
    pub rows: Vec<WhereRow>,
    /// The whole table.
    pub span: Span,
}

/// One row of a `where` table.
#[derive(Clone, Debug, PartialEq)]
pub struct WhereRow {
    /// The layer kind.
    pub kind: Ident,
    /// One entry a bare layer of that kind, or one for all of them.
    pub entries: Vec<WhereEntry>,
    /// The whole row.
    pub span: Span,
}

/// One entry of a row: the arguments of one bare layer. `512` is one argument, `(32, 3x3, pad=same)` three.
#[derive(Clone, Debug, PartialEq)]
pub struct WhereEntry {
    /// The arguments.
    pub args: Vec<Arg>,
    /// The whole entry, parentheses included.
    pub span: Span,
}

/// `expect quantity relation value`
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// What is claimed: `params`, `macs`, `accuracy` ...
    pub quantity: Ident,
    /// How the quantity stands to the value.
    pub relation: Spanned<Relation>,
    /// The claimed value.
    pub value: Expr,
    /// The whole item.
    pub span: Span,
}

/// The relation of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `=`
    Eq,
    /// `>=`
    Ge,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `<`
    Lt,
}

/// `train name { key = value ... }`
#[derive(Clone, Debug, PartialEq)]
pub struct Train {
    /// The recipe's name; `None` for the default recipe.
    pub name: Option<Ident>,
    /// Its entries in order.
    pub entries: Vec<Entry>,
    /// The whole block.
    pub span: Span,
}

/// `key = value` of a recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// `optimizer`
    pub key: Ident,
    /// `adam(lr=0.001)`
    pub value: Expr,
    /// The whole entry.
    pub span: Span,
}
