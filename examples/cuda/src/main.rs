//! A network on the CPU or on an NVIDIA GPU, whichever the first argument names: `auto`, `cpu`, `cuda`, `cuda:1`.

use netc_macros::net;
use netc_runtime::{Device, DeviceName, Error};

net!("models/digits.net");

/// A digit as somebody wrote it.
const DIGIT: [&str; 28] = [
    "............................",
    "............................",
    "............................",
    "............................",
    "............................",
    "..............++++++........",
    ".......+#############.......",
    ".......##############.......",
    ".......+######++++##+.......",
    ".................###........",
    "................+##+........",
    "................###+........",
    "...............+###.........",
    "...............+##+.........",
    "...............###..........",
    "..............+###..........",
    "..............###+..........",
    "..............###...........",
    ".............+##+...........",
    ".............###+...........",
    "............+###............",
    "............+##+............",
    "............###.............",
    "............+#+.............",
    "............................",
    "............................",
    "............................",
    "............................",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name: DeviceName = std::env::args()
        .nth(1)
        .as_deref()
        .unwrap_or("auto")
        .parse()?;
    let device = Device::named(name)?;
    let (digit, probability) = classify(&device)?;
    println!("{device}: a {digit}, with probability {probability:.3}");
    Ok(())
}

fn classify(device: &Device) -> Result<(usize, f32), Error> {
    let weights = concat!(env!("CARGO_MANIFEST_DIR"), "/models/digits.safetensors");
    let model = Digits::on(device, weights)?;
    let mut workspace = model.workspace(1);
    let best = model.predict(&mut workspace, &pixels())?;
    Ok((best[0].class, best[0].probability))
}

/// The drawing as the network takes it: 28x28x1, bytes times INPUT's scale.
fn pixels() -> Vec<f32> {
    let value = |c: u8| match c {
        b'#' => 1.0,
        b'+' => 0.5,
        _ => 0.0,
    };
    DIGIT
        .iter()
        .flat_map(|row| row.bytes().map(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digit_is_read_on_the_cpu() {
        let (digit, probability) = classify(&Device::cpu()).expect("the CPU");
        assert_eq!(digit, 7);
        assert!(probability > 0.9, "{probability}");
    }

    #[test]
    fn it_is_read_on_the_emulated_device() {
        let Some(session) = netc_emulated_device::session_or_skip() else {
            return;
        };
        let device = Device::cuda(0).expect("the emulated device");
        let (digit, probability) = classify(&device).expect("the emulated device");
        let (_, expected) = classify(&Device::cpu()).expect("the CPU");
        assert_eq!((digit, session.reports()), (7, String::new()));
        assert!((probability - expected).abs() < 1e-5);
    }
}
