//! The files of a network: read, parsed, and joined by `use`.

use crate::limits::{MAX_FILES, MAX_USE_DEPTH};
use crate::loader::Loader;
use crate::names::{bad_name, listed};
use crate::report::Report;
use netc_grammar::ast::{Block, File, Ident, Item, Let};
use netc_grammar::{Code, Diagnostic, FileId, Sources, Span, Spanned, decode};
use std::collections::HashMap;

/// Every file of a network; those that a file uses stand before it, so the root is last.
pub(crate) struct Program {
    pub(crate) modules: Vec<Module>,
}

/// One file.
pub(crate) struct Module {
    pub(crate) file: File,
    /// What diagnostics call it.
    pub(crate) name: String,
    /// Names that can be used in this file. More than one definition: used files disagree.
    pub(crate) visible: HashMap<String, Vec<Def>>,
    /// A file that it uses could not be read, so that nobody knows what names there are.
    pub(crate) incomplete: bool,
}

/// A definition: a `let` or a `block`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Def {
    pub(crate) module: usize,
    pub(crate) item: usize,
}

/// What a definition is.
#[derive(Clone, Copy)]
pub(crate) enum Defined<'a> {
    Let(&'a Let),
    Block(&'a Block),
}

impl<'a> Defined<'a> {
    pub(crate) fn name(self) -> &'a Ident {
        match self {
            Defined::Let(constant) => &constant.name,
            Defined::Block(block) => &block.name,
        }
    }
}

impl Program {
    pub(crate) fn root_index(&self) -> usize {
        self.modules.len() - 1
    }

    pub(crate) fn root(&self) -> &Module {
        &self.modules[self.root_index()]
    }

    /// What a definition is; it stands for a `let` or a `block` by construction.
    pub(crate) fn get(&self, def: Def) -> Option<Defined<'_>> {
        defined(&self.modules[def.module].file.items[def.item])
    }

    /// Every definition of a file, in order.
    pub(crate) fn defs(&self, module: usize) -> impl Iterator<Item = (Def, Defined<'_>)> {
        let items = self.modules[module].file.items.iter().enumerate();
        items.filter_map(move |(item, i)| Some((Def { module, item }, defined(i)?)))
    }
}

fn defined(item: &Item) -> Option<Defined<'_>> {
    match item {
        Item::Let(constant) => Some(Defined::Let(constant)),
        Item::Block(block) => Some(Defined::Block(block)),
        _ => None,
    }
}

/// Reads and joins the root file and all that it uses.
pub(crate) fn load(
    sources: &mut Sources,
    root: FileId,
    file: File,
    loader: &mut dyn Loader,
    report: &mut Report,
) -> Program {
    let name = normalised(&sources.get(root).name);
    let mut reader = Reader {
        sources,
        loader,
        report,
        modules: Vec::new(),
        loaded: HashMap::new(),
        open: Vec::new(),
        full: false,
    };
    reader.module(name, file, &[]);
    Program {
        modules: reader.modules,
    }
}

struct Reader<'a, 'r> {
    sources: &'a mut Sources,
    loader: &'a mut dyn Loader,
    report: &'a mut Report<'r>,
    modules: Vec<Module>,
    /// Files by path: their index in `modules`, or `None` if they could not be read.
    loaded: HashMap<String, Option<usize>>,
    /// Paths of the files that are being read, outermost first.
    open: Vec<String>,
    full: bool,
}

impl Reader<'_, '_> {
    /// Reads what a file uses, then adds the file itself.
    fn module(&mut self, path: String, file: File, errors: &[Diagnostic]) -> usize {
        self.report.extend(errors.iter().cloned());
        self.open.push(path.clone());
        let paths: Vec<Spanned<String>> =
            file.items.iter().filter_map(used_path).cloned().collect();
        let uses: Vec<usize> = paths
            .iter()
            .filter_map(|used| self.used(&path, used))
            .collect();
        self.open.pop();
        let index = self.modules.len();
        let incomplete =
            uses.len() < paths.len() || uses.iter().any(|&used| self.modules[used].incomplete);
        let visible = self.visible(index, &file, &uses);
        self.modules.push(Module {
            file,
            name: path.clone(),
            visible,
            incomplete,
        });
        self.loaded.insert(path, Some(index));
        index
    }

    /// The file that a `use` names.
    fn used(&mut self, from: &str, used: &Spanned<String>) -> Option<usize> {
        let path = normalised(&joined(from, &used.node));
        if used.node.trim().is_empty() {
            self.report
                .push(unreadable(used, &path, "the path is empty"));
            return None;
        }
        if let Some(at) = self.open.iter().position(|open| *open == path) {
            let cycle = listed(self.open[at..].iter().chain([&path]).map(String::as_str));
            self.report.push(
                Diagnostic::error(Code::E0702, format!("`{path}` uses itself"), used.span)
                    .primary("this closes the circle")
                    .note(format!("the files use each other in this order: {cycle}")),
            );
            return None;
        }
        if let Some(index) = self.loaded.get(&path) {
            return *index;
        }
        if self.loaded.len() >= MAX_FILES || self.open.len() >= MAX_USE_DEPTH {
            self.too_many(used);
            return None;
        }
        let index = self.read(&path, used);
        self.loaded.insert(path, index);
        index
    }

