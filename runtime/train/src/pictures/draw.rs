//! SVG, written by hand: a few shapes and text in one style.

use std::fmt::{Display, Write};

/// Text and axes.
pub(super) const INK: &str = "#1f2430";
/// Labels that stand back.
pub(super) const GREY: &str = "#6b7280";
/// Lines of the grid.
pub(super) const FAINT: &str = "#e7e9ee";
/// Training, and what is right.
pub(super) const BLUE: &str = "#2f6fb5";
/// Validation, and what is wrong.
pub(super) const ORANGE: &str = "#d9601a";

/// A picture being drawn.
pub(super) struct Svg(String);

/// Where text stands relative to its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        let title = escape(title);
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif\" role=\"img\">\n<title>{title}</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
        ))
    }

    pub(super) fn finish(mut self) -> String {
        self.0 += "</svg>\n";
        self.0
    }

    /// An element as it stands.
    pub(super) fn raw(&mut self, element: impl Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{element}");
    }

    pub(super) fn text(
        &mut self,
        [x, y]: [f64; 2],
        size: f64,
        fill: &str,
        anchor: Anchor,
        text: &str,
    ) {
        self.styled([x, y], size, 400, fill, anchor, text);
    }

    pub(super) fn bold(
        &mut self,
        [x, y]: [f64; 2],
        size: f64,
        fill: &str,
        anchor: Anchor,
        text: &str,
    ) {
        self.styled([x, y], size, 600, fill, anchor, text);
    }

    fn styled(
        &mut self,
        [x, y]: [f64; 2],
        size: f64,
        weight: u32,
        fill: &str,
        anchor: Anchor,
        text: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.raw(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" font-weight=\"{weight}\" fill=\"{fill}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    pub(super) fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], colour: &str) {
        self.raw(format_args!(
            "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\" stroke=\"{colour}\" fill=\"none\"/>"
        ));
    }

    pub(super) fn rect(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2], fill: &str) {
        self.raw(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" fill=\"{fill}\"/>"
        ));
    }
}

/// Text for XML and HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            // XML has no place for control characters.
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// About how wide a text is: the mean width of Inter's letters.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.57
}

/// The text, cut so that it is at most so wide. The middle goes: names of a kind often begin alike.
pub(super) fn cut(text: &str, size: f64, room: f64) -> String {
    let letters = (room / (size * 0.57)).max(3.0) as usize;
    let all = text.chars().count();
    if all <= letters {
        return text.to_owned();
    }
    let end = (letters - 1) / 2;
    let head: String = text.chars().take(letters - 1 - end).collect();
    let tail: String = text.chars().skip(all - end).collect();
    format!("{}…{}", head.trim_end(), tail.trim_start())
}

/// A colour between white and `rgb`.
pub(super) fn tint([r, g, b]: [u8; 3], share: f64) -> String {
    let mix = |c: u8| (255.0 + (f64::from(c) - 255.0) * share.clamp(0.0, 1.0)).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(r), mix(g), mix(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(cut("golden retriever", 10.0, 100.0), "golden retriever");
        assert_eq!(cut("golden retriever", 10.0, 57.0), "golde…ever");
        assert_eq!(cut("große Straße", 10.0, 40.0), "gro…aße");
    }
}
