//! Random programs: all that the grammar knows, in any order, with spaces and comments wherever they may stand. What is written is mostly
//! what pest parses; where it refuses, for a limit or a word that it takes for a mistake, the program is not counted.

use netc_plan::random::SplitMix64 as Random;

const LAYERS: [&str; 9] = [
    "CONV", "RELU", "POOL2", "ADD", "SKIP", "FC", "unit", "INPUT", "x",
];
const NAMES: [&str; 14] = [
    "n",
    "width",
    "output",
    "auxiliary",
    "x",
    "x3",
    "INPUT2",
    "netto",
    "as_",
    "_",
    "e5",
    "Net",
    "true",
    "same",
];
const NUMBERS: [&str; 11] = [
    "0",
    "3",
    "64",
    "60_965_224",
    "0.5",
    "1e-4",
    "2.5E+3",
    "1_0.0_1",
    "3x3",
    "227x227x3",
    "1_0x2",
];
const STRINGS: [&str; 4] = [r#""blocks.net""#, r#""""#, r#""a \" b \\""#, r#""// /* é""#];
const SPACES: [&str; 8] = [
    " ",
    "\n",
    "\r\n",
    "\t",
    " // a => (b\n",
    " /* c */ ",
    " /* d /* e */ ** */\n",
    "/***/",
];

/// The program of a seed.
pub(crate) fn program(seed: u64) -> String {
    let mut program = Program {
        random: Random(seed),
        tokens: Vec::new(),
    };
    program.file();
    program.joined()
}

/// What a chain may begin with, where it stands.
#[derive(Clone, Copy)]
enum Start {
    Any,
    Name,
    Input,
}

struct Program {
    random: Random,
    tokens: Vec<String>,
}

impl Program {
    fn token(&mut self, token: &str) {
        self.tokens.push(token.to_owned());
    }

    fn one_of(&mut self, words: &[&str]) {
        let word = self.random.below(words.len());
        self.token(words[word]);
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.random.below(n) == 0
    }

    /// Up to three in a row, with commas between, and perhaps one behind the last.
    fn list(&mut self, least: usize, one: impl Fn(&mut Self)) {
        let count = self.random.size(least, 3);
        for number in 0..count {
            one(self);
            if number + 1 < count || self.one_in(6) {
                self.token(",");
            }
        }
    }

    fn file(&mut self) {
        let mut start = Start::Any;
        for _ in 0..self.random.size(1, 7) {
            start = self.item(start);
        }
    }

    /// Writes an item; what a chain behind it may begin with.
    fn item(&mut self, start: Start) -> Start {
        match self.random.below(9) {
            0 => self.named("net"),
            1 => {
                self.token("use");
                self.one_of(&STRINGS);
            }
            2 => {
                self.named("let");
                self.token("=");
                self.value(3);
                return Start::Name;
            }
            3 => {
                self.block();
                return Start::Input;
            }
            4 => return self.table(),
            5 => {
                self.named("expect");
                self.one_of(&["=", ">=", "<=", ">", "<"]);
                self.value(2);
                return Start::Name;
            }
            6 => self.recipe(),
            7 => return self.head(),
            _ => {
                self.chain(3, start);
                return Start::Input;
            }
        }
        Start::Any
    }

    fn named(&mut self, keyword: &str) {
        self.token(keyword);
        self.one_of(&NAMES);
    }

    fn block(&mut self) {
        self.named("block");
        if self.one_in(2) {
            self.token("(");
            self.list(0, |it| it.one_of(&NAMES));
            self.token(")");
        }
        self.token("=");
        self.inner_chain(3);
    }

    fn head(&mut self) -> Start {
        let keyword = self.random.pick(&["output", "auxiliary"]);
        self.named(keyword);
        if self.one_in(2) {
            return Start::Name;
        }
        self.token("=");
        self.inner_chain(2);
        Start::Input
    }

    fn table(&mut self) -> Start {
        self.token("where");
        for _ in 0..self.random.size(1, 4) {
            let names = if self.one_in(4) {
                &NAMES[..]
            } else {
                &LAYERS[..]
            };
            self.one_of(names);
            self.token("=");
            self.entry();
            while self.one_in(2) {
                self.token(",");
                self.entry();
            }
            if self.one_in(4) {
                self.token(",");
            }
        }
        // A name behind a comma is another entry.
        let comma = self.tokens.last().is_some_and(|last| last == ",");
        if comma { Start::Input } else { Start::Name }
    }

    fn entry(&mut self) {
        if self.one_in(2) {
            self.arguments(2);
        } else {
            self.value(2);
        }
    }

    fn recipe(&mut self) {
        self.token("train");
        if self.one_in(2) {
            self.one_of(&NAMES);
        }
        self.token("{");
        for _ in 0..self.random.below(4) {
            self.one_of(&NAMES);
            self.token("=");
            self.value(3);
            while self.one_in(4) {
                self.token("=>");
                self.value(2);
            }
            if self.one_in(3) {
                self.token(",");
            }
        }
        self.token("}");
    }

    fn chain(&mut self, depth: usize, start: Start) {
        match start {
            Start::Any if self.one_in(2) => self.stage(depth),
            Start::Any | Start::Name if self.one_in(2) => {
                self.one_of(&LAYERS[..7]);
                self.modifiers();
            }
            _ => {
                self.token("INPUT");
                self.arguments(1);
                self.modifiers();
            }
        }
        self.rest_of_chain(depth);
    }

    fn inner_chain(&mut self, depth: usize) {
        self.stage(depth);
        self.rest_of_chain(depth);
    }

    fn rest_of_chain(&mut self, depth: usize) {
        for _ in 0..self.random.below(4) {
            self.token("=>");
            self.stage(depth);
        }
    }

    fn stage(&mut self, depth: usize) {
        match self.random.below(if depth == 0 { 4 } else { 6 }) {
            4 => {
                self.token("(");
                self.inner_chain(depth - 1);
                self.token(")");
            }
            5 => {
                self.token("[");
                self.inner_chain(depth - 1);
                while self.one_in(2) {
                    self.token("|");
                    self.inner_chain(depth - 1);
                }
                self.token("]");
            }
            bare => {
                let names = if self.one_in(8) {
                    &NAMES[..]
                } else {
                    &LAYERS[..]
                };
                self.one_of(names);
                if bare > 1 {
                    self.arguments(2);
                }
            }
        }
        self.modifiers();
    }

    fn modifiers(&mut self) {
        if self.one_in(6) {
            self.token("*");
            match self.random.below(3) {
                0 => self.one_of(&NUMBERS),
                1 => self.one_of(&NAMES),
                _ => self.parenthesised(1),
            }
        }
        if self.one_in(6) {
            self.named("as");
        }
    }

    fn arguments(&mut self, depth: usize) {
        self.token("(");
        self.list(0, |it| {
            if it.one_in(3) {
                it.one_of(&NAMES);
                it.token("=");
                it.value(depth);
            } else {
                it.value_or_pair(depth);
            }
        });
        self.token(")");
    }

    fn parenthesised(&mut self, depth: usize) {
        self.token("(");
        self.list(1, |it| it.value_or_pair(depth));
        self.token(")");
    }

    fn value_or_pair(&mut self, depth: usize) {
        self.value(depth);
        if self.one_in(8) {
            self.token(":");
            self.value(depth);
        }
    }

    fn value(&mut self, depth: usize) {
        match self.random.below(if depth == 0 { 4 } else { 12 }) {
            0 | 1 => self.one_of(&NUMBERS),
            2 => self.one_of(&NAMES),
            3 => self.one_of(&STRINGS),
            4 => {
                self.token("-");
                self.value(depth - 1);
            }
            5 => self.parenthesised(depth - 1),
            6 => {
                self.token("[");
                self.list(0, |it| it.value_or_pair(depth - 1));
                self.token("]");
            }
            7 | 8 => {
                self.one_of(&NAMES);
                self.arguments(depth - 1);
            }
            _ => {
                self.value(depth - 1);
                self.one_of(&["+", "-", "*", "/"]);
                self.value(depth - 1);
            }
        }
    }

    /// The text: words stand apart, and no comment stands right behind `/`, where it would begin with that.
    fn joined(mut self) -> String {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '"';
        let mut text = String::new();
        for token in std::mem::take(&mut self.tokens) {
            let touch = text.ends_with(word) && token.starts_with(word);
            if text.ends_with('/') || touch {
                text += " ";
            }
            if self.one_in(3) {
                text += self.random.pick(&SPACES);
            } else if self.one_in(2) {
                text += " ";
            }
            text += &token;
        }
        text
    }
}
