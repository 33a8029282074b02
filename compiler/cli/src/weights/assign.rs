//! Which tensors of a foreign file become which parameters: by name, by the user's word, by the search of [`matching`].

use super::file::Tensor;
use super::matching::{self, How, Matching};
use super::modules::{self, Module};
use super::{mismatch, names};
use crate::failure::{Failure, Outcome};
use crate::terminal;
use netc_plan::Param;

/// What is to be brought together.
pub(crate) struct Task<'a> {
    /// The network's file.
    pub(crate) network: String,
    /// The weights' file.
    pub(crate) file: &'a str,
    pub(crate) tensors: &'a [Tensor<'a>],
    pub(crate) params: &'a [Param],
}

/// Tensors that have to find a place, with their indices.
type Offered<'a> = Vec<(usize, &'a Tensor<'a>)>;

/// Which module becomes which layer, and why.
pub(crate) struct Assignment {
    pub(crate) ours: Module,
    pub(crate) theirs: Module,
    pub(crate) why: Why,
}

/// Why a module becomes a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has the same name.
    Name,
    /// The user says so.
    Map,
    /// The search says so.
    Search(How),
}

impl<'a> Task<'a> {
    /// Finds a module for every layer, in the order of the network. `skip` leaves out tensors by the start of their names,
    /// `map` settles modules and tensors by hand.
    pub(crate) fn assign(&self, skip: &[String], map: &[String]) -> Outcome<Vec<Assignment>> {
        let mut offered = self.offered(skip);
        let mut rows = Vec::new();
        let mut needed: Vec<usize> = (0..self.params.len()).collect();
        for entry in map {
            let (theirs, ours) = self.parse_map(entry, &offered, &needed)?;
            offered.retain(|(i, _)| !theirs.iter().any(|(j, _)| i == j));
            needed.retain(|i| !ours.contains(i));
            rows.extend(self.mapped(entry, &theirs, &ours)?);
        }
        if map.is_empty()
            && let Some(direct) = self.by_name(&offered)
        {
            return Ok(direct);
        }
        let theirs = modules::theirs(&offered);
        let ours: Vec<Module> = modules::ours(self.params)
            .into_iter()
            .map(|mut module| {
                module.parts.retain(|_, part| needed.contains(&part.tensor));
                module
            })
            .filter(|module| !module.parts.is_empty())
            .collect();
        let Matching { how, pairs } = matching::find(&ours, &theirs)
            .map_err(|m| mismatch::failure(self, &ours, &theirs, &m))?;
        rows.extend(ours.into_iter().zip(pairs).map(|(ours, j)| Assignment {
            ours,
            theirs: theirs[j].clone(),
            why: Why::Search(how),
        }));
        // In the order of the network.
        rows.sort_by_key(|row| row.ours.parts.values().map(|p| p.tensor).min());
        Ok(rows)
    }

