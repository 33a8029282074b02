//! Files of weights, all of them safetensors: for a small network, which they seldom fit.

use crate::folder;
use netc_compiler::{Options, Train, compile};
use netc_plan::{Pixels, Plan};
use netc_runtime::train::State;
use netc_runtime::{Executor, Model, Quantised, Weights, prepare, quantise};
use netc_train::data::picture::decode;
use netc_train::run;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const TEXT: &str = "INPUT(4x4x2) => CONV(3, 3x3, same) => BN => RELU => FC(3) => SOFTMAX";

/// Plans of inference and of training, and the optimizer.
static NETWORK: LazyLock<(Plan, netc_compiler::Training)> = LazyLock::new(|| {
    let options = Options {
        train: Some(Train::default()),
        ..Options::default()
    };
    let output = compile("fuzz.net", TEXT.into(), &options, &mut BTreeMap::new());
    assert!(!output.has_errors(), "{}", output.rendered());
    (output.plan.unwrap(), output.training.unwrap())
});

/// Weights: from memory and from a file alike; those that fit give numbers, and are read as they are written.
pub fn weights(bytes: &[u8]) -> bool {
    let (plan, _) = &*NETWORK;
    let read = Weights::from_bytes(bytes, &plan.params);
    let mapped = folder::with_file("weights.safetensors", bytes, |path| {
        Weights::from_file(path, &plan.params).is_ok()
    });
    assert_eq!(read.is_ok(), mapped);
    let Ok(weights) = read else {
        return false;
    };
    let again = Weights::from_bytes(&weights.to_bytes(), &plan.params).unwrap();
    assert_eq!(again.to_bytes(), weights.to_bytes());
    ran(&Executor::new(plan, &weights).unwrap());
    true
}

/// A quantised network.
pub fn int8(bytes: &[u8]) -> bool {
    let (plan, _) = &*NETWORK;
    let Ok(quantised) = Quantised::from_bytes(bytes, plan) else {
        return false;
    };
    let again = Quantised::from_bytes(&quantised.to_bytes(), plan).unwrap();
    assert_eq!(again.to_bytes(), quantised.to_bytes());
    let prepared = prepare(plan, netc_runtime::cpu::Machine::here(), 1).unwrap();
    if let Ok(executor) = prepared.int8_executor(&quantised) {
        ran(&executor);
    }
    true
}

/// What a run of generated code goes on from.
pub fn checkpoint(bytes: &[u8]) -> bool {
    let mut state = state();
    folder::with_file("run.safetensors", bytes, |path| state.resume(path).is_ok())
}

/// A run of generated code.
fn state() -> State {
    let (_, training) = &*NETWORK;
    let (plan, optimizer) = (&training.plan, &training.recipe.optimizer);
    let weights = Weights::random(1, &plan.params);
    State::new(&plan.params, &weights, optimizer, &plan.update, 1)
}

/// What netc itself writes of the small network: by the names of the targets that read it.
#[must_use]
pub fn written() -> Vec<(&'static str, Vec<u8>)> {
    let (plan, _) = &*NETWORK;
    let weights = Weights::random(1, &plan.params);
    let images: Vec<f32> = (0..4 * 4 * 2 * 8).map(|i| (i % 17) as f32 / 16.0).collect();
    let quantised = quantise(plan, &weights, &images).unwrap();
    let checkpoint = folder::with_file("saved.safetensors", &[], |path| {
        state().save(&path).unwrap();
        std::fs::read(path).unwrap()
    });
    vec![
        ("weights", weights.to_bytes()),
        ("int8", quantised.to_bytes()),
        ("checkpoint", checkpoint),
    ]
}

/// What a run notes beside its weights: how pictures become inputs.
pub fn notes(bytes: &[u8]) -> bool {
    let read = folder::with_file("noted.safetensors", bytes, |path| run::notes(&path));
    let Ok(notes) = read else {
        return false;
    };
    let input = [4, 4, 3];
    if let Some(pictures) = notes.pictures.filter(|pictures| pictures.covers(input)) {
        let image = decode(PICTURE).unwrap();
        let numbers = pictures.input(&image, input, &Pixels::default());
        assert_eq!(numbers.unwrap().len(), 48);
    }
    true
}

/// Some picture.
const PICTURE: &[u8] = include_bytes!("rgb.png");

fn ran(executor: &Executor) {
    let mut workspace = executor.workspace(1);
    let images = vec![0.5; executor.plan().input.iter().product()];
    let output = executor.forward(&mut workspace, &images).unwrap();
    assert_eq!(output.len(), 3);
}
