//! Printing plan values as the Rust that makes them, and taking them apart for other languages.

use crate::Act;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A value that can be printed as a Rust expression.
pub trait Literal {
    /// The expression; paths start at `plan::`.
    fn literal(&self) -> String;
}

/// A field of a descriptor taken apart, for a backend that writes it in a language of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Sizes; one, or one an axis.
    Sizes(Vec<usize>),
    /// A number.
    Real(f32),
    /// Yes or no.
    Flag(bool),
    /// One of several words: the type and the word.
    Word(&'static str, String),
    /// An activation.
    Act(Act),
}

/// A field of a descriptor.
pub(crate) trait Valued {
    /// The field taken apart.
    fn value(&self) -> Value;
}

impl Valued for usize {
    fn value(&self) -> Value {
        Value::Sizes([*self].into())
    }
}

impl<const N: usize> Valued for [usize; N] {
    fn value(&self) -> Value {
        Value::Sizes(self.as_slice().into())
    }
}

impl Valued for f32 {
    fn value(&self) -> Value {
        Value::Real(*self)
    }
}

impl Valued for bool {
    fn value(&self) -> Value {
        Value::Flag(*self)
    }
}

impl Valued for Act {
    fn value(&self) -> Value {
        Value::Act(*self)
    }
}

/// A number with its digits in threes: `290_400`, `60,965,224`.
#[must_use]
pub fn grouped(value: u64, separator: char) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

impl Literal for usize {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl Literal for bool {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl Literal for f32 {
    fn literal(&self) -> String {
        if self.is_finite() {
            format!("{self:?}")
        } else {
            format!("f32::from_bits({:#x})", self.to_bits())
        }
    }
}

impl<T: Literal, const N: usize> Literal for [T; N] {
    fn literal(&self) -> String {
        let items: Vec<String> = self.iter().map(Literal::literal).collect();
        format!("[{}]", items.join(", "))
    }
}
