//! `netc graph`: a drawing.

use crate::cli::{Drawing, Emit, Graph};
use crate::failure::Outcome;
use crate::{emit, files, source, terminal};
use netc_compiler::Options;

pub(crate) fn run(args: &Graph) -> Outcome {
    let ending = args.output.extension().and_then(|e| e.to_str());
    let what = match (args.emit, ending) {
        (Some(Drawing::Dot), _) | (None, Some("dot" | "gv")) => Emit::Dot,
        _ => Emit::Svg,
    };
    let compiled = source::network(&args.file, &Options::default())?;
    let text = emit::text(what, &args.file, &compiled)?;
    files::replace(&args.output, |out| out.write_all(text.as_bytes()))?;
    if !files::is_dash(&args.output) {
        terminal::status("Wrote", &args.output.display().to_string());
    }
    Ok(())
}
