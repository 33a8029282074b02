//! Faces in a photograph, drawn.

use crate::Face;
use image::{Rgb, RgbImage};

const BOX: Rgb<u8> = Rgb([80, 220, 100]);
const POINT: Rgb<u8> = Rgb([255, 90, 60]);

/// Draws the box around a face, and its landmarks.
pub fn draw(photo: &mut RgbImage, face: &Face) {
    let area = &face.area;
    let thick = (area.width() / 50.0).max(1.0);
    let inside = |x: f32, y: f32, by: f32| {
        x > area.left + by && x < area.right - by && y > area.top + by && y < area.bottom - by
    };
    paint(photo, BOX, |x, y| {
        inside(x, y, -thick) && !inside(x, y, 0.0)
    });
    for [left, top] in face.landmarks {
        paint(photo, POINT, |x, y| {
            (x - left).hypot(y - top) <= 1.5 * thick
        });
    }
}

/// Gives this colour to the pixels whose middles are chosen.
fn paint(photo: &mut RgbImage, colour: Rgb<u8>, chosen: impl Fn(f32, f32) -> bool) {
    for (x, y, pixel) in photo.enumerate_pixels_mut() {
        if chosen(x as f32 + 0.5, y as f32 + 0.5) {
            *pixel = colour;
        }
    }
}
