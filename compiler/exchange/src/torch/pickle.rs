//! Python's pickles, followed without running them.
//!
//! Objects lie in a list and are spoken of by their places, so that one that is put into two others is one object, and one that holds
//! itself does no harm. A pickle makes no more objects than it has bytes.

use std::collections::BTreeMap;

/// Something that a pickle makes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    /// None, a number with a point, bytes: what names and sizes are not made of.
    Other,
    Int(i64),
    Text(String),
    Tuple(Vec<usize>),
    List(Vec<usize>),
    Dict(Vec<(usize, usize)>),
    /// A memory: the place of the tuple that the archive's reader would be asked for.
    Storage(usize),
    /// A tensor: the place of the arguments of the function that would build it.
    Tensor(usize),
    /// A class or function by its module and name, or what it would make.
    Thing(String),
}

/// All that a pickle makes.
pub(super) struct Objects {
    all: Vec<Object>,
    /// What the pickle is of.
    pub(super) root: usize,
}

impl Objects {
    pub(super) fn get(&self, at: usize) -> &Object {
        self.all.get(at).unwrap_or(&Object::Other)
    }

    /// What a tuple holds.
    pub(super) fn items(&self, at: usize) -> Result<&[usize], String> {
        match self.get(at) {
            Object::Tuple(items) => Ok(items),
            _ => Err("something is no tuple that has to be one".to_owned()),
        }
    }

    /// A number of at least 0.
    pub(super) fn size(&self, at: usize) -> Result<usize, String> {
        match self.get(at) {
            Object::Int(n) => usize::try_from(*n).map_err(|_| format!("a size is {n}")),
            _ => Err("a size is no number".to_owned()),
        }
    }
}

/// Follows a pickle to its end.
pub(super) fn follow(program: &[u8]) -> Result<Objects, String> {
    let mut machine = Machine {
        rest: program,
        all: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: BTreeMap::new(),
    };
    loop {
        let code = machine.byte()?;
        if code == b'.' {
            let root = machine.pop()?;
            return Ok(Objects {
                all: machine.all,
                root,
            });
        }
        machine.step(code)?;
    }
}

struct Machine<'p> {
    rest: &'p [u8],
    all: Vec<Object>,
    stack: Vec<usize>,
    marks: Vec<usize>,
    memo: BTreeMap<u64, usize>,
}

type Step<T = ()> = Result<T, String>;

impl<'p> Machine<'p> {
    fn bytes(&mut self, count: usize) -> Step<&'p [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("it is cut short")?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Step<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    /// A whole number of some bytes, little end first.
    fn number(&mut self, size: usize) -> Step<u64> {
        let bytes = self.bytes(size)?.iter().rev();
        Ok(bytes.fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn length(&mut self, size: usize) -> Step<usize> {
        usize::try_from(self.number(size)?).map_err(|_| "it is cut short".to_owned())
    }

    fn line(&mut self) -> Step<String> {
        let end = self
            .rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or("it is cut short")?;
        let line = self.bytes(end + 1)?;
        Ok(String::from_utf8_lossy(&line[..end]).into_owned())
    }

    fn text(&mut self, size: usize) -> Step {
        let length = self.length(size)?;
        let bytes = self.bytes(length)?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| "a text is no UTF-8")?;
        self.push(Object::Text(text));
        Ok(())
    }

    fn skip(&mut self, size: usize) -> Step {
        let length = self.length(size)?;
        self.bytes(length)?;
        self.push(Object::Other);
        Ok(())
    }

    fn push(&mut self, object: Object) {
        self.all.push(object);
        self.stack.push(self.all.len() - 1);
    }

    fn pop(&mut self) -> Step<usize> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len() > floor {
            true => self
                .stack
                .pop()
                .ok_or_else(|| "its stack is empty".to_owned()),
            false => Err("its stack is empty".to_owned()),
        }
    }

    fn top(&mut self) -> Step<usize> {
        self.stack
            .last()
            .copied()
            .ok_or_else(|| "its stack is empty".to_owned())
    }

