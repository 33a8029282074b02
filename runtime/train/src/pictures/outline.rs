//! Labels as outlines: every `<text>` becomes a `<path>`, so that drawing needs no engine for text and looks the same everywhere.
//!
//! It knows what netc's own pictures contain: one line an element, in a font's regular or bold weight; style sheets, `style` and
//! attributes say how.

use super::font::Font;
use resvg::usvg::roxmltree::{Document, Node};
use simplecss::{AttributeOperator, DeclarationTokenizer, Element, PseudoClass, StyleSheet};
use std::fmt::Display;

const REGULAR: &[u8] = include_bytes!("../../fonts/Inter-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/Inter-SemiBold.ttf");

/// The picture without `<text>`.
///
/// # Errors
/// What is wrong with the XML.
pub(super) fn outlined(svg: &str) -> Result<String, String> {
    let broken = |e: &dyn Display| e.to_string();
    let document = Document::parse(svg).map_err(|e| broken(&e))?;
    let mut style = StyleSheet::new();
    let sheets = document.descendants().filter(|n| n.has_tag_name("style"));
    sheets
        .filter_map(|sheet| sheet.text())
        .for_each(|text| style.parse_more(text));
    let regular = Font::parse(REGULAR).map_err(|e| broken(&e))?;
    let bold = Font::parse(BOLD).map_err(|e| broken(&e))?;

    let mut out = String::with_capacity(2 * svg.len());
    let mut done = 0;
    for node in document.descendants().filter(|n| n.has_tag_name("text")) {
        let label = Label {
            node,
            style: &style,
        };
        let font = if label.is_bold() { &bold } else { &regular };
        out += &svg[done..node.range().start];
        out += &label.path(font);
        done = node.range().end;
    }
    out += &svg[done..];
    Ok(out)
}

struct Label<'a, 'd> {
    node: Node<'d, 'd>,
    style: &'a StyleSheet<'d>,
}

impl<'d> Label<'_, 'd> {
    fn path(&self, font: &Font<'_>) -> String {
        let size = self.number("font-size").unwrap_or(16.0);
        let text = self.node.text().unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        let (path, width) = font.outline(&words.join(" "), size);
        let left = match self.property("text-anchor") {
            Some("middle") => width / 2.0,
            Some("end") => width,
            _ => 0.0,
        };
        let place = |name| self.node.attribute(name).and_then(|at| at.parse().ok());
        let (x, y): (f64, f64) = (place("x").unwrap_or(0.0), place("y").unwrap_or(0.0));
        let around = self.node.attribute("transform").unwrap_or_default();
        let fill = self.property("fill").unwrap_or("#000000");
        let x = x - left;
        format!(
            "<path transform=\"{around} translate({x:.2} {y:.2})\" fill=\"{fill}\" d=\"{path}\"/>"
        )
    }

    fn is_bold(&self) -> bool {
        self.property("font-weight") == Some("bold")
            || self.number("font-weight").is_some_and(|w| w >= 600.0)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.property(name)?.trim_end_matches("px").parse().ok()
    }

    /// A property that elements inherit.
    fn property(&self, name: &str) -> Option<&'d str> {
        self.node.ancestors().find_map(|node| {
            let own = node.attribute("style").unwrap_or_default();
            let own = DeclarationTokenizer::from(own).filter(|d| d.name == name);
            let rules = self.style.rules.iter().rev();
            let rule = rules
                .filter(|rule| rule.selector.matches(&Styled(node)))
                .flat_map(|rule| rule.declarations.iter().rev())
                .find(|d| d.name == name);
            own.last()
                .or(rule.copied())
                .map(|d| d.value)
                .or(node.attribute(name))
        })
    }
}

/// An element as selectors see it.
struct Styled<'d>(Node<'d, 'd>);

impl Element for Styled<'_> {
    fn parent_element(&self) -> Option<Self> {
        self.0.parent_element().map(Self)
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.0.prev_sibling_element().map(Self)
    }

    fn has_local_name(&self, name: &str) -> bool {
        self.0.has_tag_name(name)
    }

    fn attribute_matches(&self, name: &str, operator: AttributeOperator<'_>) -> bool {
        self.0
            .attribute(name)
            .is_some_and(|value| operator.matches(value))
    }

    fn pseudo_class_matches(&self, _: PseudoClass<'_>) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The attributes of the first path.
    fn path(svg: &str) -> String {
        let out = outlined(svg).unwrap();
        assert!(!out.contains("<text"), "{out}");
        let document = Document::parse(&out).unwrap();
        let path = document.descendants().find(|n| n.has_tag_name("path"));
        let path = path.unwrap();
        let get = |name| path.attribute(name).unwrap();
        format!(
            "{} | {} | {}",
            get("transform").trim(),
            get("fill"),
            get("d")
        )
    }

    #[test]
    fn a_label_is_a_path_in_the_weight_that_its_class_says() {
        let sheet = "<style>text{fill:#123456;font-size:10px}.strong{font-weight:700}</style>";
        let plain = path(&format!("<svg>{sheet}<text x=\"5\" y=\"7\">I</text></svg>"));
        // Inter's capitals are 0.727 em tall.
        assert!(plain.starts_with("translate(5.00 7.00) | #123456 | M"));
        assert!(plain.contains("-7.28"), "{plain}");
        let strong = path(&format!(
            "<svg>{sheet}<text class=\"strong\" x=\"5\" y=\"7\">I</text></svg>"
        ));
        assert_ne!(plain, strong);
        let inherited =
            path("<svg fill=\"#aaaaaa\"><g style=\"fill:#bbbbbb\"><text>I</text></g></svg>");
        assert!(inherited.contains("| #bbbbbb |"), "{inherited}");
    }

    #[test]
    fn labels_stand_where_their_anchor_says() {
        let at = |anchor: &str, text: &str| {
            let path = path(&format!(
                "<svg><text x=\"100\" text-anchor=\"{anchor}\">{text}</text></svg>"
            ));
            let (_, x) = path.split_once('(').unwrap();
            x.split_once(' ').unwrap().0.parse::<f64>().unwrap()
        };
        let (middle, end) = (at("middle", "HHH"), at("end", "HHH"));
        assert!((100.0 - end - 2.0 * (100.0 - middle)).abs() < 0.03);
        assert!((100.0 - end) > 30.0 && (100.0 - end) < 40.0, "{end}");
        // Kerned: A and V stand nearer than each alone.
        let alone = 2.0 * 100.0 - at("end", "A") - at("end", "V");
        assert!(100.0 - at("end", "AV") < alone - 0.5);
        assert!((at("end", "  a \n b ") - at("end", "a b")).abs() < 0.01);
    }

    #[test]
    fn what_the_font_lacks_is_a_box_and_the_rest_of_the_picture_stays() {
        let svg = "<svg><rect id=\"a\"/><text>\u{4e00}</text><rect id=\"b\"/></svg>";
        assert!(path(svg).contains("| M"));
        let out = outlined(svg).unwrap();
        assert!(
            out.starts_with("<svg><rect id=\"a\"/><path ")
                && out.ends_with("/><rect id=\"b\"/></svg>")
        );
        assert!(outlined("<svg>").is_err());
    }
}
