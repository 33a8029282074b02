//! One pass of a network on a Cortex-M4: writes the bits of its outputs, and how many instructions it took.
//!
//! `NETC_FIRMWARE` names a folder with the network that `cargo run -p netc-embedded-build --example firmware` wrote, and an input.
//! QEMU counts with `-icount shift=0` one nanosecond an instruction; the timer ticks every 40 of them.

#![no_std]
#![no_main]

use core::cell::UnsafeCell;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, syscall1};
use network::{Net, Output, Workspace};

#[allow(dead_code)]
mod network {
    include!(concat!(env!("NETC_FIRMWARE"), "/firmware.rs"));
}

static INPUT: &network::Input = include_bytes!(concat!(env!("NETC_FIRMWARE"), "/input.bin"));

/// Instructions in a tick.
const TICK: u32 = 40;

struct Shared(UnsafeCell<Workspace>);

// SAFETY: the program has one thread, and no interrupts.
unsafe impl Sync for Shared {}

static WORKSPACE: Shared = Shared(UnsafeCell::new(Workspace::new()));

#[entry]
fn main() -> ! {
    // SAFETY: nobody else takes the timer or the workspace.
    let (mut timer, workspace) = unsafe {
        let all = cortex_m::Peripherals::steal();
        (all.SYST, &mut *WORKSPACE.0.get())
    };
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(0x00ff_ffff);
    timer.clear_current();
    timer.enable_counter();
    let mut output: Output = core::array::from_fn(|_| 0.0);
    let before = SYST::get_current();
    Net::forward(workspace, INPUT, &mut output);
    let ticks = before.wrapping_sub(SYST::get_current()) & 0x00ff_ffff;
    for number in output {
        write(number.to_bits());
    }
    write(ticks.wrapping_mul(TICK));
    debug::exit(debug::EXIT_SUCCESS);
    loop {}
}

/// Writes eight hexadecimal digits and a line's end.
fn write(number: u32) {
    let mut line = *b"00000000\n\0";
    for (i, digit) in line.iter_mut().take(8).enumerate() {
        let value = (number >> (28 - 4 * i) & 15) as u8;
        *digit = if value < 10 {
            b'0' + value
        } else {
            b'a' - 10 + value
        };
    }
    // SAFETY: the line ends in a zero byte.
    unsafe {
        syscall1!(WRITE0, line.as_ptr());
    }
}

/// The linker finds no such function: a program that could panic is not made.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn this_program_can_panic() -> !;
    }
    // SAFETY: never called.
    unsafe { this_program_can_panic() }
}
