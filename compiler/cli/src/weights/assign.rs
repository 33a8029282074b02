//! Which tensors of a foreign file become which parameters: by name, by the user's word, by the search of [`matching`].

use super::file::Tensor;
use super::maps::Map;
use super::matching::{self, Evidence, Matching};
use super::modules::{self, Module};
use super::task::{Offered, Task};
use super::wiring::Wiring;
use super::{mismatch, names};
use crate::failure::{Failure, Outcome};
use crate::source::plural;
use crate::terminal;
use netc_grammar::nearest;
use netc_plan::Param;

/// Which module becomes which layer, and why.
pub(crate) struct Assignment {
    pub(crate) ours: Module,
    pub(crate) theirs: Module,
    pub(crate) reason: Reason,
}

/// Why a module becomes a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It has the same name.
    Name,
    /// The user says so.
    Map,
    /// The search says so.
    Search(Evidence),
}

/// What has no place yet.
struct Open<'a> {
    /// Of the file.
    offered: Offered<'a>,
    /// Of the network, by index.
    needed: Vec<usize>,
}

impl<'a> Task<'a> {
    /// Finds a module for every layer, in the order of the network. `skip` leaves out tensors by the start of their names,
    /// `maps` settle modules, tensors and parts of the tree by hand.
    pub(crate) fn assign(&self, skip: &[String], maps: &[Map]) -> Outcome<Vec<Assignment>> {
        let mut open = Open {
            offered: self.offered(skip),
            needed: (0..self.params.len()).collect(),
        };
        let mut rows = Vec::new();
        for map in maps {
            let settled = match map.is_prefix() {
                true => self.part(map, &open)?,
                false => vec![self.single(map, &open)?],
            };
            let of = |side: fn(&Assignment) -> &Module| -> Vec<usize> {
                let modules = settled.iter().map(side);
                modules
                    .flat_map(|m| m.parts.values().map(|p| p.tensor))
                    .collect()
            };
            let (theirs, ours) = (of(|row| &row.theirs), of(|row| &row.ours));
            open.offered.retain(|(i, _)| !theirs.contains(i));
            open.needed.retain(|i| !ours.contains(i));
            rows.extend(settled);
        }
        if maps.is_empty()
            && let Some(direct) = self.by_name(&open.offered)
        {
            return Ok(direct);
        }
        let theirs = modules::theirs(&open.offered);
        let ours = self.modules(&open.needed);
        rows.extend(self.search(ours, &theirs)?);
        // In the order of the network.
        rows.sort_by_key(|row| row.ours.parts.values().map(|p| p.tensor).min());
        Ok(rows)
    }

    /// The network's modules, with these parameters only.
    fn modules(&self, needed: &[usize]) -> Vec<Module> {
        let mut modules = modules::ours(self.params);
        for module in &mut modules {
            module.parts.retain(|_, part| needed.contains(&part.tensor));
        }
        modules.retain(|module| !module.parts.is_empty());
        modules
    }

