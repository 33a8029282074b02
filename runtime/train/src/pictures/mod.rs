//! What a run looks like: curves, the confusion matrix, a sheet of mistakes, and a page that shows them together.
//!
//! All are drawn as SVG, and as PNG with a font that comes along (`fonts/`), so that they look the same everywhere.

mod comparison;
mod confusion;
mod curves;
mod draw;
mod font;
mod mistakes;
mod outline;
mod page;
mod raster;

pub use comparison::{Compared, comparison};
pub use page::Page;
pub use raster::png;

use crate::evaluate::Evaluation;
use crate::run::{Epoch, Experiment, RunFolder};
use crate::{Error, Result};

/// Draws the curves of a run so far: `accuracy.svg`, `loss.svg`, and as PNG.
///
/// # Errors
/// A file cannot be written.
pub fn curves(folder: &RunFolder, history: &[Epoch]) -> Result<()> {
    for (name, svg) in [
        ("accuracy", curves::accuracy(history)),
        ("loss", curves::loss(history)),
    ] {
        save(folder, name, &svg)?;
    }
    Ok(())
}

/// Draws everything about a run: the curves, `confusion`, `mistakes` (SVG and PNG) and `index.html`.
///
/// # Errors
/// A file cannot be written, or a picture of the test set cannot be read.
pub fn all(
    folder: &RunFolder,
    history: &[Epoch],
    test: &Evaluation,
    experiment: &Experiment<'_>,
    page: &Page<'_>,
) -> Result<()> {
    let pictures = [
        ("accuracy", curves::accuracy(history)),
        ("loss", curves::loss(history)),
        ("confusion", confusion::draw(test)),
        (
            "mistakes",
            mistakes::draw(test, &experiment.data.test, &experiment.pipeline)?,
        ),
    ];
    for (name, svg) in &pictures {
        save(folder, name, svg)?;
    }
    let svgs = pictures.map(|(_, svg)| svg);
    folder.write("index.html", page.html(history, test, &svgs).as_bytes())
}

fn save(folder: &RunFolder, name: &str, svg: &str) -> Result<()> {
    folder.write(&format!("{name}.svg"), svg.as_bytes())?;
    let path = folder.path().join(format!("{name}.png"));
    let png = png(svg).map_err(|e| Error::file(&path, e))?;
    folder.write(&format!("{name}.png"), &png)
}
