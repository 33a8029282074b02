//! One page that shows a run: figures, pictures, the network and its recipe. It needs no other file.

use super::draw::escape;
use crate::evaluate::Evaluation;
use crate::run::Epoch;
use std::fmt::Write;

/// What the page says besides the figures.
pub struct Page<'a> {
    /// The network's name.
    pub name: &'a str,
    /// The .net file as trained.
    pub source: &'a str,
    /// The set that the figures are of: `test` or `validation`.
    pub test_name: &'a str,
    /// Lines of a table: what, and its value (`parameters`, `60,000`).
    pub facts: &'a [(String, String)],
}

pub(super) const STYLE: &str = "\
body{margin:0;background:#f4f5f7;color:#1f2430;font:15px/1.5 Inter,'Segoe UI','Helvetica Neue',Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:28px;margin:0 0 20px}h2{font-size:18px;margin:32px 0 12px}
.figures{display:flex;flex-wrap:wrap;gap:12px}
.figures div{background:#fff;border:1px solid #e2e5ea;border-radius:8px;padding:12px 18px;min-width:110px}
.figures b{display:block;font-size:24px}.figures span{color:#6b7280;font-size:13px}
dl{display:flex;flex-wrap:wrap;gap:4px 24px;margin:16px 0 0}dl div{display:flex;gap:6px}
dt{color:#6b7280}dd{margin:0;overflow-wrap:anywhere}
.pictures{display:flex;flex-wrap:wrap;gap:16px}
.pictures figure{margin:0;background:#fff;border:1px solid #e2e5ea;border-radius:8px;overflow:hidden;flex:1 1 480px}
.pictures figure.wide{flex-basis:100%}
.pictures figure.wide{overflow-x:auto}.wide svg{min-width:640px}
svg{display:block;width:100%;height:auto;max-width:980px;margin:0 auto}
pre{background:#fff;border:1px solid #e2e5ea;border-radius:8px;padding:16px;overflow:auto;font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}
table{border-collapse:collapse;background:#fff;border:1px solid #e2e5ea;font-variant-numeric:tabular-nums}
th,td{padding:4px 14px;text-align:right;border-bottom:1px solid #eef0f3}th{color:#6b7280;font-weight:600}
th:first-child,td:first-child{text-align:left}
.tables{overflow-x:auto;display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start}summary{cursor:pointer;color:#2f6fb5}";

impl Page<'_> {
    /// The page; the pictures are accuracy, loss, confusion matrix and mistakes.
    pub(super) fn html(
        &self,
        history: &[Epoch],
        test: &Evaluation,
        pictures: &[String; 4],
    ) -> String {
        let name = escape(self.name);
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{name}</title>\n\
             <style>\n{STYLE}\n</style>\n<main>\n<h1>{name}</h1>\n<div class=\"figures\">\n"
        );
        let mut figure = |what: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(
                page,
                "<div><b>{}</b><span>{}</span></div>",
                escape(value),
                escape(what)
            );
        };
        let test_name = self.test_name;
        figure(&format!("{test_name} accuracy"), &percent(test.accuracy));
        figure(&format!("{test_name} loss"), &format!("{:.4}", test.loss));
        if let Some(top5) = test.top5 {
            figure("top 5", &percent(top5));
        }
        figure(&format!("{test_name} images"), &test.images.to_string());
        figure("epochs", &history.len().to_string());
        page += "</div>\n<dl>\n";
        for (what, value) in self.facts {
            let _ = writeln!(
                page,
                "<div><dt>{}</dt><dd>{}</dd></div>",
                escape(what),
                escape(value)
            );
        }
        page += "</dl>\n<h2>The run</h2>\n<div class=\"pictures\">\n";
        let [accuracy, loss, confusion, mistakes] = pictures;
        for (class, svg) in [
            ("", accuracy),
            ("", loss),
            (" class=\"wide\"", confusion),
            (" class=\"wide\"", mistakes),
        ] {
            let _ = writeln!(page, "<figure{class}>\n{svg}</figure>");
        }
        page += "</div>\n<h2>The network and its recipe</h2>\n<pre>";
        page += &escape(self.source);
        page += "</pre>\n<h2>Figures</h2>\n<div class=\"tables\">\n";
        page += &classes(test);
        page += &epochs(history);
        page += "</div>\n</main>\n</html>\n";
        page
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn classes(test: &Evaluation) -> String {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), percent);
    let mut table =
        "<table>\n<tr><th>class</th><th>images</th><th>precision</th><th>recall</th></tr>\n"
            .to_owned();
    for class in test
        .classes
        .iter()
        .filter(|c| c.images > 0 || c.precision.is_some())
    {
        let (precision, recall) = (share(class.precision), share(class.recall));
        let _ = writeln!(
            table,
            "<tr><td>{}</td><td>{}</td><td>{precision}</td><td>{recall}</td></tr>",
            escape(&class.name),
            class.images
        );
    }
    table + "</table>\n"
}

fn epochs(history: &[Epoch]) -> String {
    let mut table = "<table>\n<tr><th>epoch</th><th>loss</th><th>accuracy</th><th>val. loss</th><th>val. accuracy</th>\
                     <th>rate</th><th>time</th></tr>\n"
        .to_owned();
    for e in history {
        let _ = writeln!(
            table,
            "<tr><td>{}</td><td>{:.4}</td><td>{}</td><td>{:.4}</td><td>{}</td><td>{}</td><td>{:.1}s</td></tr>",
            e.epoch + 1,
            e.loss,
            percent(e.accuracy),
            e.validation_loss,
            percent(e.validation_accuracy),
            crate::run::short(e.rate),
            e.seconds
        );
    }
    table + "</table>\n"
}
