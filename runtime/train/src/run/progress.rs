//! What a person sees while a run goes on: curves and a bar on a terminal, one line an epoch elsewhere.

use super::figures::{Step, short, time};
use super::history::Epoch;
use super::view::View;
use console::{Term, colors_enabled_stderr};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Where progress is shown.
pub struct Progress {
    lines: Option<Box<dyn Write>>,
    bar: Option<Bar>,
}

struct Bar {
    bar: ProgressBar,
    since: Instant,
    images: usize,
    epoch: usize,
    epochs: usize,
    /// Of an epoch.
    steps: usize,
    view: Option<View>,
}

impl Progress {
    /// On standard error: curves and a bar if it is a terminal.
    #[must_use]
    pub fn standard_error() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| Bar {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
            since: Instant::now(),
            images: 0,
            epoch: 0,
            epochs: 0,
            steps: 0,
            view: None,
        });
        Self {
            lines: Some(Box::new(std::io::stderr())),
            bar,
        }
    }

    /// Lines, to a writer.
    #[must_use]
    pub fn lines(to: Box<dyn Write>) -> Self {
        Self {
            lines: Some(to),
            bar: None,
        }
    }

    /// Nothing.
    #[must_use]
    pub fn silent() -> Self {
        Self {
            lines: None,
            bar: None,
        }
    }

    /// A line of text.
    pub fn say(&mut self, text: &str) {
        if let Some(Bar { bar, .. }) = &self.bar {
            bar.println(text);
        } else if let Some(lines) = &mut self.lines {
            // Nobody can be told that nobody can be told.
            let _ = writeln!(lines, "{text}");
        }
    }

    /// A run begins, or goes on after these epochs.
    pub(super) fn run_begins(&mut self, history: &[Epoch], epochs: usize, steps: usize) {
        if let Some(bar) = &mut self.bar {
            let (rows, columns) = Term::stderr().size();
            let screen = [rows, columns].map(usize::from);
            bar.view = View::new(history, epochs, steps, screen);
        }
    }

    pub(super) fn epoch_begins(&mut self, epoch: usize, epochs: usize, done: usize, steps: usize) {
        if let Some(bar) = &mut self.bar {
            (bar.since, bar.images) = (Instant::now(), 0);
            (bar.epoch, bar.epochs, bar.steps) = (epoch, epochs, steps);
            // The style first: what comes then is drawn by it.
            bar.style(["", ""]);
            bar.draw_view(steps - done.min(steps));
            bar.bar.set_length(steps as u64);
            bar.bar.set_position(done as u64);
        }
    }

    pub(super) fn step_done(&mut self, step: &Step) {
        if let Some(bar) = &mut self.bar {
            bar.step_done(step);
        }
    }

    pub(super) fn epoch_done(&mut self, figures: &Epoch, epochs: usize, steps: usize) {
        if let Some(view) = self.bar.as_mut().and_then(|bar| bar.view.as_mut()) {
            view.epoch_done(figures);
        }
        self.say(&epoch_line(figures, epochs, steps));
    }

    pub(super) fn end(&mut self) {
        if let Some(Bar { bar, .. }) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Bar {
    fn step_done(&mut self, step: &Step) {
        self.images += step.images;
        let speed = self.images as f64 / self.since.elapsed().as_secs_f64().max(1e-9);
        let left = Duration::from_secs_f64((step.left as f64 / speed).min(1e9));
        let Step { loss, accuracy, .. } = step;
        self.bar.set_message(format!(
            "loss {loss:.4}, acc {accuracy:.4}, {speed:.0} images/s, {} left",
            time(left)
        ));
        let done = self.bar.position() as usize;
        if let Some(view) = &mut self.view {
            view.step_done(step, self.epoch, done);
        }
        self.draw_view(self.steps.saturating_sub(done + 1));
        self.bar.inc(1);
    }

    /// The curves above the bar, and the state of the run below it; so many steps are left of the epoch.
    fn draw_view(&mut self, left: usize) {
        let Some(view) = &mut self.view else { return };
        if let Some([above, below]) = view.lines(self.epoch, left, colors_enabled_stderr()) {
            // A terminal's echo of Ctrl-C begins a line of its own, so that the first line is not wiped off at the end: it is blank.
            self.style([&format!("\n{above}\n"), &format!("\n{below}")]);
        }
    }

    /// Draws the bar between these texts from now on.
    fn style(&self, [above, below]: [&str; 2]) {
        let epoch = format!("{}/{}", self.epoch + 1, self.epochs);
        let cells = cells(epoch.len() + 2 * self.steps.to_string().len());
        let template =
            format!("{above}Epoch {epoch} {{bar:{cells}.cyan/dim}} {{pos}}/{{len}} {{msg}}{below}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            self.bar.set_style(style.progress_chars("━╸─"));
        }
    }
}

/// How long the bar itself is, beside figures of so many characters.
fn cells(figures: usize) -> usize {
    const FIXED: usize = "Epoch   / loss 0.0000, acc 0.0000, 10000 images/s, 10:00 left ^C".len();
    let (_, columns) = Term::stderr().size();
    usize::from(columns)
        .saturating_sub(FIXED + figures)
        .clamp(4, 24)
}

/// As Keras prints it with `verbose=2`.
fn epoch_line(e: &Epoch, epochs: usize, steps: usize) -> String {
    let mut line = format!(
        "Epoch {}/{epochs} - {}",
        e.epoch + 1,
        time(Duration::from_secs_f64(e.seconds))
    );
    let step = e.seconds * 1e3 / steps.max(1) as f64;
    // Writing to a string cannot fail.
    let _ = match step {
        ..1.0 => write!(line, " - {:.0}us/step", step * 1e3),
        _ => write!(line, " - {step:.0}ms/step"),
    };
    let _ = write!(
        line,
        " - loss: {:.4} - accuracy: {:.4} - val_loss: {:.4} - val_accuracy: {:.4} - lr: {}",
        e.loss,
        e.accuracy,
        e.validation_loss,
        e.validation_accuracy,
        short(e.rate)
    );
    line
}
