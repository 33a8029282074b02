//! Recipes: `train { ... }` checked against a table of keys, values and options.

pub(crate) mod fit;
mod table;
pub(crate) mod typed;

pub use table::KEYS;

use crate::graph::{self, Graph, Recipe, Setting};
use crate::names::listed;
use crate::options::{Choice, Kind, Opt, Owner, bind, check, wrong_kind};
use crate::report::Report;
use crate::value::{Argument, Scope, Value, ValueCall, Valued, WORDS, evaluate};
use netc_grammar::ast::{Entry, Ident, Item, Train};
use netc_grammar::{Code, Diagnostic, Sources, Span, nearest, parse};

/// The file's recipes.
pub(crate) fn recipes(items: &[Item], scope: &dyn Scope, report: &mut Report) -> Vec<Recipe> {
    let trains = || {
        items.iter().filter_map(|item| match item {
            Item::Train(train) => Some(train),
            _ => None,
        })
    };
    for (index, train) in trains().enumerate() {
        let name = |t: &Train| t.name.as_ref().map(|n| n.node.clone());
        if let Some(first) = trains().take(index).find(|t| name(t) == name(train)) {
            report.push(recipe_twice(first, train));
        }
    }
    trains().map(|train| recipe(train, scope, report)).collect()
}

/// `train` and the name, not the whole block.
fn head(train: &Train) -> Span {
    match &train.name {
        Some(name) => Span {
            end: name.span.end,
            ..train.span
        },
        None => Span {
            end: train.span.start + 5,
            ..train.span
        },
    }
}

fn recipe_twice(first: &Train, second: &Train) -> Diagnostic {
    let headline = match &second.name {
        Some(name) => format!("there are two recipes `{}`", name.node),
        None => "there are two recipes without a name".to_owned(),
    };
    Diagnostic::error(Code::E0605, headline, head(second))
        .primary("the second one")
        .label(head(first), "the first one")
        .help("give it a name of its own: `train augmented { ... }`")
}

fn recipe(train: &Train, scope: &dyn Scope, report: &mut Report) -> Recipe {
    let mut entries: Vec<graph::Entry> = Vec::new();
    let mut seen: Vec<&Ident> = Vec::new();
    for Entry { key, value, .. } in &train.entries {
        let Some(option) = KEYS.iter().find(|o| o.is_called(&key.node)) else {
            report.push(unknown_key(key));
            continue;
        };
        if let Some(first) = seen.iter().find(|k| option.is_called(&k.node)) {
            report.push(
                Diagnostic::error(
                    Code::E0602,
                    format!("`{}` is set twice", key.node),
                    key.span,
                )
                .primary("set again here")
                .label(first.span, "first set here"),
            );
            continue;
        }
        seen.push(key);
        let mut errors = Vec::new();
        let value = evaluate(value, &Words(scope), &mut errors);
        let setting = setting("the recipe", option, &value, &mut errors);
        report.extend(errors);
        entries.extend(setting.map(|setting| graph::Entry {
            key: option.name.to_owned(),
            setting,
            span: value.span,
        }));
    }
    if let Some(name) = &train.name {
        report.extend(crate::resolve::bad_name(name, "recipes"));
    }
    let name = train.name.as_ref().map(|n| n.node.clone());
    Recipe {
        name,
        entries,
        span: train.span,
        head: head(train),
    }
}

/// The entries of a text that is no part of a file: `batch = 64 optimizer = adam(lr=0.01)`. Diagnostics point into the
/// text, which is added to the sources under this name.
pub fn entries(name: &str, text: &str, sources: &mut Sources) -> Result<Recipe, Vec<Diagnostic>> {
    let file = sources.add(name, format!("train {{ {text} }}"));
    let (tree, mut diagnostics) = parse(sources, file);
    let recipe = recipes(&tree.items, &Nothing, &mut Report::new(&mut diagnostics)).pop();
    match recipe {
        Some(recipe) if diagnostics.is_empty() => Ok(recipe),
        _ => Err(diagnostics),
    }
}

/// The entries of a text that is part of the compiler.
pub(crate) fn parsed(text: &str) -> Recipe {
    let recipe = entries("netc", text, &mut Sources::default());
    debug_assert!(recipe.is_ok(), "{recipe:?}");
    recipe.unwrap_or_else(|_| Recipe {
        name: None,
        entries: Vec::new(),
        span: Span::default(),
        head: Span::default(),
    })
}

