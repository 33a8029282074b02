//! `netc weights init`: a network's initial weights as a file.

use crate::cli::Init;
use crate::failure::Outcome;
use crate::files::{self, Target};
use crate::{network, source, terminal};
use netc_compiler::Options;

pub(crate) fn run(args: &Init) -> Outcome {
    let compiled = source::network(&args.file, &Options::default())?;
    let target = Target::new(&args.output, source::files(&args.file, &compiled))?;
    let plan = compiled
        .plan
        .ok_or_else(|| source::incomplete(&args.file))?;
    let bytes = network::random(&plan, args.seed)?.to_bytes();
    target.write(|out| out.write_all(&bytes))?;
    if !target.is_dash() {
        let size = files::size(bytes.len() as u64);
        terminal::status("Wrote", &format!("{} ({size})", args.output.display()));
    }
    Ok(())
}
