//! ADD, MUL and CONCAT: what comes in must fit together.

use super::{Inferred, Site};
use crate::graph::{Layer, NodeId, Shape};
use netc_grammar::{Code, Diagnostic};
use netc_plan::Op;

/// What one branch or tap brings in.
type Joined = (NodeId, Shape);

impl Site<'_> {
    pub(super) fn add(&self) -> Inferred {
        let (first, rest) = self.joined()?;
        let different = rest.iter().find(|(_, shape)| shape.hwc() != first.1.hwc());
        match different {
            None => Ok(first.1),
            Some(other) => {
                let error = self
                    .error(
                        Code::E0407,
                        format!("{} and {} cannot be added", first.1, other.1),
                    )
                    .primary("ADD needs equal shapes");
                Err(Some(Box::new(self.mismatch(error, first, *other, 3))))
            }
        }
    }

    /// Equal shapes, or pictures and single pixels of as many channels, which are spread over them.
    pub(super) fn mul(&self) -> Inferred {
        let (first, rest) = self.joined()?;
        let mut whole = first;
        for other in rest {
            let (Some(a), Some(b)) = (whole.1.hwc(), other.1.hwc()) else {
                return Err(None);
            };
            let is_spread = |small: [usize; 3], all: [usize; 3]| small == [1, 1, all[2]];
            if is_spread(a, b) && a != b {
                whole = other;
            } else if a != b && !is_spread(b, a) {
                let error = self
                    .error(
                        Code::E0407,
                        format!("{} and {} cannot be multiplied", whole.1, other.1),
                    )
                    .primary("MUL needs equal shapes, or one pixel of as many channels");
                let error = self.mismatch(error, whole, other, 3);
                return Err(Some(Box::new(error)));
            }
        }
        Ok(whole.1)
    }

    pub(super) fn concat(&self) -> Inferred {
        let (first, rest) = self.joined()?;
        let Some([h, w, mut channels]) = first.1.hwc() else {
            return Err(None);
        };
        for other in &rest {
            let Some([oh, ow, oc]) = other.1.hwc() else {
                return Err(None);
            };
            if [oh, ow] != [h, w] {
                let error = self
                    .error(
                        Code::E0408,
                        format!("{} and {} cannot stand beside each other", first.1, other.1),
                    )
                    .primary("CONCAT needs equal heights and widths");
                return Err(Some(Box::new(self.mismatch(error, first, *other, 2))));
            }
            channels = channels.saturating_add(oc);
        }
        let vectors = [first]
            .iter()
            .chain(&rest)
            .all(|(_, shape)| matches!(shape, Shape::Vector(_)));
        self.bounded(if vectors {
            Shape::Vector(channels)
        } else {
            Shape::Picture([h, w, channels])
        })
    }

    /// The shapes that come in, the first apart.
    fn joined(&self) -> Inferred<(Joined, Vec<Joined>)> {
        let mut shapes = self
            .node
            .inputs
            .iter()
            .map(|&id| (id, self.before[id.0].shape));
        let first = shapes.next().ok_or(None)?;
        let rest: Vec<Joined> = shapes.collect();
        if rest.is_empty()
            || first.1.is_unknown()
            || rest.iter().any(|(_, shape)| shape.is_unknown())
        {
            return Err(None);
        }
        Ok((first, rest))
    }

    fn mismatch(&self, error: Diagnostic, first: Joined, other: Joined, axes: usize) -> Diagnostic {
        let error = self.with_cause(self.with_cause(error, first.0), other.0);
        let (Some(a), Some(b)) = (first.1.hwc(), other.1.hwc()) else {
            return error;
        };
        let names = ["height", "width", "channels"];
        let differing = (0..axes)
            .filter(|&i| a[i] != b[i])
            .map(|i| format!("{} {} and {}", names[i], a[i], b[i]));
        let error = error.note(format!(
            "they differ: {}",
            differing.collect::<Vec<_>>().join(", ")
        ));
        let is_mul = matches!(self.node.layer, Layer::Op(Op::Mul(_)));
        if a[..2] == b[..2] {
            error.help(format!(
                "project one of them: `CONV({}, 1x1)` makes {} channels",
                a[2], a[2]
            ))
        } else if let ([1, 1, _], [h, w, c]) | ([h, w, c], [1, 1, _]) = (a, b) {
            if is_mul {
                return error.help(format!(
                    "give the one pixel a factor for each channel: `CONV({c}, 1x1)` before it makes {c}"
                ));
            }
            error
                .note("one pixel is not spread over a picture by itself")
                .help(format!("spread it first: `UPSAMPLE({h}x{w})`"))
        } else {
            error.help("give both the same strides and padding")
        }
    }
}
