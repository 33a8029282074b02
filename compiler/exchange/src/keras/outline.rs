//! Which layers a model has, and what each of their uses reads.

use super::options::Options;
use serde_json::Value;
use std::collections::BTreeMap;

/// A value: the layer that makes it, which of the layer's uses, and which of its outputs.
pub(super) type Key<'j> = (&'j str, u64, u64);

/// A layer of a model.
#[derive(Debug)]
pub(super) struct Entry<'j> {
    pub(super) class: &'j str,
    pub(super) name: &'j str,
    pub(super) options: Options<'j>,
    /// A function of Keras that stands where layers do.
    pub(super) is_function: bool,
    /// How many layers of its class stand before it.
    pub(super) number: usize,
    pub(super) uses: Vec<Use<'j>>,
}

/// What a use of a layer reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Use<'j> {
    pub(super) inputs: Vec<Key<'j>>,
    /// Numbers between them, which functions compute with.
    pub(super) numbers: Vec<f64>,
}

/// A Sequential or functional model.
#[derive(Debug)]
pub(super) struct Outline<'j> {
    pub(super) name: &'j str,
    pub(super) entries: Vec<Entry<'j>>,
    pub(super) inputs: Vec<Key<'j>>,
    pub(super) outputs: Vec<Key<'j>>,
    /// Layers by their names.
    by_name: BTreeMap<&'j str, usize>,
    /// The shape of what goes in, where the model says it beside its layers.
    build_shape: Option<&'j Value>,
}

/// Whether a class is a model that holds layers.
pub(super) fn is_model(class: &str) -> bool {
    matches!(class, "Sequential" | "Functional" | "Model")
}

impl<'j> Outline<'j> {
    /// Of a model's configuration.
    pub(super) fn of(class: &str, config: &'j Value) -> Result<Self, String> {
        // The first versions wrote nothing but the layers of a Sequential model.
        let layers = config.as_array().or_else(|| config["layers"].as_array());
        let layers = layers.ok_or("it has no list of layers")?;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut outline = Self {
            name: config["name"].as_str().unwrap_or_default(),
            entries: Vec::with_capacity(layers.len()),
            inputs: Vec::new(),
            outputs: Vec::new(),
            by_name: BTreeMap::new(),
            build_shape: config.get("build_input_shape"),
        };
        for layer in layers {
            let mut entry = entry(layer)?;
            if !entry.is_function {
                let count = counts.entry(entry.class).or_default();
                entry.number = *count;
                *count += 1;
            }
            let at = outline.entries.len();
            if outline.by_name.insert(entry.name, at).is_some() {
                return Err(format!("two of its layers are called `{}`", entry.name));
            }
            outline.entries.push(entry);
        }
        match class {
            "Sequential" => outline.chain(),
            _ => outline.ends(config)?,
        }
        Ok(outline)
    }

    /// Layers that each read the one before.
    fn chain(&mut self) {
        // Nobody's name: what goes in, where no layer stands for it.
        let mut last = ("", 0, 0);
        if self
            .entries
            .first()
            .is_none_or(|first| first.class != "InputLayer")
        {
            self.inputs = vec![last];
        }
        for entry in &mut self.entries {
            if entry.class == "InputLayer" {
                self.inputs = vec![(entry.name, 0, 0)];
                entry.uses = vec![Use::default()];
            } else {
                entry.uses = vec![Use {
                    inputs: vec![last],
                    numbers: Vec::new(),
                }];
            }
            last = (entry.name, 0, 0);
        }
        self.outputs = vec![last];
    }

    /// The inputs and outputs of a functional model.
    fn ends(&mut self, config: &'j Value) -> Result<(), String> {
        for (what, keys) in [
            ("input_layers", &mut self.inputs),
            ("output_layers", &mut self.outputs),
        ] {
            ends(&config[what], keys);
            if keys.is_empty() {
                return Err(format!("its {what} are missing"));
            }
        }
        let inputs = self.entries.iter_mut().filter(|e| e.class == "InputLayer");
        inputs.for_each(|entry| entry.uses = vec![Use::default()]);
        Ok(())
    }