    fn too_many(&mut self, used: &Spanned<String>) {
        if !self.full {
            self.report.push(
                Diagnostic::error(Code::E0704, "too many files", used.span)
                    .primary("this file is not read any more")
                    .note(format!(
                        "a network may use {MAX_FILES} files, {MAX_USE_DEPTH} of them in a row"
                    )),
            );
        }
        self.full = true;
    }

    fn read(&mut self, path: &str, used: &Spanned<String>) -> Option<usize> {
        let bytes = match self.loader.read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.report.push(unreadable(used, path, &why));
                return None;
            }
        };
        let text = match decode(bytes) {
            Ok(text) => text,
            Err(broken) => {
                let (_, error) = broken.report(self.sources, path);
                self.report.push(error.label(used.span, "used here"));
                return None;
            }
        };
        let id = self.sources.add(path, text);
        let (file, errors) = netc_grammar::parse(self.sources, id);
        let index = self.module(path.to_owned(), file, &errors);
        self.check_library(index, used);
        Some(index)
    }

    /// A file that is used may hold blocks and constants only.
    fn check_library(&mut self, index: usize, used: &Spanned<String>) {
        let items = &self.modules[index].file.items;
        let chain = items.iter().find_map(|item| match item {
            Item::Chain(chain) => chain.stages.first().map(|s| s.span),
            _ => None,
        });
        if let Some(chain) = chain {
            self.report.push(
                Diagnostic::error(
                    Code::E0703,
                    format!("`{}` is a network and cannot be used", used.node),
                    used.span,
                )
                .primary("used here")
                .label(chain, "its chain starts here")
                .note("`use` brings in blocks and constants")
                .help("move the blocks that you need into a file of their own"),
            );
        }
    }

    /// What can be used in a file: what it defines, then what the files that it uses can use.
    fn visible(&mut self, module: usize, file: &File, uses: &[usize]) -> HashMap<String, Vec<Def>> {
        let mut own: HashMap<String, Vec<Def>> = HashMap::new();
        for (item, name) in file
            .items
            .iter()
            .enumerate()
            .filter_map(|(i, item)| Some((i, defined(item)?.name())))
        {
            self.check_name(name);
            if let Some(Defined::Block(block)) = defined(&file.items[item]) {
                self.check_params(block);
            }
            if let Some(first) = own.get(&name.node).and_then(|defs| defs.first()) {
                let first = defined(&file.items[first.item]).map(Defined::name);
                self.report
                    .push(defined_twice(name, first.map_or(name.span, |n| n.span)));
                continue;
            }
            own.insert(name.node.clone(), vec![Def { module, item }]);
        }
        let mut all = own.clone();
        for (name, defs) in uses.iter().flat_map(|&used| &self.modules[used].visible) {
            if own.contains_key(name) {
                continue;
            }
            let known = all.entry(name.clone()).or_default();
            for def in defs
                .iter()
                .filter(|def| !known.contains(def))
                .copied()
                .collect::<Vec<_>>()
            {
                known.push(def);
            }
        }
        all.values_mut().for_each(|defs| defs.sort_unstable());
        all
    }

    fn check_params(&mut self, block: &Block) {
        let params = block.params.as_deref().unwrap_or_default();
        for (index, param) in params.iter().enumerate() {
            self.report.extend(bad_name(param, "parameters"));
            if let Some(first) = params[..index].iter().find(|p| p.node == param.node) {
                self.report.push(defined_twice(param, first.span));
            }
        }
    }

    fn check_name(&mut self, name: &Ident) {
        self.report.extend(bad_name(name, "blocks and constants"));
    }
}

fn used_path(item: &Item) -> Option<&Spanned<String>> {
    match item {
        Item::Use(path) => Some(path),
        _ => None,
    }
}

pub(crate) fn defined_twice(name: &Ident, first: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0202,
        format!("`{}` is defined twice", name.node),
        name.span,
    )
    .primary("defined again here")
    .label(first, "first defined here")
}

fn unreadable(used: &Spanned<String>, path: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0701,
        format!("cannot read `{}`: {why}", used.node),
        used.span,
    )
    .primary("used here")
    .note(format!(
        "looked for it at `{path}`; paths are relative to the file that holds them"
    ))
}

/// A path as seen from the folder of `from`.
fn joined(from: &str, path: &str) -> String {
    match from.rsplit_once('/') {
        Some((folder, _)) if !path.starts_with('/') => format!("{folder}/{path}"),
        _ => path.to_owned(),
    }
}

/// A path without `.` and, where they can be resolved, `..` parts.
fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("." | "", Some(_)) | (".", None) => {}
            ("..", Some(&last)) if last != ".." && !last.is_empty() => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{joined, normalised};

    #[test]
    fn paths_are_relative_to_the_using_file() {
        let seen = |from, path| normalised(&joined(from, path));
        assert_eq!(seen("models/a.net", "b.net"), "models/b.net");
        assert_eq!(seen("models/a.net", "./parts/b.net"), "models/parts/b.net");
        assert_eq!(seen("models/a.net", "../b.net"), "b.net");
        assert_eq!(seen("a.net", "../b.net"), "../b.net");
        assert_eq!(seen("../a.net", "../b.net"), "../../b.net");
        assert_eq!(seen("/m/a.net", "b.net"), "/m/b.net");
        assert_eq!(seen("m/a.net", "/b.net"), "/b.net");
    }
}
