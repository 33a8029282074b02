//! A workspace starts the threads that it was asked for, and no others. A file of its own: the threads are the process'.

#![cfg(all(target_os = "linux", feature = "threads"))]

use netc_runtime::{Scratch, Workspace};

#[test]
fn only_the_threads_asked_for_are_started() {
    let scratch = [Scratch {
        shared: 100,
        worker: 50,
    }];
    let tasks = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let before = tasks();
    for threads in [1, 5, 3] {
        let mut workspace = Workspace::new(4, 16, 3, scratch).with_threads(threads);
        let started = tasks();
        assert!(workspace.begin(&[0.0; 4]).is_ok());
        assert_eq!(workspace.threads(), threads);
        if threads == 1 {
            assert_eq!([started, tasks()], [before; 2]);
        } else {
            assert_eq!(tasks(), before + 4, "the helpers of 5 threads");
        }
    }
}
