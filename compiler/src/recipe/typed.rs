//! From checked settings to the recipe that the training loop follows: every default filled in from the table.

use netc_plan::{Augment, Data, Loss, Metric, Optimizer, Recipe, Schedule, Stop};

use super::{KEYS, parsed};
use crate::graph::{self, Setting};
use crate::options::{Choice, Default, Kind, Opt};

/// The recipe of checked settings; `data` if they say nothing about it.
pub(crate) fn typed(recipe: &graph::Recipe, data: Data) -> Recipe {
    let settings = Settings {
        recipe,
        defaults: defaults(),
    };
    let epochs = settings.whole("epochs").unwrap_or(1);
    Recipe {
        name: recipe.name.clone(),
        data: settings.chosen("data").map_or(data, |c| self::data(&c)),
        validation: settings.number("validation"),
        augment: settings
            .pipeline("augment")
            .iter()
            .filter_map(augment)
            .collect(),
        loss: loss(recipe),
        optimizer: optimizer(&settings.chosen("optimizer").unwrap_or(Chosen::NOTHING)),
        schedule: settings
            .pipeline("schedule")
            .iter()
            .filter_map(|c| schedule(c, epochs))
            .collect(),
        batch: settings.whole("batch").unwrap_or(1),
        epochs,
        seed: settings.whole("seed").unwrap_or_default() as u64,
        stop: settings.chosen("stop").as_ref().and_then(stop),
        clip: settings.number("clip").map(|norm| norm as f32),
        shuffle: settings.flag("shuffle"),
        best: match settings.chosen("best") {
            Some(c) if c.name == "loss" => Metric::Loss,
            _ => Metric::Accuracy,
        },
        restore_best: settings.chosen("restore").is_some_and(|c| c.name == "best"),
    }
}

/// The loss of a recipe.
pub(crate) fn loss(recipe: &graph::Recipe) -> Loss {
    let settings = Settings {
        recipe,
        defaults: defaults(),
    };
    match settings.chosen("loss") {
        Some(c) if c.name == "mse" => Loss::Mse,
        Some(c) if c.name == "lenet5" => Loss::LeNet5 {
            j: c.number("j") as f32,
        },
        c => Loss::CrossEntropy {
            label_smoothing: c.map_or(0.0, |c| c.number("label_smoothing") as f32),
        },
    }
}

/// What the keys mean that a recipe leaves out, read from the table as if it stood in the file.
fn defaults() -> graph::Recipe {
    let entries = KEYS.iter().filter_map(|key| match key.default {
        Default::Is(text) => Some(format!("{} = {text}\n", key.name)),
        Default::Required | Default::Described(_) => None,
    });
    parsed(&entries.collect::<String>())
}

fn data(data: &Chosen) -> Data {
    let pad = || data.whole("pad").unwrap_or_default();
    match data.name {
        "mnist" => Data::Mnist { pad: pad() },
        "cifar10" => Data::Cifar10 { pad: pad() },
        "npz" => Data::Npz {
            images: data.text("images"),
            labels: data.text("labels"),
        },
        _ => Data::Folder {
            resize: data.whole("resize"),
            crop: data.flag("crop"),
        },
    }
}

fn stop(stop: &Chosen) -> Option<Stop> {
    (stop.name == "early").then(|| Stop {
        patience: stop.whole("patience").unwrap_or(1),
        min_delta: stop.number("min_delta"),
    })
}

fn augment(step: &Chosen) -> Option<Augment> {
    Some(match step.name {
        "rotate" => Augment::Rotate(step.number("degrees")),
        "shift" => {
            let vertical = step.number("vertical");
            Augment::Shift(vertical, step.given("horizontal").unwrap_or(vertical))
        }
        "shear" => Augment::Shear(step.number("degrees")),
        "zoom" => Augment::Zoom(step.number("range")),
        "hflip" => Augment::HFlip,
        "vflip" => Augment::VFlip,
        "rescale" => Augment::Rescale(step.number("factor")),
        "crop" => Augment::Crop(
            step.whole("height")
                .map(|height| [height, step.whole("width").unwrap_or(height)]),
        ),
        "lighting" => Augment::Lighting(step.number("sd")),
        "ten_crop" => Augment::TenCrop(step.whole("size")),
        _ => return None,
    })
}

fn optimizer(optimizer: &Chosen) -> Optimizer {
    let [lr, weight_decay, decay] =
        ["lr", "weight_decay", "decay"].map(|name| optimizer.number(name));
    match optimizer.name {
        "rmsprop" => Optimizer::RmsProp {
            lr,
            rho: optimizer.number("rho"),
            eps: optimizer.number("eps"),
            weight_decay,
            decay,
        },
        "adam" | "adamw" => Optimizer::Adam {
            lr,
            beta1: optimizer.number("beta1"),
            beta2: optimizer.number("beta2"),
            eps: optimizer.number("eps"),
            weight_decay,
            decoupled: optimizer.name == "adamw",
            decay,
        },
        _ => Optimizer::Sgd {
            lr,
            momentum: optimizer.number("momentum"),
            nesterov: optimizer.flag("nesterov"),
            weight_decay,
            decay,
        },
    }
}

