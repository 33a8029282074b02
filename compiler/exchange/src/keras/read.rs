//! From the layers of a file to layers of netc.

mod activations;
mod input;
mod joins;
mod linear;
mod normalise;
mod picture;
mod values;
mod window;

use super::file::{self, Source};
use super::options::Options;
use super::outline::{Entry, Outline, is_model};
use super::view::View;
use super::weights::{Given, Place, Weights};
use crate::network::{Imported, Labels, Network, Tensors};
use crate::refusal::Refusal;
use crate::trouble::{Trouble, Troubles};
use input::Pixels;
use netc_compiler::graph::{Layer, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// Uses of layers, those in nested models counted each time.
const USES: usize = 20_000;

/// Models inside each other.
const NESTED: usize = 16;

type Done<T = View> = Result<T, Trouble>;

/// Reads a model of Keras.
///
/// # Errors
/// What is wrong with the file, or a line for each kind of layer that netc cannot say, with all their names.
pub fn import(source: Source<'_>) -> Result<Imported, Refusal> {
    let parts = file::parts(source.bytes)?;
    let class = parts.model["class_name"].as_str().unwrap_or_default();
    if !is_model(class) {
        return Err(not_a_model(class));
    }
    let weights = parts.weights()?;
    let outline = Outline::of(class, &parts.model["config"]).map_err(Refusal::new)?;
    let input = input::of(&outline, source.input)?;
    let net = Network::new(input.shape)
        .map_err(|why| Refusal::new(format!("its input cannot be one of netc's: {why}")))?;
    let mut reader = Reader {
        net,
        weights,
        major: parts.major(),
        flattened: BTreeMap::new(),
        pixels: Pixels::default(),
        troubles: Troubles::default(),
        notes: input.notes,
        seen: BTreeSet::new(),
        uses: 0,
    };
    let first = View {
        node: Network::INPUT,
        dims: input.dims,
        pixels: 0,
    };
    let outputs = reader.model(&outline, &Place::default(), vec![Some(first)], 0)?;
    let outputs = reader.outputs(&outline, outputs)?;
    reader.net.pixels = reader.pixels.written();
    let labels = labels(&outline, &parts.version, source.name, outputs);
    reader.net.finish(&labels, reader.notes)
}

fn not_a_model(class: &str) -> Refusal {
    let shown: String = class.chars().filter(|c| !c.is_control()).take(60).collect();
    Refusal::new(match class {
        "" => "its model has no class".to_owned(),
        _ => format!("its model is of class `{shown}`, which only Python code knows"),
    })
    .help("a Sequential or functional model says all its layers; `netc import` takes ONNX too")
}

/// What the network is called, and the comment at its head.
fn labels(
    outline: &Outline<'_>,
    version: &str,
    file: &str,
    outputs: Vec<(String, NodeId)>,
) -> Labels {
    // Names that Keras gives to models without one: `sequential_3`.
    let number = |c: char| c.is_ascii_digit() || c == '_';
    let common = ["", "model", "functional", "sequential"];
    let name = match common.contains(&outline.name.trim_end_matches(number)) {
        true => file,
        false => outline.name,
    };
    let version: String = version
        .chars()
        .filter(|c| c.is_ascii_graphic())
        .take(40)
        .collect();
    let about = format!("Imported from Keras {version}");
    Labels {
        name: name.to_owned(),
        about: format!("{}.", about.trim_end()),
        outputs,
    }
}

/// A value, or nothing where what makes it has been reported.
type Value = Option<View>;

/// What has been read so far.
struct Reader<'a> {
    net: Network,
    weights: Weights<'a>,
    /// The version of Keras.
    major: u32,
    /// Pictures that became vectors.
    flattened: BTreeMap<NodeId, NodeId>,
    pixels: Pixels,
    troubles: Troubles,
    notes: Vec<String>,
    /// Layers whose weights have been read.
    seen: BTreeSet<String>,
    uses: usize,
}

