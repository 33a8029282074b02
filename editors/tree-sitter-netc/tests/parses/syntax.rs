//! pest's syntax tree as text: every name, number and operator, with brackets that show what belongs to what. `nodes.rs` writes the same
//! of tree-sitter's.

use netc_grammar::ast::*;

fn list<T>(items: &[T], between: &str, write: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = items.iter().map(write).collect();
    items.join(between)
}

pub(crate) fn file(file: &File) -> String {
    list(&file.items, "\n", item)
}

fn item(item: &Item) -> String {
    match item {
        Item::Net(name) => format!("net {}", name.node),
        Item::Use(_) => "use".to_owned(),
        Item::Let(constant) => format!("let {} = {}", constant.name.node, value(&constant.value)),
        Item::Block(block) => {
            let params = block.params.as_ref();
            let params = params.map(|p| format!("({})", list(p, ", ", |p| p.node.clone())));
            let params = params.unwrap_or_default();
            format!("block {}{params} = {}", block.name.node, chain(&block.body))
        }
        Item::Chain(it) => chain(it),
        Item::Where(table) => format!("where {}", list(&table.rows, "; ", row)),
        Item::Head(head) => {
            let kind = if head.auxiliary {
                "auxiliary"
            } else {
                "output"
            };
            let body = head.chain.as_ref().map(|it| format!(" = {}", chain(it)));
            format!("{kind} {}{}", head.name.node, body.unwrap_or_default())
        }
        Item::Expect(claim) => {
            let relation = match claim.relation.node {
                Relation::Eq => "=",
                Relation::Ge => ">=",
                Relation::Le => "<=",
                Relation::Gt => ">",
                Relation::Lt => "<",
            };
            format!(
                "expect {} {relation} {}",
                claim.quantity.node,
                value(&claim.value)
            )
        }
        Item::Train(recipe) => {
            let name = recipe.name.as_ref().map_or("", |name| &name.node);
            let entry = |entry: &Entry| format!("{} = {}", entry.key.node, value(&entry.value));
            format!("train {name} {{ {} }}", list(&recipe.entries, "; ", entry))
        }
    }
}

fn row(row: &WhereRow) -> String {
    let entries = list(&row.entries, " ", |entry| {
        format!("<{}>", args(&entry.args))
    });
    format!("{} = {entries}", row.kind.node)
}

fn chain(chain: &Chain) -> String {
    format!("{{ {} }}", list(&chain.stages, " => ", stage))
}

fn stage(stage: &Stage) -> String {
    let kind = match &stage.kind {
        StageKind::Call(it) => call(it),
        StageKind::Group(it) => format!("({})", chain(it)),
        StageKind::Branches(all) => format!("[{}]", list(all, " | ", chain)),
    };
    let repeat = stage.repeat.as_ref().map(|n| format!(" * {}", value(n)));
    let tap = stage.tap.as_ref().map(|name| format!(" as {}", name.node));
    kind + &repeat.unwrap_or_default() + &tap.unwrap_or_default()
}

fn call(call: &Call) -> String {
    let given = call.args.as_ref().map(|it| format!("({})", args(it)));
    call.name.node.clone() + &given.unwrap_or_default()
}

fn args(args: &[Arg]) -> String {
    list(args, ", ", |arg| match &arg.name {
        Some(name) => format!("{}={}", name.node, value(&arg.value)),
        None => value(&arg.value),
    })
}

fn value(it: &Expr) -> String {
    match &it.kind {
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Float(n) => format!("{n:?}"),
        ExprKind::Size(sides) => list(sides, "x", u64::to_string),
        ExprKind::Str(_) => "string".to_owned(),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Tuple(all) => format!("({})", list(all, ", ", value)),
        ExprKind::List(all) => format!("[{}]", list(all, ", ", value)),
        ExprKind::Neg(of) => format!("<-{}>", value(of)),
        ExprKind::Binary(operator, left, right) => {
            let operator = match operator {
                BinaryOp::Add => "+",
                BinaryOp::Sub => "-",
                BinaryOp::Mul => "*",
                BinaryOp::Div => "/",
            };
            format!("<{} {operator} {}>", value(left), value(right))
        }
        ExprKind::Call(it) => call(it),
        ExprKind::Pair(key, of) => format!("{}: {}", value(key), value(of)),
        ExprKind::Pipeline(all) => list(all, " => ", value),
        ExprKind::Unknown => "unknown".to_owned(),
    }
}
