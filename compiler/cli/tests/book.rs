//! The book's commands print what stands behind them, and its pictures are what they draw.
//!
//! A fence `console` holds commands, each with what it prints on standard output; they run in a folder that has the page's examples
//! (` ```net,file=NAME `) and `models`. What they write into `docs/pictures` is compared with what lies there.
//!
//! `NETC_UPDATE=1 cargo test -p netc-cli --test book` writes outputs and pictures anew.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::{Folder, Run};
use std::path::{Path, PathBuf};
use std::process::Command;

const UPDATE: &str = "NETC_UPDATE=1 cargo test -p netc-cli --test book";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn updates() -> bool {
    std::env::var_os("NETC_UPDATE").is_some()
}

/// What a command prints, in the folder.
fn printed(command: &str, folder: &Folder) -> String {
    let netc = Path::new(env!("CARGO_BIN_EXE_netc")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .env("PATH", format!("{}:{path}", netc.display()))
        .env_remove("COLUMNS")
        .current_dir(folder.path(""));
    let run = Run::of(shell.output().unwrap());
    assert_eq!(run.code, 0, "{command}\n{run:?}");
    run.out
}

/// The page as it is after its commands have run in the folder, and how many there were.
fn rerun(page: &str, folder: &Folder) -> (String, usize) {
    let (mut text, mut commands, mut inside) = (String::new(), 0, "");
    let mut file: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(says), "") => {
                inside = if says == "console" {
                    "console"
                } else {
                    "other"
                };
                let name = says.strip_prefix("net,file=");
                file = name.map(|name| (name.to_owned(), String::new()));
            }
            (Some(_), _) => {
                inside = "";
                if let Some((name, content)) = file.take() {
                    folder.write(name, content);
                }
            }
            (None, "console") if !line.starts_with("$ ") => continue,
            (None, _) => {
                if let Some((_, content)) = &mut file {
                    *content += &format!("{line}\n");
                }
            }
        }
        text += &format!("{line}\n");
        if let (Some(command), "console") = (line.strip_prefix("$ "), inside) {
            text += &printed(command, folder);
            commands += 1;
        }
    }
    (text, commands)
}

/// A folder as a clone of the repository is, as far as commands read it.
fn clone() -> Folder {
    let folder = Folder::new();
    std::os::unix::fs::symlink(root().join("models"), folder.path("models")).unwrap();
    std::fs::create_dir_all(folder.path("docs/pictures")).unwrap();
    folder
}

/// Runs a page's commands: its outputs and pictures are those that are kept, or become so. How many commands and pictures there are.
fn check(name: &str) -> (usize, usize) {
    let folder = clone();
    let path = root().join("docs").join(name);
    let page = std::fs::read_to_string(&path).unwrap();
    let (text, commands) = rerun(&page, &folder);
    if updates() {
        std::fs::write(&path, &text).unwrap();
    } else if let Some((old, new)) = page.lines().zip(text.lines()).find(|(old, new)| old != new) {
        panic!("docs/{name} has\n{old}\nwhere it should be\n{new}\n{UPDATE}");
    } else {
        assert_eq!(page, text, "docs/{name} ends elsewhere; {UPDATE}");
    }
    let drawn = std::fs::read_dir(folder.path("docs/pictures")).unwrap();
    let mut pictures = 0;
    for drawn in drawn {
        let picture = Path::new("docs/pictures").join(drawn.unwrap().file_name());
        let now = folder.read(&picture);
        if updates() {
            std::fs::write(root().join(&picture), &now).unwrap();
        }
        let kept = std::fs::read(root().join(&picture)).unwrap_or_default();
        assert!(
            kept == now,
            "{} is drawn otherwise now; {UPDATE}",
            picture.display()
        );
        pictures += 1;
    }
    (commands, pictures)
}

#[test]
fn the_compilers_page_shows_what_netc_prints() {
    let (commands, _) = check("compiler.md");
    assert!(commands > 15, "only {commands} commands");
}

#[test]
fn the_gallery_shows_what_netc_draws() {
    let (commands, pictures) = check("gallery.md");
    assert!(pictures > 4, "only {pictures} pictures");
    assert_eq!(commands, pictures);
}
