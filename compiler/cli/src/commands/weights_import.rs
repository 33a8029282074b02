//! `netc weights import`: foreign weights become a network's own.

use crate::cli::{Flatten, Import};
use crate::failure::{Failure, Outcome};
use crate::source::{self, plural};
use crate::table::{Align, Table, grouped};
use crate::weights::file::{File, Tensor, shape};
use crate::weights::flatten;
use crate::weights::matching::{self, How, Matching, Mismatch};
use crate::weights::modules::{self, Layout, Module};
use crate::{files, terminal};
use netc_compiler::Options;
use netc_plan::Param;
use netc_runtime::Weights;

pub(crate) fn run(args: &Import) -> Outcome {
    let compiled = source::network(&args.network, &Options::default())?;
    let (Some(graph), Some(plan)) = (&compiled.graph, &compiled.plan) else {
        return Err(source::incomplete(&args.network));
    };
    let file = File::read(&args.weights)?;
    let tensors = file.tensors()?;
    let task = Task {
        network: source::name(&args.network),
        file: &file.name,
        tensors: &tensors,
        params: &plan.params,
    };
    let offered = task.offered(&args.skip);
    let rows = task.assign(offered, &args.map)?;
    let values = task.convert(&rows)?;
    let (values, reordered) = reorder(graph, &rows, values, args.flatten);

    let named = task.params.iter().map(|p| p.name.clone()).zip(values);
    let weights = Weights::from_tensors(named, task.params).map_err(|e| {
        Failure::input(format!("`{}` cannot be used", file.name))
            .details(e.problems().iter().cloned())
    })?;
    let bytes = weights.to_bytes();

    let table = task.table(&rows);
    if files::is_dash(&args.output) {
        terminal::say(&table);
    } else {
        terminal::print(&table)?;
        terminal::finish()?;
    }
    task.notes(&rows, &reordered);
    files::replace(&args.output, |out| out.write_all(&bytes))?;
    if !files::is_dash(&args.output) {
        let size = files::size(bytes.len() as u64);
        terminal::status("Wrote", &format!("{} ({size})", args.output.display()));
    }
    Ok(())
}

struct Task<'a> {
    network: String,
    file: &'a str,
    tensors: &'a [Tensor<'a>],
    params: &'a [Param],
}

/// Tensors that have to find a place, with their indices.
type Offered<'a> = Vec<(usize, &'a Tensor<'a>)>;

/// Which module becomes which layer, and why.
struct Assignment {
    ours: Module,
    theirs: Module,
    why: Why,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It has the same name.
    Name,
    /// The user says so.
    Map,
    /// The search says so.
    Search(How),
}

impl<'a> Task<'a> {
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

