//! What goes wrong on a GPU: each fault of the emulated device is one clear error, and leaves nothing behind.

use netc_compiler::Options;
use netc_emulated_device::{Session, emulated_or_skip};
use netc_plan::Plan;
use netc_runtime::{Device, Error, ErrorKind, Executor, Model};
use netc_tests::networks::compile_text;
use netc_tests::seeded;
use std::time::SystemTime;

/// A network; `slope` makes it another.
fn plan(slope: &str) -> Plan {
    let text = format!(
        "INPUT(8x8x2) => CONV(4, 3x3) => LEAKY_RELU({slope}) => POOL(2x2) => FC(3) => SOFTMAX"
    );
    let plan = compile_text(&text, &Options::default()).plan;
    plan.expect("a network")
}

const SLOPE: &str = "0.25";

/// A network that no cache knows.
fn new_plan() -> Plan {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    plan(&format!(
        "0.{}",
        now.expect("after 1970").as_micros() % 10_000_000
    ))
}

/// A pass on the GPU from the beginning.
fn pass(plan: &Plan) -> Result<Vec<f32>, Error> {
    let device = Device::cuda(0)?;
    let weights = seeded::weights(&plan.params).on(device);
    let executor = Executor::new(plan, &weights)?;
    let mut workspace = executor.workspace(2);
    let images = seeded::input(2 * 8 * 8 * 2, 1.0);
    Ok(executor.forward(&mut workspace, &images)?.to_vec())
}

/// What a pass says when this goes wrong.
fn problem(session: &Session<'_>, faults: &str) -> String {
    session.reset();
    session.set("faults", faults);
    let error = pass(&new_plan()).expect_err(faults);
    assert_eq!(error.kind(), ErrorKind::Device, "{faults}: {error}");
    error.to_string()
}

#[test]
fn each_fault_is_one_clear_error() {
    let Some(session) = emulated_or_skip() else {
        return;
    };
    let expected = [
        (
            "init=100",
            "the NVIDIA driver does not start: the driver finds no GPU",
        ),
        ("init=803", "the driver is too old or not the kernel's"),
        (
            "alloc=1",
            "its memory does not suffice: take a smaller batch",
        ),
        ("launch=1", "the GPU failed while it computed"),
        ("nvrtc=1", "nvrtcCompileProgram failed"),
    ];
    for (faults, expected) in expected {
        let found = problem(&session, faults);
        assert!(found.contains(expected), "{faults}: {found}");
        assert!(
            !found.contains('\n') || faults == "nvrtc=1",
            "{faults}: {found}"
        );
    }
}

#[test]
fn whatever_call_fails_nothing_is_left_behind() {
    let Some(session) = emulated_or_skip() else {
        return;
    };
    session.reset();
    let expected = pass(&plan(SLOPE)).expect("no fault");
    let mut failed = 0;
    for kind in ["alloc", "launch", "load"] {
        for n in 1.. {
            session.reset();
            session.set("faults", &format!("{kind}={n}"));
            match pass(&plan(SLOPE)) {
                Ok(found) => {
                    // A program that was not taken from the cache is compiled anew; beyond the last call there is no fault.
                    assert_eq!(found, expected, "{kind}={n}");
                    if n > 1 || kind != "load" {
                        break;
                    }
                }
                Err(error) => {
                    failed += 1;
                    assert_eq!(error.kind(), ErrorKind::Device, "{kind}={n}: {error}");
                }
            }
            session.set("faults", "");
            let live = session.live();
            let left = (live.allocations, live.streams, live.modules, live.graphs);
            assert_eq!(left, (0, 0, 0, 0), "{kind}={n}");
            assert!(n < 100, "{kind}: it never ends");
        }
    }
    assert!(failed >= 6, "{failed} faults were met");
}

#[test]
fn a_device_that_is_lost_says_so_in_every_call_that_follows() {
    let Some(session) = emulated_or_skip() else {
        return;
    };
    for n in [3, 10, 20, 30, 40] {
        session.reset();
        session.set("faults", &format!("lost={n}"));
        match pass(&plan(SLOPE)) {
            Ok(_) => break,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Device, "{n}: {error}"),
        }
    }
}

#[test]
fn there_are_so_many_devices() {
    let Some(session) = emulated_or_skip() else {
        return;
    };
    session.reset();
    let error = Device::cuda(7).expect_err("there is one");
    assert_eq!(error.to_string(), "no GPU cuda:7: there is one, cuda:0");
    assert!(!Device::auto().is_cpu());
}
