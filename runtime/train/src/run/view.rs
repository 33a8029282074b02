//! What a terminal shows of a run above its bar: the curves so far, and how long the rest will take.

use super::chart::{Chart, Scale};
use super::figures::{Step, short, time};
use super::history::Epoch;
use std::time::{Duration, Instant};

/// Rows of a chart under its title.
const ROWS: usize = 6;
/// Smaller terminals show the bar alone.
const SMALLEST: [usize; 2] = [16, 60];
/// Characters between the two charts, and left free at the right.
const GAP: usize = 2;
/// How often the curves are drawn anew.
const EVERY: Duration = Duration::from_millis(200);

/// A run as a terminal shows it.
pub(super) struct View {
    /// Loss and accuracy.
    charts: [Chart; 2],
    epochs: usize,
    /// Steps of an epoch.
    each: usize,
    clock: Clock,
    rate: f64,
    /// The epoch of the best validation accuracy, from 0.
    best: Option<(usize, f64)>,
    drawn: Option<Instant>,
}

/// What the steps and the evaluations of this call have taken.
struct Clock {
    began: Instant,
    /// When the last step or evaluation ended.
    last: Instant,
    steps: (Duration, usize),
    evaluations: (Duration, usize),
}

impl View {
    /// That of a run with these epochs behind it; `None` if the terminal, of so many rows and columns, has no room.
    pub(super) fn new(
        history: &[Epoch],
        epochs: usize,
        each: usize,
        [rows, columns]: [usize; 2],
    ) -> Option<Self> {
        if rows < SMALLEST[0] || columns < SMALLEST[1] {
            return None;
        }
        let width = (columns.min(140) - 2 * GAP) / 2;
        let now = Instant::now();
        let mut view = Self {
            charts: [
                Chart::new("loss", Scale::Logarithm, width, ROWS),
                Chart::new("acc.", Scale::Percent, width, ROWS),
            ],
            epochs,
            each,
            clock: Clock {
                began: now,
                last: now,
                steps: (Duration::ZERO, 0),
                evaluations: (Duration::ZERO, 0),
            },
            rate: 0.0,
            best: None,
            drawn: None,
        };
        for epoch in history {
            let middle = (epoch.epoch as f64 + 0.5) / epochs as f64;
            view.add(middle, [epoch.loss, epoch.accuracy]);
            view.mark(epoch);
        }
        Some(view)
    }

    pub(super) fn step_done(&mut self, step: &Step, epoch: usize, done: usize) {
        self.rate = step.rate;
        let all = (self.epochs * self.each).max(1);
        let at = (epoch * self.each + done) as f64 / all as f64;
        self.add(at, [step.own_loss, step.own_accuracy]);
        self.clock.lap(|clock| &mut clock.steps);
    }

    pub(super) fn epoch_done(&mut self, figures: &Epoch) {
        self.mark(figures);
        self.clock.lap(|clock| &mut clock.evaluations);
        self.drawn = None;
    }

