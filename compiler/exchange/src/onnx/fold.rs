//! Operators on constants: the arithmetic of shapes, and weights that are computed from others.

mod arithmetic;
mod shape;

use super::message::data_type;
use super::step::{Done, Step, Trouble};
use super::tensor::{Data, FOLDED, Tensor};

/// What an operator makes of constants; `None` for one that is not folded.
pub(crate) fn fold(step: &Step<'_>) -> Option<Done<Tensor>> {
    Some(match step.op {
        "Identity" | "Dropout" => step.constant(0).cloned(),
        "Cast" => cast(step),
        "Shape" => step.constant(0).map(|t| Tensor::sizes(&t.dims)),
        "Size" => step
            .constant(0)
            .map(|t| Tensor::ints(&[], vec![t.len() as i64])),
        "Reshape" => shape::reshape(step),
        "Flatten" => shape::flatten(step),
        "Squeeze" => shape::squeeze(step),
        "Unsqueeze" => shape::unsqueeze(step),
        "Transpose" => shape::transpose(step),
        "Concat" => shape::concat(step),
        "Gather" => shape::gather(step),
        "Slice" => shape::slice(step),
        "Expand" => shape::expand(step),
        "ConstantOfShape" => shape::constant_of_shape(step),
        "Range" => shape::range(step),
        "DequantizeLinear" => arithmetic::dequantize(step),
        "Where" => arithmetic::choose(step),
        "ReduceProd" | "ReduceSum" | "ReduceMax" | "ReduceMin" => arithmetic::reduce_all(step),
        op => return arithmetic::of(op, step),
    })
}

fn cast(step: &Step<'_>) -> Done<Tensor> {
    let tensor = step.constant(0)?;
    let to = step.int("to").ok_or("it does not say to what")?;
    let is_float = [
        data_type::FLOAT,
        data_type::FLOAT16,
        data_type::DOUBLE,
        data_type::BFLOAT16,
    ]
    .iter()
    .any(|kind| i64::from(*kind) == to);
    let data = match &tensor.data {
        Data::Floats(values) if !is_float => Data::Ints(values.iter().map(|x| *x as i64).collect()),
        Data::Ints(values) if is_float => Data::Floats(values.iter().map(|n| *n as f32).collect()),
        same => same.clone(),
    };
    Ok(Tensor {
        dims: tensor.dims.clone(),
        data,
    })
}

/// As many numbers as a folded constant may have.
fn bounded(dims: &[usize]) -> Done<usize> {
    counted(dims, FOLDED)
}

/// The numbers of this shape, if they are not too many.
fn counted(dims: &[usize], most: usize) -> Done<usize> {
    let count = dims.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
    count
        .filter(|n| *n <= most)
        .ok_or_else(|| Trouble::new("it makes a constant that is too large"))
}

/// Takes numbers by their places.
fn picked(tensor: &Tensor, dims: &[usize], places: &[usize]) -> Tensor {
    let data = match &tensor.data {
        Data::Floats(values) => Data::Floats(places.iter().map(|at| values[*at]).collect()),
        Data::Ints(values) => Data::Ints(places.iter().map(|at| values[*at]).collect()),
    };
    Tensor {
        dims: dims.to_vec(),
        data,
    }
}
