//! A constant for each layer, and those that it refers to.

use crate::literals::{constant, conv_window, float, literal, place, pool_window, shown};
use crate::network::{Ending, Kernel, Network, Step};
use crate::weights::{self, File};
use netc_plan::{Conv, Literal, Slot, View};

/// The constants as they are written, and the file of weights that they are read from.
pub(crate) struct Layers<'n> {
    network: &'n Network,
    pub(crate) file: File,
    pub(crate) text: String,
}

impl<'n> Layers<'n> {
    /// Those of all steps.
    pub(crate) fn of(network: &'n Network) -> Self {
        let mut layers = Self {
            network,
            file: File::new(),
            text: String::new(),
        };
        (0..network.steps.len()).for_each(|index| layers.layer(index));
        layers
    }

    /// A layer, and before it what it refers to.
    fn layer(&mut self, index: usize) {
        let network = self.network;
        let step = &network.steps[index];
        let (name, kernel) = (constant(&step.name), step.kernel.name());
        let inputs = step.inputs.iter();
        let inputs: Vec<String> = inputs.map(|view| read(network, view, index)).collect();
        let mut fields = vec![match step.kernel {
            Kernel::Add { .. } => format!("inputs: [{}]", inputs.join(", ")),
            _ => format!("input: {}", inputs[0]),
        }];
        fields.push(format!("output: at::{name}"));
        fields.extend(match &step.kernel {
            Kernel::Conv { d, .. } => self.conv(&name, step, d, &inputs),
            Kernel::MaxPool { d, empty, table } => {
                let table = table.as_ref().map(|table| self.table(&name, table));
                let table =
                    table.map_or_else(|| "None".to_owned(), |table| format!("Some({table})"));
                vec![
                    format!("window: {}", pool_window(d)),
                    format!("empty: {empty}"),
                    format!("table: {table}"),
                ]
            }
            Kernel::Mean { unit, zero } => {
                vec![
                    format!("unit: {}", float(*unit)),
                    format!("zero: {}", float(*zero)),
                ]
            }
            Kernel::Add {
                scales: [a, b],
                shift,
                bounds: [low, high],
            } => vec![
                format!("scales: [{}, {}]", float(*a), float(*b)),
                format!("shift: {}", float(*shift)),
                format!("bounds: ({low}, {high})"),
            ],
            Kernel::Table(tables) => {
                let at = self.file.add(tables.iter().flatten().copied());
                let kind = format!("[[u8; 256]; {}]", tables.len());
                let tables = self.constant(&name, "TABLES", &kind, "tables", at);
                vec![format!("tables: {tables}")]
            }
            Kernel::Quantise { scale, zero } => {
                vec![format!("scale: {}", float(*scale)), format!("zero: {zero}")]
            }
        });
        self.text += &format!(
            "/// {}\nstatic {name}: Layer<{kernel}, INPUT, ARENA> = {kernel} {{\n",
            shown(step)
        );
        for field in fields {
            self.text += &format!("    {field},\n");
        }
        self.text += "}\n.layer();\n\n";
    }

    /// The fields of a convolution behind its places.
    fn conv(&mut self, name: &str, step: &Step, d: &Conv, inputs: &[String]) -> Vec<String> {
        let Kernel::Conv {
            weights,
            zero,
            filters,
            added,
            ending,
            ..
        } = &step.kernel
        else {
            return Vec::new();
        };
        let ordered = weights::ordered(d, weights);
        let kind = format!("[u32; {}]", literal(ordered.len() / 4));
        let at = self.file.add(ordered.into_iter().map(i8::cast_unsigned));
        let weights = self.constant(name, "WEIGHTS", &kind, "weights", at);
        let kind = format!("[Filter; {}]", literal(d.filters));
        let at = self.file.add_numbers(filters.iter().flatten().copied());
        let filters = self.constant(name, "FILTERS", &kind, "filters", at);
        let added = added.map_or_else(
            || "None".to_owned(),
            |scale| {
                let (place, scale) = (&inputs[1], float(scale));
                format!("Some(Added {{ place: {place}, scale: {scale} }})")
            },
        );
        let ending = match ending {
            Ending::Bytes(low, high) => format!("Bytes({low}, {high})"),
            Ending::Numbers([low, high]) => format!("Numbers({}, {})", float(*low), float(*high)),
            Ending::Steps(steps) => {
                let at = self.file.add_numbers(steps.iter().copied());
                let steps = self.constant(name, "STEPS", "[f32; 255]", "numbers", at);
                format!("Steps({steps})")
            }
        };
        vec![
            format!("zero: {zero}"),
            format!("window: {}", conv_window(d)),
            format!("groups: {}", d.groups),
            format!("weights: {weights}"),
            format!("filters: {filters}"),
            format!("added: {added}"),
            format!("ending: Ending::{ending}"),
        ]
    }

    fn table(&mut self, name: &str, table: &[u8; 256]) -> String {
        let at = self.file.add(table.iter().copied());
        self.constant(name, "TABLE", "[u8; 256]", "bytes", at)
    }

    /// Writes a constant that a layer refers to, from this byte of the file on; gives the reference.
    fn constant(&mut self, layer: &str, what: &str, of: &str, read: &str, at: usize) -> String {
        let at = literal(at);
        self.text += &format!("static {layer}_{what}: {of} = netc_embedded::{read}(FILE, {at});\n");
        format!("&{layer}_{what}")
    }
}

/// The name of what a view holds before step `index`: that of the last step that wrote it, or its place.
pub(crate) fn read(network: &Network, view: &View, index: usize) -> String {
    if view.slot == Slot::Input {
        return match Some(view) == input(network) {
            true => "at::INPUT".to_owned(),
            false => format!("netc_embedded::Place::input({})", view.shape.literal()),
        };
    }
    let mut before = network.steps[..index].iter().rev();
    match before.find(|step| step.output == *view) {
        Some(step) => format!("at::{}", constant(&step.name)),
        None => format!("netc_embedded::{}", place(view)),
    }
}

/// The view of the input that the first step has.
pub(crate) fn input(network: &Network) -> Option<&View> {
    let mut inputs = network.steps.iter().flat_map(|step| &step.inputs);
    inputs.find(|view| view.slot == Slot::Input)
}
