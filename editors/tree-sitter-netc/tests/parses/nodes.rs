//! tree-sitter's tree as the text that `syntax.rs` writes of pest's.

use tree_sitter::Node;

pub(crate) fn file(root: Node<'_>, text: &str) -> String {
    Writer(text).list(&parts(root), "\n", Writer::item)
}

/// The children with a name, without comments.
fn parts(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    let children = node.named_children(&mut cursor);
    children.filter(|child| !child.is_extra()).collect()
}

/// Of the text that was parsed.
#[derive(Clone, Copy)]
struct Writer<'t>(&'t str);

impl<'t> Writer<'t> {
    fn text(self, node: Node<'_>) -> &'t str {
        &self.0[node.byte_range()]
    }

    fn field(self, node: Node<'_>, name: &str) -> &'t str {
        node.child_by_field_name(name)
            .map_or("", |child| self.text(child))
    }

    fn list(
        self,
        nodes: &[Node<'_>],
        between: &str,
        write: fn(Self, Node<'_>) -> String,
    ) -> String {
        let nodes: Vec<String> = nodes.iter().map(|node| write(self, *node)).collect();
        nodes.join(between)
    }

    /// The child that a field holds, written; nothing without it.
    fn given(
        self,
        node: Node<'_>,
        field: &str,
        before: &str,
        write: fn(Self, Node<'_>) -> String,
    ) -> String {
        let child = node.child_by_field_name(field);
        child.map_or_else(String::new, |child| before.to_owned() + &write(self, child))
    }

    fn item(self, node: Node<'_>) -> String {
        let name = self.field(node, "name");
        match node.kind() {
            "net" => format!("net {name}"),
            "use" => "use".to_owned(),
            "constant" => format!(
                "let {name}{}",
                self.given(node, "value", " = ", Self::value)
            ),
            "block" => {
                let parameters = self.given(node, "parameters", "", Self::parameters);
                format!(
                    "block {name}{parameters}{}",
                    self.given(node, "body", " = ", Self::chain)
                )
            }
            "chain" => self.chain(node),
            "table" => format!("where {}", self.list(&parts(node), "; ", Self::row)),
            "head" => {
                let kind = node.child(0).map_or("", |kind| self.text(kind));
                format!(
                    "{kind} {name}{}",
                    self.given(node, "body", " = ", Self::chain)
                )
            }
            "claim" => {
                let (quantity, relation) =
                    (self.field(node, "quantity"), self.field(node, "relation"));
                format!(
                    "expect {quantity} {relation}{}",
                    self.given(node, "value", " ", Self::value)
                )
            }
            "recipe" => {
                let settings: Vec<Node<'_>> = parts(node);
                let settings: Vec<Node<'_>> = settings
                    .into_iter()
                    .filter(|part| part.kind() == "setting")
                    .collect();
                format!(
                    "train {name} {{ {} }}",
                    self.list(&settings, "; ", Self::setting)
                )
            }
            other => panic!("{other} is no item"),
        }
    }

    fn parameters(self, node: Node<'_>) -> String {
        let name = |writer: Self, node: Node<'_>| writer.text(node).to_owned();
        format!("({})", self.list(&parts(node), ", ", name))
    }

    fn row(self, node: Node<'_>) -> String {
        let entries: Vec<Node<'_>> = node
            .children_by_field_name("entry", &mut node.walk())
            .collect();
        let entries: Vec<Node<'_>> = entries.into_iter().filter(Node::is_named).collect();
        format!(
            "{} = {}",
            self.field(node, "name"),
            self.list(&entries, " ", Self::entry)
        )
    }

    /// Parentheses hold the arguments of one layer.
    fn entry(self, node: Node<'_>) -> String {
        let arguments = if node.kind() == "tuple" {
            parts(node)
        } else {
            vec![node]
        };
        format!("<{}>", self.list(&arguments, ", ", Self::value))
    }

    fn setting(self, node: Node<'_>) -> String {
        format!(
            "{}{}",
            self.field(node, "name"),
            self.given(node, "value", " = ", Self::value)
        )
    }

    fn chain(self, node: Node<'_>) -> String {
        format!("{{ {} }}", self.list(&parts(node), " => ", Self::stage))
    }

    fn stage(self, node: Node<'_>) -> String {
        self.list(&parts(node), "", |writer, part| match part.kind() {
            "call" => writer.call(part),
            "group" => format!("({})", writer.list(&parts(part), "", Self::chain)),
            "branches" => format!("[{}]", writer.list(&parts(part), " | ", Self::chain)),
            "repeat" => writer.given(part, "count", " * ", Self::value),
            "tap" => format!(" as {}", writer.field(part, "name")),
            other => panic!("{other} in a stage"),
        })
    }

    fn call(self, node: Node<'_>) -> String {
        let arguments = |writer: Self, node: Node<'_>| {
            format!("({})", writer.list(&parts(node), ", ", Self::value))
        };
        self.field(node, "name").to_owned() + &self.given(node, "arguments", "", arguments)
    }

    fn value(self, node: Node<'_>) -> String {
        let text = self.text(node);
        let number = text.replace('_', "");
        let whole = |side: &str| side.parse::<u64>().unwrap().to_string();
        match node.kind() {
            "integer" => whole(&number),
            "float" => format!("{:?}", number.parse::<f64>().unwrap()),
            "size" => number.split('x').map(whole).collect::<Vec<_>>().join("x"),
            "string" => "string".to_owned(),
            "variable" => text.to_owned(),
            "call" => self.call(node),
            "tuple" => match &parts(node)[..] {
                [one] => self.value(*one),
                all => format!("({})", self.list(all, ", ", Self::value)),
            },
            "list" => format!("[{}]", self.list(&parts(node), ", ", Self::value)),
            "negative" => format!("<-{}>", self.given(node, "value", "", Self::value)),
            "binary" => self.binary(node),
            "pair" => {
                self.given(node, "key", "", Self::value)
                    + &self.given(node, "value", ": ", Self::value)
            }
            "named" => {
                self.field(node, "name").to_owned() + &self.given(node, "value", "=", Self::value)
            }
            "pipeline" => self.list(&parts(node), " => ", Self::value),
            other => panic!("{other} is no value"),
        }
    }

    fn binary(self, node: Node<'_>) -> String {
        let (left, right) = (
            self.given(node, "left", "", Self::value),
            self.given(node, "right", "", Self::value),
        );
        format!("<{left} {} {right}>", self.field(node, "operator"))
    }
}