    fn search(&self, ours: Vec<Module>, theirs: &[Module]) -> Outcome<Vec<Assignment>> {
        let wiring = Wiring::of(self.graph, &ours);
        let Matching { evidence, pairs } = matching::find(&ours, theirs, &wiring)
            .map_err(|m| mismatch::failure(self, &ours, theirs, &m))?;
        let rows = ours.into_iter().zip(pairs).map(|(ours, j)| Assignment {
            ours,
            theirs: theirs[j].clone(),
            reason: Reason::Search(evidence),
        });
        Ok(rows.collect())
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
                let reason = Reason::Name;
                return Some(
                    pairs
                        .map(|(ours, theirs)| Assignment {
                            ours,
                            theirs,
                            reason,
                        })
                        .collect(),
                );
            }
        }
        None
    }

    /// All that the file has below a name, for as many layers from the named one on.
    fn part(&self, map: &Map, open: &Open<'a>) -> Outcome<Vec<Assignment>> {
        let below = open
            .offered
            .iter()
            .filter(|(_, t)| t.name.starts_with(&map.theirs));
        let below: Vec<_> = below.copied().collect();
        if below.is_empty() {
            return Err(map.bad(format!(
                "no tensor of `{}` that is left starts so",
                self.file
            )));
        }
        let theirs = modules::theirs(&below);
        let ours = self.modules(&open.needed);
        let Some(start) = ours.iter().position(|module| module.name == map.ours) else {
            return Err(self.no_layer(map));
        };
        let end = start + theirs.len();
        if end > ours.len() {
            return Err(map.bad(format!(
                "{} of `{}` start so, and from `{}` on there are only {}",
                plural(theirs.len(), "module"),
                self.file,
                map.ours,
                plural(ours.len() - start, "layer"),
            )));
        }
        let mut rows = self.search(ours[start..end].to_vec(), &theirs)?;
        rows.iter_mut().for_each(|row| row.reason = Reason::Map);
        Ok(rows)
    }

    /// A module for a layer, or a tensor for a tensor.
    fn single(&self, map: &Map, open: &Open<'a>) -> Outcome<Assignment> {
        let inside = |name: &str, module: &str| {
            let rest = name.strip_prefix(module);
            rest.is_some_and(|r| {
                r.is_empty() || r.starts_with(['.', '/']) && !r[1..].contains(['.', '/'])
            })
        };
        let theirs = open
            .offered
            .iter()
            .filter(|(_, t)| inside(&t.name, &map.theirs));
        let theirs: Vec<_> = theirs.copied().collect();
        if theirs.is_empty() {
            return Err(self.no_module(map, &open.offered));
        }
        let ours = open
            .needed
            .iter()
            .filter(|i| inside(&self.params[**i].name, &map.ours));
        let ours: Vec<usize> = ours.copied().collect();
        if ours.is_empty() {
            return Err(self.no_layer(map));
        }
        let mut theirs = modules::theirs(&theirs);
        let mut ours = self.modules(&ours);
        if let ([theirs], [ours]) = (&mut theirs[..], &ours[..]) {
            // Two single tensors need not share their role's name.
            if theirs.parts.len() == 1 && ours.parts.len() == 1 {
                let parts = std::mem::take(&mut theirs.parts).into_values();
                theirs.parts = ours.parts.keys().cloned().zip(parts).collect();
            }
        }
        match (theirs.pop(), ours.pop()) {
            (Some(their), Some(our))
                if theirs.is_empty() && ours.is_empty() && their.signature() == our.signature() =>
            {
                Ok(Assignment {
                    ours: our,
                    theirs: their,
                    reason: Reason::Map,
                })
            }
            (their, our) => {
                let list = |rest: Vec<Module>, last: Option<Module>| {
                    let all = rest.iter().chain(&last).map(Module::describe);
                    all.collect::<Vec<_>>().join("; ")
                };
                Err(Failure::input(format!("`--map {map}`: the shapes differ"))
                    .detail(format!("theirs: {}", list(theirs, their)))
                    .detail(format!("ours:   {}", list(ours, our))))
            }
        }
    }

    fn no_module(&self, map: &Map, offered: &Offered<'a>) -> Failure {
        let tensors = offered.iter();
        let names = tensors.flat_map(|(_, t)| [t.name.as_str(), names::split(&t.name).0]);
        let from = &map.theirs;
        let below = offered.iter().filter(|(_, t)| {
            t.name
                .strip_prefix(from.as_str())
                .is_some_and(|rest| rest.starts_with(['.', '/']))
        });
        let failure = map.bad(format!(
            "`{}` has no module or tensor `{from}` left",
            self.file
        ));
        match below.count() {
            0 => failure.maybe_help(meant(from, names)),
            _ => failure.help(format!("all below it: `--map {from}.={}`", map.ours)),
        }
    }

    fn no_layer(&self, map: &Map) -> Failure {
        let params = self.params.iter();
        let names = params.flat_map(|p| [p.name.as_str(), names::split(&p.name).0]);
        map.bad(format!(
            "`{}` has no layer or tensor `{}` left",
            self.network, map.ours
        ))
        .maybe_help(meant(&map.ours, names))
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

fn meant<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    nearest(wanted, names).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netc_compiler::Options;
    use safetensors::Dtype;
    use std::path::{Path, PathBuf};

    /// Names and shapes of a file, in their own order.
    fn state_dict(path: &Path) -> Vec<Tensor<'static>> {
        let text = std::fs::read_to_string(path).unwrap();
        let tensors = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let (name, shape) = line.split_once(' ').unwrap();
                let shape = shape.split('x').map(|n| n.parse().unwrap()).collect();
                Tensor::empty(name, Dtype::F32, shape)
            });
        tensors.collect()
    }

    fn network(state_dict: &Path) -> PathBuf {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/torchvision");
        let name = state_dict.file_name().unwrap();
        models.join(name).with_extension("net")
    }

    /// torchvision's own networks, each written in the order of its state_dict; auxiliary heads come last.
    #[test]
    fn torchvision_is_matched_in_its_own_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/state_dicts");
        let files = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut seen = 0;
        for path in files.filter(|path| path.extension().is_some_and(|e| e == "txt")) {
            let network = network(&path);
            let output = crate::source::compile(&network, &Options::default()).unwrap();
            assert!(!output.has_errors(), "{}", output.rendered());
            let (graph, plan) = (output.graph.unwrap(), output.plan.unwrap());
            let mut tensors = state_dict(&path);
            let is_aux = |name: &str| name.to_ascii_lowercase().starts_with("aux");
            tensors.sort_by_key(|tensor| is_aux(&tensor.name));
            let mut wanted: Vec<String> = Vec::new();
            for tensor in &tensors {
                let module = names::split(&tensor.name).0;
                if wanted.last().is_none_or(|last| last != module) {
                    wanted.push(module.to_owned());
                }
            }
            tensors.sort_by(|a, b| names::natural(&a.name, &b.name));
            let task = Task {
                network: network.display().to_string(),
                file: "w",
                graph: &graph,
                tensors: &tensors,
                params: &plan.params,
            };
            let rows = task
                .assign(&[], &[])
                .unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
            let found: Vec<&str> = rows.iter().map(|row| row.theirs.name.as_str()).collect();
            let wrong = found.iter().zip(&wanted).filter(|(a, b)| **a != b.as_str());
            let wrong: Vec<_> = wrong.collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
            assert_eq!(found.len(), wanted.len());
            seen += 1;
        }
        assert!(seen >= 8);
    }
}
