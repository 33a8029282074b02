//! What stands in what, with every token and its comments: a syntax tree for layout alone.

use super::tokens::Token;
use crate::layers;
use std::collections::VecDeque;

/// An item of the file.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// `net Name`, `use "path"`, `output name`
    Line(Value<'a>),
    /// `let name = value`, `expect name = value`: what stands before the sign, the sign, the value.
    Assign(Assign<'a>),
    /// `block name(params) = chain`, `output name = chain`
    Define(Value<'a>, Token<'a>, Chain<'a>),
    /// A chain of its own.
    Chain(Chain<'a>),
    /// `where` and its rows.
    Where(Token<'a>, Vec<Assign<'a>>),
    /// `train name { entries }`
    Train(Train<'a>),
    /// The end of the file.
    End(Token<'a>),
}

/// `name = value`
#[derive(Debug)]
pub(super) struct Assign<'a> {
    pub(super) name: Value<'a>,
    pub(super) sign: Token<'a>,
    /// One value, or the entries of a row.
    pub(super) values: Vec<Element<'a>>,
}

/// A recipe.
#[derive(Debug)]
pub(super) struct Train<'a> {
    pub(super) head: Value<'a>,
    pub(super) open: Token<'a>,
    /// Entries, each perhaps with a comma.
    pub(super) entries: Vec<(Assign<'a>, Option<Token<'a>>)>,
    pub(super) close: Token<'a>,
}

/// A stage, and the arrow before it.
pub(super) type Link<'a> = (Option<Token<'a>>, Stage<'a>);

/// Stages, all but the first behind an arrow.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    pub(super) links: Vec<Link<'a>>,
}

/// A stage.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) kind: StageKind<'a>,
    /// The call, or what stands behind brackets: ` * 3 as stem`.
    pub(super) text: Value<'a>,
}

impl<'a> Stage<'a> {
    /// What is called.
    pub(super) fn name(&self) -> Option<&'a str> {
        match (&self.kind, self.text.first()) {
            (
                StageKind::Call,
                Some(Part {
                    kind: PartKind::Token(name),
                    ..
                }),
            ) => Some(name.text),
            _ => None,
        }
    }
}

/// What a stage is.
#[derive(Debug)]
pub(super) enum StageKind<'a> {
    Call,
    Group(Token<'a>, Box<Chain<'a>>, Token<'a>),
    /// The chains, each behind `[` or `|`.
    Branches(Vec<(Token<'a>, Chain<'a>)>, Token<'a>),
}

/// A value, or anything else of one line: parts beside each other.
pub(super) type Value<'a> = Vec<Part<'a>>;

/// A part of a value.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// A space stands before it.
    pub(super) spaced: bool,
    /// A line may begin with it.
    pub(super) breakable: bool,
    pub(super) kind: PartKind<'a>,
}

/// What a part is.
#[derive(Debug)]
pub(super) enum PartKind<'a> {
    Token(Token<'a>),
    /// `(`, elements, `)`
    Bracket(Token<'a>, Vec<Element<'a>>, Token<'a>),
}

/// A value, and the comma behind it.
#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) value: Value<'a>,
    pub(super) comma: Option<Token<'a>>,
}

