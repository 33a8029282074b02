//! From SVG to PNG.

use crate::{Error, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use std::path::Path;
use std::sync::Arc;

/// Two pixels a unit: sharp on today's screens.
const SCALE: f32 = 2.0;

pub(super) fn png(path: &Path, svg: &str) -> Result<Vec<u8>> {
    let mut fonts = Database::new();
    fonts.load_font_data(include_bytes!("../../fonts/Inter-Regular.ttf").to_vec());
    fonts.load_font_data(include_bytes!("../../fonts/Inter-SemiBold.ttf").to_vec());
    let options = Options {
        font_family: "Inter".to_owned(),
        fontdb: Arc::new(fonts),
        ..Options::default()
    };
    let failed = |e: &dyn std::fmt::Display| Error::file(path, e);
    let tree = Tree::from_str(svg, &options).map_err(|e| failed(&e))?;
    let size = tree.size();
    let mut pixels = Pixmap::new(
        (size.width() * SCALE).ceil() as u32,
        (size.height() * SCALE).ceil() as u32,
    )
    .ok_or_else(|| failed(&"the picture is too large"))?;
    resvg::render(
        &tree,
        Transform::from_scale(SCALE, SCALE),
        &mut pixels.as_mut(),
    );
    pixels.encode_png().map_err(|e| failed(&e))
}
