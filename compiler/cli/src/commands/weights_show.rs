//! `netc weights show`: the tensors of a file, with statistics and checks.

use crate::cli::Show;
use crate::failure::{Failure, Outcome};
use crate::network::unfit;
use crate::source::{self, plural};
use crate::table::{Align, Table};
use crate::weights::file::{File, Tensor, shape};
use crate::{files, terminal};
use netc_compiler::Options;
use netc_compiler::text::thousands;
use netc_plan::Param;
use netc_runtime::Weights;
use std::collections::BTreeMap;

pub(crate) fn run(args: &Show) -> Outcome {
    let plan = match &args.network {
        Some(network) => Some(source::plan(network, &Options::default())?),
        None => None,
    };
    let file = File::read(&args.weights)?;
    let mut tensors = file.tensors()?;
    if let Some(plan) = &plan {
        in_order_of(&mut tensors, &plan.params);
    }
    let (table, broken) = table(&tensors);
    terminal::print(&table.render())?;
    let elements = |t: &Tensor<'_>| t.shape.iter().product::<usize>();
    terminal::print_line(&format!(
        "{}, {} numbers, {}",
        plural(tensors.len(), "tensor"),
        thousands(tensors.iter().map(elements).sum::<usize>() as u64),
        files::size(file.size())
    ))?;
    terminal::finish()?;

    if let (Some(plan), Some(network)) = (&plan, &args.network) {
        return match Weights::from_bytes(file.bytes(), &plan.params) {
            Ok(_) => {
                let network = source::name(network);
                terminal::status("Checked", &format!("{} fits {network}", file.name));
                Ok(())
            }
            Err(e) => {
                let names: Vec<String> = tensors.into_iter().map(|t| t.name).collect();
                Err(unfit(&args.weights, network, &plan.params, &names, &e))
            }
        };
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::input(format!("`{}` cannot be used as weights", file.name)).details(broken))
}

/// A row for each tensor, and what is wrong with their numbers.
fn table(tensors: &[Tensor<'_>]) -> (Table, Vec<String>) {
    let mut table = Table::new(&[
        ("tensor", Align::Left),
        ("type", Align::Left),
        ("shape", Align::Left),
        ("min", Align::Right),
        ("mean", Align::Right),
        ("max", Align::Right),
        ("std", Align::Right),
        ("NaN", Align::Right),
    ]);
    let mut broken = Vec::new();
    for tensor in tensors {
        let mut row = vec![
            tensor.name.clone(),
            tensor.dtype.to_string(),
            shape(&tensor.shape),
        ];
        match tensor.to_f32().map(|values| Statistics::of(&values)) {
            Some(s) => {
                row.extend([s.min, s.mean, s.max, s.std].map(number));
                row.push(s.nan.to_string());
                if s.nan > 0 {
                    broken.push(format!("{}: {} NaN", tensor.name, s.nan));
                }
                if s.infinite > 0 {
                    broken.push(format!("{}: {} infinite", tensor.name, s.infinite));
                }
            }
            None => row.extend(["-"; 5].map(str::to_owned)),
        }
        table.row(row);
    }
    (table, broken)
}

/// The network's tensors first, in its order.
fn in_order_of(tensors: &mut [Tensor<'_>], params: &[Param]) {
    let place: BTreeMap<&str, usize> = params
        .iter()
        .enumerate()
        .map(|(i, p)| (p.name.as_str(), i))
        .collect();
    tensors.sort_by_key(|t| place.get(t.name.as_str()).copied().unwrap_or(usize::MAX));
}

/// Of the finite numbers.
#[derive(Debug, PartialEq)]
struct Statistics {
    min: f64,
    mean: f64,
    max: f64,
    std: f64,
    nan: usize,
    infinite: usize,
}

impl Statistics {
    fn of(values: &[f32]) -> Self {
        let finite = || {
            values
                .iter()
                .filter(|v| v.is_finite())
                .map(|v| f64::from(*v))
        };
        let count = finite().count() as f64;
        let mean = finite().sum::<f64>() / count;
        let nan = values.iter().filter(|v| v.is_nan()).count();
        Self {
            min: finite().fold(f64::NAN, f64::min),
            mean,
            max: finite().fold(f64::NAN, f64::max),
            std: (finite().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count).sqrt(),
            nan,
            infinite: values.iter().filter(|v| v.is_infinite()).count(),
        }
    }
}

/// Four digits, in nine columns at most.
fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        "-".to_owned()
    } else if size == 0.0 || (1e-3..1e5).contains(&size) {
        let whole = if size < 1.0 {
            0.0
        } else {
            size.log10().floor()
        };
        format!(
            "{value:.*}",
            (3.0 - whole).max(0.0) as usize + usize::from(size < 1.0)
        )
    } else {
        format!("{value:.2e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_leave_out_what_is_not_finite() {
        let s = Statistics::of(&[1.0, 3.0, f32::NAN, f32::INFINITY]);
        let wanted = Statistics {
            min: 1.0,
            mean: 2.0,
            max: 3.0,
            std: 1.0,
            nan: 1,
            infinite: 1,
        };
        assert_eq!(s, wanted);
        assert!(Statistics::of(&[]).min.is_nan());
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 0.12345, -1.5, 123.456, 99999.0, 1e6, -1.5e-7, f64::NAN].map(number);
        assert_eq!(
            shown,
            [
                "0.0000", "0.1235", "-1.500", "123.5", "99999", "1.00e6", "-1.50e-7", "-"
            ]
        );
    }
}
