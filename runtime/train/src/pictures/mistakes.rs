//! The first hundred misclassified pictures, with true and predicted label.

use super::draw::{Anchor, GREY, INK, ORANGE, Svg, cut};
use crate::augment::{Pipeline, View};
use crate::data::Split;
use crate::evaluate::{Answer, Evaluation};
use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};

const MOST: usize = 100;
const COLUMNS: usize = 10;
const SIDE: f64 = 72.0;
const CELL: [f64; 2] = [92.0, 124.0];
const TOP: f64 = 72.0;
const LEFT: f64 = 24.0;

pub(super) fn draw(test: &Evaluation, split: &Split, pipeline: &Pipeline) -> Result<String> {
    let wrong: Vec<(usize, &Answer)> = test
        .answers
        .iter()
        .enumerate()
        .filter(|(_, a)| a.label != a.predicted)
        .collect();
    let shown = &wrong[..wrong.len().min(MOST)];
    let rows = shown.len().div_ceil(COLUMNS).max(1);
    let size = [
        2.0 * LEFT + CELL[0] * COLUMNS as f64 - (CELL[0] - SIDE),
        TOP + CELL[1] * rows as f64,
    ];
    let mut svg = Svg::new(size[0], size[1], "Mistakes");
    svg.bold([LEFT, 34.0], 18.0, INK, Anchor::Start, "Mistakes");
    let about = match (wrong.len(), test.images) {
        (0, n) => format!("none in {n} images"),
        (all, n) if all > MOST => format!("the first {MOST} of {all} in {n} images"),
        (all, n) => format!("all {all} in {n} images"),
    };
    svg.text(
        [LEFT, 54.0],
        13.0,
        GREY,
        Anchor::Start,
        &format!("{about}: true class, then predicted with its probability"),
    );
    for (at, (i, answer)) in shown.iter().enumerate() {
        let x = LEFT + CELL[0] * (at % COLUMNS) as f64;
        let y = TOP + CELL[1] * (at / COLUMNS) as f64;
        let (png, large) = png(split, *i, pipeline)?;
        let how = if large { "auto" } else { "pixelated" };
        svg.raw(format_args!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{SIDE}\" height=\"{SIDE}\" image-rendering=\"{how}\" \
             href=\"data:image/png;base64,{}\"/>",
            STANDARD.encode(png)
        ));
        svg.raw(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" stroke=\"#d5d8df\"/>"
        ));
        let name = |label: u32| {
            test.classes
                .get(label as usize)
                .map_or("?", |c| c.name.as_str())
        };
        let truth = cut(name(answer.label), 12.0, CELL[0] - 4.0);
        svg.bold([x, y + SIDE + 16.0], 12.0, INK, Anchor::Start, &truth);
        let percent = format!("{:.0}%", answer.probability * 100.0);
        let said = cut(name(answer.predicted), 12.0, CELL[0] - 46.0);
        svg.text(
            [x, y + SIDE + 32.0],
            12.0,
            ORANGE,
            Anchor::Start,
            &format!("{said} ({percent})"),
        );
    }
    Ok(svg.finish())
}

/// The picture as the network sees it, and whether it is large.
fn png(split: &Split, i: usize, pipeline: &Pipeline) -> Result<(Vec<u8>, bool)> {
    let bytes = pipeline.bytes(split, i, View::Plain)?;
    let [h, w, c] = pipeline.target();
    let (width, height) = (w as u32, h as u32);
    let image: Option<DynamicImage> = match c {
        3 => RgbImage::from_raw(width, height, bytes).map(Into::into),
        _ => {
            let grey = bytes.chunks_exact(c).map(|pixel| pixel[0]).collect();
            GrayImage::from_raw(width, height, grey).map(Into::into)
        }
    };
    let image = image.unwrap_or_default();
    let most = 2 * SIDE as u32;
    let large = width > most || height > most;
    let image = if large {
        image.thumbnail(most, most)
    } else {
        image
    };
    let mut png = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|e| Error::input(format!("test picture {i}: {e}")))?;
    Ok((png.into_inner(), large))
}