/// The items of a file; `None` if it is not as the grammar says.
pub(super) fn items(tokens: Vec<Token<'_>>) -> Option<Vec<Item<'_>>> {
    let mut reader = Reader {
        tokens: tokens.into(),
    };
    let mut items = Vec::new();
    loop {
        let item = reader.item()?;
        let is_end = matches!(item, Item::End(_));
        items.push(item);
        if is_end {
            return Some(items);
        }
    }
}

struct Reader<'a> {
    tokens: VecDeque<Token<'a>>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> &'a str {
        self.peek_at(0)
    }

    fn peek_at(&self, n: usize) -> &'a str {
        self.tokens.get(n).map_or("", |token| token.text)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        self.tokens.pop_front()
    }

    fn expect(&mut self, text: &str) -> Option<Token<'a>> {
        (self.peek() == text).then(|| self.next()).flatten()
    }

    /// The next token as the part of a value.
    fn part(&mut self, spaced: bool) -> Option<Part<'a>> {
        Some(Part {
            spaced,
            breakable: false,
            kind: PartKind::Token(self.next()?),
        })
    }

    fn item(&mut self) -> Option<Item<'a>> {
        match self.peek() {
            "" => Some(Item::End(self.next()?)),
            "net" | "use" => Some(Item::Line(self.words(2)?)),
            "let" | "expect" => {
                let name = self.words(2)?;
                self.assign(name).map(Item::Assign)
            }
            "block" => {
                let mut head = self.words(2)?;
                if self.peek() == "(" {
                    head.push(self.bracket(false)?);
                }
                Some(Item::Define(head, self.expect("=")?, self.chain()?))
            }
            "output" | "auxiliary" if self.begins_head() => {
                let head = self.words(2)?;
                Some(match self.expect("=") {
                    Some(equals) => Item::Define(head, equals, self.chain()?),
                    None => Item::Line(head),
                })
            }
            "where" => self.table(),
            "train" => self.train().map(Item::Train),
            _ => self.chain().map(Item::Chain),
        }
    }

    fn begins_head(&self) -> bool {
        let name = self.tokens.get(1).is_some_and(Token::is_word);
        name && !is_keyword(self.peek_at(1))
    }

    /// So many tokens with spaces between them.
    fn words(&mut self, count: usize) -> Option<Value<'a>> {
        (0..count).map(|i| self.part(i > 0)).collect()
    }

    /// The sign and the value of a name.
    fn assign(&mut self, name: Value<'a>) -> Option<Assign<'a>> {
        let sign = self.next()?;
        let value = self.pipeline()?;
        let values = vec![Element { value, comma: None }];
        Some(Assign { name, sign, values })
    }

    fn table(&mut self) -> Option<Item<'a>> {
        let head = self.next()?;
        let mut rows = Vec::new();
        while self.begins_row() {
            let mut name = self.part(false)?;
            name_layer(&mut name);
            let sign = self.next()?;
            let mut values = Vec::new();
            loop {
                let value = self.pipeline()?;
                let comma = self.comma();
                let ended = comma.is_none() || !self.begins_value() || self.begins_row();
                values.push(Element { value, comma });
                if ended {
                    break;
                }
            }
            let name = vec![name];
            rows.push(Assign { name, sign, values });
        }
        Some(Item::Where(head, rows))
    }

    fn begins_row(&self) -> bool {
        self.tokens.front().is_some_and(Token::is_word)
            && !is_keyword(self.peek())
            && self.peek_at(1) == "="
    }

    fn begins_value(&self) -> bool {
        // Behind a comma `output` is a value, as the grammar has it.
        let text = self.peek();
        !text.is_empty() && !is_keyword(text) && text != "INPUT"
    }

    fn train(&mut self) -> Option<Train<'a>> {
        let count = if self.peek_at(1) == "{" { 1 } else { 2 };
        let head = self.words(count)?;
        let open = self.expect("{")?;
        let mut entries = Vec::new();
        while self.peek() != "}" {
            let name = self.words(1)?;
            let entry = self.assign(name)?;
            entries.push((entry, self.comma()));
        }
        let close = self.next()?;
        Some(Train {
            head,
            open,
            entries,
            close,
        })
    }

    fn chain(&mut self) -> Option<Chain<'a>> {
        let mut links = vec![(None, self.stage()?)];
        while let Some(mut arrow) = self.expect("=>") {
            self.hoist(&mut arrow);
            links.push((Some(arrow), self.stage()?));
        }
        Some(Chain { links })
    }

    /// An arrow begins its line: a break behind it, and the comments there, go before it.
    fn hoist(&mut self, arrow: &mut Token<'a>) {
        let Some(next) = self.tokens.front_mut() else {
            return;
        };
        if next.is_pushed_down() {
            let led = arrow.breaks;
            let mut moved = std::mem::take(&mut next.before);
            if let Some(first) = moved.first_mut() {
                first.breaks = first.breaks.max(led);
            }
            arrow.before.append(&mut moved);
            arrow.breaks = next.breaks;
        }
        arrow.breaks = arrow.breaks.max(next.breaks);
        next.breaks = 0;
    }

    fn stage(&mut self) -> Option<Stage<'a>> {
        let mut text = Vec::new();
        let kind = match self.peek() {
            "(" => {
                let open = self.next()?;
                let chain = self.chain()?;
                StageKind::Group(open, Box::new(chain), self.expect(")")?)
            }
            "[" => self.branches()?,
            _ => {
                let mut name = self.part(false)?;
                name_layer(&mut name);
                text.push(name);
                if self.peek() == "(" {
                    text.push(self.bracket(false)?);
                }
                StageKind::Call
            }
        };
        loop {
            match self.peek() {
                "*" => {
                    text.push(self.part(true)?);
                    match self.peek() {
                        "(" => text.push(self.bracket(true)?),
                        _ => text.push(self.part(true)?),
                    }
                }
                "as" => text.append(&mut self.words(2).map(spaced)?),
                _ => return Some(Stage { kind, text }),
            }
        }
    }

    fn branches(&mut self) -> Option<StageKind<'a>> {
        let mut branches = Vec::new();
        let mut sign = self.next()?;
        loop {
            branches.push((sign, self.chain()?));
            sign = self.next()?;
            match sign.text {
                "|" => {}
                "]" => return Some(StageKind::Branches(branches, sign)),
                _ => return None,
            }
        }
    }

    /// A comma; comments before it go behind it.
    fn comma(&mut self) -> Option<Token<'a>> {
        let mut comma = self.expect(",")?;
        if let Some(next) = self.tokens.front_mut()
            && !comma.before.is_empty()
        {
            let mut moved = std::mem::take(&mut comma.before);
            if let Some(first) = next.before.first_mut() {
                first.breaks = first.breaks.max(comma.breaks);
            } else {
                next.breaks = next.breaks.max(comma.breaks);
            }
            moved.append(&mut next.before);
            next.before = moved;
        }
        comma.breaks = 0;
        Some(comma)
    }

    /// `(a, b)` or `[a, b]`
    fn bracket(&mut self, spaced: bool) -> Option<Part<'a>> {
        let open = self.next()?;
        let closer = if open.text == "(" { ")" } else { "]" };
        let mut elements = Vec::new();
        while self.peek() != closer {
            let value = self.pipeline()?;
            let comma = self.comma();
            let ended = comma.is_none();
            elements.push(Element { value, comma });
            if ended {
                break;
            }
        }
        let close = self.expect(closer)?;
        Some(Part {
            spaced,
            breakable: false,
            kind: PartKind::Bracket(open, elements, close),
        })
    }

    /// A value: an expression, `name=expression`, `a: b`, or a pipeline.
    fn pipeline(&mut self) -> Option<Value<'a>> {
        let mut value = Vec::new();
        if self.tokens.front()?.is_word() && self.peek_at(1) == "=" {
            value.append(&mut self.words(2)?);
            value.last_mut()?.spaced = false;
            self.expression(&mut value, false)?;
        } else {
            self.expression(&mut value, false)?;
        }
        loop {
            match self.peek() {
                "=>" => {
                    let mut arrow = self.next()?;
                    self.hoist(&mut arrow);
                    value.push(Part {
                        spaced: true,
                        breakable: true,
                        kind: PartKind::Token(arrow),
                    });
                }
                ":" => value.push(self.part(false)?),
                _ => return Some(value),
            }
            self.expression(&mut value, true)?;
        }
    }

    fn expression(&mut self, value: &mut Value<'a>, spaced: bool) -> Option<()> {
        let mut spaced = spaced;
        loop {
            let operand = value.len();
            while self.peek() == "-" {
                value.push(self.part(spaced)?);
                spaced = false;
            }
            self.atom(value, spaced)?;
            let signs = ["+", "-", "*", "/"];
            if !signs.contains(&self.peek()) {
                return Some(());
            }
            spaced = self.peek() != "/" || !self.is_stride(&value[operand..]);
            let mut sign = self.part(spaced)?;
            sign.breakable = spaced;
            value.push(sign);
        }
    }

    /// Whether the `/` here is the stride of a size. Where a name stands before it, its author knows.
    fn is_stride(&self, operand: &[Part<'a>]) -> bool {
        let clings = |n: usize| self.tokens.get(n).is_some_and(|token| token.clings);
        match operand {
            [
                ..,
                Part {
                    kind: PartKind::Token(token),
                    ..
                },
            ] => token.is_size() || token.is_word() && clings(0) && clings(1),
            _ => clings(0) && clings(1),
        }
    }

    fn atom(&mut self, value: &mut Value<'a>, spaced: bool) -> Option<()> {
        if matches!(self.peek(), "(" | "[") {
            value.push(self.bracket(spaced)?);
            return Some(());
        }
        let is_name = self.tokens.front()?.is_word();
        value.push(self.part(spaced)?);
        if is_name && self.peek() == "(" {
            value.push(self.bracket(false)?);
        }
        Some(())
    }
}

/// The value with a space before its first part.
fn spaced(mut value: Value<'_>) -> Value<'_> {
    if let Some(first) = value.first_mut() {
        first.spaced = true;
    }
    value
}

/// Writes a layer by its own name.
fn name_layer(part: &mut Part<'_>) {
    if let PartKind::Token(token) = &mut part.kind {
        token.text = own_name(token.text);
    }
}

/// The name that the language has for a layer, and any other name as it is.
pub(super) fn own_name(name: &str) -> &str {
    layers::find(name).map_or(name, |layer| layer.name)
}

fn is_keyword(text: &str) -> bool {
    let keywords = [
        "net", "use", "let", "block", "where", "expect", "train", "as",
    ];
    keywords.contains(&text)
}
