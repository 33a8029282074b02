//! Operators that compute nothing: the same numbers as another tensor.

use super::Reader;
use crate::onnx::shapes;
use crate::onnx::step::{Done, Step, Trouble};
use crate::onnx::tensor::Tensor;

/// What may help where an order of numbers is not one of netc's.
const WAY: &str =
    "netc keeps pictures as height x width x channels, and vectors in that order or channels first";

impl Reader<'_> {
    pub(super) fn view(step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let (layout, dims) = (&view.layout, view.dims());
        let mixed = |asked: &[usize]| {
            Trouble::way(format!("{} that makes {asked:?} of {dims:?}", step.op), WAY)
        };
        let seen = match step.op {
            "Reshape" => {
                let asked = step.numbers("shape", 1)?.ok_or("its shape is missing")?;
                let asked = shapes::reshaped(&dims, &asked, step.flag("allowzero"))?;
                layout.reshaped(&asked).ok_or_else(|| mixed(&asked))?
            }
            "Flatten" => {
                let asked = shapes::flattened(&dims, step.int("axis").unwrap_or(1))?;
                layout.reshaped(&asked).ok_or_else(|| mixed(&asked))?
            }
            "Squeeze" => {
                let axes = step.numbers("axes", 1)?;
                let mut gone = shapes::squeezed(&dims, axes.as_deref())?;
                gone.sort_unstable();
                let mut left = Some(layout.clone());
                for axis in gone.iter().rev() {
                    left = left.and_then(|layout| layout.without(*axis));
                }
                left.ok_or("it takes away an axis twice")?
            }
            "Unsqueeze" => {
                let axes = step.numbers("axes", 1)?.ok_or("its axes are missing")?;
                let places = shapes::unsqueezed(layout.rank(), &axes)?;
                places
                    .iter()
                    .fold(layout.clone(), |layout, at| layout.with(*at))
            }
            "Expand" => {
                let asked = step.constant(1)?.to_ints().unwrap_or_default();
                let asked: Vec<usize> = asked.iter().filter_map(|n| (*n).try_into().ok()).collect();
                match shapes::broadcast(&dims, &asked) {
                    Some(all) if all == dims => layout.clone(),
                    _ => return Err(format!("Expand that repeats {dims:?}").into()),
                }
            }
            _ => layout.permuted(&shapes::order(layout.rank(), step.ints("perm"))?),
        };
        Ok(vec![view.seen(seen).into()])
    }

    /// The shape of a value: a constant, as all shapes here are known.
    pub(super) fn shape(step: &Step<'_>) -> Done {
        let dims = step.data(0)?.dims();
        if step.op == "Size" {
            let count = dims.iter().product::<usize>();
            return Ok(vec![Tensor::ints(&[], vec![count as i64]).into()]);
        }
        let rank = dims.len() as i64;
        let end = |name: &str, usual: i64| {
            let at = step.int(name).unwrap_or(usual);
            let at = if at < 0 { at.saturating_add(rank) } else { at };
            at.clamp(0, rank) as usize
        };
        let (from, to) = (end("start", 0), end("end", rank));
        Ok(vec![
            Tensor::sizes(dims.get(from..to).unwrap_or_default()).into(),
        ])
    }
}
