//! `netc data get`: the files of a public data set.

use crate::cli::Get;
use crate::download::{self, SETS};
use crate::failure::{Failure, Outcome};
use crate::{source, terminal};
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &Get) -> Outcome {
    let set = SETS.iter().find(|set| set.name == args.set);
    // The arguments allow no other.
    let set = set.ok_or_else(|| Failure::tool("there is no such data set"))?;
    let origin = args.origin(set.address).map_err(Failure::tool)?;
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from(set.name));
    terminal::status(
        "Data",
        &format!("{}: {}, from {origin}", set.name, set.about),
    );
    download::get(set, &origin, &folder)?;
    let format = match set.name {
        "fashion_mnist" => "mnist",
        name => name,
    };
    let folder = source::quoted(Path::new(&folder));
    terminal::help(&format!(
        "`netc train FILE --data {folder}` learns from it, where FILE says `data = {format}`"
    ));
    Ok(())
}
