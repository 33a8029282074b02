//! Constants from the file of weights, which `include_bytes!` brings into the program.
//!
//! Each is copied out while the program compiles, so that it is aligned, has a type, and the file itself is not part of the program.

use crate::Filter;

/// The `N` words of weights from byte `at` of the file on: as they lie there, so that the first byte is the first one in memory too.
///
/// # Panics
/// While the program compiles, if the file is shorter.
#[must_use]
pub const fn weights<const N: usize>(file: &[u8], at: usize) -> [u32; N] {
    check(file, at, 4 * N);
    // SAFETY: so many bytes are there, at any address, and any four are a `u32`.
    unsafe { file.as_ptr().add(at).cast::<[u32; N]>().read_unaligned() }
}

/// The `N` bytes from byte `at` of the file on: a table.
///
/// # Panics
/// While the program compiles, if the file is shorter.
#[must_use]
pub const fn bytes<const N: usize>(file: &[u8], at: usize) -> [u8; N] {
    check(file, at, N);
    // SAFETY: so many bytes are there.
    unsafe { file.as_ptr().add(at).cast::<[u8; N]>().read() }
}

/// The scales and biases of `N` filters from byte `at` of the file on: little-endian `f32`, a scale and a bias in turns.
///
/// # Panics
/// While the program compiles, if the file is shorter.
#[must_use]
pub const fn filters<const N: usize>(file: &[u8], at: usize) -> [Filter; N] {
    check(file, at, 8 * N);
    let zero = Filter {
        scale: 0.0,
        bias: 0.0,
    };
    let mut filters = [zero; N];
    let mut i = 0;
    while i < N {
        filters[i] = Filter {
            scale: number(file, at + 8 * i),
            bias: number(file, at + 8 * i + 4),
        };
        i += 1;
    }
    filters
}

/// The `N` numbers from byte `at` of the file on: little-endian `f32`.
///
/// # Panics
/// While the program compiles, if the file is shorter.
#[must_use]
pub const fn numbers<const N: usize>(file: &[u8], at: usize) -> [f32; N] {
    check(file, at, 4 * N);
    let mut numbers = [0.0; N];
    let mut i = 0;
    while i < N {
        numbers[i] = number(file, at + 4 * i);
        i += 1;
    }
    numbers
}

const fn number(file: &[u8], at: usize) -> f32 {
    f32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]])
}

const fn check(file: &[u8], at: usize, bytes: usize) {
    assert!(
        at <= file.len() && bytes <= file.len() - at,
        "the file of weights is shorter than its network: compile the network again"
    );
}

/// The `N` tables from byte `at` of the file on.
///
/// # Panics
/// While the program compiles, if the file is shorter.
#[must_use]
pub const fn tables<const N: usize>(file: &[u8], at: usize) -> [[u8; 256]; N] {
    check(file, at, 256 * N);
    // SAFETY: so many bytes are there.
    unsafe { file.as_ptr().add(at).cast::<[[u8; 256]; N]>().read() }
}
