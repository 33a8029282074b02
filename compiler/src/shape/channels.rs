//! SLICE and SPLIT: some of the channels that come in.

use super::{Inferred, Site};
use crate::graph::Shape;
use crate::layers;
use netc_grammar::Code;
use netc_plan::Slice;

impl Site<'_> {
    /// `from` up to, not including, `to`.
    pub(super) fn slice(&self, slice: Slice) -> Inferred {
        let (input, channels) = self.channels()?;
        let Slice { from, to, .. } = slice;
        if to <= channels {
            return Ok(with_channels(input, to - from));
        }
        let kind = layers::kind(&self.node.layer);
        let error = self
            .error(
                Code::E0403,
                format!("{kind} reads up to channel {to}, and {input} comes in"),
            )
            .primary(format!("{to} channels are needed, there are {channels}"));
        let error = self
            .with_source(error)
            .note("channels are counted from 0; the second number is the first that is left out");
        Err(Some(Box::new(match from < channels {
            true => error.help(format!("`{kind}({from}, {channels})` reads to the end")),
            false => error,
        })))
    }

    /// One of `parts` equal parts.
    pub(super) fn split(&self, parts: usize) -> Inferred {
        let (input, channels) = self.channels()?;
        if channels.is_multiple_of(parts) {
            return Ok(with_channels(input, channels / parts));
        }
        let error = self
            .error(
                Code::E0403,
                format!("{channels} channels cannot be split into {parts} equal parts"),
            )
            .primary(format!(
                "{channels} / {parts} leaves a remainder of {}",
                channels % parts
            ));
        Err(Some(Box::new(self.with_source(error).help(
            "`SLICE(from, to)` takes any channels, counted from 0",
        ))))
    }

    fn channels(&self) -> Inferred<(Shape, usize)> {
        let input = self.input()?;
        let [_, _, channels] = input.hwc().ok_or(None)?;
        Ok((input, channels))
    }
}

fn with_channels(input: Shape, channels: usize) -> Shape {
    match input {
        Shape::Picture([h, w, _]) => Shape::Picture([h, w, channels]),
        _ => Shape::Vector(channels),
    }
}
