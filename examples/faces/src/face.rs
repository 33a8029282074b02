//! Faces, and which of them are the same.

use crate::Area;

/// The eye on the left of the photograph, the eye on the right, the nose, the corners of the mouth: x and y in pixels.
pub type Landmarks = [[f32; 2]; 5];

/// A face in a photograph; `Face<()>` is one whose landmarks nobody has looked for yet.
#[derive(Clone, Copy, Debug)]
pub struct Face<L = Landmarks> {
    /// The box around it.
    pub area: Area,
    /// Its probability.
    pub score: f32,
    /// Eyes, nose and mouth.
    pub landmarks: L,
}

/// The surest ones: no two that stay overlap by more than the limit (non-maximum suppression).
#[must_use]
pub fn surest<L>(mut faces: Vec<Face<L>>, overlap: fn(&Area, &Area) -> f32, limit: f32) -> Vec<Face<L>> {
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Face<L>> = Vec::new();
    for face in faces {
        if kept.iter().all(|surer| overlap(&face.area, &surer.area) <= limit) {
            kept.push(face);
        }
    }
    kept
}
