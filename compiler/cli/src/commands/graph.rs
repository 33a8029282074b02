//! `netc graph`: a drawing.

use crate::cli::{Drawing, Emit, Graph};
use crate::failure::Outcome;
use crate::files::Target;
use crate::{emit, source, terminal};
use netc_compiler::Options;

pub(crate) fn run(args: &Graph) -> Outcome {
    let ending = args.output.extension().and_then(|e| e.to_str());
    let what = match (args.emit, ending) {
        (Some(Drawing::Dot), _) | (None, Some("dot" | "gv")) => Emit::Dot,
        _ => Emit::Svg,
    };
    let compiled = source::network(&args.file, &Options::default())?;
    let target = Target::new(&args.output, source::files(&args.file, &compiled))?;
    let text = emit::text(what, &args.file, &compiled)?;
    target.write(|out| out.write_all(text.as_bytes()))?;
    if !target.is_dash() {
        terminal::status("Wrote", &args.output.display().to_string());
    }
    Ok(())
}
