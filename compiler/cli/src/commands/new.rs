//! `netc new`: a crate to begin with.

use crate::cli::New;
use crate::failure::{Failure, Outcome};
use crate::scaffold::{self, Origin, Way};
use crate::{source, terminal};
use netc_train::reason;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &New) -> Outcome {
    let folder = &args.folder;
    let name = scaffold::name(folder)?;
    let origin = Origin::find(args.netc.as_deref())?;
    if folder.symlink_metadata().is_ok() {
        let headline = format!("`{}` is there already", folder.display());
        return Err(Failure::tool(headline).help("name a folder that is not there yet"));
    }
    let alone = is_in_workspace(folder);
    let files = scaffold::files(&name, args.way(), &origin, alone)?;
    let beside = beside(folder, &name);
    let made = files
        .iter()
        .try_for_each(|(path, bytes)| write(&beside.join(path), bytes))
        .and_then(|()| fs::rename(&beside, folder));
    if let Err(e) = made {
        // What is left of it is of no use.
        let _ = fs::remove_dir_all(&beside);
        let headline = format!("cannot make `{}`: {}", folder.display(), reason(&e));
        return Err(Failure::tool(headline));
    }
    say(args, &origin);
    Ok(())
}

/// Where the crate is made before it gets its name, so that it is whole or not there.
fn beside(folder: &Path, name: &str) -> PathBuf {
    folder.with_file_name(format!(".{name}.new-{}", std::process::id()))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// Whether cargo would take the crate for a part of something above it.
fn is_in_workspace(folder: &Path) -> bool {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut above = absolute.ancestors().skip(1);
    above.any(|folder| folder.join("Cargo.toml").is_file())
}

fn say(args: &New, origin: &Origin) {
    let way = match args.way() {
        Way::Macro => "its network is compiled by net!",
        Way::BuildScript => "its network is compiled by build.rs",
        Way::Cli => "its network is compiled by `netc models/digits.net -o src/digits.rs`",
    };
    terminal::status("Created", &format!("{}: {way}", args.folder.display()));
    let crates = match origin {
        Origin::Clone(clone) => format!("of {}", clone.display()),
        Origin::Registry => "as released".to_owned(),
    };
    terminal::status("Crates", &format!("netc's, {crates}"));
    let folder = source::quoted(&args.folder);
    terminal::help(&format!("`cd {folder} && cargo run`"));
}
