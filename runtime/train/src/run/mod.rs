//! The training loop, over any network that implements [`Learn`].
//!
//! A run lives in a folder:
//!
//! | file | what |
//! | --- | --- |
//! | `NAME.net` | the network as trained |
//! | `metrics.csv`, `events.out.tfevents.*` | figures of each epoch, for people and for TensorBoard |
//! | `last.safetensors` | the weights that the network has: those of the last step, or of the best epoch where the recipe restores them |
//! | `best.safetensors` | the weights of the best epoch |
//! | `resume.safetensors` | everything that a continuation needs |
//!
//! Every file is replaced as a whole, but TensorBoard's, which grow. `resume.safetensors` is the one that counts: a continuation writes the others anew from it.

mod chart;
mod checkpoint;
mod evaluator;
mod experiment;
mod feed;
mod figures;
mod folder;
mod history;
mod interrupt;
mod learn;
mod net;
mod notes;
mod progress;
mod saver;
mod schedule;
mod tensorboard;
mod train;
mod view;

pub use checkpoint::{notes, notes_text};
pub use evaluator::Evaluator;
pub use experiment::{Experiment, Network};
pub(crate) use figures::short;
pub use folder::RunFolder;
pub use history::{Epoch, read_csv};
pub use interrupt::{Heard, Interrupt};
pub use learn::{Evaluate, Learn, Outcome, Tensor};
pub use net::Net;
pub use notes::{Notes, Preparation};
pub use progress::Progress;
pub use saver::Checkpoints;
pub use train::{Ending, Options, Outcomes, train};

#[cfg(test)]
#[path = "../../tests/common/recipe.rs"]
pub(crate) mod test_recipe;
