//! Operations that a machine may compute together, by rows, are marked where nobody else reads what lies between them, so that the picture between,
//! which is often the largest of all, never leaves its caches: a convolution, BN or MUL before a depthwise convolution or a pool, and all these
//! before a pointwise convolution, which ends the group. What can write over what it reads does that: a group would need memory for both.

use netc_plan::{Conv, Op, Operation};

use super::rewrite::Readers;
use crate::program::{Program, Unit, UnitId};

/// A smaller picture stays in caches by itself, in bytes.
const SMALL: usize = 16 << 10;
/// The most operations of a group.
const MOST: usize = 3;

/// Marks what can be computed by rows; nothing is rewritten.
pub(super) fn run(program: &mut Program) {
    let readers = Readers::count(program);
    let follows = |id: UnitId| {
        let (unit, next) = (&program.units[id], program.units.get(id + 1)?);
        let reads = next.inputs == [id] && readers.only_one(id);
        let pixels: usize = unit.shape.iter().product();
        let large = pixels.saturating_mul(size_of::<f32>()) >= SMALL;
        let in_place = matches!(kind(unit), Some(Kind::Pixels)) && readers.only_one(unit.inputs[0]);
        (reads && large && !in_place && fit(unit, next)).then_some(id + 1)
    };
    let mut groups = Vec::new();
    let mut id = 0;
    while id < program.units.len() {
        let mut last = id;
        while let Some(next) = follows(last).filter(|next| next - id < MOST) {
            last = next;
            if matches!(kind(&program.units[last]), Some(Kind::Pointwise)) {
                break;
            }
        }
        if last > id {
            groups.push(id..last + 1);
        }
        id = last + 1;
    }
    program.by_rows = groups;
}

/// Whether an operation and the one that reads it are better computed together.
pub(super) fn fit(unit: &Unit, reader: &Unit) -> bool {
    match kind(reader) {
        Some(Kind::Window) => matches!(
            kind(unit),
            Some(Kind::Convolution | Kind::Pointwise | Kind::Pixels)
        ),
        Some(Kind::Pointwise) => matches!(kind(unit), Some(Kind::Window | Kind::Pixels)),
        _ => false,
    }
}

/// What counts where operations are computed by rows.
enum Kind {
    /// Any other convolution.
    Convolution,
    /// A convolution that reads each pixel once.
    Pointwise,
    /// A window over each channel.
    Window,
    /// Each pixel by itself.
    Pixels,
}

fn kind(unit: &Unit) -> Option<Kind> {
    let op = unit.op().filter(|op| op.rows().is_some())?;
    match op {
        Op::Conv(d) if is_depthwise(d) => Some(Kind::Window),
        Op::Conv(d) if is_pointwise(d) => Some(Kind::Pointwise),
        Op::Conv(_) => Some(Kind::Convolution),
        Op::MaxPool(_) | Op::AvgPool(_) => Some(Kind::Window),
        _ => Some(Kind::Pixels),
    }
}

fn is_depthwise(d: &Conv) -> bool {
    d.groups > 1 && d.groups == d.input[2] && d.filters == d.groups
}

fn is_pointwise(d: &Conv) -> bool {
    d.groups == 1 && d.kernel == [1, 1] && d.stride == [1, 1] && d.pad == [0; 4]
}
