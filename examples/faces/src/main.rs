//! Prints the faces in a photograph, and draws them: `cargo run -p example-faces -- [PHOTO [OUTPUT]]`.

use example_faces::{Detector, Picture, draw};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let photo = arguments.next();
    let photo = photo.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/astronaut.jpg").into());
    let output = arguments.next();

    let opened = image::open(&photo).map_err(|e| format!("{}: {e}", Path::new(&photo).display()))?;
    let mut pixels = opened.to_rgb8();
    let faces = Detector::new()?.faces(&Picture::new(&pixels))?;
    if faces.is_empty() {
        println!("no face");
    }
    for face in &faces {
        let area = &face.area;
        println!(
            "a face of {:.0}x{:.0} at {:.0}, {:.0}, with probability {:.4}; its eyes and nose at {}",
            area.width(),
            area.height(),
            area.left,
            area.top,
            face.score,
            face.landmarks[..3]
                .iter()
                .map(|[x, y]| format!("{x:.0}, {y:.0}"))
                .collect::<Vec<_>>()
                .join("; "),
        );
        draw(&mut pixels, face);
    }
    if let Some(output) = output {
        if Path::new(&output).canonicalize().ok() == Path::new(&photo).canonicalize().ok() {
            return Err("the drawing would replace the photograph: name another file".into());
        }
        pixels.save(&output)?;
        println!("drawn in {}", Path::new(&output).display());
    }
    Ok(())
}
