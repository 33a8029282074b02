//! `netc predict`: the classes of pictures.

use crate::cli::{Fit, Predict};
use crate::failure::{Failure, Outcome};
use crate::network::{Network, failed};
use crate::weights::file::shape;
use crate::{files, terminal};
use netc_compiler::Options;
use netc_plan::Plan;
use netc_runtime::{Model, Prediction, Scores};
use netc_train::data::picture;
use netc_train::run::{self, Preparation};
use serde_json::json;
use std::path::Path;

pub(crate) fn run(args: &Predict) -> Outcome {
    let device = args.measured.on(args.device.open()?)?;
    let int8 = args.device.is_int8();
    let network = Network::load(&args.file, &args.source, &Options::default(), device, int8)?;
    let (input, classes) = (input(&network.plan)?, classes(&network.plan)?);
    // Weights that come from elsewhere are as good, only silent.
    let weights = args.source.weights.as_deref();
    let notes = weights.and_then(|path| run::notes(path).ok());
    let notes = notes.unwrap_or_default();
    let labels = match &args.labels {
        Some(path) => Some(labels(path, classes)?),
        None => notes.classes.and_then(|names| all_named(names, classes)),
    };
    let labels = labels.as_deref();
    let noted = notes.pictures.filter(|pictures| pictures.covers(input));
    let mut preparation = noted.unwrap_or(Preparation::plain(input));
    if let Some(fit) = args.fit {
        preparation.crop = fit == Fit::Crop;
    }
    let mut workspace = network.workspace(1, args.threads.count)?;
    let mut worst = None;
    for (i, image) in args.images.iter().enumerate() {
        let pixels = match pixels(image, &network.plan, input, &preparation) {
            Ok(pixels) => pixels,
            // A bad picture does not hide the others' classes.
            Err(failure) => {
                terminal::finish()?;
                terminal::report(&failure);
                worst = worst.max(Some(failure.code));
                continue;
            }
        };
        let outputs = network.executor.forward(&mut workspace, &pixels);
        let outputs = outputs.map_err(|e| failed(&e))?;
        let best = Best::of(network.executor.scores(), outputs, args.top as usize);
        let shown = image.to_string_lossy();
        let text = match args.json {
            true => best.json(&shown, labels),
            false if args.images.len() == 1 => best.table(labels),
            false => {
                let gap = if i > 0 { "\n" } else { "" };
                format!("{gap}{shown}\n{}", best.table(labels))
            }
        };
        terminal::print(&text)?;
    }
    match worst {
        Some(code) => Err(Failure::exit(code)),
        None => Ok(()),
    }
}

/// The shape of the pictures that the network takes.
fn input(plan: &Plan) -> Outcome<[usize; 3]> {
    <[usize; 3]>::try_from(&plan.input[..]).map_err(|_| {
        Failure::input(format!(
            "{} takes vectors of {}, not pictures",
            plan.name,
            shape(&plan.input)
        ))
        .help("`netc run` takes arrays")
    })
}

/// How many classes the network tells apart.
fn classes(plan: &Plan) -> Outcome<usize> {
    match plan.output[..] {
        [n] | [1, 1, n] => Ok(n),
        _ => Err(Failure::input(format!(
            "{} does not classify: its output is {}",
            plan.name,
            shape(&plan.output)
        ))
        .help("`netc run` gives the output as an array")),
    }
}

/// A picture as the network takes it.
fn pixels(
    image: &Path,
    plan: &Plan,
    input: [usize; 3],
    preparation: &Preparation,
) -> Outcome<Vec<f32>> {
    let bad = |why| Failure::input(format!("`{}` cannot be used: {why}", image.display()));
    let decoded = picture::decode(&files::read(image)?).map_err(bad)?;
    let prepared = preparation.input(&decoded, input, &plan.pixels);
    prepared.ok_or_else(|| {
        let (name, channels) = (&plan.name, input[2]);
        Failure::input(format!(
            "{name} takes {channels} channels: no picture has that many"
        ))
    })
}

/// The names that a run has left in its weights, for all outputs: a network may have more than its data had classes.
fn all_named(mut names: Vec<String>, classes: usize) -> Option<Vec<String>> {
    names.extend((names.len()..classes).map(|class| format!("class {class}")));
    (names.len() == classes).then_some(names)
}

/// A name for each class.
fn labels(path: &Path, classes: usize) -> Outcome<Vec<String>> {
    let bad = |why: String| Failure::input(format!("`{}` cannot be used: {why}", path.display()));
    let bytes = files::read(path)?;
    let text = str::from_utf8(&bytes).map_err(|_| bad("it is not UTF-8 text".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let labels: Vec<String> = text
        .trim_end()
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    if labels.len() != classes {
        return Err(bad(format!(
            "it names {} classes, the network has {classes}",
            labels.len()
        )));
    }
    Ok(labels)
}

/// The best classes of a picture, with probabilities, or distances (of which the smallest is the best).
struct Best {
    distances: bool,
    classes: Vec<(usize, f32)>,
}

impl Best {
    fn of(scores: Scores, outputs: &[f32], top: usize) -> Self {
        let distances = scores == Scores::Distances;
        let ranked = if distances {
            outputs.iter().map(|x| -x).collect()
        } else {
            scores.probabilities(outputs)
        };
        let value = |p: Prediction| {
            if distances {
                -p.probability
            } else {
                p.probability
            }
        };
        let best = Prediction::top(&ranked, top);
        Self {
            distances,
            classes: best.into_iter().map(|p| (p.class, value(p))).collect(),
        }
    }

    fn table(&self, labels: Option<&[String]>) -> String {
        let line = |(class, value): &(usize, f32)| {
            let value = if self.distances {
                format!("{value:>12.4}")
            } else {
                format!("{:>8.2} %", value * 100.0)
            };
            match labels {
                Some(labels) => format!("{value}  {}\n", labels[*class]),
                None => format!("{value}  class {class}\n"),
            }
        };
        self.classes.iter().map(line).collect()
    }

    fn json(&self, image: &str, labels: Option<&[String]>) -> String {
        let what = if self.distances {
            "distance"
        } else {
            "probability"
        };
        let class = |(class, value): &(usize, f32)| {
            // As short as an f32 can be written.
            let value: f64 = value.to_string().parse().unwrap_or_default();
            let mut entry = json!({ "class": class, what: value });
            if let Some(labels) = labels {
                entry["label"] = json!(labels[*class]);
            }
            entry
        };
        let top: Vec<_> = self.classes.iter().map(class).collect();
        format!("{}\n", json!({ "image": image, "top": top }))
    }
}
