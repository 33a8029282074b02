//! A typeface that comes along (`fonts/`): lines of text as outlines.

use std::fmt::Write;
use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};
use ttf_parser::{Face, FaceParsingError, GlyphId, OutlineBuilder, Tag};

pub(super) struct Font<'a> {
    face: Face<'a>,
    kerning: Vec<PairAdjustment<'a>>,
}

impl<'a> Font<'a> {
    pub(super) fn parse(data: &'a [u8]) -> Result<Self, FaceParsingError> {
        let face = Face::parse(data, 0)?;
        let kerning = kerning(&face);
        Ok(Self { face, kerning })
    }

    /// The outlines of a line as the data of an SVG path, and the line's width. `size` is the em; the line starts at x = 0 and stands on
    /// y = 0. A letter that the font lacks is an empty box.
    pub(super) fn outline(&self, text: &str, size: f64) -> (String, f64) {
        let mut pen = Pen {
            path: String::new(),
            x: 0.0,
            scale: size / f64::from(self.face.units_per_em()),
        };
        let mut before = None;
        for letter in text.chars() {
            let glyph = self.face.glyph_index(letter);
            let kern = before
                .zip(glyph)
                .map_or(0, |(before, glyph)| self.kern(before, glyph));
            pen.x += pen.scale * f64::from(kern);
            let advance = match glyph {
                Some(glyph) => {
                    // Space has no outline.
                    self.face.outline_glyph(glyph, &mut pen);
                    self.face.glyph_hor_advance(glyph).unwrap_or(0)
                }
                None => pen.empty_box(self.face.units_per_em()),
            };
            pen.x += pen.scale * f64::from(advance);
            before = glyph;
        }
        (pen.path, pen.x)
    }

    /// How much nearer the second glyph stands to the first: the first adjustment that knows the pair counts (OpenType, GPOS, lookup
    /// type 2).
    fn kern(&self, first: GlyphId, second: GlyphId) -> i16 {
        let value = self.kerning.iter().find_map(|pairs| {
            let at = pairs.coverage().get(first)?;
            match pairs {
                PairAdjustment::Format1 { sets, .. } => sets.get(at)?.get(second),
                PairAdjustment::Format2 {
                    classes, matrix, ..
                } => matrix.get((classes.0.get(first), classes.1.get(second))),
            }
        });
        value.map_or(0, |(first, _)| first.x_advance)
    }
}

fn kerning<'a>(face: &Face<'a>) -> Vec<PairAdjustment<'a>> {
    let Some(table) = face.tables().gpos else {
        return Vec::new();
    };
    let kern = table.features.find(Tag::from_bytes(b"kern"));
    let lookups = kern.into_iter().flat_map(|kern| kern.lookup_indices);
    lookups
        .filter_map(|index| table.lookups.get(index))
        .flat_map(|lookup| lookup.subtables.into_iter::<PositioningSubtable<'_>>())
        .filter_map(|subtable| match subtable {
            PositioningSubtable::Pair(pairs) => Some(pairs),
            _ => None,
        })
        .collect()
}

/// Writes outlines, which the font gives in its units with y upwards.
struct Pen {
    path: String,
    x: f64,
    scale: f64,
}

impl Pen {
    /// A frame for a font with `em` units an em; returns its advance.
    fn empty_box(&mut self, em: u16) -> u16 {
        let line = f32::from(em / 16);
        let (left, right, top) = (line, line * 9.0, line * 11.0);
        let (inner, middle) = (left + line, right - line);
        self.write('M', &[left, 0.0, right, 0.0, right, top, left, top]);
        // The other way round: a hole.
        let hole = [
            inner,
            line,
            inner,
            top - line,
            middle,
            top - line,
            middle,
            line,
        ];
        self.write('M', &hole);
        em / 16 * 10
    }

    fn write(&mut self, command: char, points: &[f32]) {
        self.path.push(command);
        for (i, point) in points.chunks_exact(2).enumerate() {
            let x = self.x + self.scale * f64::from(point[0]);
            let y = -self.scale * f64::from(point[1]);
            let space = if i > 0 { " " } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(self.path, "{space}{x:.2} {y:.2}");
        }
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.write('M', &[x, y]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.write('L', &[x, y]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.write('Q', &[x1, y1, x, y]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.write('C', &[x1, y1, x2, y2, x, y]);
    }

    fn close(&mut self) {
        self.path.push('Z');
    }
}
