//! MTCNN: the first network proposes faces, the second one refines, the third one decides.

use crate::face::{Candidate, surest};
use crate::networks::{ONet, PNet, RNet};
use crate::{Area, Face, Landmarks, Picture};
use netc_runtime::Error;

/// The smallest face that is looked for, in pixels.
const SMALLEST: f32 = 20.0;
/// From one size of the photograph to the next: half the pixels, almost.
const SHRINK: f32 = 0.709;
/// How sure each network has to be.
const SURE: [f32; 3] = [0.6, 0.7, 0.7];

/// The first network's window, and the steps between windows, in pixels.
const WINDOW: usize = 12;
const STEP: usize = 2;
/// Pixels and windows along the side of a tile.
const TILE: usize = PNet::INPUT[0];
const WINDOWS: usize = PNet::OUTPUT[0];
/// Tiles, or pieces of the photograph, that go through a network together.
const BATCH: usize = 16;

/// By how much the left, upper, right and lower side are to be moved, as shares of the size.
type Moves = [f32; 4];

/// Finds faces.
#[derive(Debug)]
pub struct Detector {
    pnet: PNet,
    rnet: RNet,
    onet: ONet,
}

impl Detector {
    /// The trained networks, whose weights are part of the program.
    ///
    /// # Errors
    /// If the weights are not those of the networks.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            pnet: PNet::from_bytes(include_bytes!("../weights/pnet.safetensors"))?,
            rnet: RNet::from_bytes(include_bytes!("../weights/rnet.safetensors"))?,
            onet: ONet::from_bytes(include_bytes!("../weights/onet.safetensors"))?,
        })
    }

    /// The faces in a photograph, the surest one first.
    ///
    /// # Errors
    /// None that a photograph can cause.
    pub fn faces(&self, photo: &Picture) -> Result<Vec<Face>, Error> {
        let mut proposed = Vec::new();
        for scale in scales(photo) {
            proposed.extend(surest(self.propose(photo, scale)?, Area::of_union, 0.5));
        }
        let proposed = moved(surest(proposed, Area::of_union, 0.7));
        let refined = moved(surest(self.refine(photo, &proposed)?, Area::of_union, 0.7));
        let decided = surest(self.decide(photo, &refined)?, Area::of_smaller, 0.7);
        let face = |one: Candidate<Landmarks>| Face {
            area: one.area,
            score: one.score,
            landmarks: one.rest,
        };
        Ok(decided.into_iter().map(face).collect())
    }

    /// The windows that may show a face, in the photograph at one size.
    fn propose(&self, photo: &Picture, scale: f32) -> Result<Vec<Candidate<Moves>>, Error> {
        let size = |pixels: usize| (pixels as f32 * scale) as usize + 1;
        let level = photo.resized(size(photo.width()), size(photo.height()));
        let mut found = Vec::new();
        let mut workspace = self.pnet.workspace(BATCH);
        for corners in tiles(&level).chunks(BATCH) {
            let pixels = |&[x, y]: &[usize; 2]| level.tile(x * STEP, y * STEP, TILE);
            let pixels: Vec<f32> = corners.iter().flat_map(pixels).collect();
            let moves = self.pnet.forward(&mut workspace, &pixels)?.to_vec();
            let faces = PNet::output_faces(&workspace)?;
            for (number, (score, rest)) in scores(&faces).zip(fours(&moves)).enumerate() {
                let [left, top] = corners[number / (WINDOWS * WINDOWS)];
                let x = left + number / WINDOWS % WINDOWS;
                let y = top + number % WINDOWS;
                let inside = x < windows(level.width()) && y < windows(level.height());
                if inside && score >= SURE[0] {
                    let area = window(x, y, scale);
                    found.push(Candidate { area, score, rest });
                }
            }
        }
        Ok(found)
    }

    /// Looks again where the first network saw something, and drops most of it.
    fn refine(&self, photo: &Picture, areas: &[Area]) -> Result<Vec<Candidate<Moves>>, Error> {
        let mut found = Vec::new();
        let mut workspace = self.rnet.workspace(BATCH);
        for (areas, pixels) in pieces(photo, areas, RNet::INPUT[0]) {
            let moves = self.rnet.forward(&mut workspace, &pixels)?.to_vec();
            let faces = RNet::output_faces(&workspace)?;
            for ((area, score), rest) in areas.into_iter().zip(scores(&faces)).zip(fours(&moves)) {
                if score > SURE[1] {
                    found.push(Candidate { area, score, rest });
                }
            }
        }
        Ok(found)
    }

    /// Looks for the last time, moves the boxes, and finds the landmarks.
    fn decide(&self, photo: &Picture, areas: &[Area]) -> Result<Vec<Candidate<Landmarks>>, Error> {
        let mut found = Vec::new();
        let mut workspace = self.onet.workspace(BATCH);
        for (areas, pixels) in pieces(photo, areas, ONet::INPUT[0]) {
            let moves = self.onet.forward(&mut workspace, &pixels)?.to_vec();
            let faces = ONet::output_faces(&workspace)?;
            let points = ONet::output_landmarks(&workspace)?;
            let seen = scores(&faces)
                .zip(fours(&moves))
                .zip(points.chunks_exact(10));
            for (square, ((score, by), points)) in areas.into_iter().zip(seen) {
                if score > SURE[2] {
                    let area = square.moved(by);
                    let rest = landmarks(&square, points);
                    found.push(Candidate { area, score, rest });
                }
            }
        }
        Ok(found)
    }
}

