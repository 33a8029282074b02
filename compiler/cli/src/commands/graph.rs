//! `netc graph`: a drawing.

use crate::cli::{Drawing, Emit, Graph};
use crate::failure::{Failure, Outcome};
use crate::files::Target;
use crate::{emit, source, terminal};
use netc_compiler::Options;
use netc_train::pictures;
use std::path::Path;

pub(crate) fn run(args: &Graph) -> Outcome {
    let compiled = source::network(&args.file, &Options::default())?;
    let target = Target::new(&args.output, source::files(&args.file, &compiled))?;
    let drawing = match args.emit {
        Some(drawing) => drawing,
        None => by_ending(&args.output)?,
    };
    let text = |emit| emit::text(emit, &args.file, &compiled);
    let picture = match drawing {
        Drawing::Dot => text(Emit::Dot)?.into_bytes(),
        Drawing::Svg => text(Emit::Svg)?.into_bytes(),
        Drawing::Png => pictures::png(&text(Emit::Svg)?).map_err(Failure::tool)?,
    };
    target.write(|out| out.write_all(&picture))?;
    if !target.is_dash() {
        terminal::status("Wrote", &args.output.display().to_string());
    }
    Ok(())
}

/// What a file's name promises; a name without an ending promises nothing, and gets SVG.
fn by_ending(output: &Path) -> Outcome<Drawing> {
    let Some(ending) = output.extension() else {
        return Ok(Drawing::Svg);
    };
    let ending = ending.to_string_lossy().to_ascii_lowercase();
    match ending.as_str() {
        "svg" => Ok(Drawing::Svg),
        "png" => Ok(Drawing::Png),
        "dot" | "gv" => Ok(Drawing::Dot),
        _ => {
            let pdf = "Graphviz makes a PDF: `netc graph FILE --emit dot | dot -Tpdf > FILE.pdf`";
            Err(Failure::tool(format!("netc cannot draw a .{ending} file"))
                .help(
                    "a name that ends in .svg, .png or .dot says what to write, and so does --emit",
                )
                .maybe_help((ending == "pdf").then(|| pdf.to_owned())))
        }
    }
}
