//! Says which digit is drawn in a text file: `cargo run`, or `cargo run -- FILE`.

{network}

/// Carried in the program. `netc train models/digits.net` leaves others in `runs/digits/last.safetensors`.
const WEIGHTS: &[u8] = include_bytes!("../models/digits.safetensors");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1);
    let drawing = std::fs::read_to_string(file.as_deref().unwrap_or("digit.txt"))?;
    let model = Digits::from_bytes(WEIGHTS)?;
    let mut workspace = model.workspace(1); // all memory, allocated once
    let best = model.predict(&mut workspace, &pixels(&drawing))?[0];
    println!("{drawing}\nThis is a {} ({:.1} %).", best.class, 100.0 * best.probability);
    Ok(())
}

/// Eight rows of eight cells: `#` is ink, `+` is half of it, all else is paper. The network takes numbers from 0 to 1.
fn pixels(drawing: &str) -> [f32; 64] {
    let mut pixels = [0.0; 64];
    for (y, line) in drawing.lines().take(8).enumerate() {
        for (x, cell) in line.chars().take(8).enumerate() {
            pixels[8 * y + x] = match cell {
                '#' => 1.0,
                '+' => 0.5,
                _ => 0.0,
            };
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_is_a_three() {
        let model = Digits::from_bytes(WEIGHTS).expect("weights of this network");
        let images = pixels(include_str!("../digit.txt"));
        let best = model.predict(&mut model.workspace(1), &images);
        assert_eq!(best.expect("one image")[0].class, 3);
    }
}
