//! Prints the faces in a photograph, and draws them: `cargo run -p example-faces -- [PHOTO [DRAWING]]`.

use example_faces::{Detector, Face, Picture, draw};
use image::RgbImage;
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let astronaut = || concat!(env!("CARGO_MANIFEST_DIR"), "/astronaut.jpg").into();
    let photo = arguments.next().unwrap_or_else(astronaut);
    let opened = image::open(&photo).map_err(|e| format!("{}: {e}", photo.display()))?;
    let pixels = opened.to_rgb8();

    let faces = Detector::new()?.faces(&Picture::new(&pixels))?;
    if faces.is_empty() {
        println!("no face");
    }
    for face in &faces {
        println!("{}", described(face));
    }
    match arguments.next() {
        Some(drawing) => save(pixels, &faces, &photo, &drawing),
        None => Ok(()),
    }
}

fn described(face: &Face) -> String {
    let Face { area, score, .. } = face;
    let names = [
        "left eye",
        "right eye",
        "nose",
        "left corner of the mouth",
        "right corner",
    ];
    let points = names.iter().zip(face.landmarks);
    let points: Vec<String> = points
        .map(|(name, [x, y])| format!("{name} {x:.0}, {y:.0}"))
        .collect();
    format!(
        "a face with probability {score:.4}: {:.0}x{:.0} from {:.0}, {:.0}; {}",
        area.width(),
        area.height(),
        area.left,
        area.top,
        points.join("; "),
    )
}

fn save(
    mut pixels: RgbImage,
    faces: &[Face],
    photo: &Path,
    drawing: &Path,
) -> Result<(), Box<dyn Error>> {
    if drawing.exists() && drawing.canonicalize()? == photo.canonicalize()? {
        return Err("the drawing would replace the photograph: name another file".into());
    }
    for face in faces {
        draw(&mut pixels, face);
    }
    pixels
        .save(drawing)
        .map_err(|e| format!("{}: {e}", drawing.display()))?;
    println!("drawn in {}", drawing.display());
    Ok(())
}
