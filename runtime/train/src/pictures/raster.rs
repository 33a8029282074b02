//! From SVG to PNG.

use super::outline::outlined;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::fmt::Display;

/// Two pixels a unit: sharp on today's screens.
const SCALE: f32 = 2.0;
/// Larger pictures get fewer pixels a unit; a pixel takes 4 bytes.
const MOST_PIXELS: f32 = 64e6;

/// Draws one of netc's own pictures, text in the font that comes along, as a PNG.
///
/// # Errors
/// It is no SVG, or too large to draw.
pub fn png(svg: &str) -> Result<Vec<u8>, String> {
    let failed = |e: &dyn Display| e.to_string();
    let tree = Tree::from_str(&outlined(svg)?, &Options::default()).map_err(|e| failed(&e))?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = SCALE.min((MOST_PIXELS / (width * height)).sqrt());
    let pixels = |side: f32| (side * scale).ceil() as u32;
    let mut pixels = Pixmap::new(pixels(width), pixels(height))
        .ok_or_else(|| failed(&"the picture is too large"))?;
    let transform = Transform::from_scale(scale, scale);
    resvg::render(&tree, transform, &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| failed(&e))
}
