//! A sheet of augmented samples, so that a person sees what the network sees.

use super::pipeline::{Pipeline, View};
use crate::data::Split;
use crate::{Error, Result};
use image::{Rgb, RgbImage};
use std::path::Path;

const GAP: u32 = 4;
const BACKGROUND: Rgb<u8> = Rgb([245, 245, 247]);
/// Small pictures are enlarged to about so many pixels.
const SIDE: u32 = 84;

/// Writes a PNG: a row a picture of the training set; first as it is evaluated, then as `variants` epochs see it.
///
/// # Errors
/// A picture cannot be read, or the file cannot be written.
pub fn sheet(
    pipeline: &Pipeline,
    split: &Split,
    pictures: usize,
    variants: u64,
    path: &Path,
) -> Result<()> {
    let [h, w, c] = pipeline.target();
    let zoom = (SIDE / (h.max(w) as u32).max(1)).max(1);
    let (height, width) = (h as u32 * zoom, w as u32 * zoom);
    let pictures = pictures.min(split.len());
    let columns = variants as u32 + 1;
    // The first column stands apart.
    let left = |column: u32| GAP + column * (width + GAP) + if column > 0 { 2 * GAP } else { 0 };
    let top = |row: u32| GAP + row * (height + GAP);
    let mut canvas = RgbImage::from_pixel(left(columns), top(pictures as u32), BACKGROUND);
    for row in 0..pictures as u32 {
        let i = row as usize * split.len() / pictures;
        for column in 0..columns {
            let view = match column {
                0 => View::Plain,
                n => View::Varied(u64::from(n) - 1),
            };
            let bytes = pipeline.bytes(split, i, view)?;
            for y in 0..height {
                for x in 0..width {
                    let at = ((y / zoom) as usize * w + (x / zoom) as usize) * c;
                    let pixel = match bytes[at..at + c] {
                        [r, g, b] => Rgb([r, g, b]),
                        [grey, ..] => Rgb([grey; 3]),
                        [] => BACKGROUND,
                    };
                    canvas.put_pixel(left(column) + x, top(row) + y, pixel);
                }
            }
        }
    }
    let mut png = std::io::Cursor::new(Vec::new());
    canvas
        .write_to(&mut png, image::ImageFormat::Png)
        .map_err(|e| Error::file(path, e))?;
    crate::atomic::write(path, png.get_ref())
}
