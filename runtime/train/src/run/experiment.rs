//! A network, a recipe and data that fit together.

use super::Evaluate;
use crate::augment::{Pipeline, Scratch, View};
use crate::data::Dataset;
use crate::evaluate::{self, Evaluation, EvaluationOptions};
use crate::{Error, Result};
use netc_plan::{Loss, Pixels, Plan, Recipe};
use netc_runtime::Scores;
use std::sync::Arc;

/// What the loop has to know about a network.
#[derive(Clone, Debug)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its steps, as [`netc_plan::Step::text`] says them.
    pub layers: Vec<String>,
    /// Shape of one input.
    pub input: Vec<usize>,
    /// Shape of one output.
    pub output: Vec<usize>,
    /// How pixels become inputs.
    pub pixels: Pixels,
    /// What its scores mean.
    pub scores: Scores,
}

impl Network {
    /// A compiled network that learns by this loss.
    #[must_use]
    pub fn new(plan: &Plan, loss: Loss) -> Self {
        Self {
            name: plan.name.clone(),
            layers: plan.forward.iter().map(|step| step.text.clone()).collect(),
            output: plan.output.clone(),
            input: plan.input.clone(),
            pixels: plan.pixels.clone(),
            scores: super::evaluator::scores(plan, loss),
        }
    }
}

/// What is trained on what, and options.
pub struct Experiment<'a> {
    /// The network.
    pub network: &'a Network,
    /// The recipe.
    pub recipe: &'a Recipe,
    /// The data.
    pub data: &'a Dataset,
    /// From pictures to inputs; made from the three above.
    pub pipeline: Arc<Pipeline>,
}

impl<'a> Experiment<'a> {
    /// Checks that the three fit.
    ///
    /// # Errors
    /// The pictures do not fit the network's input, or have more classes than it has outputs; or its output is a picture.
    pub fn new(network: &'a Network, recipe: &'a Recipe, data: &'a Dataset) -> Result<Self> {
        let outputs = match network.output[..] {
            [n] | [1, 1, n] => n,
            ref sizes => {
                let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
                return Err(Error::input(format!(
                    "{} gives {} for an image, and the data has one label for it: end in FC, or in GLOBALPOOL",
                    network.name,
                    sizes.join("x")
                )));
            }
        };
        let classes = data.classes.len();
        if classes > outputs {
            let problem =
                format!("the data has {classes} classes, but the network has {outputs} outputs");
            return Err(Error::input(problem));
        }
        let pipeline = Pipeline::new(recipe, data, &network.input, &network.pixels)?;
        Ok(Self {
            network,
            recipe,
            data,
            pipeline: Arc::new(pipeline),
        })
    }

    /// Some pictures of the training set as inputs, not varied, from all over it: all there are, where they are fewer.
    ///
    /// # Errors
    /// A picture cannot be read.
    pub fn sample(&self, count: usize) -> Result<Vec<f32>> {
        let (split, one) = (&self.data.train, self.pipeline.elements());
        let count = count.min(split.len());
        let mut inputs = vec![0.0; count * one];
        let mut scratch = Scratch::default();
        for (i, input) in inputs.chunks_exact_mut(one).enumerate() {
            let picture = i * split.len() / count;
            self.pipeline
                .input(split, picture, View::Plain, &mut scratch, input)?;
        }
        Ok(inputs)
    }

    /// Evaluates on the test images, as the recipe says.
    ///
    /// # Errors
    /// A picture cannot be read, or the network cannot run.
    pub fn test(&self, network: &mut dyn Evaluate, threads: usize) -> Result<Evaluation> {
        let options = EvaluationOptions {
            batch: self.recipe.batch,
            threads,
            ten_crop: self.pipeline.ten_crop(),
            interrupt: None,
        };
        evaluate::evaluate(
            network,
            self.network,
            &self.data.test,
            &self.data.classes,
            &self.pipeline,
            options,
        )
    }
}