/// By how much the photograph is made smaller, so that faces of all sizes fill a window in one of the pictures.
fn scales(photo: &Picture) -> impl Iterator<Item = f32> {
    let side = photo.width().min(photo.height()) as f32;
    let first = WINDOW as f32 / SMALLEST;
    let scales = std::iter::successors(Some(first), |scale| Some(scale * SHRINK));
    scales.take_while(move |scale| side * scale >= WINDOW as f32)
}

/// How many windows lie along so many pixels.
fn windows(pixels: usize) -> usize {
    (pixels + STEP).saturating_sub(WINDOW) / STEP
}

/// The first window of each tile, so that the tiles have all windows of the picture.
fn tiles(level: &Picture) -> Vec<[usize; 2]> {
    let rows = || (0..windows(level.height())).step_by(WINDOWS);
    let columns = (0..windows(level.width())).step_by(WINDOWS);
    columns.flat_map(|x| rows().map(move |y| [x, y])).collect()
}

/// A window in the photograph.
fn window(x: usize, y: usize, scale: f32) -> Area {
    let at = |pixels: usize| pixels as f32 / scale;
    Area {
        left: at(x * STEP),
        top: at(y * STEP),
        right: at(x * STEP + WINDOW),
        bottom: at(y * STEP + WINDOW),
    }
}

/// Where the next network looks: squares, as it takes no other pictures.
fn moved(candidates: Vec<Candidate<Moves>>) -> Vec<Area> {
    let moved = candidates
        .iter()
        .map(|one| one.area.moved(one.rest).square());
    moved.collect()
}

/// Areas and their pixels in the size that a network takes, a batch at a time; without those that lie outside the photograph.
fn pieces(
    photo: &Picture,
    areas: &[Area],
    side: usize,
) -> impl Iterator<Item = (Vec<Area>, Vec<f32>)> {
    areas.chunks(BATCH).filter_map(move |areas| {
        let pieces = areas
            .iter()
            .filter_map(|area| Some((*area, photo.cut(area, side)?)));
        let (areas, pieces): (Vec<Area>, Vec<Picture>) = pieces.unzip();
        let pixels = pieces.iter().flat_map(Picture::numbers).copied().collect();
        (!areas.is_empty()).then_some((areas, pixels))
    })
}

/// The points as shares of the square, five x and five y, become points in the photograph.
fn landmarks(square: &Area, points: &[f32]) -> Landmarks {
    std::array::from_fn(|i| {
        [
            square.left + points[i] * square.width(),
            square.top + points[i + 5] * square.height(),
        ]
    })
}

/// Of each window or piece the probability of a face, the second of two.
fn scores(numbers: &[f32]) -> impl Iterator<Item = f32> {
    numbers.chunks_exact(2).map(|two| two[1])
}

/// Of each window or piece the moves of its sides.
fn fours(numbers: &[f32]) -> impl Iterator<Item = Moves> {
    numbers.as_chunks().0.iter().copied()
}