/// A layer that is used.
struct Spot<'l, 'j> {
    class: &'j str,
    options: Options<'j>,
    place: &'l Place<'j>,
    numbers: &'l [f64],
    is_function: bool,
}

impl Reader<'_> {
    /// Reads a model: the values that it makes of those that go in.
    fn model(
        &mut self,
        outline: &Outline<'_>,
        place: &Place<'_>,
        inputs: Vec<Value>,
        depth: usize,
    ) -> Result<Vec<Value>, Refusal> {
        if inputs.len() != outline.inputs.len() {
            let (there, given) = (outline.inputs.len(), inputs.len());
            return Err(Refusal::new(format!(
                "a model of {there} inputs is given {given}"
            )));
        }
        let mut made: BTreeMap<(usize, usize), Vec<Value>> = BTreeMap::new();
        let mut outer = None;
        for (key, value) in outline.inputs.iter().zip(inputs) {
            match outline.place(key).map_err(Refusal::new)? {
                Some(place) => {
                    made.insert(place, vec![value]);
                }
                None => outer = value,
            }
        }
        let read = |made: &BTreeMap<_, Vec<Value>>, key| {
            let Some(place) = outline.place(key).map_err(Refusal::new)? else {
                return Ok::<_, Refusal>(outer.clone());
            };
            let which = usize::try_from(key.2).ok();
            let value = made.get(&place).zip(which);
            Ok(value.and_then(|(all, which)| all.get(which)?.clone()))
        };
        for (at, which) in outline.order().map_err(Refusal::new)? {
            if made.contains_key(&(at, which)) {
                continue;
            }
            let entry = &outline.entries[at];
            let one = &entry.uses[which];
            let inputs = one.inputs.iter().map(|key| read(&made, key));
            let inputs: Vec<Value> = inputs.collect::<Result<_, _>>()?;
            let own = place.inside(entry.class, entry.number, entry.name);
            let values = self.used(entry, which, &own, inputs, depth)?;
            made.insert((at, which), values);
        }
        outline.outputs.iter().map(|key| read(&made, key)).collect()
    }

    /// Reads a use of a layer; what is wrong with it is kept, and of what depends on it no more is seen than what it is.
    fn used(
        &mut self,
        entry: &Entry<'_>,
        which: usize,
        place: &Place<'_>,
        inputs: Vec<Value>,
        depth: usize,
    ) -> Result<Vec<Value>, Refusal> {
        self.uses += 1;
        if self.uses > USES {
            return Err(Refusal::new("it uses more layers than netc takes"));
        }
        if is_model(entry.class) {
            if depth >= NESTED {
                return Err(Refusal::new("its models are nested too deeply"));
            }
            let inner = Outline::of(entry.class, entry.options.0).map_err(Refusal::new)?;
            return self.model(&inner, place, inputs, depth + 1);
        }
        let spot = Spot {
            class: entry.class,
            options: entry.options,
            place,
            numbers: &entry.uses[which].numbers,
            is_function: entry.is_function,
        };
        let inputs: Option<Vec<View>> = inputs.into_iter().collect();
        let made = match inputs {
            Some(inputs) => self.layer(&spot, &inputs).map(Some),
            None => self.foreseen(&spot).map(|()| None),
        };
        match made {
            Ok(value) => Ok(vec![value]),
            Err(trouble) => {
                let called = format!("{} `{}`", spot.class, place.name());
                self.troubles.add(trouble, called);
                Ok(vec![None])
            }
        }
    }

    /// The layers of netc for one of Keras.
    fn layer(&mut self, spot: &Spot<'_, '_>, inputs: &[View]) -> Done {
        self.check(spot, inputs)?;
        // Files of the older kind do not say what is a function; but no layer computes with a number that it is given.
        if spot.is_function || !spot.numbers.is_empty() {
            return self.function(spot, inputs);
        }
        if let Some(kind) = joins::Kind::of(spot.class) {
            return self.join(spot, kind, inputs);
        }
        let [view] = inputs else {
            return Err(unknown(spot.class));
        };
        match method(spot.class) {
            Some(method) => method(self, spot, view),
            None => match activations::of_layer(spot.class, spot.options, self.major) {
                Some(activation) => self.activated(view, activation?),
                None => Err(unknown(spot.class)),
            },
        }
    }

    /// What is wrong with a layer whatever it reads.
    fn foreseen(&mut self, spot: &Spot<'_, '_>) -> Done<()> {
        match joins::Kind::of(spot.class) {
            _ if spot.is_function || !spot.numbers.is_empty() => return Ok(()),
            Some(joins::Kind::Other) => {
                return self.join(spot, joins::Kind::Other, &[]).map(|_| ());
            }
            Some(_) => return Ok(()),
            None => {}
        }
        match activations::of_layer(spot.class, spot.options, self.major) {
            Some(activation) => activation.map(|_| ()),
            None if method(spot.class).is_none() => Err(unknown(spot.class)),
            None => activations::of_option(spot.options, self.major).map(|_| ()),
        }
    }

    /// What no layer may be.
    fn check(&self, spot: &Spot<'_, '_>, inputs: &[View]) -> Done<()> {
        if spot.options.text("data_format") == Some("channels_first") {
            let way = "netc's pictures are height x width x channels: save the model with data_format=\"channels_last\"";
            return Err(Trouble::way("channels before rows and columns", way));
        }
        if inputs.iter().any(|view| self.is_stale(view)) {
            return Err("it reads the input as it is before it is rescaled, beside what reads it behind that".into());
        }
        Ok(())
    }

    /// The tensors of a layer. The second time that it is used they are copied, which is said.
    fn given(&mut self, spot: &Spot<'_, '_>) -> Done<Given> {
        let name = spot.place.name();
        if self.seen.contains(&name) {
            self.note(&format!(
                "{} `{name}` is used more than once: each use has its own copy of the weights here",
                spot.class
            ));
        }
        self.seen.insert(name);
        self.weights.of(spot.place)
    }

    /// Says something once.
    fn note(&mut self, note: &str) {
        if !self.notes.iter().any(|said| said == note) {
            self.notes.push(note.to_owned());
        }
    }

    /// Adds a layer with its tensors.
    fn add(&mut self, layer: Layer, inputs: &[NodeId], tensors: Tensors) -> Done<NodeId> {
        Ok(self.net.add(layer, inputs, tensors)?)
    }

    /// The values that leave the network; or all that is in the way.
    fn outputs(
        &mut self,
        outline: &Outline<'_>,
        values: Vec<Value>,
    ) -> Result<Vec<(String, NodeId)>, Refusal> {
        let mut outputs = Vec::new();
        for (key, value) in outline.outputs.iter().zip(values) {
            let Some(view) = value else {
                continue;
            };
            match self.as_output(key.0, &view) {
                Ok(node) => outputs.push((key.0.to_owned(), node)),
                Err(trouble) => self.troubles.add(trouble, format!("output `{}`", key.0)),
            }
        }
        if !self.troubles.is_empty() {
            return Err(self.troubles.refusal("layer"));
        }
        match outputs.is_empty() {
            true => Err(Refusal::new(
                "one of its layers makes nothing of what it reads",
            )),
            false => Ok(outputs),
        }
    }
}