    /// The file's own names are netc's, perhaps behind a common prefix.
    fn by_name(&self, offered: &[(usize, &Tensor<'_>)]) -> Option<Vec<Assignment>> {
        if offered.len() != self.params.len() {
            return None;
        }
        let first = &self.params.first()?.name;
        let prefixes = offered
            .iter()
            .filter_map(|(_, t)| t.name.strip_suffix(first.as_str()));
        for prefix in prefixes {
            let theirs = |param: &Param| {
                let fits = |t: &Tensor<'_>| {
                    t.name.strip_prefix(prefix) == Some(&param.name) && t.shape == param.shape
                };
                offered.iter().find(|(_, t)| fits(t)).copied()
            };
            let found: Option<Vec<_>> = self.params.iter().map(theirs).collect();
            if let Some(found) = found {
                // In the order of the parameters, so both sides group alike.
                let pairs = modules::ours(self.params)
                    .into_iter()
                    .zip(modules::theirs(&found));
                let why = Why::Name;
                return Some(
                    pairs
                        .map(|(ours, theirs)| Assignment { ours, theirs, why })
                        .collect(),
                );
            }
        }
        None
    }

    /// Reads `theirs=ours`: two modules, or two tensors.
    fn parse_map(
        &self,
        entry: &str,
        offered: &Offered<'a>,
        needed: &[usize],
    ) -> Outcome<(Offered<'a>, Vec<usize>)> {
        let bad = |why: String| Failure::tool(format!("`--map {entry}`: {why}"));
        let (from, to) = entry
            .split_once('=')
            .ok_or_else(|| bad("write THEIRS=OURS, as in head.0=fc2".to_owned()))?;
        let inside = |name: &str, module: &str| {
            let rest = name.strip_prefix(module);
            rest.is_some_and(|r| {
                r.is_empty() || r.starts_with(['.', '/']) && !r[1..].contains(['.', '/'])
            })
        };
        let theirs: Vec<_> = offered
            .iter()
            .filter(|(_, t)| inside(&t.name, from))
            .copied()
            .collect();
        if theirs.is_empty() {
            let names = offered
                .iter()
                .flat_map(|(_, t)| [t.name.as_str(), names::split(&t.name).0]);
            return Err(bad(format!(
                "`{}` has no module or tensor `{from}` left",
                self.file
            ))
            .maybe_help(nearest(from, names)));
        }
        let named = |i: &&usize| inside(&self.params[**i].name, to);
        let ours: Vec<usize> = needed.iter().filter(named).copied().collect();
        if ours.is_empty() {
            let names = self
                .params
                .iter()
                .flat_map(|p| [p.name.as_str(), names::split(&p.name).0]);
            return Err(bad(format!(
                "`{}` has no layer or tensor `{to}` left",
                self.network
            ))
            .maybe_help(nearest(to, names)));
        }
        Ok((theirs, ours))
    }

    fn mapped(
        &self,
        entry: &str,
        theirs: &[(usize, &Tensor<'_>)],
        ours: &[usize],
    ) -> Outcome<Vec<Assignment>> {
        let mut theirs = modules::theirs(theirs);
        let mut wanted = modules::ours(self.params);
        wanted
            .iter_mut()
            .for_each(|m| m.parts.retain(|_, p| ours.contains(&p.tensor)));
        wanted.retain(|m| !m.parts.is_empty());
        if let ([theirs], [ours]) = (&mut theirs[..], &wanted[..]) {
            // Two single tensors need not share their role's name.
            if theirs.parts.len() == 1 && ours.parts.len() == 1 {
                let part = theirs.parts.pop_first();
                let role = ours.parts.keys().next();
                if let (Some((_, part)), Some(role)) = (part, role) {
                    theirs.parts.insert(role.clone(), part);
                }
            }
            if theirs.signature() == ours.signature() {
                return Ok(vec![Assignment {
                    ours: ours.clone(),
                    theirs: theirs.clone(),
                    why: Why::Map,
                }]);
            }
        }
        let list = |modules: &[Module]| {
            let lines: Vec<String> = modules.iter().map(Module::describe).collect();
            lines.join("; ")
        };
        Err(
            Failure::input(format!("`--map {entry}`: the shapes differ"))
                .detail(format!("theirs: {}", list(&theirs)))
                .detail(format!("ours:   {}", list(&wanted))),
        )
    }

    /// The tensors that have to find a place, by index.
    fn offered(&self, skip: &[String]) -> Offered<'a> {
        for prefix in skip {
            if !self
                .tensors
                .iter()
                .any(|t| t.name.starts_with(prefix.as_str()))
            {
                terminal::warning(&format!("no tensor's name starts with `{prefix}`"));
            }
        }
        let skipped = |t: &Tensor<'_>| {
            skip.iter()
                .any(|prefix| t.name.starts_with(prefix.as_str()))
        };
        // PyTorch's batch normalisation counts its batches; nothing needs the count.
        let counter = |t: &Tensor<'_>| t.name.ends_with("num_batches_tracked");
        let all = self.tensors.iter().enumerate();
        all.filter(|(_, t)| !skipped(t) && !counter(t)).collect()
    }
}

fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    let near = names.map(|name| (strsim::jaro_winkler(name, wanted), name));
    let best = near.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.7).then(|| format!("did you mean `{}`?", best.1))
}
