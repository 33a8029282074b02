//! Questions and answers.

use crate::answer::Answer;
use crate::classify::Classifier;
use crate::inspect;
use crate::learn::Learner;
use serde_json::{Value, json};

/// What the page remembers between two questions.
#[derive(Default)]
pub struct Page {
    classifier: Option<Classifier>,
    learner: Option<Learner>,
}

/// Answers a question, `{"do": ..}`:
///
/// | `do` | with | gives |
/// | --- | --- | --- |
/// | `words` | | the layers, the other words of the language, the first network |
/// | `inspect` | `text` | diagnostics; the drawing, the summary, the layers where there are no errors |
/// | `code` | `text`, `train` | the Rust |
/// | `format` | `text` | the text as `netc fmt` writes it |
/// | `explain` | `code` | the long text of a diagnostic |
/// | `load` | `text`; weights as bytes | whether digits can be classified |
/// | `classify` | `pixels`: 64 from 0 to 255 | probabilities; the layers, with their values as bytes |
/// | `train` | `text` | the run that begins |
/// | `steps` | `count` | the figures after so many more steps |
/// | `weights` | | the weights file of the run, as bytes |
/// | `panic` | | nothing: it panics, as a mistake in netc would. For tests of the page. |
#[must_use]
pub fn answer(page: &mut Page, question: &[u8], blob: &[u8]) -> Answer {
    let question: Value = serde_json::from_slice(question).unwrap_or_default();
    let text = |key: &str| question[key].as_str().unwrap_or_default();
    let answered = match text("do") {
        "words" => Ok(inspect::words().into()),
        "inspect" => Ok(inspect::inspect(text("text")).into()),
        "code" => inspect::code(text("text"), question["train"] == true).map(Answer::from),
        "format" => inspect::format(text("text")).map(Answer::from),
        "explain" => inspect::explain(text("code")).map(Answer::from),
        "load" => page.load(text("text"), blob),
        "classify" => page.classify(&question["pixels"]),
        "train" => page.train(text("text")),
        "steps" => page.steps(&question["count"]),
        "weights" => page.weights(),
        "panic" => panic!("the page asked for a panic"),
        other => Err(format!("`{other}` is no question")),
    };
    answered.unwrap_or_else(|error| json!({ "error": error }).into())
}

const NOT_LOADED: &str = "no network is loaded: ask `load` first";
const NOT_TRAINING: &str = "nothing is in training: ask `train` first";

impl Page {
    fn load(&mut self, text: &str, weights: &[u8]) -> Result<Answer, String> {
        let classifier = Classifier::new(text, weights)?;
        let about = classifier.about();
        self.classifier = Some(classifier);
        Ok(about.into())
    }

    fn classify(&mut self, pixels: &Value) -> Result<Answer, String> {
        let classifier = self.classifier.as_mut().ok_or(NOT_LOADED)?;
        let pixels = pixels.as_array().into_iter().flatten();
        let pixels: Vec<f32> = pixels
            .map(|value| value.as_f64().unwrap_or_default() as f32)
            .collect();
        classifier.classify(&pixels)
    }

    fn train(&mut self, text: &str) -> Result<Answer, String> {
        let learner = Learner::new(text)?;
        let about = learner.about();
        self.learner = Some(learner);
        Ok(about.into())
    }

    fn steps(&mut self, count: &Value) -> Result<Answer, String> {
        let learner = self.learner.as_mut().ok_or(NOT_TRAINING)?;
        learner.steps(count.as_u64().unwrap_or(1)).map(Answer::from)
    }

    fn weights(&self) -> Result<Answer, String> {
        let learner = self.learner.as_ref().ok_or(NOT_TRAINING)?;
        Ok(Answer {
            json: json!({}),
            blob: learner.weights()?,
        })
    }
}