    /// The lines above the bar and the one below it, unless they were drawn a moment ago; `left` are the steps that the epoch has left.
    pub(super) fn lines(&mut self, epoch: usize, left: usize, colour: bool) -> Option<[String; 2]> {
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < EVERY) {
            return None;
        }
        self.drawn = Some(Instant::now());
        let [loss, accuracy] = [0, 1].map(|chart| self.charts[chart].lines(colour));
        let gap = " ".repeat(GAP);
        let rows = loss.iter().zip(&accuracy);
        let rows: Vec<String> = rows.map(|(a, b)| format!("{a}{gap}{b}")).collect();
        Some([rows.join("\n"), self.state(epoch, left)])
    }

    /// `Run 0:12, 1:02 left, rate 0.001, best accuracy 0.9861 (epoch 12)`
    fn state(&self, epoch: usize, left: usize) -> String {
        let epochs_left = self.epochs.saturating_sub(epoch + 1);
        let mut text = format!("Run {}", time(self.clock.began.elapsed()));
        if let Some(rest) = self
            .clock
            .rest(left + epochs_left * self.each, epochs_left + 1)
        {
            text += &format!(", {} left", time(rest));
        }
        text += &format!(", rate {}", short(self.rate));
        if let Some((epoch, accuracy)) = self.best {
            text += &format!(", best accuracy {accuracy:.4} (epoch {})", epoch + 1);
        }
        text
    }

    fn add(&mut self, at: f64, values: [f64; 2]) {
        let charts = self.charts.iter_mut().zip(values);
        charts.for_each(|(chart, value)| chart.add(at, value));
    }

    fn mark(&mut self, epoch: &Epoch) {
        let at = (epoch.epoch + 1) as f64 / self.epochs as f64;
        let values = [epoch.validation_loss, epoch.validation_accuracy];
        let charts = self.charts.iter_mut().zip(values);
        charts.for_each(|(chart, value)| chart.mark(at, value));
        let accuracy = epoch.validation_accuracy;
        if self.best.is_none_or(|(_, best)| accuracy > best) {
            self.best = Some((epoch.epoch, accuracy));
        }
    }
}

impl Clock {
    /// What has passed since the last lap is one more of these.
    fn lap(&mut self, of: impl Fn(&mut Self) -> &mut (Duration, usize)) {
        let passed = self.last.elapsed();
        self.last = Instant::now();
        let (sum, count) = of(self);
        (*sum, *count) = (*sum + passed, *count + 1);
    }

    /// How long so many steps and evaluations will take; `None` before the first step.
    fn rest(&self, steps: usize, evaluations: usize) -> Option<Duration> {
        let mean =
            |(sum, count): (Duration, usize)| (count > 0).then(|| sum.as_secs_f64() / count as f64);
        let step = mean(self.steps)?;
        // Before there was one, an evaluation is left out.
        let evaluation = mean(self.evaluations).unwrap_or(0.0);
        let rest = step * steps as f64 + evaluation * evaluations as f64;
        Some(Duration::from_secs_f64(rest.min(1e9)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: usize) -> Epoch {
        Epoch {
            epoch,
            loss: 1.0 / (epoch + 1) as f64,
            accuracy: 0.5,
            validation_loss: 0.5,
            validation_accuracy: 0.25 * epoch as f64,
            rate: 0.1,
            seconds: 1.0,
            waited: 0.0,
            ended: 0.0,
        }
    }

    #[test]
    fn a_terminal_shows_as_much_as_it_has_room_for() {
        assert!(View::new(&[], 4, 10, [10, 80]).is_none());
        assert!(View::new(&[], 4, 10, [24, 50]).is_none());
        for columns in [60, 80, 120, 300] {
            let history = [epoch(0), epoch(1)];
            let mut view = View::new(&history, 4, 10, [24, columns]).expect("room");
            let [above, below] = view.lines(2, 10, false).expect("the first time");
            let widest = above.lines().map(|line| line.chars().count()).max();
            assert!(widest < Some(columns), "{above}");
            assert_eq!(above.lines().count(), ROWS + 1);
            assert_eq!(below, "Run 0s, rate 0, best accuracy 0.2500 (epoch 2)");
            assert!(view.lines(2, 10, false).is_none());
        }
    }

    #[test]
    fn the_rest_takes_what_steps_and_evaluations_have_taken() {
        let now = Instant::now();
        let mut clock = Clock {
            began: now,
            last: now,
            steps: (Duration::ZERO, 0),
            evaluations: (Duration::ZERO, 0),
        };
        assert_eq!(clock.rest(5, 1), None);
        clock.steps = (Duration::from_secs(4), 2);
        assert_eq!(clock.rest(5, 1), Some(Duration::from_secs(10)));
        clock.evaluations = (Duration::from_secs(3), 1);
        assert_eq!(clock.rest(5, 2), Some(Duration::from_secs(16)));
    }
}
