//! LeNet on a Cortex-M4 without an operating system and without a heap: classifies a digit.
//!
//! `network/lenet_digits.rs` and its weights were written by
//!
//! ```sh
//! netc train models/lenet_digits.net --out run
//! netc quantize models/lenet_digits.net -w run/last.safetensors -o digits.int8.safetensors
//! netc models/lenet_digits.net --target embedded -w digits.int8.safetensors -o examples/cortex-m/network/lenet_digits.rs
//! ```

#![no_std]
#![no_main]

use core::cell::UnsafeCell;
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use lenet_digits::{Input, LeNetDigits, Output, Workspace};

#[rustfmt::skip] // as netc wrote it
#[path = "../network/lenet_digits.rs"]
mod lenet_digits;

/// A seven of the data set's test pictures, 0 (paper) to 16 (ink).
const SEVEN: [[u8; 8]; 8] = [
    [0, 0, 9, 16, 16, 16, 5, 0],
    [0, 1, 14, 10, 8, 16, 8, 0],
    [0, 0, 0, 0, 7, 16, 3, 0],
    [0, 3, 8, 11, 15, 16, 11, 0],
    [0, 8, 16, 16, 15, 11, 3, 0],
    [0, 0, 2, 16, 7, 0, 0, 0],
    [0, 0, 8, 16, 1, 0, 0, 0],
    [0, 0, 13, 10, 0, 0, 0, 0],
];

/// Memory that the one thread of this program uses.
struct Own(UnsafeCell<Workspace>);

// SAFETY: there is one thread, and no interrupt uses it.
unsafe impl Sync for Own {}

static WORKSPACE: Own = Own(UnsafeCell::new(Workspace::new()));

#[entry]
fn main() -> ! {
    // SAFETY: `main` runs once, and nobody else asks for it.
    let workspace = unsafe { &mut *WORKSPACE.0.get() };
    let mut input: Input = [0; 64];
    for (byte, ink) in input.iter_mut().zip(SEVEN.as_flattened()) {
        *byte = LeNetDigits::pixel(0, ((u16::from(*ink) * 255 + 8) / 16) as u8);
    }
    let mut scores: Output = [0.0; 10];
    LeNetDigits::forward(workspace, &input, &mut scores);
    let best = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    let (digit, _) = best.unwrap_or((0, &0.0));
    hprintln!("This is a {}.", digit);
    debug::exit(match digit {
        7 => debug::EXIT_SUCCESS,
        _ => debug::EXIT_FAILURE,
    });
    loop {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}
