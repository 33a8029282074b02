//! One page with the curves of several runs over each other. It needs no other file and no script.

use super::curves::{Axes, LEFT, SIZE, Series};
use super::draw::{Anchor, GREY, INK, Svg, escape};
use super::page::{STYLE, percent};
use crate::run::Epoch;
use std::fmt::Write;

/// A run on the page.
pub struct Compared {
    /// What the run is called.
    pub name: String,
    /// How it differs from its recipe, as options; empty if it does not.
    pub changed: String,
    /// Its epochs so far.
    pub history: Vec<Epoch>,
}

/// Colours that most eyes tell apart; beyond them they come again.
const COLOURS: &[&str] = &[
    "#2f6fb5", "#d9601a", "#2e8b57", "#b03a6f", "#7a5cc7", "#8a6d1f", "#0f8b9e", "#c23b22",
    "#5b7083", "#93a811",
];

/// A figure of an epoch, and what its chart is called.
struct Figure {
    title: &'static str,
    unit: &'static str,
    of: fn(&Epoch) -> f64,
}

const FIGURES: &[Figure] = &[
    Figure {
        title: "Validation accuracy",
        unit: "%",
        of: |epoch| 100.0 * epoch.validation_accuracy,
    },
    Figure {
        title: "Validation loss",
        unit: "",
        of: |epoch| epoch.validation_loss,
    },
    Figure {
        title: "Training accuracy",
        unit: "%",
        of: |epoch| 100.0 * epoch.accuracy,
    },
    Figure {
        title: "Training loss",
        unit: "",
        of: |epoch| epoch.loss,
    },
];

/// The room that curves of one run have for their names at the right: here the table names them.
const UNNAMED: f64 = 90.0;

/// What a list of runs looks like beside the style of all pages.
const MORE_STYLE: &str = "\
table{width:100%}td.name label{display:flex;gap:8px;align-items:center;cursor:pointer;white-space:nowrap}
td.name i{width:22px;height:4px;border-radius:2px}.changed{text-align:left}td.changed{color:#6b7280}
input{margin:0}.hint{color:#6b7280;margin:8px 0 0}figure .run{transition:opacity .15s}
figure:has(.run:hover) .run:not(:hover){opacity:.18}";

/// The page of these runs, which stand in a folder of this name.
#[must_use]
pub fn comparison(folder: &str, runs: &[Compared]) -> String {
    let title = escape(folder);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}\n{MORE_STYLE}\n"
    );
    for run in 0..runs.len() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "body:has(#show{run}:not(:checked)) .run{run}{{display:none}}"
        );
    }
    let count = match runs.len() {
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    };
    let _ = write!(page, "</style>\n<main>\n<h1>{title}: {count}</h1>\n");
    page += &table(runs);
    page += "<h2>Curves</h2>\n<div class=\"pictures\">\n";
    for figure in FIGURES {
        let _ = writeln!(page, "<figure>\n{}</figure>", chart(figure, runs));
    }
    page += "</div>\n</main>\n</html>\n";
    page
}

fn colour(run: usize) -> &'static str {
    COLOURS[run % COLOURS.len()]
}

/// The runs with their figures; a box before each name takes its curves away.
fn table(runs: &[Compared]) -> String {
    let mut table = "<div class=\"tables\">\n<table>\n<tr><th>run</th><th>epochs</th><th>best accuracy</th><th>in epoch</th>\
                     <th>last accuracy</th><th>last loss</th><th>time</th><th class=\"changed\">changed</th></tr>\n"
        .to_owned();
    for (i, run) in runs.iter().enumerate() {
        let _ = write!(
            table,
            "<tr><td class=\"name\"><label><input type=\"checkbox\" id=\"show{i}\" checked><i style=\"background:{}\"></i>{}</label></td><td>{}</td>",
            colour(i),
            escape(&run.name),
            run.history.len()
        );
        let seconds: f64 = run.history.iter().map(|epoch| epoch.seconds).sum();
        match (run.best(), run.history.last()) {
            (Some(best), Some(last)) => {
                let _ = write!(
                    table,
                    "<td>{}</td><td>{}</td><td>{}</td><td>{:.4}</td><td>{seconds:.1}s</td>",
                    percent(best.validation_accuracy),
                    best.epoch + 1,
                    percent(last.validation_accuracy),
                    last.validation_loss
                );
            }
            _ => table += "<td>–</td><td>–</td><td>–</td><td>–</td><td>–</td>",
        }
        let _ = writeln!(
            table,
            "<td class=\"changed\">{}</td></tr>",
            escape(&run.changed)
        );
    }
    table
        + "</table>\n</div>\n<p class=\"hint\">All figures but the training curves are of the validation set. Point at a curve to see whose it is.</p>\n"
}

impl Compared {
    /// The epoch of the highest validation accuracy, the first of equals.
    #[must_use]
    pub fn best(&self) -> Option<&Epoch> {
        self.history.iter().reduce(|best, next| {
            if next.validation_accuracy > best.validation_accuracy {
                next
            } else {
                best
            }
        })
    }
}

fn chart(figure: &Figure, runs: &[Compared]) -> String {
    let series: Vec<Series> = runs
        .iter()
        .enumerate()
        .map(|(i, run)| Series {
            name: "",
            colour: colour(i),
            values: run.history.iter().map(figure.of).collect(),
        })
        .collect();
    let mut svg = Svg::new(SIZE[0] - UNNAMED, SIZE[1], figure.title);
    svg.bold([LEFT, 34.0], 18.0, INK, Anchor::Start, figure.title);
    let Some(axes) = Axes::of(&series, figure.unit) else {
        svg.text(
            [LEFT, 80.0],
            14.0,
            GREY,
            Anchor::Start,
            "no epoch has ended yet",
        );
        return svg.finish();
    };
    axes.draw(&mut svg, figure.unit);
    for (i, (one, run)) in series.iter().zip(runs).enumerate() {
        let name = escape(&run.name);
        svg.raw(format_args!(
            "<g class=\"run run{i}\"><title>{name}</title>"
        ));
        axes.curve(&mut svg, one);
        svg.raw("</g>");
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, accuracies: &[f64]) -> Compared {
        let epoch = |(epoch, &accuracy): (usize, &f64)| Epoch {
            epoch,
            loss: 1.0 - accuracy,
            accuracy,
            validation_loss: 1.0 - accuracy,
            validation_accuracy: accuracy,
            rate: 0.1,
            seconds: 1.0,
            waited: 0.0,
            ended: 0.0,
        };
        Compared {
            name: name.to_owned(),
            changed: String::new(),
            history: accuracies.iter().enumerate().map(epoch).collect(),
        }
    }

    #[test]
    fn the_page_has_every_run_in_every_chart() {
        let runs = [
            run("a<b", &[0.5, 0.75, 0.75]),
            run("c", &[0.25]),
            run("new", &[]),
        ];
        let page = comparison("runs", &runs);
        assert_eq!(page.matches("<title>a&lt;b</title>").count(), FIGURES.len());
        assert_eq!(page.matches("class=\"run run2\"").count(), FIGURES.len());
        assert!(page.contains("<td>75.00%</td><td>2</td>"), "{page}");
        assert!(!page.contains("a<b") && !page.contains("NaN"));
    }
}
