//! Two networks compiled with the crate: one written in place, one in a file.

use netc_macros::net;

net! {
    // Rust's comments are the language's comments.
    net Digits

    INPUT(28x28x1)
    => CONV(6, 5x5, same) => RELU => POOL(2x2)
    => CONV(16, 5x5)      => RELU => POOL(2x2)
    => FC(120) => RELU => FC(84) => RELU => FC(10) => SOFTMAX

    expect params = 61_706
}

net!("models/letters.net");

fn main() -> Result<(), netc_runtime::Error> {
    // Real programs load weights: Digits::from_file("digits.safetensors")?, or
    // Digits::from_bytes(include_bytes!("digits.safetensors"))? to carry them in the binary.
    let digits = Digits::random(1);
    let mut workspace = digits.workspace(2);
    let images = vec![0.5; 2 * 28 * 28];
    for (i, best) in digits.predict(&mut workspace, &images)?.iter().enumerate() {
        println!(
            "image {i}: digit {} with probability {:.3}",
            best.class, best.probability
        );
    }

    let letters = Letters::random(2);
    let mut workspace = letters.workspace(1);
    let scores = letters.forward(&mut workspace, &[0.5; 20 * 20])?;
    println!(
        "{} letters, their probabilities sum to {:.3}",
        scores.len(),
        scores.iter().sum::<f32>()
    );
    Ok(())
}