    fn assign(&self, mut offered: Offered<'a>, map: &[String]) -> Outcome<Vec<Assignment>> {
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
        let Matching { how, pairs } =
            matching::find(&ours, &theirs).map_err(|m| self.mismatch(&ours, &theirs, &m))?;
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
                .flat_map(|(_, t)| [t.name.as_str(), crate::weights::names::split(&t.name).0]);
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
                .flat_map(|p| [p.name.as_str(), crate::weights::names::split(&p.name).0]);
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

    /// Lists everything that does not fit.
    fn mismatch(&self, ours: &[Module], theirs: &[Module], m: &Mismatch) -> Failure {
        let (network, file) = (&self.network, self.file);
        let line = |module: &Module| {
            let name = if module.name.is_empty() {
                "(no module)"
            } else {
                &module.name
            };
            format!("  {name}: {}", module.describe())
        };
        if !m.ambiguous.is_empty() {
            let mut failure = Failure::input(format!(
                "cannot tell which modules of `{file}` are which layers of `{network}`: they have the same shapes, and their names suggest no order"
            ));
            for (a, b) in &m.ambiguous {
                let names = |list: &[usize], side: &[Module]| {
                    let names: Vec<&str> = list.iter().map(|i| side[*i].name.as_str()).collect();
                    names.join(", ")
                };
                let shapes = a.first().map(|i| ours[*i].describe()).unwrap_or_default();
                failure = failure
                    .detail(format!("{shapes}:"))
                    .detail(format!("  theirs: {}", names(b, theirs)))
                    .detail(format!("  ours:   {}", names(a, ours)));
            }
            return failure.help("settle them by hand with `--map THEIRS=OURS`, several times");
        }
        let missing: Vec<usize> = only(&m.differ, |(a, b)| b.is_empty().then_some(a));
        let extra: Vec<usize> = only(&m.differ, |(a, b)| a.is_empty().then_some(b));
        let mut failure = Failure::input(format!("`{file}` does not fit `{network}`"));
        if !missing.is_empty() {
            let n = plural(missing.len(), "layer");
            failure = failure
                .detail(format!(
                    "{n} of the network that nothing in the file has the shapes of:"
                ))
                .details(missing.iter().map(|i| line(&ours[*i])));
        }
        if !extra.is_empty() {
            let n = plural(extra.len(), "module");
            failure = failure
                .detail(format!(
                    "{n} of the file that the network has no place for:"
                ))
                .details(extra.iter().map(|i| line(&theirs[*i])));
        }
        for (a, b) in m
            .differ
            .iter()
            .filter(|(a, b)| !a.is_empty() && !b.is_empty())
        {
            let names: Vec<&str> = b.iter().map(|i| theirs[*i].name.as_str()).collect();
            let needs: Vec<&str> = a.iter().map(|i| ours[*i].name.as_str()).collect();
            failure = failure
                .detail(format!(
                    "{} in the file, {} in the network of {}:",
                    b.len(),
                    a.len(),
                    ours[a[0]].describe()
                ))
                .detail(format!("  theirs: {}", names.join(", ")))
                .detail(format!("  ours:   {}", needs.join(", ")));
        }
        let integers = self.tensors.iter().filter(|t| t.to_f32().is_none());
        let integers: Vec<&str> = integers.map(|t| t.name.as_str()).collect();
        if !integers.is_empty() && integers.len() < 10 {
            failure = failure.detail(format!(
                "not floating-point numbers: {}",
                integers.join(", ")
            ));
        }
        if let Some(hint) = bias_hint(&missing, &extra, ours, theirs) {
            failure = failure.help(hint);
        }
        if !extra.is_empty() {
            failure = failure.help("`--skip PREFIX` leaves out what the network does not need");
        }
        failure
    }

    /// The numbers of each parameter, in netc's layout.
    fn convert(&self, rows: &[Assignment]) -> Outcome<Vec<Vec<f32>>> {
        let mut values: Vec<Vec<f32>> = self.params.iter().map(|_| Vec::new()).collect();
        let mut problems = Vec::new();
        for row in rows {
            for (role, ours) in &row.ours.parts {
                let Some(theirs) = row.theirs.parts.get(role) else {
                    continue;
                };
                let tensor = &self.tensors[theirs.tensor];
                let Some(numbers) = tensor.to_f32() else {
                    problems.push(format!("{} holds {} numbers", tensor.name, tensor.dtype));
                    continue;
                };
                let broken = numbers.iter().filter(|v| !v.is_finite()).count();
                if broken > 0 {
                    let n = numbers.len();
                    problems.push(format!(
                        "{}: {broken} of {n} numbers are NaN or infinite",
                        tensor.name
                    ));
                }
                values[ours.tensor] = theirs.layout.turn(numbers, &tensor.shape);
            }
        }
        if problems.is_empty() {
            return Ok(values);
        }
        Err(Failure::input(format!("`{}` cannot be used as weights", self.file)).details(problems))
    }

    /// The mapping.
    fn table(&self, rows: &[Assignment]) -> String {
        let mut table = Table::new(&[
            ("theirs", Align::Left),
            ("ours", Align::Left),
            ("tensors", Align::Left),
        ]);
        for row in rows {
            let by_hand = if row.why == Why::Map { " (--map)" } else { "" };
            table.row(vec![
                row.theirs.name.clone(),
                row.ours.name.clone(),
                format!("{}{by_hand}", row.ours.describe()),
            ]);
        }
        let numbers: usize = self
            .params
            .iter()
            .map(|p| p.shape.iter().product::<usize>())
            .sum();
        let text = table.render();
        format!(
            "{text}{}, {} numbers\n",
            plural(self.params.len(), "tensor"),
            grouped(numbers)
        )
    }

    /// What to look at in the table.
    fn notes(&self, rows: &[Assignment], reordered: &[String]) {
        let loose = rows.iter().any(|r| r.why == Why::Search(How::LooseOrder));
        let ordered = rows.iter().any(|r| r.why == Why::Search(How::Order));
        if loose {
            terminal::warning(
                "several modules have the same shapes, and the numbers in their names are not in the network's order: check the mapping",
            );
        } else if ordered {
            terminal::note(
                "where several modules have the same shapes, the order of their names decided",
            );
        }
        for layer in reordered {
            terminal::note(layer);
        }
        let converted = self
            .tensors
            .iter()
            .filter(|t| t.dtype != safetensors::Dtype::F32 && t.to_f32().is_some());
        match converted.count() {
            0 => {}
            n => terminal::note(&format!(
                "{} of another precision became f32",
                plural(n, "tensor")
            )),
        }
    }
}

fn only(
    differ: &[(Vec<usize>, Vec<usize>)],
    side: impl Fn(&(Vec<usize>, Vec<usize>)) -> Option<&Vec<usize>>,
) -> Vec<usize> {
    let mut all: Vec<usize> = differ.iter().filter_map(side).flatten().copied().collect();
    all.sort_unstable();
    all
}

/// The commonest difference: one side's layers have a bias, the other's do not.
fn bias_hint(
    missing: &[usize],
    extra: &[usize],
    ours: &[Module],
    theirs: &[Module],
) -> Option<String> {
    let without = |module: &Module| {
        let mut module = module.clone();
        module.parts.remove("bias");
        module.signature()
    };
    let twin = |i: &&usize| {
        let mut extra = extra.iter();
        extra.any(|j| {
            without(&ours[**i]) == without(&theirs[*j])
                && !ours[**i].parts.contains_key("running_mean")
        })
    };
    let twins: Vec<usize> = missing.iter().filter(twin).copied().collect();
    let first = &ours[*twins.first()?];
    let (with, change) = if first.parts.contains_key("bias") {
        ("no bias", "add bias=false")
    } else {
        ("a bias", "take bias=false away")
    };
    let names: Vec<&str> = twins.iter().map(|i| ours[*i].name.as_str()).collect();
    Some(format!(
        "theirs differ in having {with}: {change} for {}",
        names.join(", ")
    ))
}

fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    let near = names.map(|name| (strsim::jaro_winkler(name, wanted), name));
    let best = near.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.7).then(|| format!("did you mean `{}`?", best.1))
}

