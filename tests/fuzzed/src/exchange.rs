//! Models of other tools.

use netc_compiler::{Options, compile};
use netc_exchange::{Imported, Refusal, keras as of_keras, onnx as of_onnx, torch as of_torch};
use netc_runtime::Weights;
use std::collections::BTreeMap;

/// What a model may say nothing of.
const INPUT: Option<[usize; 3]> = Some([8, 8, 3]);

/// An ONNX model. What was imported goes out and comes in again.
pub fn onnx(bytes: &[u8]) -> bool {
    let read = |bytes: Vec<u8>| {
        of_onnx::import(of_onnx::Source {
            name: "fuzz",
            bytes,
            beside: &|_, _, _| Err("there is nothing beside it".to_owned()),
            input: INPUT,
        })
    };
    answered(read(bytes.to_vec()))
}

/// A model of Keras: an archive, or HDF5.
pub fn keras(bytes: &[u8]) -> bool {
    answered(of_keras::import(of_keras::Source {
        name: "fuzz",
        bytes,
        input: INPUT,
    }))
}

/// PyTorch's tensors: as many bytes as their shapes say.
pub fn torch(bytes: &[u8]) -> bool {
    let Ok(tensors) = of_torch::tensors(bytes) else {
        return false;
    };
    for tensor in tensors {
        let numbers: usize = tensor.shape.iter().product();
        assert_eq!(tensor.bytes.len(), numbers * tensor.kind.size());
    }
    true
}

/// A refusal says something; a network compiles, and its weights are its own.
fn answered(read: Result<Imported, Refusal>) -> bool {
    let imported = match read {
        Ok(imported) => imported,
        Err(refusal) => {
            assert!(!refusal.headline.is_empty());
            return false;
        }
    };
    let text = imported.net.into_bytes();
    let options = Options::default();
    let output = compile("imported.net", text, &options, &mut BTreeMap::new());
    let plan = output.plan.as_ref();
    let plan = plan.unwrap_or_else(|| panic!("{}", output.rendered()));
    if let Err(error) = Weights::from_tensors(imported.weights, &plan.params) {
        assert!(error.to_string().contains("finite"), "{error}");
    }
    true
}