    /// All that was put down since the last mark.
    fn since_mark(&mut self) -> Step<Vec<usize>> {
        let mark = self.marks.pop().ok_or("it has no mark")?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn tuple(&mut self, count: usize) -> Step {
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(Object::Tuple(items));
        Ok(())
    }

    fn remember(&mut self, key: u64) -> Step {
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Step {
        let object = *self.memo.get(&key).ok_or("it recalls what it never kept")?;
        self.stack.push(object);
        Ok(())
    }

    /// One instruction, by the names that Python's `pickletools` has for them.
    fn step(&mut self, code: u8) -> Step {
        match code {
            0x80 => drop(self.byte()?),                // PROTO
            0x95 => drop(self.bytes(8)?),              // FRAME
            b'(' => self.marks.push(self.stack.len()), // MARK
            b'0' => drop(self.pop()?),                 // POP
            b'1' => drop(self.since_mark()?),          // POP_MARK
            b'2' => {
                let top = self.top()?; // DUP
                self.stack.push(top);
            }
            b'N' | 0x88 | 0x89 => self.push(Object::Other), // NONE, NEWTRUE, NEWFALSE
            b'G' | b'C' | b'B' | b'T' | b'U' | b'X' | 0x8c..=0x8e | 0x96 => self.literal(code)?,
            b'q' | b'h' => {
                let key = self.number(1)?; // BINPUT, BINGET
                if code == b'q' {
                    self.remember(key)?
                } else {
                    self.recall(key)?
                }
            }
            b'r' | b'j' => {
                let key = self.number(4)?; // LONG_BINPUT, LONG_BINGET
                if code == b'r' {
                    self.remember(key)?
                } else {
                    self.recall(key)?
                }
            }
            0x94 => self.remember(self.memo.len() as u64)?, // MEMOIZE
            b'K' | b'M' | b'J' | 0x8a | 0x8b => self.whole(code)?,
            b')' => self.push(Object::Tuple(Vec::new())), // EMPTY_TUPLE
            0x85..=0x87 => self.tuple(usize::from(code - 0x84))?, // TUPLE1, TUPLE2, TUPLE3
            b't' => {
                let items = self.since_mark()?; // TUPLE
                self.push(Object::Tuple(items));
            }
            b']' | 0x8f => self.push(Object::List(Vec::new())), // EMPTY_LIST, EMPTY_SET
            b'}' => self.push(Object::Dict(Vec::new())),        // EMPTY_DICT
            b'a' | b'e' | 0x90 | b's' | b'u' => self.fill(code)?,
            b'c' | 0x93 => self.global(code)?,
            b'Q' => {
                let id = self.pop()?; // BINPERSID
                self.push(Object::Storage(id));
            }
            b'R' | 0x81 => self.call()?, // REDUCE, NEWOBJ
            b'b' => drop(self.pop()?),   // BUILD
            other => {
                return Err(format!(
                    "it has the instruction {other:#04x}, which no state_dict needs"
                ));
            }
        }
        Ok(())
    }

    /// Texts, bytes, and numbers with a point.
    fn literal(&mut self, code: u8) -> Step {
        match code {
            b'X' => self.text(4),        // BINUNICODE
            0x8c => self.text(1),        // SHORT_BINUNICODE
            0x8d => self.text(8),        // BINUNICODE8
            b'C' | b'U' => self.skip(1), // SHORT_BINBYTES, SHORT_BINSTRING
            b'B' | b'T' => self.skip(4), // BINBYTES, BINSTRING
            b'G' => {
                self.bytes(8)?; // BINFLOAT
                self.push(Object::Other);
                Ok(())
            }
            _ => self.skip(8), // BINBYTES8, BYTEARRAY8
        }
    }

    /// BININT1, BININT2, BININT, LONG1, LONG4
    fn whole(&mut self, code: u8) -> Step {
        let number = match code {
            b'K' => self.number(1)?.cast_signed(),
            b'M' => self.number(2)?.cast_signed(),
            b'J' => i64::from(self.number(4)? as u32 as i32),
            _ => {
                let size = self.length(if code == 0x8a { 1 } else { 4 })?;
                let shift = 64_u32.checked_sub(8 * u32::try_from(size).unwrap_or(9).min(9));
                let bits = self.number(size)?;
                match shift {
                    None => return Err("it has a number of more than 64 bits".to_owned()),
                    Some(64) => 0,
                    Some(shift) => (bits << shift).cast_signed() >> shift,
                }
            }
        };
        self.push(Object::Int(number));
        Ok(())
    }

    /// APPEND, APPENDS, ADDITEMS, SETITEM, SETITEMS
    fn fill(&mut self, code: u8) -> Step {
        let items = match code {
            b'a' => vec![self.pop()?],
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.since_mark()?,
        };
        let top = self.top()?;
        match &mut self.all[top] {
            Object::List(list) => list.extend(items),
            Object::Dict(dict) => {
                dict.extend(items.as_chunks::<2>().0.iter().map(|[k, v]| (*k, *v)))
            }
            // Something that a function of the file's would make.
            _ => {}
        }
        Ok(())
    }

    /// GLOBAL, STACK_GLOBAL
    fn global(&mut self, code: u8) -> Step {
        let name = match code {
            b'c' => format!("{} {}", self.line()?, self.line()?),
            _ => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (&self.all[module], &self.all[name]) {
                    (Object::Text(module), Object::Text(name)) => format!("{module} {name}"),
                    _ => return Err("it names a thing by something else than texts".to_owned()),
                }
            }
        };
        self.push(Object::Thing(name));
        Ok(())
    }

    /// What a call would make, for the few functions that a state_dict needs.
    fn call(&mut self) -> Step {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let name = match &self.all[function] {
            Object::Thing(name) => name.clone(),
            _ => return Err("it calls what is no function".to_owned()),
        };
        let Object::Tuple(items) = &self.all[arguments] else {
            return Err("it calls a function with something else than a tuple".to_owned());
        };
        match (name.as_str(), &items[..]) {
            ("torch._utils _rebuild_tensor_v2", _) => self.push(Object::Tensor(arguments)),
            ("torch._utils _rebuild_parameter", [tensor, ..]) => {
                let tensor = *tensor;
                self.stack.push(tensor);
            }
            ("collections OrderedDict", []) => self.push(Object::Dict(Vec::new())),
            _ => self.push(Object::Thing(name)),
        }
        Ok(())
    }
}
