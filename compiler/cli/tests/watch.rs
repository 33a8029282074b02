//! `netc watch`: every save is compiled.

#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::Folder;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A watch, and the lines that it prints on both streams.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn new(folder: &Folder, args: &[&str]) -> Self {
        let mut command = folder.command();
        command
            .arg("watch")
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let out: Box<dyn Read + Send> = Box::new(child.stdout.take().unwrap());
        let err: Box<dyn Read + Send> = Box::new(child.stderr.take().unwrap());
        for stream in [out, err] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(stream).lines();
                lines
                    .map_while(Result::ok)
                    .try_for_each(|line| sender.send(line))
            });
        }
        Self { child, lines }
    }

    /// Waits until there was a line with each of these texts: the two streams come in any order.
    #[track_caller]
    fn says(&self, texts: &[&str]) {
        let mut seen = Vec::new();
        let is_missing = |seen: &[String]| {
            let said = |text: &&str| seen.iter().any(|line| line.contains(*text));
            !texts.iter().all(said)
        };
        while is_missing(&seen) {
            let Ok(line) = self.lines.recv_timeout(Duration::from_secs(60)) else {
                panic!("not all of {texts:?} in {seen:#?}");
            };
            assert!(!line.contains('\u{1b}'), "colour in a pipe: {line:?}");
            seen.push(line);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_save_of_every_file_is_compiled() {
    let folder = Folder::new();
    folder.write("parts.net", "block head(n) = FC(n)\n");
    folder.write("a.net", "use \"parts.net\"\nINPUT(2) => head(3)\n");
    let watch = Watch::new(&folder, &["a.net", "-o", "a.rs"]);
    watch.says(&[
        "A: 2 -> 3",
        "to train",
        "Wrote a.rs",
        "Watching a.net and another file",
    ]);
    assert!(folder.text("a.rs").contains("pub struct A"));

    folder.write("parts.net", "block head(n) = FC(n) => FC(n)\n");
    watch.says(&["fc2", "to train", "Watching"]);

    // As editors save: written beside, renamed.
    folder.write("a.net~", "use \"parts.net\"\nINPUT(2) => head(three)\n");
    std::fs::rename(folder.path("a.net~"), folder.path("a.net")).unwrap();
    watch.says(&["E0201", "Watching"]);

    folder.write("a.net", "use \"gone.net\"\nINPUT(2) => tail(3)\n");
    watch.says(&["E0701", "Watching"]);
    folder.write("gone.net", "block tail(n) = FC(7) => FC(n)\n");
    watch.says(&["FC(7)", "to train", "Watching"]);

    std::fs::remove_file(folder.path("a.net")).unwrap();
    watch.says(&["cannot read `a.net`"]);
    folder.write("a.net", "block head(n) = FC(n)\n");
    watch.says(&["Library"]);
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let folder = Folder::new();
    folder
        .netc(["watch", "a.net"])
        .fails(2, &["cannot read `a.net`: no such file"]);
    folder
        .netc(["watch", "-"])
        .fails(2, &["standard input cannot be watched"]);
}
