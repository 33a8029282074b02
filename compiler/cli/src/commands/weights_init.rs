//! `netc weights init`: a network's initial weights as a file.

use crate::cli::Init;
use crate::failure::Outcome;
use crate::{files, network, source, terminal};
use netc_compiler::Options;

pub(crate) fn run(args: &Init) -> Outcome {
    let plan = source::plan(&args.file, &Options::default())?;
    let bytes = network::random(&plan, args.seed)?.to_bytes();
    files::replace(&args.output, |out| out.write_all(&bytes))?;
    if !files::is_dash(&args.output) {
        let size = files::size(bytes.len() as u64);
        terminal::status("Wrote", &format!("{} ({size})", args.output.display()));
    }
    Ok(())
}
