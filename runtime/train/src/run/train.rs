//! The loop.

use super::checkpoint::{self, Identity, State, Sums};
use super::feed::Feed;
use super::figures::Step;
use super::notes::Notes;
use super::saver::{Checkpoints, Saver};
use super::schedule;
use super::{Epoch, Experiment, Interrupt, Learn, Outcome, Progress, RunFolder};
use crate::evaluate::{self, Evaluation, EvaluationOptions};
use crate::loader;
use crate::{Error, ErrorKind, Result};
use netc_plan::{Metric, Recipe, Restore};
use std::time::{Instant, SystemTime};

/// How to run.
pub struct Options {
    /// Where the run is kept.
    pub folder: RunFolder,
    /// Go on with the run in the folder.
    pub resume: bool,
    /// Files, by name, that the folder keeps about the run; written once it is sure that the run can begin or go on.
    pub keep: Vec<(String, Vec<u8>)>,
    /// Threads that load pictures.
    pub threads: usize,
    /// How often to save.
    pub checkpoints: Checkpoints,
    /// Ends the run early.
    pub interrupt: Interrupt,
    /// Where progress is shown.
    pub progress: Progress,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// After the last epoch.
    Complete,
    /// The validation loss did not improve any more.
    Early,
    /// By an [`Interrupt`]; it can be resumed.
    Interrupted,
}

/// What a run has come to.
#[derive(Clone, Debug)]
pub struct Outcomes {
    /// How it ended.
    pub ending: Ending,
    /// All epochs so far.
    pub history: Vec<Epoch>,
    /// The best epoch, from 0, and its figure.
    pub best: Option<(usize, f64)>,
    /// Steps so far.
    pub steps: u64,
    /// Whether the network now has the weights of the best epoch instead of the last.
    pub restored: bool,
    /// Share of the training time that steps waited for pictures, in this call.
    pub waited: f64,
}

/// Trains, from the start or from where the run in the folder is.
///
/// # Errors
/// A picture cannot be read; the folder cannot be written; the loss is not finite ([`ErrorKind::Diverged`]): the message names
/// layer, step and learning rate, and the last checkpoint stays as it was.
pub fn train(
    net: &mut dyn Learn,
    experiment: &Experiment<'_>,
    options: Options,
) -> Result<Outcomes> {
    let Experiment {
        recipe,
        data,
        network,
        ..
    } = experiment;
    let _lock = options.folder.lock()?;
    let identity = Identity::of(network, recipe, data.train.len());
    let state = if options.resume {
        let mut state = checkpoint::load_state(&options.folder.resume(), net, &identity)?;
        state.adapt(recipe);
        state
    } else {
        fresh(identity, recipe)
    };
    for (name, bytes) in &options.keep {
        options.folder.write(name, bytes)?;
    }
    let each = loader::batches(data.train.len(), recipe.batch);
    let mut run = Run {
        net,
        experiment,
        each,
        saver: Saver::new(options.checkpoints, state.step),
        options,
        state,
        under_way: None,
        seconds: 0.0,
        waited: 0.0,
    };
    let result = run.go();
    run.options.progress.end();
    let ending = result?;
    let restored = recipe.restore == Restore::Best
        && ending != Ending::Interrupted
        && run.state.best.is_some();
    if restored {
        checkpoint::load_weights(&run.options.folder.best(), run.net)?;
        run.save_last()?;
    }
    match ending {
        Ending::Interrupted => run.options.interrupt.is_heeded(),
        Ending::Complete | Ending::Early => run.options.interrupt.run_is_over(),
    }
    Ok(Outcomes {
        ending,
        best: run.state.best,
        steps: run.state.step,
        waited: run.waited / run.seconds.max(1e-9),
        history: run.state.history,
        restored,
    })
}

/// Nothing learnt yet.
fn fresh(identity: Identity, recipe: &Recipe) -> State {
    State {
        identity,
        epoch: 0,
        batch: 0,
        step: 0,
        sums: Sums::default(),
        plateaus: schedule::start(recipe),
        stop: schedule::Patience::default(),
        stopped: false,
        best: None,
        history: Vec::new(),
        started: now(),
    }
}