/// How a layer of one input is read.
type Method = fn(&mut Reader<'_>, &Spot<'_, '_>, &View) -> Done;

/// Layers of one input by their names, activations aside.
const LAYERS: &[(&[&str], Method)] = &[
    (&["Conv2D", "Convolution2D"], |r, s, v| r.conv(s, v)),
    (&["DepthwiseConv2D"], |r, s, v| r.depthwise(s, v)),
    (&["SeparableConv2D", "SeparableConvolution2D"], |r, s, v| {
        r.separable(s, v)
    }),
    (&["Conv2DTranspose", "Convolution2DTranspose"], |r, s, v| {
        r.deconv(s, v)
    }),
    (&["Dense"], |r, s, v| r.dense(s, v)),
    (
        &["MaxPooling2D", "MaxPool2D", "AveragePooling2D", "AvgPool2D"],
        |r, s, v| r.pool(s, v),
    ),
    (
        &[
            "GlobalAveragePooling2D",
            "GlobalAvgPool2D",
            "GlobalMaxPooling2D",
            "GlobalMaxPool2D",
        ],
        |r, s, v| r.global_pool(s, v),
    ),
    (
        &["BatchNormalization", "SyncBatchNormalization"],
        |r, s, v| r.batch_norm(s, v),
    ),
    (&["LayerNormalization"], |r, s, v| r.layer_norm(s, v)),
    (&["GroupNormalization"], |r, s, v| r.group_norm(s, v)),
    (&["PReLU"], |r, s, v| r.prelu(s, v)),
    (&["LayerScale"], |r, s, v| r.layer_scale(s, v)),
    (&["Rescaling"], |r, s, v| r.rescaling(s, v)),
    (&["Normalization"], |r, s, v| r.normalization(s, v)),
    (&["Flatten"], |_, _, v| {
        Ok(v.seen(vec![v.dims.iter().product()]))
    }),
    (&["Reshape"], |_, s, v| Reader::reshape(s, v)),
    (&["Permute"], |_, s, v| Reader::permute(s, v)),
    (&["ZeroPadding2D"], |r, s, v| r.padding(s, v)),
    (&["Cropping2D"], |r, s, v| r.cropping(s, v)),
    (&["UpSampling2D"], |r, s, v| r.upsampling(s, v)),
    (&["Dropout", "SpatialDropout2D"], |r, s, v| r.dropout(s, v)),
    (IDLE, |r, s, v| Ok(r.idle(s, v))),
];

/// Layers that do nothing in inference.
const IDLE: &[&str] = &[
    "StochasticDepth",
    "DropPath",
    "GaussianNoise",
    "GaussianDropout",
    "AlphaDropout",
    "ActivityRegularization",
    "RandomFlip",
    "RandomRotation",
    "RandomZoom",
    "RandomTranslation",
    "RandomContrast",
    "RandomBrightness",
];

fn method(class: &str) -> Option<Method> {
    let mut layers = LAYERS.iter();
    Some(layers.find(|(names, _)| names.contains(&class))?.1)
}

/// A layer that netc has not, and the nearest way.
fn unknown(class: &str) -> Trouble {
    let class: String = class.chars().filter(|c| !c.is_control()).take(60).collect();
    let way = match class.as_str() {
        name if name.ends_with("1D") || name.ends_with("3D") => {
            "netc's layers work on pictures: a row is a picture of one column for the layers of 2D"
        }
        "LSTM" | "GRU" | "SimpleRNN" | "RNN" | "Bidirectional" | "TimeDistributed"
        | "ConvLSTM2D" => "a network of netc has no steps of time",
        "MultiHeadAttention" | "Attention" | "AdditiveAttention" | "GroupQueryAttention" => {
            "netc multiplies with weights: there is no attention"
        }
        "Embedding" | "TextVectorization" | "StringLookup" | "IntegerLookup" => {
            "netc's networks read pictures and numbers"
        }
        "Lambda" => "it holds Python code: write what it does as layers",
        "TFOpLambda" | "SlicingOpLambda" => {
            "it is a function of TensorFlow: use the layer that does the same, such as Add or Multiply"
        }
        "Resizing" => {
            "UPSAMPLE enlarges by whole factors: use UpSampling2D, or resize pictures before"
        }
        _ => return format!("{class}, which netc has no layer for").into(),
    };
    Trouble::way(class, way)
}