fn schedule(schedule: &Chosen, epochs: usize) -> Option<Schedule> {
    Some(match schedule.name {
        "steps" => Schedule::Steps(
            schedule
                .pairs
                .iter()
                .map(|(epoch, factor)| (*epoch as usize, *factor))
                .collect(),
        ),
        "exponential" => Schedule::Exponential(schedule.number("rate")),
        "cosine" => Schedule::Cosine {
            epochs: schedule.whole("epochs").unwrap_or(epochs),
            min: schedule.number("min"),
        },
        "plateau" => Schedule::Plateau {
            factor: schedule.number("factor"),
            patience: schedule.whole("patience").unwrap_or(1),
            min_delta: schedule.number("min_delta"),
            min_lr: schedule.number("min_lr"),
        },
        "warmup" => Schedule::Warmup(schedule.whole("epochs").unwrap_or_default()),
        _ => return None,
    })
}

/// The settings of a recipe, and those that it leaves out.
struct Settings<'a> {
    recipe: &'a graph::Recipe,
    defaults: graph::Recipe,
}

impl Settings<'_> {
    fn get(&self, key: &str) -> Option<&Setting> {
        self.recipe.get(key).or_else(|| self.defaults.get(key))
    }

    fn number(&self, key: &str) -> Option<f64> {
        number(self.get(key)?)
    }

    fn whole(&self, key: &str) -> Option<usize> {
        whole(self.get(key)?)
    }

    fn flag(&self, key: &str) -> bool {
        self.get(key) == Some(&Setting::Bool(true))
    }

    fn chosen(&self, key: &str) -> Option<Chosen<'_>> {
        Chosen::of(key, self.get(key)?)
    }

    fn pipeline(&self, key: &str) -> Vec<Chosen<'_>> {
        match self.get(key) {
            Some(Setting::Pipeline(steps)) => steps
                .iter()
                .filter_map(|step| Chosen::of(key, step))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// `adam(lr=0.001)`, with the table's row for `adam`.
struct Chosen<'a> {
    name: &'a str,
    options: &'static [Opt],
    named: &'a [(String, Setting)],
    pairs: &'a [(f64, f64)],
}

impl<'a> Chosen<'a> {
    const NOTHING: Chosen<'static> = Chosen {
        name: "",
        options: &[],
        named: &[],
        pairs: &[],
    };

    fn of(key: &str, setting: &'a Setting) -> Option<Self> {
        let Setting::Call {
            name, named, pairs, ..
        } = setting
        else {
            return None;
        };
        let choices: &'static [Choice] = match KEYS.iter().find(|o| o.name == key)?.kind {
            Kind::OneOf(choices) | Kind::Pipeline(choices) => choices,
            _ => return None,
        };
        let choice = choices.iter().find(|choice| choice.name == name)?;
        Some(Self {
            name,
            options: choice.options,
            named,
            pairs,
        })
    }

    fn get(&self, name: &str) -> Option<&'a Setting> {
        let (_, setting) = self.named.iter().find(|(option, _)| option == name)?;
        Some(setting)
    }

    /// The text of the default, for those that are values.
    fn default(&self, name: &str) -> Option<&'static str> {
        let option = self.options.iter().find(|option| option.name == name)?;
        match option.default {
            Default::Is(text) => Some(text),
            Default::Required | Default::Described(_) => None,
        }
    }

    /// The number given; `None` if it is left out.
    fn given(&self, name: &str) -> Option<f64> {
        number(self.get(name)?)
    }

    /// The number given, or the default; what is required has been given.
    fn number(&self, name: &str) -> f64 {
        let default = || self.default(name)?.parse().ok();
        self.given(name).or_else(default).unwrap_or_default()
    }

    fn whole(&self, name: &str) -> Option<usize> {
        let default = || self.default(name)?.parse().ok();
        self.get(name).and_then(whole).or_else(default)
    }

    fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(setting) => *setting == Setting::Bool(true),
            None => self.default(name) == Some("true"),
        }
    }

    fn text(&self, name: &str) -> String {
        match self.get(name) {
            Some(Setting::Str(text)) => text.clone(),
            _ => self
                .default(name)
                .unwrap_or_default()
                .trim_matches('"')
                .to_owned(),
        }
    }
}

fn number(setting: &Setting) -> Option<f64> {
    match *setting {
        Setting::Int(n) => Some(n as f64),
        Setting::Float(x) => Some(x),
        _ => None,
    }
}

fn whole(setting: &Setting) -> Option<usize> {
    match *setting {
        Setting::Int(n) => usize::try_from(n).ok(),
        _ => None,
    }
}
