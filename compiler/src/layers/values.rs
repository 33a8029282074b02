//! Values of options as they are written.

use crate::graph::{PadMode, Padding};
use crate::text::expr::{expr, size, whole, word};
use netc_grammar::ast::{BinaryOp, Expr, ExprKind};

/// Values by the names of their options.
pub(super) type Values = Vec<(&'static str, Expr)>;

pub(super) fn lists(table: &[Vec<usize>]) -> Expr {
    let list = |maps: &Vec<usize>| expr(ExprKind::List(maps.iter().map(|n| whole(*n)).collect()));
    expr(ExprKind::List(table.iter().map(list).collect()))
}

pub(super) fn flag(on: bool) -> Expr {
    word(if on { "true" } else { "false" })
}

/// `3x3`, `3x3/2`, `3x3/2x1`
pub(super) fn strided(window: [usize; 2], stride: [usize; 2], usual: [usize; 2]) -> Expr {
    if stride == usual {
        return size(&window);
    }
    let [window, stride] = [size(&window), factor(stride)].map(Box::new);
    expr(ExprKind::Binary(BinaryOp::Div, window, stride))
}

/// `2`, `2x1`
pub(super) fn factor([vertical, horizontal]: [usize; 2]) -> Expr {
    if vertical == horizontal {
        whole(vertical)
    } else {
        size(&[vertical, horizontal])
    }
}

pub(super) fn padding(pad: &Padding) -> Expr {
    match pad.mode {
        PadMode::Valid => word("valid"),
        PadMode::Same => word("same"),
        PadMode::Cells => cells(pad.cells),
    }
}

pub(super) fn cells(cells: [usize; 4]) -> Expr {
    if cells == [cells[0]; 4] {
        return whole(cells[0]);
    }
    expr(ExprKind::Tuple(cells.map(whole).to_vec()))
}