/// No names at all.
struct Nothing;

impl Scope for Nothing {
    fn lookup(&self, _: &Ident, _: &mut Vec<Diagnostic>) -> Option<Value> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The file has no recipe of this name, or none without a name.
pub(crate) fn not_found(graph: &Graph, name: Option<&String>) -> Diagnostic {
    let named = || {
        graph
            .recipes
            .iter()
            .filter_map(|recipe| recipe.name.as_deref())
    };
    let headline = match name {
        Some(name) => format!("{} has no recipe `{name}`", graph.name),
        None => format!(
            "{} has several recipes, and none without a name",
            graph.name
        ),
    };
    let Some(first) = graph.recipes.first() else {
        return Diagnostic::error(Code::E0606, headline, graph.node(graph.output).span)
            .primary("the network has no recipe at all")
            .help("write `train name { data = mnist ... }` below it");
    };
    let error = Diagnostic::error(Code::E0606, headline, first.head).primary("this is a recipe");
    let error = graph.recipes[1..]
        .iter()
        .fold(error, |error, recipe| error.label(recipe.head, "and this"));
    match name.and_then(|name| nearest(name, named())) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if named().next().is_some() => {
            error.note(format!("the names are {}", listed(named())))
        }
        None => error,
    }
}

fn unknown_key(key: &Ident) -> Diagnostic {
    let names = || KEYS.iter().map(|o| o.name);
    let error = Diagnostic::error(
        Code::E0601,
        format!("a recipe has no key `{}`", key.node),
        key.span,
    );
    let inside = KEYS.iter().find_map(|key_option| match key_option.kind {
        Kind::OneOf(choices) | Kind::Pipeline(choices) => choices
            .iter()
            .find(|c| c.options.iter().any(|o| o.name == key.node))
            .map(|choice| (key_option.name, choice.example)),
        _ => None,
    });
    if let Some((outer, example)) = inside {
        return error.help(format!(
            "`{}` belongs to the {outer}: `{outer} = {example}`",
            key.node
        ));
    }
    error.did_you_mean(&key.node, key.span, names(), |error| {
        error.note(format!("the keys are {}", listed(names())))
    })
}

/// In a recipe, names that are not constants stand for themselves: `mnist`, `cosine`.
struct Words<'a>(&'a dyn Scope);

impl Scope for Words<'_> {
    fn lookup(&self, name: &Ident, errors: &mut Vec<Diagnostic>) -> Option<Value> {
        self.0.lookup(name, errors)
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    fn keeps_words(&self) -> bool {
        true
    }
}

/// A checked value as the graph keeps it.
fn setting(
    owner: &str,
    option: &Opt,
    value: &Valued,
    errors: &mut Vec<Diagnostic>,
) -> Option<Setting> {
    match (option.kind, &value.node) {
        (_, Value::Unknown) => None,
        (Kind::OneOf(choices), _) => chosen(owner, option, choices, value, errors),
        (Kind::Pipeline(choices), Value::Pipeline(parts)) => {
            let settings = parts
                .iter()
                .filter_map(|part| chosen(owner, option, choices, part, errors));
            Some(Setting::Pipeline(settings.collect()))
        }
        (Kind::Pipeline(choices), _) => Some(Setting::Pipeline(vec![chosen(
            owner, option, choices, value, errors,
        )?])),
        (_, Value::Word(word)) if !WORDS.contains(&word.as_str()) => {
            errors.push(undefined(owner, option, word, value.span));
            None
        }
        _ => match check(owner, option, value) {
            Ok(()) => plain(option, value),
            Err(error) => {
                errors.push(*error);
                None
            }
        },
    }
}

fn undefined(owner: &str, option: &Opt, word: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0201, format!("`{word}` is not defined"), span)
        .primary("no constant has this name")
        .note(format!("`{}` of {owner} is {}", option.name, option.kind))
}

/// A value that is no choice.
fn plain(option: &Opt, value: &Valued) -> Option<Setting> {
    Some(match &value.node {
        Value::Int(n) if matches!(option.kind, Kind::Number(_)) => Setting::Float(*n as f64),
        Value::Int(n) => Setting::Int(*n),
        Value::Float(x) => Setting::Float(*x),
        Value::Word(word) if word == "true" || word == "false" => Setting::Bool(word == "true"),
        Value::Word(word) => call(word, Vec::new()),
        Value::Str(text) => Setting::Str(text.clone()),
        Value::Call(ValueCall { name, args }) => {
            let number = |a: &Argument| a.value.node.as_float().map(Setting::Float);
            call(&name.node, args.iter().filter_map(number).collect())
        }
        _ => return None,
    })
}