/// Puts what belongs to the elements of a flattened picture into the order in which the network flattens. Says what it did.
fn reorder(
    graph: &netc_compiler::graph::Graph,
    rows: &[Assignment],
    mut values: Vec<Vec<f32>>,
    flatten: Option<Flatten>,
) -> (Vec<Vec<f32>>, Vec<String>) {
    let mut notes = Vec::new();
    for row in rows
        .iter()
        .filter(|row| flatten.is_some() || row.why != Why::Name)
    {
        let Some((picture, order)) = flatten::read_by(graph, &row.ours.name) else {
            continue;
        };
        let keras = row
            .theirs
            .parts
            .values()
            .any(|p| p.layout == Layout::KerasDense);
        let theirs = match flatten {
            Some(order) => order,
            None if keras => Flatten::Hwc,
            None => Flatten::Chw,
        };
        if theirs == order || picture[0] * picture[1] == 1 || picture[2] == 1 {
            continue;
        }
        // An FC's bias belongs to its outputs; all of a normalisation belongs to the vector itself.
        let normalisation = row.ours.parts.contains_key("running_mean");
        for (role, part) in &row.ours.parts {
            if role == "weight" || normalisation {
                flatten::reorder(&mut values[part.tensor], picture, theirs);
            }
        }
        let name = |order| match order {
            Flatten::Chw => "CHW",
            Flatten::Hwc => "HWC",
        };
        notes.push(format!(
            "{}: a picture of {} was flattened in {} order there, and is in {} order here: its columns were put in place (--flatten {} leaves them)",
            row.ours.name,
            shape(&picture),
            name(theirs),
            name(order),
            name(order).to_lowercase(),
        ));
    }
    (values, notes)
}
