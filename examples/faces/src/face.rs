//! What has been found, and which of it is the same.

use crate::Area;

/// The eye on the left of the photograph, the eye on the right, the nose, the corners of the mouth: x and y in pixels.
pub type Landmarks = [[f32; 2]; 5];

/// A face in a photograph.
#[derive(Clone, Copy, Debug)]
pub struct Face {
    /// The box around it.
    pub area: Area,
    /// Its probability.
    pub score: f32,
    /// Eyes, nose and mouth.
    pub landmarks: Landmarks,
}

/// What a network takes for a face.
pub(crate) struct Candidate<T> {
    /// Where the network looked.
    pub(crate) area: Area,
    /// The probability of a face.
    pub(crate) score: f32,
    /// What else the network says of it.
    pub(crate) rest: T,
}

/// The surest ones: no two that stay overlap by more than the limit (non-maximum suppression).
pub(crate) fn surest<T>(
    mut candidates: Vec<Candidate<T>>,
    overlap: fn(&Area, &Area) -> f32,
    limit: f32,
) -> Vec<Candidate<T>> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Candidate<T>> = Vec::new();
    for one in candidates {
        if kept
            .iter()
            .all(|surer| overlap(&one.area, &surer.area) <= limit)
        {
            kept.push(one);
        }
    }
    kept
}