    /// The layer of this name.
    pub(super) fn entry(&self, name: &str) -> Option<&Entry<'j>> {
        Some(&self.entries[*self.by_name.get(name)?])
    }

    /// The uses of layers that the outputs depend on, each after those that it reads.
    pub(super) fn order(&self) -> Result<Vec<(usize, usize)>, String> {
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut states: BTreeMap<(usize, usize), u8> = BTreeMap::new();
        let mut order = Vec::new();
        let mut open: Vec<((usize, usize), usize)> = Vec::new();
        for key in &self.outputs {
            open.extend(self.place(key)?.map(|place| (place, 0)));
            while let Some((place, next)) = open.pop() {
                if states.get(&place) == Some(&DONE) {
                    continue;
                }
                states.insert(place, OPEN);
                let entry = &self.entries[place.0];
                let Some(input) = entry.uses[place.1].inputs.get(next) else {
                    states.insert(place, DONE);
                    order.push(place);
                    continue;
                };
                open.push((place, next + 1));
                if let Some(before) = self.place(input)? {
                    match states.get(&before) {
                        Some(&DONE) => {}
                        Some(_) => {
                            return Err(format!("its layer `{}` reads what it makes", input.0));
                        }
                        None => open.push((before, 0)),
                    }
                }
            }
        }
        Ok(order)
    }

    /// The layer and the use that make a value; `None` for what goes in.
    pub(super) fn place(&self, key: &Key<'_>) -> Result<Option<(usize, usize)>, String> {
        if key.0.is_empty() {
            return Ok(None);
        }
        let missing = || format!("nothing makes `{}`, which a layer reads", key.0);
        let at = *self.by_name.get(key.0).ok_or_else(missing)?;
        let which = usize::try_from(key.1).ok();
        let which = which.filter(|n| *n < self.entries[at].uses.len());
        Ok(Some((at, which.ok_or_else(missing)?)))
    }

    /// How many uses read a value.
    pub(super) fn readers(&self, key: &Key<'_>) -> Vec<&Entry<'j>> {
        let reads = |entry: &&Entry<'j>| {
            let mut inputs = entry.uses.iter().flat_map(|one| &one.inputs);
            inputs.any(|input| input == key)
        };
        self.entries.iter().filter(reads).collect()
    }

    /// The shape of what goes in, the batch first, as far as the model says it.
    pub(super) fn input_shape(&self) -> Option<&'j Value> {
        let first = match self.inputs.first() {
            Some(key) if !key.0.is_empty() => self.entry(key.0)?,
            _ => self.entries.first()?,
        };
        let names = ["batch_shape", "batch_input_shape"];
        let said = names.iter().find_map(|name| first.options.get(name));
        let inner = || {
            is_model(first.class).then_some(())?;
            Outline::of(first.class, first.options.0)
                .ok()?
                .input_shape()
        };
        said.or_else(inner).or(self.build_shape)
    }
}

fn entry(layer: &Value) -> Result<Entry<'_>, String> {
    let config = &layer["config"];
    let class = layer["class_name"].as_str();
    let class = class.ok_or("one of its layers has no class")?;
    let name = layer["name"].as_str().or_else(|| config["name"].as_str());
    let name = name.filter(|name| !name.is_empty());
    let module = layer["module"].as_str().unwrap_or_default();
    let uses = layer["inbound_nodes"].as_array().map(Vec::as_slice);
    Ok(Entry {
        class,
        name: name.ok_or_else(|| format!("one of its layers, of class {class}, has no name"))?,
        options: Options(config),
        is_function: module.starts_with("keras") && module.contains(".ops"),
        number: 0,
        uses: uses.unwrap_or_default().iter().map(used).collect(),
    })
}

/// A use of a layer: `{args, kwargs}` of Keras 3, or lists of names and numbers.
fn used(node: &Value) -> Use<'_> {
    let mut one = Use::default();
    match node {
        Value::Array(_) => ends(node, &mut one.inputs),
        _ => {
            values(&node["args"], &mut one);
            let mut named = Use::default();
            values(&node["kwargs"], &mut named);
            one.inputs.append(&mut named.inputs);
        }
    }
    one
}

/// The values and numbers in the arguments of a use.
fn values<'j>(argument: &'j Value, one: &mut Use<'j>) {
    match argument {
        Value::Array(items) => items.iter().for_each(|item| values(item, one)),
        Value::Object(items)
            if items
                .get("class_name")
                .is_some_and(|c| c == "__keras_tensor__") =>
        {
            one.inputs.extend(key(&argument["config"]["keras_history"]));
        }
        Value::Object(items) => items.values().for_each(|item| values(item, one)),
        Value::Number(number) => one.numbers.extend(number.as_f64()),
        _ => {}
    }
}

/// The values in lists of lists: each begins with a name.
fn ends<'j>(value: &'j Value, keys: &mut Vec<Key<'j>>) {
    match value {
        Value::Array(items) => match key(value) {
            Some(key) => keys.push(key),
            None => items.iter().for_each(|item| ends(item, keys)),
        },
        Value::Object(items) => items.values().for_each(|item| ends(item, keys)),
        _ => {}
    }
}

fn key(value: &Value) -> Option<Key<'_>> {
    let [name, one, output, ..] = value.as_array()?.as_slice() else {
        return None;
    };
    Some((name.as_str()?, one.as_u64()?, output.as_u64()?))
}
