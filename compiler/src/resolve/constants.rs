//! Constants: `let` in any order, and in any file.

use super::modules::{Def, Defined, Program};
use crate::names::{WORDS, listed};
use crate::report::Report;
use crate::value::{self, Scope, Value};
use netc_grammar::ast::{Arg, Expr, ExprKind, Ident};
use netc_grammar::{Code, Diagnostic};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The values of all constants.
pub(crate) struct Constants {
    values: HashMap<Def, Value>,
    /// Constants and blocks that something uses.
    pub(crate) used: RefCell<BTreeSet<Def>>,
}

/// The names that an expression outside blocks can use.
pub(crate) struct FileScope<'a> {
    program: &'a Program,
    constants: &'a Constants,
    module: usize,
}

impl Constants {
    pub(crate) fn scope<'a>(&'a self, program: &'a Program, module: usize) -> FileScope<'a> {
        FileScope {
            program,
            constants: self,
            module,
        }
    }
}

impl Scope for FileScope<'_> {
    fn lookup(&self, name: &Ident, errors: &mut Vec<Diagnostic>) -> Option<Value> {
        let Some(def) = lookup(self.program, self.module, name, errors) else {
            let may_be_imported = self.program.modules[self.module].incomplete;
            return (may_be_imported && !WORDS.contains(&name.node.as_str()))
                .then_some(Value::Unknown);
        };
        let Some(def) = def else {
            return Some(Value::Unknown);
        };
        self.constants.used.borrow_mut().insert(def);
        match self.program.get(def)? {
            Defined::Let(_) => Some(
                self.constants
                    .values
                    .get(&def)
                    .cloned()
                    .unwrap_or(Value::Unknown),
            ),
            Defined::Block(block) => {
                errors.push(
                    Diagnostic::error(
                        Code::E0205,
                        format!("`{}` is a block, not a value", name.node),
                        name.span,
                    )
                    .primary("a value is needed here")
                    .label(block.name.span, "defined here"),
                );
                Some(Value::Unknown)
            }
        }
    }

    fn names(&self) -> Vec<String> {
        let visible = self.program.modules[self.module].visible.iter();
        let lets = visible.filter(|(_, defs)| {
            defs.iter()
                .any(|&d| matches!(self.program.get(d), Some(Defined::Let(_))))
        });
        let mut names: Vec<String> = lets.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    }
}

/// The definition of a name; `Some(None)` if there are several, which is reported.
pub(crate) fn lookup(
    program: &Program,
    module: usize,
    name: &Ident,
    errors: &mut Vec<Diagnostic>,
) -> Option<Option<Def>> {
    match program.modules[module].visible.get(&name.node)?.as_slice() {
        [] => None,
        [only] => Some(Some(*only)),
        several => {
            let files: Vec<&str> = several
                .iter()
                .map(|d| program.modules[d.module].name.as_str())
                .collect();
            let places: Vec<_> = several
                .iter()
                .filter_map(|&d| Some(program.get(d)?.name().span))
                .collect();
            errors.push(value::ambiguous(name, &files, &places));
            Some(None)
        }
    }
}

/// Computes every constant, those first that others need. Works on a list, so that long rows of constants need no stack.
pub(crate) fn evaluate(program: &Program, report: &mut Report) -> Constants {
    let mut constants = Constants {
        values: HashMap::new(),
        used: RefCell::default(),
    };
    let mut errors = Vec::new();
    for module in 0..program.modules.len() {
        for (def, _) in program.defs(module) {
            evaluate_with_needs(program, &mut constants, def, &mut errors);
        }
    }
    report.extend(errors);
    constants
}

fn evaluate_with_needs(
    program: &Program,
    constants: &mut Constants,
    def: Def,
    errors: &mut Vec<Diagnostic>,
) {
    let mut waiting = vec![def];
    let mut entered: HashSet<Def> = HashSet::new();
    while let Some(&def) = waiting.last() {
        let Some(Defined::Let(constant)) = program
            .get(def)
            .filter(|_| !constants.values.contains_key(&def))
        else {
            waiting.pop();
            continue;
        };
        let needs: Vec<Def> = needs(program, def.module, &constant.value)
            .into_iter()
            .filter(|need| !constants.values.contains_key(need))
            .collect();
        if entered.insert(def) && !needs.is_empty() {
            waiting.extend(needs);
            continue;
        }
        let value = if needs.is_empty() {
            value::evaluate(
                &constant.value,
                &constants.scope(program, def.module),
                errors,
            )
            .node
        } else {
            errors.push(circular(program, &waiting, &entered, constant.name.clone()));
            Value::Unknown
        };
        constants.values.insert(def, value);
        waiting.pop();
    }
}

fn circular(program: &Program, waiting: &[Def], entered: &HashSet<Def>, name: Ident) -> Diagnostic {
    let names: Vec<&str> = waiting
        .iter()
        .filter(|d| entered.contains(d))
        .filter_map(|&d| Some(program.get(d)?.name().node.as_str()))
        .skip_while(|n| *n != name.node)
        .collect();
    let error = Diagnostic::error(
        Code::E0204,
        format!("the value of `{}` depends on itself", name.node),
        name.span,
    )
    .primary("this constant cannot be computed");
    if names.len() < 2 {
        error
    } else {
        error.note(format!(
            "the circle goes through {}",
            listed(names.into_iter().take(8))
        ))
    }
}

/// The constants that an expression needs.
fn needs(program: &Program, module: usize, expr: &Expr) -> Vec<Def> {
    let mut names = Vec::new();
    names_in(expr, &mut names);
    let defs = names
        .iter()
        .filter_map(|name| program.modules[module].visible.get(*name));
    defs.filter_map(|defs| match defs.as_slice() {
        [only] if matches!(program.get(*only), Some(Defined::Let(_))) => Some(*only),
        _ => None,
    })
    .collect()
}

pub(crate) fn names_in<'a>(expr: &'a Expr, names: &mut Vec<&'a str>) {
    match &expr.kind {
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Size(_)
        | ExprKind::Str(_)
        | ExprKind::Unknown => {}
        ExprKind::Name(name) => names.push(name),
        ExprKind::Neg(inner) => names_in(inner, names),
        ExprKind::Binary(_, a, b) | ExprKind::Pair(a, b) => {
            names_in(a, names);
            names_in(b, names);
        }
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Pipeline(items) => {
            items.iter().for_each(|i| names_in(i, names))
        }
        ExprKind::Call(call) => call
            .args
            .iter()
            .flatten()
            .map(|a: &Arg| &a.value)
            .for_each(|v| names_in(v, names)),
    }
}