struct Run<'a> {
    net: &'a mut dyn Learn,
    experiment: &'a Experiment<'a>,
    options: Options,
    state: State,
    /// Steps of an epoch.
    each: usize,
    saver: Saver,
    /// Labels of the step whose outcome is not known; `state` is that before it.
    under_way: Option<usize>,
    /// Time of all steps in this call.
    seconds: f64,
    waited: f64,
}

impl Run<'_> {
    fn go(&mut self) -> Result<Ending> {
        let recipe = self.experiment.recipe;
        if self.options.resume {
            // A run that was killed may have left figures behind that are ahead of the checkpoint or lag it.
            self.write_derived()?;
        }
        let start = (self.state.epoch, self.state.batch);
        let mut feed = Feed::new(self.net, self.experiment, start, self.options.threads)?;
        self.options
            .progress
            .run_begins(&self.state.history, recipe.epochs, self.each);
        while self.state.epoch < recipe.epochs && !self.state.stopped {
            let (epoch, done) = (self.state.epoch, self.state.batch);
            self.options
                .progress
                .epoch_begins(epoch, recipe.epochs, done, self.each);
            while self.begun() < self.each {
                if self.options.interrupt.is_wanted() {
                    self.finish_step()?;
                    self.save()?;
                    return Ok(Ending::Interrupted);
                }
                if !self.learn(&mut feed)? {
                    break;
                }
                let step = self.state.step + u64::from(self.under_way.is_some());
                if self.saver.is_due(step) && self.begun() < self.each {
                    self.finish_step()?;
                    self.save_state()?;
                }
            }
            self.finish_step()?;
            match self.end_epoch() {
                Err(e) if e.kind() == ErrorKind::Interrupted => {
                    self.save()?;
                    return Ok(Ending::Interrupted);
                }
                ended => ended?,
            }
        }
        Ok(if self.state.stopped {
            Ending::Early
        } else {
            Ending::Complete
        })
    }

    /// Steps of the epoch that are done or under way.
    fn begun(&self) -> usize {
        self.state.batch + usize::from(self.under_way.is_some())
    }

    /// Learns from the next batch, and takes the time; false if there is none.
    fn learn(&mut self, feed: &mut Feed) -> Result<bool> {
        let (start, waited) = (Instant::now(), feed.waited());
        if !self.train_step(feed)? {
            return Ok(false);
        }
        let (seconds, waited) = (
            start.elapsed().as_secs_f64(),
            (feed.waited() - waited).as_secs_f64(),
        );
        self.state.sums.seconds += seconds;
        self.state.sums.waited += waited;
        self.seconds += seconds;
        self.waited += waited;
        Ok(true)
    }

    fn train_step(&mut self, feed: &mut Feed) -> Result<bool> {
        let Experiment { recipe, .. } = self.experiment;
        let step = self.state.step + u64::from(self.under_way.is_some());
        let factor = schedule::factor(recipe, &self.state.plateaus, step, self.each);
        let begun = feed.submit(self.net, self.experiment, factor);
        let Some((own, outcome)) = self.located(begun)? else {
            return Ok(false);
        };
        // Of this step, or of the one before.
        match (outcome, self.under_way.replace(own)) {
            (Some(outcome), Some(before)) => self.step_done(before, outcome)?,
            (Some(outcome), None) => {
                self.under_way = None;
                self.step_done(own, outcome)?;
            }
            (None, _) => {}
        }
        Ok(true)
    }

    /// Waits for the step that is under way, if one is.
    fn finish_step(&mut self) -> Result<()> {
        let start = Instant::now();
        let outcome = self.net.outcome();
        let outcome = self.located(outcome)?;
        if let (Some(outcome), Some(labels)) = (outcome, self.under_way.take()) {
            self.step_done(labels, outcome)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        self.state.sums.seconds += seconds;
        self.seconds += seconds;
        Ok(())
    }

    /// Counts a step over so many labels.
    fn step_done(&mut self, n: usize, outcome: Outcome) -> Result<()> {
        if !outcome.loss.is_finite() {
            return Err(self.diverged(&format!("the loss is {}", outcome.loss)));
        }
        let sums = &mut self.state.sums;
        sums.loss += outcome.loss * n as f64;
        sums.correct += outcome.correct;
        sums.images += n;
        let seen = sums.images as f64;
        let (loss, accuracy) = (sums.loss / seen, sums.correct as f64 / seen);
        self.state.step += 1;
        self.state.batch += 1;
        let (recipe, step) = (self.experiment.recipe, self.state.step - 1);
        self.options.progress.step_done(&Step {
            images: n,
            left: (self.each - self.state.batch) * recipe.batch,
            loss,
            accuracy,
            own_loss: outcome.loss,
            own_accuracy: outcome.correct as f64 / n.max(1) as f64,
            rate: schedule::rate(recipe, &self.state.plateaus, step, self.each),
        });
        Ok(())
    }

    /// Where a run has diverged, says when.
    fn located<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|e| match e.kind() {
            ErrorKind::Diverged => self.diverged(&e.to_string()),
            _ => e,
        })
    }

    fn diverged(&self, what: &str) -> Error {
        let State {
            step,
            epoch,
            plateaus,
            ..
        } = &self.state;
        let rate = schedule::rate(self.experiment.recipe, plateaus, *step, self.each);
        let message = format!(
            "{what}, at step {step} (epoch {}), with learning rate {}; a smaller rate, `clip` or a `warmup` may help",
            epoch + 1,
            super::short(rate)
        );
        Error::new(ErrorKind::Diverged, message)
    }

    fn end_epoch(&mut self) -> Result<()> {
        let Experiment {
            recipe,
            data,
            network,
            pipeline,
        } = self.experiment;
        let options = EvaluationOptions {
            batch: recipe.batch,
            threads: self.options.threads,
            ten_crop: false,
            interrupt: Some(&self.options.interrupt),
        };
        let figures = evaluate::evaluate(
            self.net,
            network,
            &data.validation,
            &data.classes,
            pipeline,
            options,
        );
        let figures = self.located(figures)?;
        if !figures.loss.is_finite() {
            return Err(self.diverged(&format!("the validation loss is {}", figures.loss)));
        }
        let last = self.state.step.saturating_sub(1);
        let rate = schedule::rate(recipe, &self.state.plateaus, last, self.each);
        let sums = std::mem::take(&mut self.state.sums);
        let seen = sums.images.max(1) as f64;
        let epoch = Epoch {
            epoch: self.state.epoch,
            loss: sums.loss / seen,
            accuracy: sums.correct as f64 / seen,
            validation_loss: figures.loss,
            validation_accuracy: figures.accuracy,
            rate,
            seconds: sums.seconds,
            waited: sums.waited / sums.seconds.max(1e-9),
            ended: now(),
        };
        self.options
            .progress
            .epoch_done(&epoch, recipe.epochs, self.each);
        self.state.history.push(epoch);
        schedule::epoch_done(recipe, &mut self.state.plateaus, figures.loss);
        self.state.stopped = recipe.stop.is_some_and(|stop| {
            self.state
                .stop
                .is_over(figures.loss, stop.min_delta, stop.patience)
        });
        if self.is_best(&figures) {
            let notes = Notes::of(self.experiment);
            checkpoint::save_weights(&self.options.folder.best(), self.net, &notes)?;
        }
        self.state.epoch += 1;
        self.state.batch = 0;
        self.save()
    }

    fn is_best(&mut self, figures: &Evaluation) -> bool {
        let (value, sign) = match self.experiment.recipe.best {
            Metric::Accuracy => (figures.accuracy, 1.0),
            Metric::Loss => (figures.loss, -1.0),
        };
        let is_best = self
            .state
            .best
            .is_none_or(|(_, best)| sign * value > sign * best);
        if is_best {
            self.state.best = Some((self.state.epoch, value));
        }
        is_best
    }

    fn save(&mut self) -> Result<()> {
        self.save_state()?;
        self.write_derived()
    }

    fn save_state(&mut self) -> Result<()> {
        let start = Instant::now();
        let saved = checkpoint::save_state(&self.options.folder.resume(), self.net, &self.state);
        self.located(saved)?;
        self.saver.saved(self.state.step, start.elapsed());
        Ok(())
    }

    /// What follows from the checkpoint.
    fn write_derived(&self) -> Result<()> {
        self.save_last()?;
        let folder = &self.options.folder;
        folder.write_metrics(&self.state.history, self.state.started)
    }

    /// The weights that the network has now, for their users.
    fn save_last(&self) -> Result<()> {
        let notes = Notes::of(self.experiment);
        checkpoint::save_weights(&self.options.folder.last(), self.net, &notes)
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0.0, |t| t.as_secs_f64().floor())
}
