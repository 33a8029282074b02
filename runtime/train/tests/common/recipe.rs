//! A recipe that says little, for tests to say more.

use netc_plan::{Data, Initialiser, Loss, Metric, Optimizer, Recipe, Restore};

/// SGD at a rate of 0.1 with momentum, three epochs in batches of eight.
pub(crate) fn plain(data: Data) -> Recipe {
    Recipe {
        name: None,
        data: Some(data),
        validation: None,
        augment: Vec::new(),
        loss: Loss::CrossEntropy {
            label_smoothing: 0.0,
        },
        losses: Vec::new(),
        optimizer: Optimizer::Sgd {
            lr: 0.1,
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
            decay: 0.0,
        },
        schedule: Vec::new(),
        batch: 8,
        epochs: 3,
        seed: 1,
        stop: None,
        clip: None,
        l2: 0.0,
        init: Initialiser::Glorot,
        bias_init: Initialiser::Constant(0.0),
        freeze: Vec::new(),
        shuffle: true,
        best: Metric::Accuracy,
        restore: Restore::Last,
    }
}
