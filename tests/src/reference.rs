//! Reference values: whole networks and single operations, made by PyTorch in float64 (see `tests/reference/README.md`).

use safetensors::SafeTensors;
use serde_json::Value;
use std::path::Path;

/// Reference values of one network.
#[derive(Clone, Debug)]
pub struct Network {
    /// The stem of its file, `torchvision/resnet18` where it is torchvision's.
    pub name: String,
    /// The seeded input is multiplied by this.
    pub input_scale: f64,
    /// Images in the batch.
    pub batch: usize,
    /// Stored numbers.
    pub params: u64,
    /// Numbers that training moves.
    pub trainable: u64,
    /// Whether the values are logits even if the network ends in SOFTMAX.
    pub logits: bool,
    /// The first numbers of the output of the first images.
    pub output: Vec<Vec<f64>>,
    /// One training step, where there are values for it.
    pub training: Option<Training>,
}

/// Reference values of one training step: batch statistics, no dropout, mean cross-entropy.
#[derive(Clone, Debug)]
pub struct Training {
    /// A class for each image.
    pub labels: Vec<u32>,
    /// The mean loss.
    pub loss: f64,
    /// The norm of each parameter's gradient, by its name.
    pub norms: Vec<(String, f64)>,
}

fn training(case: &Value) -> Option<Training> {
    let norms = case["grad_l2"].as_object()?.iter();
    Some(Training {
        labels: numbers(&case["labels"])
            .into_iter()
            .map(|l| l as u32)
            .collect(),
        loss: case["train_loss"].as_f64()?,
        norms: norms
            .filter_map(|(name, l2)| Some((name.clone(), l2.as_f64()?)))
            .collect(),
    })
}

fn json(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("reference")
        .join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every network that has reference values.
///
/// # Panics
/// If a file is missing or broken.
pub fn networks() -> Vec<Network> {
    let files = [
        ("golden/models.json", "models", ""),
        ("models.json", "models", ""),
        ("networks.json", "networks", ""),
        ("torchvision.json", "models", "torchvision/"),
    ];
    let mut all = Vec::new();
    for (file, key, folder) in files {
        let json = json(file);
        for (name, case) in json[key].as_object().into_iter().flatten() {
            let logits = case.get("logits").is_some();
            let rows = if logits {
                &case["logits"]
            } else {
                &case["output"]
            };
            all.push(Network {
                name: format!("{folder}{name}"),
                input_scale: case["input_scale"].as_f64().unwrap_or(1.0),
                batch: number(&case["batch"]),
                params: number(&case["params"]) as u64,
                trainable: number(&case["trainable"]) as u64,
                logits,
                output: rows.as_array().into_iter().flatten().map(numbers).collect(),
                training: training(case),
            });
        }
    }
    all
}

fn number(value: &Value) -> usize {
    match value.as_u64() {
        Some(n) => n as usize,
        None => panic!("expected a whole number, found {value}"),
    }
}

fn numbers(row: &Value) -> Vec<f64> {
    row.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_f64)
        .collect()
}

/// Reference values of one operation.
#[derive(Debug)]
pub struct Case {
    /// `conv_valid`
    pub name: String,
    /// `conv`
    pub op: String,
    /// Its options.
    pub attrs: Value,
    tensors: Vec<(String, Vec<usize>, Vec<f64>)>,
}

impl Case {
    /// Shape and values of a tensor of the case: `x`, `y`, `weight` ...
    pub fn tensor(&self, name: &str) -> Option<(&[usize], &[f64])> {
        let found = self.tensors.iter().find(|t| t.0 == name)?;
        Some((&found.1, &found.2))
    }

    /// A tensor that the case must have.
    ///
    /// # Panics
    /// If it has not.
    pub fn need(&self, name: &str) -> (&[usize], &[f64]) {
        match self.tensor(name) {
            Some(tensor) => tensor,
            None => panic!("{} has no tensor {name}", self.name),
        }
    }

    /// A list of numbers among the options.
    pub fn sizes(&self, attr: &str) -> Vec<usize> {
        self.attrs[attr]
            .as_array()
            .into_iter()
            .flatten()
            .map(number)
            .collect()
    }
}

/// Every operation that has reference values.
///
/// # Panics
/// If a file is missing or broken.
pub fn operations() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/golden/ops.safetensors");
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file =
        SafeTensors::deserialize(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let list = json("golden/ops.json");
    list.as_array()
        .into_iter()
        .flatten()
        .map(|case| {
            let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
            let name = text("case");
            let names = case["tensors"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let tensors = names.map(|t| read(&file, &name, t)).collect();
            Case {
                op: text("op"),
                attrs: case["attrs"].clone(),
                name,
                tensors,
            }
        })
        .collect()
}

fn read(file: &SafeTensors, case: &str, tensor: &str) -> (String, Vec<usize>, Vec<f64>) {
    let key = format!("{case}.{tensor}");
    let view = file.tensor(&key).unwrap_or_else(|e| panic!("{key}: {e}"));
    let values = match view.dtype() {
        safetensors::Dtype::F32 => {
            let words = view.data().as_chunks().0.iter();
            words.map(|b| f64::from(f32::from_le_bytes(*b))).collect()
        }
        safetensors::Dtype::I64 => {
            let words = view.data().as_chunks().0.iter();
            words.map(|b| i64::from_le_bytes(*b) as f64).collect()
        }
        other => panic!("{key} holds {other:?}"),
    };
    (tensor.to_owned(), view.shape().to_vec(), values)
}