fn call(name: &str, args: Vec<Setting>) -> Setting {
    Setting::Call {
        name: name.to_owned(),
        args,
        pairs: Vec::new(),
        named: Vec::new(),
    }
}

/// `adam`, `adam(lr=0.001)`: a name of the table with its options. Positional options become named ones.
fn chosen(
    owner: &str,
    option: &Opt,
    choices: &'static [Choice],
    value: &Valued,
    errors: &mut Vec<Diagnostic>,
) -> Option<Setting> {
    let (name, args) = match &value.node {
        Value::Unknown => return None,
        Value::Word(word) => (
            Ident {
                node: word.clone(),
                span: value.span,
            },
            [].as_slice(),
        ),
        Value::Call(call) => (call.name.clone(), call.args.as_slice()),
        _ => {
            errors.push(*wrong_kind(owner, option, value));
            return None;
        }
    };
    let Some(choice) = choices.iter().find(|c| c.name == name.node) else {
        errors.push(unknown_choice(option, choices, &name));
        return None;
    };
    let (pairs, args): (Vec<&Argument>, Vec<&Argument>) = args
        .iter()
        .partition(|a| matches!(a.value.node, Value::Pair(_)));
    let pairs = steps(choice, &pairs, value.span, errors);
    let args: Vec<Argument> = args.into_iter().cloned().collect();
    let owned = Owner {
        name: choice.name,
        options: choice.options,
        positional: choice.positional,
        example: choice.example,
    };
    let bound = bind(owned, &args, value.span, errors);
    let named = bound
        .all_given()
        .filter_map(|(o, v)| Some((o.name.to_owned(), setting(choice.name, o, v, errors)?)))
        .collect();
    Some(Setting::Call {
        name: choice.name.to_owned(),
        args: Vec::new(),
        pairs: pairs?,
        named,
    })
}

fn unknown_choice(option: &Opt, choices: &[Choice], name: &Ident) -> Diagnostic {
    let names = || choices.iter().map(|c| c.name);
    let error = Diagnostic::error(
        Code::E0603,
        format!("`{}` is not a value of `{}`", name.node, option.name),
        name.span,
    );
    error.did_you_mean(&name.node, name.span, names(), |error| {
        error.note(format!("it is one of {}", listed(names())))
    })
}

/// `2: 0.8, 5: 0.4`: epochs that rise, and factors. `None` if they are wrong.
fn steps(
    choice: &Choice,
    pairs: &[&Argument],
    span: Span,
    errors: &mut Vec<Diagnostic>,
) -> Option<Vec<(f64, f64)>> {
    let before = errors.len();
    match (choice.pairs, pairs) {
        (false, [first, ..]) => errors.push(
            Diagnostic::error(
                Code::E0604,
                format!("`{}` takes no pairs", choice.name),
                first.span,
            )
            .primary("this is a pair"),
        ),
        (true, []) => errors.push(
            Diagnostic::error(
                Code::E0604,
                format!("`{}` needs pairs of an epoch and a factor", choice.name),
                span,
            )
            .help(format!("for example `{}`", choice.example)),
        ),
        _ => {}
    }
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for argument in pairs {
        let Value::Pair(pair) = &argument.value.node else {
            continue;
        };
        let (epoch, factor) = (&pair.0.node, &pair.1.node);
        match (epoch, factor.as_float()) {
            (Value::Int(e), Some(f)) if *e >= 0 && f > 0.0 => {
                if steps.last().is_some_and(|&(last, _)| *e as f64 <= last) {
                    errors.push(
                        Diagnostic::error(Code::E0604, "epochs of steps must rise", argument.span)
                            .primary("not after the one before"),
                    );
                }
                steps.push((*e as f64, f));
            }
            (Value::Unknown, _) | (_, None)
                if *factor == Value::Unknown || *epoch == Value::Unknown => {}
            _ => errors.push(
                Diagnostic::error(
                    Code::E0604,
                    "a step is an epoch, counted from 0, and a factor above 0",
                    argument.span,
                )
                .primary("not such a pair"),
            ),
        }
    }
    (errors.len() == before).then_some(steps)
}
