//! The confusion matrix: rows are labels, columns predictions; blue is right, orange is wrong.

use super::draw::{Anchor, GREY, INK, Svg, cut, tint, width};
use crate::evaluate::Evaluation;

const BLUE: [u8; 3] = [0x2f, 0x6f, 0xb5];
const ORANGE: [u8; 3] = [0xd9, 0x60, 0x1a];
/// Of more classes, those with the most mistakes are shown.
const MOST: usize = 40;

pub(super) fn draw(test: &Evaluation) -> String {
    let shown = shown(test);
    let n = shown.len();
    let names: Vec<String> = shown
        .iter()
        .map(|i| cut(&test.classes[*i].name, 13.0, 130.0))
        .collect();
    let longest = names
        .iter()
        .map(|name| width(name, 13.0))
        .fold(20.0, f64::max);
    let cell = (560.0 / n.max(1) as f64).clamp(14.0, 72.0);
    let (left, top) = (
        longest + 52.0,
        72.0 + if is_slanted(&names, cell) {
            longest
        } else {
            22.0
        },
    );
    let side = cell * n as f64;
    let size = [(left + side + 32.0).max(420.0), top + side + 30.0];
    let mut svg = Svg::new(size[0], size[1], "Confusion matrix");
    svg.bold([24.0, 34.0], 18.0, INK, Anchor::Start, "Confusion matrix");
    let about = about(test, n);
    svg.text(
        [24.0, 54.0],
        13.0,
        GREY,
        Anchor::Start,
        &format!("{about}; rows: true class, columns: predicted"),
    );

    for (r, row) in shown.iter().enumerate() {
        let y = top + cell * r as f64;
        let middle = y + cell / 2.0 + 4.5;
        svg.text(
            [left - 10.0, middle],
            13.0_f64.min(cell),
            INK,
            Anchor::End,
            &names[r],
        );
        let total: usize = test.confusion[*row].iter().sum();
        for (c, column) in shown.iter().enumerate() {
            let count = test.confusion[*row][*column];
            let share = count as f64 / total.max(1) as f64;
            let corner = [left + cell * c as f64, y];
            square(&mut svg, corner, cell, count, share, r == c);
        }
    }
    columns(&mut svg, &names, [left, top], cell);
    svg.finish()
}

/// What the matrix shows.
fn about(test: &Evaluation, shown: usize) -> String {
    let classes = test.classes.len();
    if shown < classes {
        return format!("the {shown} classes with the most mistakes, of {classes}");
    }
    let wrong = test.answers.iter().filter(|a| a.label != a.predicted);
    format!("{} mistakes in {} images", wrong.count(), test.images)
}

/// The cell of a label and a prediction: how often it occurs, and its share in the label's pictures.
fn square(svg: &mut Svg, [x, y]: [f64; 2], cell: f64, count: usize, share: f64, right: bool) {
    // The root shows the few mistakes of a good network.
    let (colour, strength) = match right {
        true => (BLUE, share),
        false => (ORANGE, (share * 4.0).sqrt().min(1.0)),
    };
    let fill = match count {
        0 => "#f6f7f9".to_owned(),
        _ => tint(colour, 0.12 + 0.88 * strength),
    };
    svg.rect([x + 0.5, y + 0.5], [cell - 1.0, cell - 1.0], &fill);
    if count > 0 && cell >= 22.0 {
        let text = count.to_string();
        let font = (cell * 0.3).clamp(7.0, 15.0);
        let font = font.min(cell * 1.5 / text.len() as f64);
        let ink = if strength > 0.55 { "#ffffff" } else { INK };
        let baseline = y + cell / 2.0 + font * 0.36;
        svg.text(
            [x + cell / 2.0, baseline],
            (font * 10.0).round() / 10.0,
            ink,
            Anchor::Middle,
            &text,
        );
    }
}

/// The names above the columns, slanted where one of them is too wide.
fn columns(svg: &mut Svg, names: &[String], [left, top]: [f64; 2], cell: f64) {
    for (c, name) in names.iter().enumerate() {
        let x = left + cell * (c as f64 + 0.5);
        if is_slanted(names, cell) {
            let (x, y) = (x + 4.5, top - 8.0);
            let (name, size) = (super::draw::escape(name), 13.0_f64.min(cell));
            svg.raw(format_args!(
                "<text transform=\"translate({x:.1} {y:.1}) rotate(-90)\" font-size=\"{size}\" fill=\"{INK}\">{name}</text>"
            ));
        } else {
            svg.text([x, top - 9.0], 13.0, INK, Anchor::Middle, name);
        }
    }
}

fn is_slanted(names: &[String], cell: f64) -> bool {
    names.iter().any(|name| width(name, 13.0) > cell - 4.0)
}

/// All classes, or those with the most mistakes, in their order.
fn shown(test: &Evaluation) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..test.classes.len()).collect();
    if classes.len() <= MOST {
        return classes;
    }
    let mistakes = |i: usize| {
        let row: usize = test.confusion[i].iter().sum();
        let column: usize = test.confusion.iter().map(|row| row[i]).sum();
        row + column - 2 * test.confusion[i][i]
    };
    classes.sort_by_key(|i| std::cmp::Reverse(mistakes(*i)));
    classes.truncate(MOST);
    classes.sort_unstable();
    classes
}
