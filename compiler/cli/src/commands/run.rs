//! `netc run`: raw tensors in and out.

use crate::cli::Run;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target};
use crate::network::{Network, failed};
use crate::source::{self, plural};
use crate::terminal;
use crate::weights::file::shape;
use netc_compiler::graph::Graph;
use netc_compiler::{Options, Output};
use netc_grammar::nearest;
use netc_runtime::Model;
use netc_train::data::npy::{self, Array, Numbers};
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &Run) -> Outcome {
    let device = args.measured.on(args.device.open()?)?;
    let options = Options {
        keep: args.layer.iter().cloned().collect(),
        ..Options::default()
    };
    let compiled = source::network(&args.file, &options)?;
    let inputs = source::files(&args.file, &compiled).into_iter();
    let arrays = args.source.weights.iter().chain([&args.input]).cloned();
    let inputs: Vec<PathBuf> = inputs.chain(arrays).collect();
    let mut values = wanted(args, &compiled, &inputs)?;
    let array = read(&args.input)?;
    let network = Network::of(
        &args.file,
        compiled,
        &args.source,
        device,
        args.device.is_int8(),
    )?;
    let images = Images::of(&array.shape, &network.plan.input)
        .map_err(|failure| failure.detail(format!("in `{}`", args.input.display())))?;
    let one: usize = network.plan.input.iter().product();
    let batch = (args.batch as usize).min(images.count);
    let mut workspace = network.workspace(batch, args.threads.count)?;
    for part in array.numbers.into_floats().chunks(one * batch) {
        let result = network
            .executor
            .forward(&mut workspace, part)
            .map_err(|e| failed(&e))?
            .to_vec();
        for value in &mut values {
            match &value.name {
                None => value.numbers.extend_from_slice(&result),
                // The input itself is not kept: it is what was given.
                Some(name) => match network.executor.kept(&workspace, name) {
                    Some(kept) => value.numbers.extend(kept.map_err(|e| failed(&e))?),
                    None => value.numbers.extend_from_slice(part),
                },
            }
        }
    }
    values
        .into_iter()
        .try_for_each(|value| value.write(&images))
}

/// A value to write.
struct Wanted {
    /// `None`: the network's output.
    name: Option<String>,
    sizes: Vec<usize>,
    target: Target,
    numbers: Vec<f32>,
}

impl Wanted {
    fn write(mut self, images: &Images) -> Outcome {
        if images.batched {
            self.sizes.insert(0, images.count);
        }
        self.target
            .write(|out| npy::write(out, &self.sizes, &self.numbers))?;
        if !self.target.is_dash() {
            let text = format!(
                "{} ({}, f32 {})",
                self.target.path().display(),
                plural(images.count, "image"),
                shape(&self.sizes)
            );
            terminal::status("Wrote", &text);
        }
        Ok(())
    }
}

/// The layer that was asked for; or the output, and beside its file one for each other output: `Y.boxes.npy` beside `Y.npy`.
fn wanted(args: &Run, compiled: &Output, inputs: &[PathBuf]) -> Outcome<Vec<Wanted>> {
    let Some(graph) = &compiled.graph else {
        return Err(source::incomplete(&args.file));
    };
    let wanted = |name, sizes, path: &Path| {
        Ok(Wanted {
            name,
            sizes,
            target: Target::new(path, inputs)?,
            numbers: Vec::new(),
        })
    };
    if let Some(name) = &args.layer {
        let (name, sizes) = find(graph, name)?;
        return Ok(vec![wanted(Some(name), sizes, &args.output)?]);
    }
    let sizes = |id| graph.node(id).shape.sizes();
    let mut all = vec![wanted(None, sizes(graph.output), &args.output)?];
    let heads = graph.heads.iter().filter(|head| !head.auxiliary);
    for head in heads.filter(|_| !files::is_dash(&args.output)) {
        let path = args.output.with_extension(format!("{}.npy", head.name));
        all.push(wanted(Some(head.name.clone()), sizes(head.node), &path)?);
    }
    Ok(all)
}

fn read(path: &Path) -> Outcome<Array> {
    let bad = |why| Failure::input(format!("`{}` cannot be used: {why}", path.display()));
    let array = npy::read(&files::read(path)?).map_err(bad)?;
    if let Numbers::Integers(_) = array.numbers {
        return Err(bad(format!(
            "its numbers are `{}`: use float32, float64 or uint8",
            array.descr
        )));
    }
    Ok(array)
}

/// The layer's name and the shape of its value.
fn find(graph: &Graph, name: &str) -> Outcome<(String, Vec<usize>)> {
    if let Some(head) = graph
        .heads
        .iter()
        .find(|head| head.name == name && !head.auxiliary)
    {
        return Ok((name.to_owned(), graph.node(head.node).shape.sizes()));
    }
    if let Some(node) = graph.nodes.iter().find(|node| node.name == name) {
        return Ok((node.name.clone(), node.shape.sizes()));
    }
    let near = nearest(name, graph.nodes.iter().map(|node| node.name.as_str()));
    Err(
        Failure::tool(format!("`{}` has no layer `{name}`", graph.name))
            .maybe_help(near.map(|name| format!("did you mean `{name}`?")))
            .help("`netc summary` lists the layers"),
    )
}

/// How an array holds images.
struct Images {
    count: usize,
    /// Has an axis for the batch.
    batched: bool,
}

impl Images {
    fn of(given: &[usize], input: &[usize]) -> Outcome<Self> {
        let wrong = |what: &str| {
            Failure::input(format!(
                "the input is {}, the network takes {} or a batch nx{}{what}",
                shape(given),
                shape(input),
                shape(input)
            ))
        };
        if given == input {
            return Ok(Self {
                count: 1,
                batched: false,
            });
        }
        if let [count, rest @ ..] = given
            && rest == input
        {
            if *count == 0 {
                return Err(Failure::input("the input holds no image"));
            }
            return Ok(Self {
                count: *count,
                batched: true,
            });
        }
        let image = match given.len() {
            n if n == input.len() + 1 => &given[1..],
            _ => given,
        };
        Err(match (image, input) {
            ([c, h, w], [ih, iw, ic]) if [h, w, c] == [ih, iw, ic] => wrong("")
                .help("channels come last in netc: `np.moveaxis(x, -3, -1)` moves them there"),
            ([h, w], [ih, iw, 1]) if [h, w] == [ih, iw] => {
                wrong("").help("`x[..., None]` adds the axis of the one channel")
            }
            _ => wrong(""),
        })
    }
}
